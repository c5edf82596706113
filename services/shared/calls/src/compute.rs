//! Calls that compute answers: what volumes need to know of instances, and the way to the node that runs one.

use api_spec::ids::{InstanceId, VolumeId};
use serde::{Deserialize, Serialize};

use crate::internal_call;
use crate::node::{BackupDisk, BackupState};

/// May this account attach a volume to this instance, and where?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttachTarget {
    /// Account of the caller; an instance of another one is as good as absent.
    pub account_id: String,
    /// The instance.
    pub instance: InstanceId,
}
internal_call!(AttachTarget, "attach-target" => Option<Target>);

/// An instance as something to attach to; none when the account has no such instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Availability zone.
    pub zone: String,
    /// `pending`, `running`, `stopping`, ... as EC2 names it.
    pub state: String,
    /// Device name of the root disk.
    pub root_device: String,
    /// ARN tags, for authorization on the instance.
    pub tags: Vec<crate::Tag>,
}

/// The disks that an instance should have: all of them, always. compute stores them and has the node attach and detach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDisks {
    /// The instance.
    pub instance: InstanceId,
    /// Every disk that should be attached.
    pub disks: Vec<AttachedDisk>,
}
internal_call!(SyncDisks, "sync-disks" => ObservedDisks);

/// A volume attached to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedDisk {
    /// The disk as the node gets it.
    pub disk: crate::node::Disk,
    /// `attaching`, `attached`, ... as EC2 names it.
    pub state: String,
    /// When it was attached.
    pub attached_at: jiff::Timestamp,
    /// Whether it dies with the instance.
    pub delete_on_termination: bool,
}

/// What is really attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedDisks {
    /// Volumes that the running domain has; for an instance that is off, those it will boot with.
    pub attached: Vec<VolumeId>,
    /// Whether the domain runs. When it does not, nothing holds any disk.
    pub running: bool,
    /// Whether the instance exists (a terminated one holds nothing).
    pub exists: bool,
}

/// As [`BackupDisk`], asked of compute, which knows the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupInstanceDisk {
    /// What to copy, and where to.
    pub backup: BackupDisk,
}
internal_call!(BackupInstanceDisk, "backup-instance-disk" => BackupState);
