//! What to do next: a pure function of what is desired and what is seen.
//!
//! Life of an instance on a node. Its domain exists only while it is on; off, a record says why:
//!
//! ```text
//!            start_sequence grows, or off by anything but the guest
//!   (no domain) ----------------------------------------> defined, paused -> plugged in -> running
//!        ^                                                                                  |
//!        '--- record why, undefine <--- off <--- guest shuts down / destroyed / grace over -'
//! ```
//!
//! Invariants: what a step needs to be remembered is durable before it acts; any step may be cut short by a crash and
//! the next plan begins from what is seen then; once the desired state is reached the plan is empty.

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::{Desired, Instance, Power};

use crate::records::{Off, Record, Stopping};
use crate::world::{Domain, DomainPower, Seen, Wires, World};

/// How long until a guest that does not react to the power button is asked again.
const ASK_AGAIN_MS: u64 = 5_000;

/// One act on one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Remember this, durably.
    Remember(Record),
    /// Define the domain and start it paused. Legal without a domain.
    StartPaused,
    /// Put the taps in their places. Legal while the domain is on.
    Plug,
    /// Let a paused domain run.
    Resume,
    /// Press the power button.
    PressPowerButton,
    /// Pull the plug.
    Destroy,
    /// Put the definition of a domain that is off away.
    Undefine,
    /// Hot-plug a disk.
    AttachDisk(VolumeId),
    /// Ask the guest to let go of a disk; seen later whether it did.
    DetachDisk(VolumeId),
    /// Remove everything kept of an instance that is gone.
    Forget,
}

/// What to do for each instance; nothing for those where all is well.
pub fn plan(desired: &Desired, world: &World, grace_ms: u64) -> Vec<(InstanceId, Vec<Step>)> {
    world
        .instances
        .iter()
        .filter_map(|(id, seen)| {
            let want = desired.instances.iter().find(|instance| instance.id == *id);
            let steps = plan_instance(want, seen, world.now_ms, grace_ms);
            (!steps.is_empty()).then(|| (id.clone(), steps))
        })
        .collect()
}

/// What to do for one instance.
pub fn plan_instance(want: Option<&Instance>, seen: &Seen, now_ms: u64, grace_ms: u64) -> Vec<Step> {
    let Some(want) = want else {
        return remove(seen);
    };
    match want.power {
        Power::Running => run(want, seen, now_ms, grace_ms),
        Power::Stopped => stop(want, seen, now_ms, grace_ms),
        Power::ForcedOff => force_off(want, seen),
    }
}

fn remove(seen: &Seen) -> Vec<Step> {
    match &seen.domain {
        Some(domain) if is_on(domain) => vec![Step::Destroy, Step::Undefine, Step::Forget],
        Some(_) => vec![Step::Undefine, Step::Forget],
        None if seen.remembered => vec![Step::Forget],
        None => vec![],
    }
}

fn run(want: &Instance, seen: &Seen, now_ms: u64, grace_ms: u64) -> Vec<Step> {
    let record = &seen.record;
    let fresh = want.start_sequence > record.started;
    match &seen.domain {
        Some(domain) if domain.power == DomainPower::Running => keep(want, seen, domain, now_ms, grace_ms),
        Some(domain) if domain.power == DomainPower::Paused => match seen.wires {
            Wires::Gone => vec![Step::Destroy],
            Wires::Connected | Wires::Unplugged => vec![Step::Plug, Step::Resume],
        },
        Some(domain) if domain.power == DomainPower::OffByGuest && !fresh && record.stopping.is_none() => {
            vec![Step::Remember(Record { off: Some(Off::ByGuest), ..record.clone() }), Step::Undefine]
        }
        Some(_) => [vec![Step::Undefine], start(want)].concat(),
        None if record.off == Some(Off::ByGuest) && !fresh => vec![],
        None => start(want),
    }
}

/// Remembering comes first: a domain that is then found off belongs to this start.
fn start(want: &Instance) -> Vec<Step> {
    let record =
        Record { started: want.start_sequence, rebooted: want.reboot_sequence, off: None, stopping: None };
    vec![Step::Remember(record), Step::StartPaused, Step::Plug, Step::Resume]
}

fn keep(want: &Instance, seen: &Seen, domain: &Domain, now_ms: u64, grace_ms: u64) -> Vec<Step> {
    let record = &seen.record;
    if let Some(stopping) = record.stopping {
        return shut_down(record, Some(stopping), stopping.reboot, now_ms, grace_ms);
    }
    if record.started < want.start_sequence {
        // it runs although nobody remembers starting it (state lost): it is what is wanted, so adopt it
        let (started, rebooted) = (want.start_sequence, want.reboot_sequence);
        return vec![Step::Remember(Record { started, rebooted, off: None, stopping: None })];
    }
    match seen.wires {
        Wires::Gone => return vec![Step::Destroy],
        Wires::Unplugged => return vec![Step::Plug],
        Wires::Connected => {}
    }
    if record.rebooted < want.reboot_sequence {
        return shut_down(record, None, Some(want.reboot_sequence), now_ms, grace_ms);
    }
    disks(want, seen, domain)
}

/// Asks the guest, again every few seconds, and pulls the plug when its time is over.
fn shut_down(
    record: &Record,
    stopping: Option<Stopping>,
    reboot: Option<u64>,
    now_ms: u64,
    grace_ms: u64,
) -> Vec<Step> {
    let since_ms = stopping.map_or(now_ms, |stopping| stopping.since_ms);
    if now_ms.saturating_sub(since_ms) >= grace_ms {
        return vec![Step::Destroy];
    }
    let due = stopping.is_none_or(|stopping| {
        stopping.reboot != reboot || now_ms.saturating_sub(stopping.asked_ms) >= ASK_AGAIN_MS
    });
    if !due {
        return vec![];
    }
    let stopping = Some(Stopping { since_ms, asked_ms: now_ms, reboot });
    vec![Step::Remember(Record { stopping, ..record.clone() }), Step::PressPowerButton]
}

fn disks(want: &Instance, seen: &Seen, domain: &Domain) -> Vec<Step> {
    let missing = want.disks.iter().filter(|disk| !domain.disks.contains(&disk.volume));
    let extra = domain.disks.iter().filter(|volume| !want.disks.iter().any(|disk| disk.volume == **volume));
    missing
        .map(|disk| Step::AttachDisk(disk.volume.clone()))
        .chain(extra.filter(|volume| !seen.detaching.contains(volume)).map(|v| Step::DetachDisk(v.clone())))
        .collect()
}

fn stop(want: &Instance, seen: &Seen, now_ms: u64, grace_ms: u64) -> Vec<Step> {
    match &seen.domain {
        Some(domain) if domain.power == DomainPower::Running => {
            shut_down(&seen.record, seen.record.stopping, None, now_ms, grace_ms)
        }
        Some(domain) if is_on(domain) => vec![Step::Destroy],
        _ => put_away(want, seen),
    }
}

fn force_off(want: &Instance, seen: &Seen) -> Vec<Step> {
    match &seen.domain {
        Some(domain) if is_on(domain) => vec![Step::Destroy],
        _ => put_away(want, seen),
    }
}

/// A domain that is off leaves a record that says so, and no definition.
fn put_away(want: &Instance, seen: &Seen) -> Vec<Step> {
    let started = want.start_sequence.max(seen.record.started);
    let record = Record { started, rebooted: want.reboot_sequence, off: Some(Off::ByApi), stopping: None };
    let mut steps = Vec::new();
    if seen.record != record {
        steps.push(Step::Remember(record));
    }
    if seen.domain.is_some() {
        steps.push(Step::Undefine);
    }
    steps
}

fn is_on(domain: &Domain) -> bool {
    matches!(domain.power, DomainPower::Running | DomainPower::Paused)
}
