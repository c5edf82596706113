//! Instances.

use api_spec::ids::{InstanceId, ReservationId};
use auth::policy::Quota;
use jiff::Timestamp;
use store::{Index, IndexedTable, Read, Tx};

use super::{addresses, interfaces, nodes};
use crate::domain::instance::{Instance, Interface};
use crate::domain::life::{Life, State};
use crate::error::{Error, Kind};

store::json_value!(Instance, version = 1);

/// All instances, terminated ones for as long as they are remembered.
pub const INSTANCES: IndexedTable<InstanceId, Instance> =
    IndexedTable::new("instances", &[&BY_ACCOUNT, &BY_CREATOR, &BY_NODE, &BY_RESERVATION, &BY_STATE]);
const BY_ACCOUNT: Index<InstanceId, Instance, String> =
    Index::new("instances_by_account", |_, one| vec![one.account_id.clone()]);
/// Those that are not terminated, by who launched them.
const BY_CREATOR: Index<InstanceId, Instance, String> = Index::new("instances_by_creator", |_, one| {
    let alive = one.life.state != State::Terminated;
    one.creator.iter().filter(|_| alive).cloned().collect()
});
const BY_NODE: Index<InstanceId, Instance, String> =
    Index::new("instances_by_node", |_, one| vec![one.node.clone()]);
const BY_RESERVATION: Index<InstanceId, Instance, ReservationId> =
    Index::new("instances_by_reservation", |_, one| vec![one.reservation_id.clone()]);
const BY_STATE: Index<InstanceId, Instance, String> =
    Index::new("instances_by_state", |_, one| vec![one.life.state.name().to_owned()]);

/// An account's instances.
pub fn of_account(read: &impl Read, account_id: &str) -> Result<Vec<Instance>, store::Error> {
    values(BY_ACCOUNT.rows(read, &INSTANCES, &account_id.to_owned())?)
}

/// The instances of a node.
pub fn of_node(read: &impl Read, node: &str) -> Result<Vec<Instance>, store::Error> {
    values(BY_NODE.rows(read, &INSTANCES, &node.to_owned())?)
}

/// The instances of a launch, in the launch's order.
pub fn of_reservation(read: &impl Read, id: &ReservationId) -> Result<Vec<Instance>, store::Error> {
    let mut found = values(BY_RESERVATION.rows(read, &INSTANCES, id)?)?;
    found.sort_by_key(|one| one.launch_index);
    Ok(found)
}

/// The instances in a state, whoever they belong to.
pub fn in_state(read: &impl Read, state: State) -> Result<Vec<Instance>, store::Error> {
    values(BY_STATE.rows(read, &INSTANCES, &state.name().to_owned())?)
}

fn values(rows: Vec<(InstanceId, Instance)>) -> Result<Vec<Instance>, store::Error> {
    Ok(rows.into_iter().map(|(_, one)| one).collect())
}

/// The account's instance of this id.
///
/// # Errors
/// [`Error::NotFound`]; other accounts' instances are as good as absent.
pub fn owned(read: &impl Read, account_id: &str, id: &InstanceId) -> Result<Instance, Error> {
    read.get(&INSTANCES, id)?
        .filter(|one| one.account_id == account_id)
        .ok_or_else(|| Error::not_found(Kind::Instance, id))
}

/// Writes an instance without telling its node.
pub fn put(tx: &mut Tx<'_>, instance: &Instance) -> Result<(), store::Error> {
    tx.put(&INSTANCES, &instance.id, instance)
}

/// Writes an instance whose desired state changed: its node is told, and what the node saw before no longer counts.
pub fn put_desired(tx: &mut Tx<'_>, mut instance: Instance) -> Result<Instance, store::Error> {
    instance.life.generation = nodes::touch(tx, &instance.node)?;
    put(tx, &instance)?;
    Ok(instance)
}

/// Writes the life after something happened, with all that follows from it: a stopped instance gives its dynamic public
/// address back.
pub fn settle(tx: &mut Tx<'_>, mut instance: Instance, life: Life) -> Result<Instance, store::Error> {
    let wish_changed = life.wish != instance.life.wish
        || life.start_sequence != instance.life.start_sequence
        || life.reboot_sequence != instance.life.reboot_sequence;
    let stopped = life.state == State::Stopped && instance.life.state != State::Stopped;
    instance.life = life;
    if stopped && let Some(interface) = interfaces::of_instance(tx, &instance)? {
        addresses::give_back_dynamic(tx, interface)?;
    }
    if wish_changed || stopped {
        return put_desired(tx, instance);
    }
    put(tx, &instance)?;
    Ok(instance)
}

/// Ends an instance whose domain is gone and whose volumes are free: addresses and interface are given back.
pub fn terminate(tx: &mut Tx<'_>, id: &InstanceId, now: Timestamp) -> Result<bool, store::Error> {
    let Some(mut instance) = tx.get(&INSTANCES, id)? else { return Ok(false) };
    if instance.life.state != State::ShuttingDown || !instance.life.gone {
        return Ok(false);
    }
    if let Some(interface) = interfaces::of_instance(tx, &instance)? {
        addresses::detach(tx, interface.clone())?;
        interfaces::delete(tx, &interface)?;
    }
    instance.life = instance.life.end(now);
    instance.interface = None;
    instance.profile = None;
    instance.disks = Some(Vec::new());
    put_desired(tx, instance)?;
    Ok(true)
}

/// An instance with its interface, if it still has one.
pub fn with_interface(
    read: &impl Read,
    instance: Instance,
) -> Result<(Instance, Option<Interface>), store::Error> {
    let interface = interfaces::of_instance(read, &instance)?;
    Ok((instance, interface))
}

/// What somebody has of what quotas count: instances that are not terminated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Instances.
    pub instances: u64,
    /// Their virtual CPUs.
    pub vcpus: u64,
    /// Their memory, in MiB.
    pub memory_mib: u64,
}

impl Held {
    /// With so many more instances of a kind.
    #[must_use]
    pub fn with(self, count: u64, vcpus: u64, memory_mib: u64) -> Held {
        Held {
            instances: self.instances + count,
            vcpus: self.vcpus + count * vcpus,
            memory_mib: self.memory_mib + count * memory_mib,
        }
    }

    /// With one of the instances being of another size.
    #[must_use]
    pub fn resized(self, one: &Instance, vcpus: u32, memory_mib: u64) -> Held {
        Held {
            vcpus: self.vcpus.saturating_sub(u64::from(one.vcpus)) + u64::from(vcpus),
            memory_mib: self.memory_mib.saturating_sub(one.memory_mib) + memory_mib,
            ..self
        }
    }

    /// As quotas compare it.
    pub fn counts(&self) -> [(Quota, u64); 3] {
        [(Quota::Instances, self.instances), (Quota::Vcpus, self.vcpus), (Quota::MemoryMib, self.memory_mib)]
    }
}

/// What an account has.
pub fn held(read: &impl Read, account_id: &str) -> Result<Held, store::Error> {
    let all = of_account(read, account_id)?.into_iter();
    Ok(sum(all.filter(|one| one.life.state != State::Terminated)))
}

/// What somebody launched and still has.
pub fn held_by(read: &impl Read, creator: &str) -> Result<Held, store::Error> {
    Ok(sum(values(BY_CREATOR.rows(read, &INSTANCES, &creator.to_owned())?)?.into_iter()))
}

fn sum(instances: impl Iterator<Item = Instance>) -> Held {
    instances.fold(Held::default(), |held, one| held.with(1, u64::from(one.vcpus), one.memory_mib))
}
