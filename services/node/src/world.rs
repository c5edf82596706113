//! What the node sees when it looks: plain data for the planner.

use std::collections::{BTreeMap, BTreeSet};

use api_spec::ids::{InstanceId, VolumeId};

use crate::records::Record;

/// Everything seen in one look.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// When, milliseconds since 1970.
    pub now_ms: u64,
    /// Each instance that is desired, remembered or has a domain.
    pub instances: BTreeMap<InstanceId, Seen>,
}

/// What is seen of one instance.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its domain, if libvirt has one.
    pub domain: Option<Domain>,
    /// What is remembered.
    pub record: Record,
    /// Whether there is anything remembered or kept at all (record, console log).
    pub remembered: bool,
    /// How its interfaces are connected.
    pub wires: Wires,
    /// Disks whose detaching was asked for lately.
    pub detaching: BTreeSet<VolumeId>,
}

/// A domain as the hypervisor has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// What it does.
    pub power: DomainPower,
    /// Volumes in its live configuration; empty when it is off.
    pub disks: BTreeSet<VolumeId>,
}

/// What a domain does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainPower {
    /// Runs, or is on its way down.
    Running,
    /// Has a QEMU process that stands still.
    Paused,
    /// Defined, and off because the guest switched itself off (asked or not).
    OffByGuest,
    /// Defined, and off for any other reason: never started, destroyed, crashed, host rebooted.
    Off,
}

/// How an instance's interfaces are connected; of several the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wires {
    /// All taps are in place with their routes.
    Connected,
    /// A tap exists, but not where or how it should be.
    Unplugged,
    /// A tap is gone: only a new QEMU can make it again.
    #[default]
    Gone,
}
