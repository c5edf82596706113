//! The loop on a fake host: from every state that acts, kills and blows can lead to, it reaches what is desired and
//! then rests.

use std::sync::Arc;

use calls::node::{DomainState, Power};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::backup::Backups;
use crate::hypervisor::fake::{Blow, FakeHost};
use crate::hypervisor::{BackupProgress, Hypervisor};
use crate::names::Names;
use crate::network::Wiring;
use crate::records::{Off, Records};
use crate::testing;
use calls::node::{BackupDisk, BackupState, Capacity};

const GRACE_MS: u64 = 20_000;

struct Bench {
    host: Arc<FakeHost>,
    desired: Desired,
    clock: Clock,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let clock = Clock::manual(Timestamp::from_second(1_800_000_000).unwrap());
        let desired = testing::desired(vec![testing::instance(4), testing::instance(5)]);
        Bench { host: Arc::default(), desired, clock, dir: tempfile::tempdir().unwrap() }
    }

    /// An agent as it is after a start: it knows only what is on disk and on the host.
    fn agent(&self) -> Reconciler {
        let directory = Directory::new(Names::new("t"), self.desired.clone());
        let capacity = Capacity { cpus: 1, memory_mib: 1 };
        Reconciler {
            executor: Executor {
                hypervisor: self.host.clone(),
                wiring: self.host.clone(),
                records: Arc::new(Records::open(self.dir.path().join("records")).unwrap()),
                console_dir: self.dir.path().to_owned(),
            },
            directory,
            board: Arc::new(Board::open(&self.dir.path().join("life"), 0, capacity).unwrap()),
            clock: self.clock.clone(),
            grace_ms: GRACE_MS,
            metrics: Metrics::default(),
            nudge: Arc::default(),
            efforts: Arc::default(),
        }
    }

    /// One pass without tasks: everything planned is carried out in order, until the fuse burns through.
    fn pass(&self, agent: &Reconciler) -> usize {
        let (desired, world) = agent.look().unwrap();
        let plans = planner::plan(&desired, &world, GRACE_MS);
        for (id, steps) in &plans {
            let want = desired.instances.iter().find(|instance| instance.id == *id);
            let _ = agent.executor.steps(id, want, steps);
        }
        agent.tell(&desired, &world);
        plans.len()
    }

    /// Passes, as time goes on, until two looks in a row find nothing to do.
    fn settle(&self) -> Reconciler {
        *self.host.fuse.lock().unwrap() = None;
        let agent = self.agent();
        let mut quiet = 0;
        for _ in 0..100 {
            quiet = if self.pass(&agent) == 0 { quiet + 1 } else { 0 };
            // longer than any pause between two asks, so that quiet means done
            self.clock.advance(SignedDuration::from_secs(6));
            if quiet == 2 {
                return agent;
            }
        }
        panic!("never at rest");
    }

    fn state(&self, agent: &Reconciler, number: u8) -> Option<DomainState> {
        self.pass(agent);
        let seen = agent.board.subscribe().borrow().clone();
        seen.instances.iter().find(|it| it.id == testing::instance_id(number)).map(|it| it.domain)
    }
}

#[derive(Clone, Debug)]
enum Event {
    Pass,
    KilledAfter(u32),
    Blow(u8, Blow),
    Power(u8, Power),
    Start(u8),
    Reboot(u8),
    Disk(u8, u8),
    Remove(u8),
    Deafen(u8, bool),
    Wait(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let number = 4u8..6;
    let blow = prop_oneof![
        Just(Blow::PowerOff),
        Just(Blow::Destroy),
        Just(Blow::LoseNamespace),
        Just(Blow::Unplug),
        Just(Blow::Undefine)
    ];
    let power = prop_oneof![Just(Power::Running), Just(Power::Stopped), Just(Power::ForcedOff)];
    prop_oneof![
        4 => Just(Event::Pass),
        4 => (0u32..8).prop_map(Event::KilledAfter),
        3 => (number.clone(), blow).prop_map(|(n, blow)| Event::Blow(n, blow)),
        2 => (number.clone(), power).prop_map(|(n, power)| Event::Power(n, power)),
        2 => number.clone().prop_map(Event::Start),
        1 => number.clone().prop_map(Event::Reboot),
        2 => (number.clone(), 10u8..13).prop_map(|(n, disk)| Event::Disk(n, disk)),
        1 => number.clone().prop_map(Event::Remove),
        1 => (number, any::<bool>()).prop_map(|(n, deaf)| Event::Deafen(n, deaf)),
        2 => (1i64..30).prop_map(Event::Wait),
    ]
}

impl Bench {
    fn happen(&mut self, event: &Event) {
        match event {
            Event::Pass => drop(self.pass(&self.agent())),
            Event::KilledAfter(acts) => {
                *self.host.fuse.lock().unwrap() = Some(*acts);
                self.pass(&self.agent());
                *self.host.fuse.lock().unwrap() = None;
            }
            Event::Blow(number, blow) => self.host.blow(&testing::instance_id(*number), *blow),
            Event::Deafen(number, deaf) => self.host.deafen(&testing::instance_id(*number), *deaf),
            Event::Wait(seconds) => self.clock.advance(SignedDuration::from_secs(*seconds)),
            Event::Remove(number) => {
                self.desired.instances.retain(|it| it.id != testing::instance_id(*number));
            }
            Event::Power(..) | Event::Start(_) | Event::Reboot(_) | Event::Disk(..) => self.change(event),
        }
    }

    fn change(&mut self, event: &Event) {
        let (Event::Power(number, _) | Event::Start(number) | Event::Reboot(number) | Event::Disk(number, _)) =
            event
        else {
            return;
        };
        let id = testing::instance_id(*number);
        let Some(want) = self.desired.instances.iter_mut().find(|it| it.id == id) else { return };
        match event {
            Event::Power(_, power) => want.power = *power,
            Event::Start(_) => (want.start_sequence, want.power) = (want.start_sequence + 1, Power::Running),
            Event::Reboot(_) => want.reboot_sequence += 1,
            Event::Disk(_, disk) => {
                match want.disks.iter().position(|it| it.volume == testing::volume_id(*disk)) {
                    Some(index) => drop(want.disks.remove(index)),
                    None => want.disks.push(testing::disk(*disk)),
                }
            }
            _ => {}
        }
    }

    /// At rest: what is there is what is desired.
    fn check(&self, agent: &Reconciler) {
        let domains = self.host.domains().unwrap();
        let records = agent.executor.records.all();
        for want in &self.desired.instances {
            let record = records.get(&want.id).unwrap_or_else(|| panic!("{} is not remembered", want.id));
            match domains.get(&want.id) {
                Some(domain) => {
                    assert_eq!(want.power, Power::Running);
                    assert_eq!(domain.power, DomainPower::Running);
                    assert_eq!(self.host.wires(want).unwrap(), Wires::Connected);
                    assert_eq!(domain.disks, want.disks.iter().map(|disk| disk.volume.clone()).collect());
                    assert_eq!(
                        (record.started, record.rebooted),
                        (want.start_sequence, want.reboot_sequence)
                    );
                    assert_eq!((record.off, record.stopping), (None, None));
                }
                None if want.power == Power::Running => assert_eq!(record.off, Some(Off::ByGuest)),
                None => assert_eq!(record.off, Some(Off::ByApi)),
            }
            assert_eq!(record.started, want.start_sequence);
        }
        for id in domains.keys().chain(records.keys()) {
            assert!(self.desired.instances.iter().any(|want| want.id == *id), "{id} is still there");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_node_reaches_what_is_desired_and_rests(
        events in prop::collection::vec(event(), 1..25)
    ) {
        let mut bench = Bench::new();
        for event in &events {
            bench.happen(event);
        }
        for number in [4, 5] {
            bench.host.deafen(&testing::instance_id(number), false);
        }
        let agent = bench.settle();
        bench.check(&agent);
    }
}

#[test]
fn a_guest_that_switched_itself_off_stays_off_until_its_start_sequence_grows() {
    let mut bench = Bench::new();
    let agent = bench.settle();
    bench.host.blow(&testing::instance_id(4), Blow::PowerOff);
    bench.pass(&agent);
    assert_eq!(bench.state(&bench.agent(), 4), Some(DomainState::OffByGuest));
    assert_eq!(bench.state(&bench.settle(), 4), Some(DomainState::OffByGuest));
    bench.desired.instances[0].start_sequence = 2;
    assert_eq!(bench.state(&bench.settle(), 4), Some(DomainState::Running));
}

#[test]
fn a_domain_that_was_destroyed_or_lost_its_network_comes_back() {
    let bench = Bench::new();
    bench.settle();
    for blow in [Blow::Destroy, Blow::LoseNamespace, Blow::Undefine] {
        bench.host.blow(&testing::instance_id(4), blow);
        assert_eq!(bench.state(&bench.settle(), 4), Some(DomainState::Running), "{blow:?}");
    }
}

#[test]
fn a_deaf_guest_is_given_its_time_and_then_loses_its_power() {
    let mut bench = Bench::new();
    bench.settle();
    bench.host.deafen(&testing::instance_id(4), true);
    bench.desired.instances[0].power = Power::Stopped;
    let agent = bench.agent();
    let begun = bench.clock.now();
    while bench.state(&agent, 4) != Some(DomainState::Off) {
        assert!(bench.clock.now().duration_since(begun).as_secs() < 60, "never off");
        bench.clock.advance(SignedDuration::from_secs(1));
    }
    let took = bench.clock.now().duration_since(begun).as_millis();
    assert!(took >= i128::from(GRACE_MS), "pulled after {took} ms");
}

#[tokio::test]
async fn the_loop_starts_an_instance_and_tells_of_it() {
    let bench = Bench::new();
    let agent = bench.agent();
    let shutdown = Shutdown::default();
    let mut news = agent.board.subscribe();
    shutdown.spawn(agent.clone().run(Duration::from_millis(20), shutdown.clone()));
    let all_run = news.wait_for(|told| {
        told.instances.len() == 2 && told.instances.iter().all(|it| it.domain == DomainState::Running)
    });
    tokio::time::timeout(Duration::from_secs(10), all_run).await.unwrap().unwrap();
    shutdown.begin();
    assert!(shutdown.finished(Duration::from_secs(5)).await);
}

#[test]
fn a_copy_is_begun_once_told_until_its_end_and_remembered_by_the_next_agent() {
    let bench = Bench::new();
    bench.settle();
    let open = || Backups::open(bench.dir.path().join("backups"), bench.host.clone()).unwrap();
    let target = bench.dir.path().join("target");
    std::fs::write(&target, "").unwrap();
    let (instance, volume) = (testing::instance_id(4), testing::volume_id(4));
    let call = |number: u8| BackupDisk {
        instance: instance.clone(),
        volume: volume.clone(),
        snapshot: api_spec::ids::SnapshotId::from_random(number.into()),
        target: target.clone(),
    };
    assert_eq!(open().backup(&call(1)).unwrap(), BackupState::Copying(0));
    assert_eq!(open().backup(&call(2)).unwrap(), BackupState::Copying(0), "waits for the first");
    bench.host.end_backup(&instance, BackupProgress::Completed);
    // whoever looks first writes the end down for the other
    assert_eq!(open().backup(&call(2)).unwrap(), BackupState::Copying(0));
    assert_eq!(open().backup(&call(1)).unwrap(), BackupState::Done);
    bench.host.end_backup(&instance, BackupProgress::Failed("disk full".into()));
    assert_eq!(open().backup(&call(2)).unwrap(), BackupState::Failed("disk full".into()));
    assert_eq!(open().backup(&call(2)).unwrap(), BackupState::Copying(0), "a new call starts over");
    bench.host.blow(&instance, Blow::Destroy);
    assert!(matches!(open().backup(&call(2)).unwrap(), BackupState::Failed(_)));
    assert_eq!(open().backup(&call(2)).unwrap(), BackupState::NotRunning);
}
