//! Starting, stopping, rebooting and terminating: all of the instances named, or none.

use std::sync::Arc;

use api_spec::ec2::instances::{
    InstanceStateChange, RebootInstances, StartInstances, StartInstancesResult, StopInstances,
    StopInstancesResult, TerminateInstances, TerminateInstancesResult,
};
use api_spec::ids::InstanceId;
use api_spec::{ApiError, ErrorCode};
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller, Common};
use store::{Read, Tx};

use super::describe_instances::state;
use crate::domain::instance::Instance;
use crate::domain::life::{Ask, NotNow, State};
use crate::domain::placement::{self, Need};
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::instances::INSTANCES;
use crate::store::{addresses, instances, interfaces, nodes};

fn not_now(instance: &InstanceId, refused: NotNow) -> Error {
    let words = match refused.ask {
        Ask::Start => format!("The instance '{instance}' is not in a state from which it can be started."),
        Ask::Stop { .. } => {
            format!("The instance '{instance}' is not in a state from which it can be stopped.")
        }
        Ask::Reboot => format!("The instance '{instance}' is not in the 'running' state."),
        Ask::Terminate => format!("The instance '{instance}' cannot be terminated now."),
    };
    Error::refused(ErrorCode::IncorrectInstanceState, words)
}

/// Whether an attribute of the instance forbids it.
fn check_protection(instance: &Instance, ask: Ask) -> Result<(), Error> {
    let forbidden = |attribute: &str, words: &str| {
        Err(Error::refused(
            ErrorCode::OperationNotPermitted,
            format!(
                "The instance '{}' may not be {words}. Modify its '{attribute}' instance attribute and try again.",
                instance.id
            ),
        ))
    };
    match ask {
        Ask::Terminate if instance.disable_api_termination && instance.life.state != State::Terminated => {
            forbidden("disableApiTermination", "terminated")
        }
        Ask::Stop { .. } if instance.disable_api_stop => forbidden("disableApiStop", "stopped"),
        _ => Ok(()),
    }
}

impl Service {
    async fn power(
        &self,
        caller: &Caller,
        ids: &[String],
        ask: Ask,
    ) -> Result<Vec<InstanceStateChange>, Error> {
        if ids.is_empty() {
            return Err(Error::missing("InstanceId"));
        }
        let mut parsed: Vec<InstanceId> =
            ids.iter().map(|text| id(Kind::Instance, text)).collect::<Result<_, _>>()?;
        let mut seen = std::collections::BTreeSet::new();
        parsed.retain(|one| seen.insert(one.clone()));
        let (account, now) = (caller.account_id().to_owned(), caller.now);
        let (config, common) = (self.config.clone(), Arc::clone(&self.context.common));
        self.store
            .transact(move |tx| {
                let missing: Vec<&str> = (parsed.iter())
                    .filter(|one| instances::owned(tx, &account, one).is_err())
                    .map(InstanceId::as_str)
                    .collect();
                if !missing.is_empty() {
                    return Err(Error::none_found(Kind::Instance, &missing));
                }
                parsed.iter().map(|one| power_one(tx, one, ask, &config, &common, now)).collect()
            })
            .await
    }
}

fn power_one(
    tx: &mut Tx<'_>,
    id: &InstanceId,
    ask: Ask,
    config: &crate::Config,
    common: &Common,
    now: Timestamp,
) -> Result<InstanceStateChange, Error> {
    let mut instance = tx.get(&INSTANCES, id)?.ok_or_else(|| Error::not_found(Kind::Instance, id))?;
    check_protection(&instance, ask)?;
    let before = instance.life.state;
    let life = instance.life.ask(ask, now).map_err(|refused| not_now(id, refused))?;
    let after = life.state;
    if ask == Ask::Start && before == State::Stopped {
        reserve(tx, &instance, config, &common.zone)?;
        instance.launched_at = now;
        if let Some(interface) = interfaces::of_instance(tx, &instance)? {
            addresses::give_dynamic(tx, common.public_pool, interface)?;
        }
    }
    if life != instance.life {
        instances::settle(tx, instance, life)?;
    }
    Ok(InstanceStateChange {
        instance_id: id.to_string(),
        current_state: state(after),
        previous_state: state(before),
    })
}

/// A stopped instance needs room again, on the node where it lives.
fn reserve(tx: &Tx<'_>, instance: &Instance, config: &crate::Config, zone: &str) -> Result<(), Error> {
    let mut loads = nodes::loads(tx, config, zone)?;
    loads.retain(|load| load.name == instance.node);
    let need = Need {
        vcpus: u64::from(instance.vcpus),
        memory_mib: instance.memory_mib + config.memory_overhead_mib,
    };
    match placement::choose(&loads, need, (1, 1), None, config.cpu_ratio) {
        Some(_) => Ok(()),
        None => Err(Error::no_room(&instance.instance_type, &instance.zone)),
    }
}

impl Serve<StartInstances> for Service {
    async fn access(&self, op: &StartInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instances(caller, "StartInstances", &op.instance_ids)
    }

    async fn handle(&self, op: StartInstances, caller: &Caller) -> Result<StartInstancesResult, ApiError> {
        if op.additional_info.is_some_and(|info| !info.is_empty()) {
            return Err(Error::unsupported("AdditionalInfo is reserved").into());
        }
        Ok(StartInstancesResult {
            starting_instances: self.power(caller, &op.instance_ids, Ask::Start).await?,
        })
    }
}

impl Serve<StopInstances> for Service {
    async fn access(&self, op: &StopInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instances(caller, "StopInstances", &op.instance_ids)
    }

    async fn handle(&self, op: StopInstances, caller: &Caller) -> Result<StopInstancesResult, ApiError> {
        if op.hibernate == Some(true) {
            return Err(Error::unsupported("Hibernation is not supported").into());
        }
        let force = op.force == Some(true) || op.skip_os_shutdown == Some(true);
        let ask = Ask::Stop { force };
        Ok(StopInstancesResult { stopping_instances: self.power(caller, &op.instance_ids, ask).await? })
    }
}

impl Serve<RebootInstances> for Service {
    async fn access(&self, op: &RebootInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instances(caller, "RebootInstances", &op.instance_ids)
    }

    async fn handle(&self, op: RebootInstances, caller: &Caller) -> Result<api_spec::Return, ApiError> {
        self.power(caller, &op.instance_ids, Ask::Reboot).await?;
        Ok(api_spec::Return::TRUE)
    }
}

impl Serve<TerminateInstances> for Service {
    async fn access(&self, op: &TerminateInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_instances(caller, "TerminateInstances", &op.instance_ids)
    }

    async fn handle(
        &self,
        op: TerminateInstances,
        caller: &Caller,
    ) -> Result<TerminateInstancesResult, ApiError> {
        // Force and SkipOsShutdown ask for less care than a termination takes here: its domain is simply removed
        let terminating_instances = self.power(caller, &op.instance_ids, Ask::Terminate).await?;
        Ok(TerminateInstancesResult { terminating_instances })
    }
}
