//! Reports of last accesses. One is made in the request that asks for it, from what is known then, so that its job is
//! never seen unfinished; whoever asked for it alone may see it.

use api_spec::ApiError;
use api_spec::iam::{
    EntityDetails, EntityInfo, GenerateServiceLastAccessedDetails, GenerateServiceLastAccessedDetailsResult,
    GetServiceLastAccessedDetails, GetServiceLastAccessedDetailsResult,
    GetServiceLastAccessedDetailsWithEntities, GetServiceLastAccessedDetailsWithEntitiesResult,
    ServiceLastAccessed, TrackedActionLastAccessed,
};
use auth::policy::Principal;
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use super::policy_sources::PolicySource;
use crate::bootstrap::blocking;
use crate::domain::arn::parse_policy;
use crate::domain::last_accessed::{Attempt, Entity, Granularity, Reached, Report, reached};
use crate::domain::{names, services};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::last_accessed::{self, Basis};
use crate::store::{Db, roles, users};

const COMPLETED: &str = "COMPLETED";

impl Serve<GenerateServiceLastAccessedDetails> for Identity {
    async fn access(
        &self,
        op: &GenerateServiceLastAccessedDetails,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        let action = "iam:GenerateServiceLastAccessedDetails";
        names::length("arn", &op.arn, 20, 2048)?;
        match parse_policy(&op.arn) {
            Some(_) => self.on_policy(action, caller, &op.arn),
            None => self.on_policy_source(action, caller, &op.arn),
        }
    }

    async fn handle(
        &self,
        op: GenerateServiceLastAccessedDetails,
        caller: &Caller,
    ) -> Result<GenerateServiceLastAccessedDetailsResult, ApiError> {
        if let Some(word) = &op.granularity {
            names::one_of("granularity", word, Granularity::WORDS)?;
        }
        let (granularity, created) = (Granularity::of(op.granularity.as_deref()), self.clock.now());
        let (db, account) = (self.db.clone(), caller.account_id().to_owned());
        let of = account.clone();
        let (entities, services) = blocking(move || made(&db, &of, &op.arn, granularity, created)).await?;
        let report = Report {
            job: self.uuid(),
            asked_by: asker(caller),
            granularity,
            created,
            completed: self.clock.now(),
            entities,
            services,
        };
        let job_id = report.job.clone();
        self.db.note(move |tx| last_accessed::put(tx, &account, &report, created)).await?;
        Ok(GenerateServiceLastAccessedDetailsResult { job_id })
    }
}

/// The entities and services of a report about this ARN.
fn made(
    db: &Db,
    account: &str,
    arn: &str,
    granularity: Granularity,
    now: Timestamp,
) -> Result<(Vec<Entity>, Vec<Reached>), Error> {
    let read = db.read()?;
    let basis = match parse_policy(arn) {
        Some(_) => Basis::policy(&read, account, arn, now)?,
        None => match PolicySource::find(&read, account, arn)?.principal {
            Some(Principal::User { name, .. }) => {
                Basis::user(&read, &users::named(&read, account, &name)?, now)?
            }
            Some(Principal::AssumedRole { role, .. }) => {
                Basis::role(&read, &roles::named(&read, account, &role)?, now)?
            }
            _ => Basis::group(&read, account, arn.rsplit('/').next().unwrap_or_default(), now)?,
        },
    };
    let services = reached(&basis.policies, &basis.uses, granularity);
    Ok((basis.entities, services))
}

/// Who a report belongs to: the user, the role in whichever session, the federated user, or root.
fn asker(caller: &Caller) -> String {
    match caller.principal() {
        Principal::AssumedRole { role_id, .. } => role_id.clone(),
        other => other.user_id().unwrap_or_default().into_owned(),
    }
}

impl Identity {
    /// A report of the caller's own.
    fn report(&self, caller: &Caller, job: &str) -> Result<Report, Error> {
        if uuid::Uuid::try_parse(job).is_err() {
            return Err(Error::InvalidInput(format!("Invalid job id: {job}")));
        }
        let (read, now) = (self.db.read()?, self.clock.now());
        last_accessed::find(&read, caller.account_id(), job, &asker(caller), now)
    }
}

impl Serve<GetServiceLastAccessedDetails> for Identity {
    async fn access(&self, _: &GetServiceLastAccessedDetails, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetServiceLastAccessedDetails", "*")])
    }

    async fn handle(
        &self,
        op: GetServiceLastAccessedDetails,
        caller: &Caller,
    ) -> Result<GetServiceLastAccessedDetailsResult, ApiError> {
        let mut report = self.report(caller, &op.job_id)?;
        let all = std::mem::take(&mut report.services);
        let page = page(all, |service| service.namespace.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(GetServiceLastAccessedDetailsResult {
            job_status: COMPLETED.into(),
            job_type: report.granularity.word().into(),
            job_creation_date: report.created.into(),
            services_last_accessed: page.items.into_iter().map(|service| shown(&report, service)).collect(),
            job_completion_date: report.completed.into(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn shown(report: &Report, service: Reached) -> ServiceLastAccessed {
    let last = service.last();
    let total =
        (!service.attempts.is_empty()).then(|| i32::try_from(service.attempts.len()).unwrap_or(i32::MAX));
    ServiceLastAccessed {
        service_name: services::of(&service.namespace)
            .map_or_else(String::new, |known| known.name.to_owned()),
        last_authenticated: last.map(|attempt| attempt.at.into()),
        last_authenticated_entity: last.and_then(|attempt| arn_of(report, attempt)),
        last_authenticated_region: last.and_then(region_of),
        total_authenticated_entities: total,
        service_namespace: service.namespace,
        tracked_actions_last_accessed: match report.granularity {
            Granularity::Service => None,
            Granularity::Action => Some(
                service.actions.into_iter().map(|(name, last)| shown_action(report, name, last)).collect(),
            ),
        },
    }
}

fn shown_action(report: &Report, action_name: String, last: Option<Attempt>) -> TrackedActionLastAccessed {
    let last = last.as_ref();
    TrackedActionLastAccessed {
        action_name,
        last_accessed_entity: last.and_then(|attempt| arn_of(report, attempt)),
        last_accessed_time: last.map(|attempt| attempt.at.into()),
        last_accessed_region: last.and_then(region_of),
    }
}

fn arn_of(report: &Report, attempt: &Attempt) -> Option<String> {
    report.entities.get(attempt.by).map(|entity| entity.arn.clone())
}

fn region_of(attempt: &Attempt) -> Option<String> {
    Some(attempt.region.clone()).filter(|region| !region.is_empty())
}

impl Serve<GetServiceLastAccessedDetailsWithEntities> for Identity {
    async fn access(
        &self,
        _: &GetServiceLastAccessedDetailsWithEntities,
        _: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetServiceLastAccessedDetailsWithEntities", "*")])
    }

    async fn handle(
        &self,
        op: GetServiceLastAccessedDetailsWithEntities,
        caller: &Caller,
    ) -> Result<GetServiceLastAccessedDetailsWithEntitiesResult, ApiError> {
        names::service_namespace("serviceNamespace", &op.service_namespace)?;
        let report = self.report(caller, &op.job_id)?;
        let found = report.services.iter().find(|service| service.namespace == op.service_namespace);
        let service = found.ok_or_else(|| {
            Error::InvalidInput(format!("The report has no service {}.", op.service_namespace))
        })?;
        let all = most_recent_first(&report.entities, service);
        let page = page(all, |(place, _)| place.clone(), op.marker.as_deref(), op.max_items)?;
        Ok(GetServiceLastAccessedDetailsWithEntitiesResult {
            job_status: COMPLETED.into(),
            job_creation_date: report.created.into(),
            job_completion_date: report.completed.into(),
            entity_details_list: page.items.into_iter().map(|(_, details)| details).collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

/// The entities of a report with their last attempts at a service, each with its place in the list.
fn most_recent_first(entities: &[Entity], service: &Reached) -> Vec<(String, EntityDetails)> {
    let last = |by: usize| service.attempts.iter().find(|attempt| attempt.by == by).map(|attempt| attempt.at);
    let mut all: Vec<(Option<Timestamp>, &Entity)> =
        entities.iter().enumerate().map(|(by, entity)| (last(by), entity)).collect();
    all.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.arn.cmp(&other.arn)));
    let placed = all.into_iter().enumerate().map(|(place, (last, entity))| {
        let entity_info = EntityInfo {
            arn: entity.arn.clone(),
            name: entity.name.clone(),
            kind: if entity.is_role { "ROLE" } else { "USER" }.into(),
            id: entity.id.clone(),
            path: entity.path.clone(),
        };
        (format!("{place:06}"), EntityDetails { entity_info, last_authenticated: last.map(Into::into) })
    });
    placed.collect()
}
