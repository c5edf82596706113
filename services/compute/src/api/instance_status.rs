//! DescribeInstanceStatus: whether instances are reachable for the cloud.

use api_spec::ApiError;
use api_spec::ec2::instances::{
    self as wire, DescribeInstanceStatus, DescribeInstanceStatusResult, InstanceStatusDetails,
    InstanceStatusSummary,
};
use api_spec::ids::InstanceId;
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::describe_instances::state;
use super::filter::{Filtered, by_id, one, page, select};
use crate::domain::instance::Instance;
use crate::domain::life::State;
use crate::error::{Error, Kind};
use crate::service::Service;
use crate::store::instances;

/// Status checks: ok while the node sees the domain run, without a problem.
fn summary(instance: &Instance) -> (&'static str, Option<&'static str>) {
    match instance.life.state {
        State::Running if instance.observed.running && instance.observed.problem.is_none() => {
            ("ok", Some("passed"))
        }
        State::Running => ("impaired", Some("failed")),
        State::Pending => ("initializing", Some("initializing")),
        State::Stopping | State::Stopped | State::ShuttingDown | State::Terminated => {
            ("not-applicable", None)
        }
    }
}

fn shown_summary(instance: &Instance) -> InstanceStatusSummary {
    let (status, reachability) = summary(instance);
    let detail = |status: &str| InstanceStatusDetails { name: "reachability".into(), status: status.into() };
    InstanceStatusSummary { status: status.into(), details: reachability.map(detail).into_iter().collect() }
}

/// An instance as this action filters it.
struct Checked(Instance);

impl Filtered for Checked {
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "event.code",
        "event.description",
        "instance-state-code",
        "instance-state-name",
        "instance-status.reachability",
        "instance-status.status",
        "system-status.reachability",
        "system-status.status",
    ];
    fn tags(&self) -> &[Tag] {
        &self.0.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        let (status, reachability) = summary(&self.0);
        match filter {
            "availability-zone" => one(&self.0.zone),
            "instance-state-code" => one(self.0.life.state.code()),
            "instance-state-name" => one(self.0.life.state.name()),
            "instance-status.status" | "system-status.status" => one(status),
            "instance-status.reachability" | "system-status.reachability" => {
                super::filter::maybe(reachability)
            }
            _ => Vec::new(),
        }
    }
}

impl Serve<DescribeInstanceStatus> for Service {
    async fn access(&self, _: &DescribeInstanceStatus, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeInstanceStatus")])
    }

    async fn handle(
        &self,
        op: DescribeInstanceStatus,
        caller: &Caller,
    ) -> Result<DescribeInstanceStatusResult, ApiError> {
        let all = instances::of_account(&self.read()?, caller.account_id()).map_err(Error::from)?;
        let mut named =
            by_id::<_, InstanceId>(all, &op.instance_ids, Kind::Instance, |one| one.id.to_string())?;
        if op.include_all_instances != Some(true) {
            named.retain(|one| one.life.state == State::Running);
        }
        let chosen = select(named.into_iter().map(Checked).collect(), &op.filters)?;
        let key = |one: &Checked| one.0.id.to_string();
        let (found, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &op.instance_ids)?;
        let shown = |Checked(instance): Checked| wire::InstanceStatus {
            availability_zone: instance.zone.clone(),
            instance_id: instance.id.to_string(),
            instance_state: state(instance.life.state),
            instance_status: shown_summary(&instance),
            system_status: shown_summary(&instance),
        };
        Ok(DescribeInstanceStatusResult {
            instance_statuses: found.into_iter().map(shown).collect(),
            next_token,
        })
    }
}
