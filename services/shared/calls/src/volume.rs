//! Calls that volume answers: disks for new instances, the end of instances, what images need to know of snapshots.

use api_spec::ids::{InstanceId, SnapshotId, VolumeId};
use serde::{Deserialize, Serialize};

use crate::compute::AttachedDisk;
use crate::{Done, Tag, internal_call};

/// Makes the volumes of a new instance and attaches them. Asked again for the same instance it gives the same volumes.
/// Fails with the API error that the launch should give (`InvalidSnapshot.NotFound`, `VolumeLimitExceeded`, ...).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaunchVolumes {
    /// Owner.
    pub account_id: String,
    /// The instance.
    pub instance: InstanceId,
    /// Its zone.
    pub zone: String,
    /// What to make; the first is the root disk.
    pub volumes: Vec<LaunchVolume>,
    /// Who launched the instance, and so made its volumes, as `kit::Caller::creator` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// The quotas of who launches, as `kit::quota` writes them; none where a launch is only carried on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<String>,
}
internal_call!(LaunchVolumes, "launch-volumes" => Vec<AttachedDisk>);

/// How many instances may be launched with these volumes each, as things stand? What LaunchVolumes counts itself still
/// holds. Fails as LaunchVolumes would when there is not room for the fewest that are asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoomForLaunches {
    /// Owner.
    pub account_id: String,
    /// Who launches.
    pub creator: Option<String>,
    /// The volumes of each instance.
    pub volumes: Vec<LaunchVolume>,
    /// At least so many instances.
    pub least: u32,
    /// And at the most.
    pub most: u32,
    /// The quotas of who launches.
    pub quotas: Option<String>,
}
internal_call!(RoomForLaunches, "room-for-launches" => u32);

/// One volume of a launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchVolume {
    /// `/dev/sda1`, `/dev/sdf`, ...
    pub device: String,
    /// Whether the instance boots from it.
    pub boot: bool,
    /// What it starts as; none is empty.
    pub snapshot: Option<SnapshotId>,
    /// GiB; none takes the snapshot's size.
    pub size_gib: Option<u32>,
    /// `gp3`, `gp2`, ...; none is the default.
    pub volume_type: Option<String>,
    /// Provisioned operations a second.
    pub iops: Option<u32>,
    /// MiB a second.
    pub throughput: Option<u32>,
    /// Whether encryption was asked for.
    pub encrypted: Option<bool>,
    /// Whether it dies with the instance.
    pub delete_on_termination: bool,
    /// Tags of the volume.
    pub tags: Vec<Tag>,
}

/// The instance is terminated and its domain gone: its volumes are free, and those that should die with it do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseInstance {
    /// The instance.
    pub instance: InstanceId,
}
internal_call!(ReleaseInstance, "release-instance" => Done);

/// Sets whether an attached volume dies with its instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetDeleteOnTermination {
    /// The instance.
    pub instance: InstanceId,
    /// Device name.
    pub device: String,
    /// The new value.
    pub value: bool,
}
internal_call!(SetDeleteOnTermination, "set-delete-on-termination" => Done);

/// Which of these snapshots exist for this account?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookUpSnapshots {
    /// Owner.
    pub account_id: String,
    /// Which.
    pub snapshots: Vec<SnapshotId>,
}
internal_call!(LookUpSnapshots, "look-up-snapshots" => Vec<SnapshotInfo>);

/// A snapshot as images see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// Which.
    pub id: SnapshotId,
    /// `pending`, `completed`, `error`.
    pub state: String,
    /// Size of the volume it was taken of.
    pub size_gib: u32,
}

/// These snapshots are what images are made of and may not be deleted meanwhile (`InvalidSnapshot.InUse`): the whole
/// list of them, each with the image that holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldSnapshots {
    /// Snapshot and the image's id.
    pub held: Vec<(SnapshotId, String)>,
}
internal_call!(HoldSnapshots, "hold-snapshots" => Done);

/// Volumes and snapshots by the id that CreateTags, DeleteTags and DescribeTags were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaggedId {
    /// A volume.
    Volume(VolumeId),
    /// A snapshot.
    Snapshot(SnapshotId),
}

/// Puts or removes tags, on all of the resources or on none (`InvalidVolume.NotFound`, `TagLimitExceeded`, ...).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeTags {
    /// Owner.
    pub account_id: String,
    /// Of what.
    pub resources: Vec<TaggedId>,
    /// Tags to set.
    pub put: Vec<Tag>,
    /// Tags to remove: with a value only if it matches.
    pub remove: Vec<(String, Option<String>)>,
    /// Remove every user tag.
    pub remove_all: bool,
    /// Only check that it would work.
    pub check_only: bool,
}
internal_call!(ChangeTags, "change-tags" => Done);

/// All tags of an account's volumes and snapshots.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListTags {
    /// Owner.
    pub account_id: String,
}
internal_call!(ListTags, "list-tags" => Vec<(TaggedId, Vec<Tag>)>);

/// What policies may ask about a volume or snapshot that the account can see; none when it cannot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConditionKeys {
    /// Who wants to know.
    pub account_id: String,
    /// Of what.
    pub resource: TaggedId,
}
internal_call!(ConditionKeys, "condition-keys" => Option<KeysAndTags>);

/// The answer to [`ConditionKeys`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysAndTags {
    /// `ec2:VolumeSize` and the like, with their values.
    pub keys: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<Tag>,
}
