//! What the node tells of its instances: a pure function of what is seen, and the version that grows with each change.

use std::path::Path;
use std::sync::Arc;

use api_spec::ids::InstanceId;
use calls::node::{Capacity, DomainState, Instance, Observed, ObservedInstance, Power};
use tokio::sync::watch;

use crate::error::Result;
use crate::files;
use crate::records::Off;
use crate::world::{DomainPower, Seen};

/// Versions that one life of the agent may use up.
const VERSIONS_PER_LIFE: u64 = 1 << 32;

/// The latest observation, for all who wait for the next.
pub struct Board {
    latest: watch::Sender<Arc<Observed>>,
}

impl Board {
    /// Begins above every version that an earlier life of the agent used; durable before the first is told.
    pub fn open(path: &Path, generation: u64, capacity: Capacity) -> Result<Self> {
        let life = files::read::<u64>(path)?.unwrap_or(0) + 1;
        files::write(path, &life)?;
        let version = life * VERSIONS_PER_LIFE;
        let first = Observed { version, generation, capacity, instances: Vec::new() };
        Ok(Board { latest: watch::Sender::new(Arc::new(first)) })
    }

    /// Publishes what is seen now, if it differs from the last.
    pub fn publish(&self, generation: u64, instances: Vec<ObservedInstance>) {
        self.latest.send_if_modified(|latest| {
            let changed = latest.generation != generation || latest.instances != instances;
            if changed {
                let version = latest.version + 1;
                *latest = Arc::new(Observed { version, generation, capacity: latest.capacity, instances });
            }
            changed
        });
    }

    /// To wait for changes.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Observed>> {
        self.latest.subscribe()
    }
}

/// What to tell of one instance.
pub fn report(
    id: &InstanceId,
    want: Option<&Instance>,
    seen: &Seen,
    problem: Option<String>,
) -> ObservedInstance {
    ObservedInstance {
        id: id.clone(),
        domain: state(want, seen),
        start_sequence: seen.record.started,
        reboot_sequence: seen.record.rebooted,
        attached: seen.domain.iter().flat_map(|domain| domain.disks.iter().cloned()).collect(),
        problem,
    }
}

fn state(want: Option<&Instance>, seen: &Seen) -> DomainState {
    let power = seen.domain.as_ref().map(|domain| domain.power);
    match (want, power) {
        (None, _) => DomainState::ShuttingDown,
        (Some(want), Some(DomainPower::Running)) => running(want, seen),
        (Some(want), Some(DomainPower::Paused)) if want.power == Power::Running => DomainState::Starting,
        (Some(_), Some(DomainPower::Paused)) => DomainState::ShuttingDown,
        (Some(want), Some(DomainPower::Off | DomainPower::OffByGuest)) => going(want, seen),
        (Some(want), None) => off(want, seen),
    }
}

fn running(want: &Instance, seen: &Seen) -> DomainState {
    let rebooting = seen.record.stopping.is_some_and(|stopping| stopping.reboot.is_some());
    let stopping = want.power != Power::Running || (seen.record.stopping.is_some() && !rebooting);
    if stopping { DomainState::ShuttingDown } else { DomainState::Running }
}

/// Off, its definition not put away yet: on its way up again, or down.
fn going(want: &Instance, seen: &Seen) -> DomainState {
    match want.power {
        Power::Running if seen.record.stopping.is_some_and(|stopping| stopping.reboot.is_some()) => {
            DomainState::Running
        }
        Power::Running => DomainState::Starting,
        Power::Stopped | Power::ForcedOff => DomainState::ShuttingDown,
    }
}

fn off(want: &Instance, seen: &Seen) -> DomainState {
    let current = seen.record.started >= want.start_sequence;
    match (seen.record.off, want.power) {
        (Some(_), Power::Stopped | Power::ForcedOff) => DomainState::Off,
        (Some(Off::ByGuest), Power::Running) if current => DomainState::OffByGuest,
        (Some(Off::ByApi), Power::Running) if current => DomainState::Starting,
        (None, Power::Running) if current => DomainState::Starting,
        (None | Some(_), _) => DomainState::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Record;
    use crate::testing;

    #[test]
    fn versions_grow_with_every_change_and_across_lives() {
        let dir = tempfile::tempdir().unwrap();
        let capacity = Capacity { cpus: 2, memory_mib: 1024 };
        let open = || Board::open(&dir.path().join("life"), 0, capacity).unwrap();
        let first = open();
        let before = first.subscribe().borrow().version;
        first.publish(1, vec![]);
        first.publish(1, vec![]);
        let last = first.subscribe().borrow().version;
        assert_eq!(last, before + 1);
        assert!(open().subscribe().borrow().version > last);
    }

    #[test]
    fn off_by_guest_is_told_only_of_the_start_it_is_about() {
        let mut want = testing::instance(4);
        let record = Record { started: 1, off: Some(Off::ByGuest), ..Record::default() };
        let seen = Seen { record, ..Seen::default() };
        assert_eq!(state(Some(&want), &seen), DomainState::OffByGuest);
        want.start_sequence = 2;
        assert_eq!(state(Some(&want), &seen), DomainState::Absent);
        want.power = Power::Stopped;
        assert_eq!(state(Some(&want), &seen), DomainState::Off);
    }
}
