//! Reports of last accesses: which services a user, group, role or managed policy opens, and which of those concerned
//! asked for them last. What policies deny does not count, nor do boundaries and the policies of resources, as with AWS.

use std::collections::BTreeMap;

use auth::policy::Policy;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::services;
use super::usage::ActionUse;

/// A report is kept for so many days.
const KEPT_DAYS: i64 = 7;

/// How fine a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Granularity {
    /// Services only.
    Service,
    /// Their actions, too.
    Action,
}

impl Granularity {
    /// The words that a request may use.
    pub const WORDS: &'static [&'static str] = &["SERVICE_LEVEL", "ACTION_LEVEL"];

    /// AWS's word.
    pub const fn word(self) -> &'static str {
        match self {
            Granularity::Service => "SERVICE_LEVEL",
            Granularity::Action => "ACTION_LEVEL",
        }
    }

    /// The granularity of a word; of services when it is none.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("ACTION_LEVEL") => Granularity::Action,
            _ => Granularity::Service,
        }
    }
}

/// A user or role that a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it is a role; otherwise a user.
    pub is_role: bool,
    /// Its id.
    pub id: String,
    /// Its path.
    pub path: String,
}

/// An attempt by the entity at this index of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Index of the entity.
    pub by: usize,
    /// When.
    pub at: Timestamp,
    /// Region that the request was signed for; empty where the signature says none.
    pub region: String,
}

/// A service that can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// `s3`.
    pub namespace: String,
    /// The last attempt of each entity that made one.
    pub attempts: Vec<Attempt>,
    /// The last attempt at each action that is tracked, none where there was none; empty when actions are not asked for.
    pub actions: BTreeMap<String, Option<Attempt>>,
}

impl Reached {
    /// The most recent attempt.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.iter().max_by_key(|attempt| attempt.at)
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// A UUID.
    pub job: String,
    /// Id of the user or role, or of the account for its root, that asked for it and alone may see it.
    pub asked_by: String,
    /// How fine it is.
    pub granularity: Granularity,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was ready.
    pub completed: Timestamp,
    /// Those that could have used the permissions.
    pub entities: Vec<Entity>,
    /// In order of namespace.
    pub services: Vec<Reached>,
}

impl Report {
    /// Whether its time is over.
    pub fn expired(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) >= SignedDuration::from_hours(24 * KEPT_DAYS)
    }
}

/// The services that any of these policies opens, with the attempts of the entities: by each, its uses of actions.
pub fn reached(
    policies: &[Policy],
    uses: &[Vec<(String, ActionUse)>],
    granularity: Granularity,
) -> Vec<Reached> {
    let open = services::ALL
        .into_iter()
        .filter(|service| policies.iter().any(|policy| policy.allows_service(service.namespace)));
    let reached = open.map(|service| {
        let names = match granularity {
            Granularity::Service => BTreeMap::new(),
            Granularity::Action => tracked(&service, policies),
        };
        let mut reached =
            Reached { namespace: service.namespace.to_owned(), attempts: Vec::new(), actions: names };
        for (by, uses) in uses.iter().enumerate() {
            add(&mut reached, by, uses, granularity);
        }
        reached
    });
    reached.collect()
}

/// The actions of a service that the policies open, none asked for yet.
fn tracked(service: &services::Described, policies: &[Policy]) -> BTreeMap<String, Option<Attempt>> {
    let open = service.actions().into_iter().filter(|name| {
        let action = format!("{}:{name}", service.namespace);
        policies.iter().any(|policy| policy.allows_action(&action))
    });
    open.map(|name| (name.to_owned(), None)).collect()
}

/// Takes the uses of one entity in.
fn add(reached: &mut Reached, by: usize, uses: &[(String, ActionUse)], granularity: Granularity) {
    let mut last: Option<Attempt> = None;
    for (action, used) in uses {
        let Some((service, name)) = action.split_once(':') else { continue };
        if service != reached.namespace {
            continue;
        }
        let attempt = Attempt { by, at: used.at, region: used.region.clone() };
        if last.as_ref().is_none_or(|known| known.at < attempt.at) {
            last = Some(attempt.clone());
        }
        if granularity == Granularity::Action {
            let known = reached.actions.entry(name.to_owned()).or_default();
            if known.as_ref().is_none_or(|known| known.at < attempt.at) {
                *known = Some(attempt);
            }
        }
    }
    reached.attempts.extend(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn used(action: &str, second: i64) -> (String, ActionUse) {
        (action.to_owned(), ActionUse { at: at(second), region: "eu-central-1".into() })
    }

    fn policy(action: &str) -> Policy {
        let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
        Policy::parse_identity(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap()
    }

    #[test]
    fn a_service_tells_the_last_attempt_of_each_and_of_all() {
        let uses = [
            vec![used("s3:GetObject", 5), used("s3:PutObject", 9), used("ec2:RunInstances", 99)],
            vec![used("s3:GetObject", 7)],
            Vec::new(),
        ];
        let found = reached(&[policy("s3:Get*"), policy("iam:ListUsers")], &uses, Granularity::Service);
        let names: Vec<&str> = found.iter().map(|one| one.namespace.as_str()).collect();
        assert_eq!(names, ["iam", "s3"], "what policies do not open is not told");
        assert_eq!((found[0].last(), found[0].attempts.len()), (None, 0));
        let attempts: Vec<_> = found[1].attempts.iter().map(|one| (one.by, one.at)).collect();
        assert_eq!(attempts, [(0, at(9)), (1, at(7))]);
        assert_eq!(found[1].last().map(|one| one.by), Some(0));
        assert!(found[1].actions.is_empty());
    }

    #[test]
    fn actions_are_those_that_are_open_and_those_that_were_tried() {
        let uses = [vec![used("s3:GetObject", 5), used("s3:DeleteBucket", 6)], vec![used("s3:GetObject", 7)]];
        let found = reached(&[policy("s3:GetObject*")], &uses, Granularity::Action);
        let actions = &found[0].actions;
        assert_eq!(actions["GetObject"].as_ref().map(|one| (one.by, one.at)), Some((1, at(7))));
        assert_eq!(actions["GetObjectAcl"], None);
        assert!(actions["DeleteBucket"].is_some() && !actions.contains_key("PutObject"));
    }

    #[test]
    fn a_report_is_kept_for_a_week() {
        let report = Report {
            job: String::new(),
            asked_by: String::new(),
            granularity: Granularity::of(None),
            created: at(0),
            completed: at(0),
            entities: Vec::new(),
            services: Vec::new(),
        };
        assert!(!report.expired(at(7 * 86_400 - 1)) && report.expired(at(7 * 86_400)));
    }
}
