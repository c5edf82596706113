//! What the agent needs of a hypervisor: a small set of blocking acts on domains that this node owns.
//!
//! The agent calls it from blocking threads only. `libvirt` is the real one, `fake` the one of unit tests.

pub mod backup;
pub mod domain_xml;
#[cfg(test)]
pub(crate) mod fake;

pub mod libvirt;

use std::collections::BTreeMap;
use std::path::Path;

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::{Disk, Instance};

use crate::error::Result;
use crate::world::Domain;

/// Acts on the domains of this node. Each may fail half-way; what then is shows in the next [`Hypervisor::domains`].
pub trait Hypervisor: Send + Sync + 'static {
    /// Every domain of this node.
    fn domains(&self) -> Result<BTreeMap<InstanceId, Domain>>;
    /// Defines the domain and starts it paused.
    fn start_paused(&self, instance: &Instance) -> Result<()>;
    /// Lets a paused domain run.
    fn resume(&self, id: &InstanceId) -> Result<()>;
    /// Presses the power button; the guest may listen or not.
    fn press_power_button(&self, id: &InstanceId) -> Result<()>;
    /// Pulls the plug. A domain that is off already is fine.
    fn destroy(&self, id: &InstanceId) -> Result<()>;
    /// Removes the definition of a domain that is off. None there is fine.
    fn undefine(&self, id: &InstanceId) -> Result<()>;
    /// Hot-plugs a disk.
    fn attach_disk(&self, id: &InstanceId, disk: &Disk) -> Result<()>;
    /// Asks the guest to let go of a disk. Success means asked, not done.
    fn detach_disk(&self, id: &InstanceId, volume: &VolumeId) -> Result<()>;
    /// Begins to copy one disk of a running domain into `target`.
    fn backup_begin(&self, id: &InstanceId, volume: &VolumeId, target: &Path) -> Result<()>;
    /// What the domain's backup does.
    fn backup_progress(&self, id: &InstanceId) -> Result<BackupProgress>;
    /// Gives a running backup up.
    fn backup_abort(&self, id: &InstanceId) -> Result<()>;
}

/// What a domain's backup does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupProgress {
    /// There is none, and nothing is known of one that ended.
    None,
    /// Percent copied.
    Running(u8),
    /// The last one ended well. Told once.
    Completed,
    /// The last one failed. Told once.
    Failed(String),
}
