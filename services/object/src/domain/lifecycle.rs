//! What a bucket's lifecycle says about objects, versions, delete markers and uploads. Pure: the times come in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::object::Object;
use super::transition::{NoncurrentTransition, Transition};
use super::version::Version;

/// The lifecycle of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// In the order they were put.
    pub rules: Vec<Rule>,
    /// Which objects transitions leave alone, as it was put.
    pub transition_minimum: String,
}

store::json_value!(Lifecycle, version = 1);

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique within the bucket.
    pub id: String,
    /// Whether it is carried out.
    pub enabled: bool,
    /// What it is about.
    pub filter: Filter,
    /// When current objects expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When noncurrent versions expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent: Option<Noncurrent>,
    /// After so many days uploads are given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_days: Option<u32>,
    /// When current objects go to another class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// When noncurrent versions do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noncurrent_transitions: Vec<NoncurrentTransition>,
}

/// What a rule is about: everything that meets all of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Written as the prefix that rules had before they had filters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legacy: bool,
    /// Keys start with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects have these tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Objects have more bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub larger_than: Option<u64>,
    /// Objects have fewer bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smaller_than: Option<u64>,
}

/// When current objects expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiration {
    /// So many days after they were made.
    #[serde(rename = "days")]
    Days(u32),
    /// At that time.
    #[serde(rename = "date")]
    Date(Timestamp),
    /// Never, but (if true) delete markers go that hide nothing.
    #[serde(rename = "markers")]
    Markers(bool),
}

/// When noncurrent versions expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noncurrent {
    /// So many days after something newer took their place.
    pub days: u32,
    /// So many newer noncurrent ones are kept, whatever their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
}

/// The lifecycle's day, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub u64);

impl Day {
    /// That many days later, and then the beginning of the next day.
    pub fn after(self, from: Timestamp, days: u32) -> Timestamp {
        let day = i64::try_from(self.0).unwrap_or(i64::MAX).max(1);
        let later = from.as_second().saturating_add(day.saturating_mul(days.into()));
        // a day begins where another ends: half a second past midnight waits for the next
        let fraction = i64::from(from.subsec_nanosecond() > 0);
        let begins =
            later.saturating_add(fraction).saturating_add(day - 1).div_euclid(day).saturating_mul(day);
        Timestamp::from_second(begins).unwrap_or(Timestamp::MAX)
    }

    /// Which day it is.
    pub fn number(self, now: Timestamp) -> i64 {
        now.as_second().div_euclid(i64::try_from(self.0).unwrap_or(i64::MAX).max(1))
    }

    /// How long one is.
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

impl Filter {
    fn takes_key(&self, key: &str) -> bool {
        self.prefix.as_deref().is_none_or(|prefix| key.starts_with(prefix))
    }

    pub(super) fn takes_object(&self, key: &str, object: &Object) -> bool {
        self.takes_key(key)
            && self.larger_than.is_none_or(|size| object.size > size)
            && self.smaller_than.is_none_or(|size| object.size < size)
            && self.tags.iter().all(|(name, value)| object.tags.get(name) == Some(value))
    }

    /// What is no object has neither tags nor a size.
    fn takes_other(&self, key: &str) -> bool {
        let of_objects = !self.tags.is_empty() || self.larger_than.is_some() || self.smaller_than.is_some();
        !of_objects && self.takes_key(key)
    }

    fn takes_version(&self, key: &str, version: &Version) -> bool {
        match version {
            Version::Object(object) => self.takes_object(key, object),
            Version::Marker(_) => self.takes_other(key),
        }
    }

    /// How many conditions it has.
    pub fn conditions(&self) -> usize {
        usize::from(self.prefix.is_some())
            + self.tags.len()
            + usize::from(self.larger_than.is_some())
            + usize::from(self.smaller_than.is_some())
    }
}

impl Expiration {
    /// When what was made then expires.
    fn when(self, day: Day, made: Timestamp) -> Option<Timestamp> {
        match self {
            Expiration::Days(days) => Some(day.after(made, days)),
            Expiration::Date(date) => Some(date),
            Expiration::Markers(_) => None,
        }
    }
}

impl Lifecycle {
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// When a current object expires, and by which rule: the earliest of those that are about it.
    pub fn expiry(&self, day: Day, key: &str, object: &Object) -> Option<(Timestamp, &str)> {
        let about = self.rules().filter(|rule| rule.filter.takes_object(key, object));
        about
            .filter_map(|rule| Some((rule.expiration?.when(day, object.modified)?, rule.id.as_str())))
            .min_by_key(|(when, _)| *when)
    }

    /// Whether a version has been noncurrent for long enough, with `newer` noncurrent ones in front of it.
    pub fn noncurrent_expired(
        &self,
        day: Day,
        key: &str,
        version: &Version,
        since: Timestamp,
        newer: u32,
        now: Timestamp,
    ) -> bool {
        let due = |rule: &Noncurrent| {
            rule.keep.is_none_or(|keep| newer >= keep) && day.after(since, rule.days) <= now
        };
        self.rules()
            .any(|rule| rule.noncurrent.as_ref().is_some_and(due) && rule.filter.takes_version(key, version))
    }

    /// Whether a delete marker that hides nothing goes.
    pub fn marker_expired(&self, day: Day, key: &str, made: Timestamp, now: Timestamp) -> bool {
        let due = |expiration: Expiration| match expiration {
            Expiration::Markers(removed) => removed,
            other => other.when(day, made).is_some_and(|when| when <= now),
        };
        self.rules().any(|rule| rule.expiration.is_some_and(due) && rule.filter.takes_other(key))
    }

    /// When an upload is given up, and by which rule.
    pub fn abort(&self, day: Day, key: &str, initiated: Timestamp) -> Option<(Timestamp, &str)> {
        let about = self.rules().filter(|rule| rule.filter.takes_other(key));
        about
            .filter_map(|rule| Some((day.after(initiated, rule.abort_days?), rule.id.as_str())))
            .min_by_key(|(when, _)| *when)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::version::Marker;

    const DAY: Day = Day(86_400);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rule(filter: Filter) -> Rule {
        Rule { id: "r".into(), enabled: true, filter, ..Rule::default() }
    }

    fn of(rules: Vec<Rule>) -> Lifecycle {
        Lifecycle { rules, transition_minimum: String::new() }
    }

    #[test]
    fn days_end_at_the_next_midnight() {
        for (made, days, ends) in [
            ("2014-01-15T10:30:00Z", 3, "2014-01-19T00:00:00Z"),
            ("2014-01-15T00:00:00Z", 1, "2014-01-16T00:00:00Z"),
            ("2014-01-15T00:00:00.5Z", 1, "2014-01-17T00:00:00Z"),
            ("2014-01-15T23:59:59Z", 1, "2014-01-17T00:00:00Z"),
        ] {
            assert_eq!(DAY.after(at(made), days), at(ends), "{made} {days}");
        }
        assert_eq!(Day(2).after(at("2014-01-15T10:30:01Z"), 1), at("2014-01-15T10:30:04Z"));
        assert_eq!(DAY.after(Timestamp::MAX, u32::MAX), Timestamp::MAX);
    }

    #[test]
    fn a_version_expires_when_old_enough_and_enough_newer_ones_are_kept() {
        let version = Version::Marker(Marker {
            version: None,
            modified: at("2026-01-01T00:00:00Z"),
            owner: String::new(),
        });
        let mut kept = rule(Filter { prefix: Some("a/".into()), ..Filter::default() });
        kept.noncurrent = Some(Noncurrent { days: 2, keep: Some(1) });
        let lifecycle = of(vec![kept]);
        let expired = |key: &str, newer, now| {
            lifecycle.noncurrent_expired(DAY, key, &version, at("2026-01-01T00:00:00Z"), newer, at(now))
        };
        assert!(expired("a/b", 1, "2026-01-03T00:00:00Z"));
        assert!(!expired("a/b", 0, "2026-01-03T00:00:00Z"));
        assert!(!expired("a/b", 1, "2026-01-02T23:59:59Z"));
        assert!(!expired("b/a", 1, "2026-01-03T00:00:00Z"));
    }

    #[test]
    fn rules_about_objects_leave_markers_and_uploads_alone() {
        let tags = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        for filter in [
            Filter { tags, ..Filter::default() },
            Filter { larger_than: Some(0), ..Filter::default() },
            Filter { smaller_than: Some(10), ..Filter::default() },
        ] {
            let mut about = rule(filter);
            about.expiration = Some(Expiration::Days(1));
            about.abort_days = Some(1);
            let lifecycle = of(vec![about]);
            let made = at("2026-01-01T00:00:00Z");
            assert!(!lifecycle.marker_expired(DAY, "k", made, at("2027-01-01T00:00:00Z")));
            assert_eq!(lifecycle.abort(DAY, "k", made), None);
        }
        let mut plain = rule(Filter::default());
        plain.expiration = Some(Expiration::Markers(true));
        plain.enabled = false;
        let made = at("2026-01-01T00:00:00Z");
        assert!(!of(vec![plain.clone()]).marker_expired(DAY, "k", made, made));
        plain.enabled = true;
        assert!(of(vec![plain]).marker_expired(DAY, "k", made, made));
    }
}
