//! An instance as it is remembered, and its network interface.

use std::net::Ipv4Addr;

use api_spec::ids::{
    AllocationId, AssociationId, ImageId, InstanceId, InstanceProfileAssociationId, NetworkAttachmentId,
    NetworkInterfaceId, ReservationId, SecurityGroupId, SubnetId, VolumeId, VpcId,
};
use calls::Tag;
use calls::compute::AttachedDisk;
use calls::volume::LaunchVolume;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::life::{Life, ShutdownBehavior};

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Owner.
    pub account_id: String,
    /// The launch that it came from.
    pub reservation_id: ReservationId,
    /// Its place in that launch, from 0.
    pub launch_index: u32,
    /// Token of that launch.
    pub client_token: Option<String>,
    /// The image.
    pub image_id: ImageId,
    /// Device name of the root disk.
    pub root_device: String,
    /// Type.
    pub instance_type: String,
    /// Virtual CPUs of the type.
    pub vcpus: u32,
    /// Memory of the type.
    pub memory_mib: u64,
    /// Availability zone.
    pub zone: String,
    /// The node it lives on.
    pub node: String,
    /// Key pair as it was at launch.
    pub key: Option<LaunchKey>,
    /// User data, base64.
    pub user_data: Option<String>,
    /// State and wishes.
    pub life: Life,
    /// When it was launched, or last started.
    pub launched_at: Timestamp,
    /// What a power-off from inside means.
    pub shutdown_behavior: ShutdownBehavior,
    /// Whether TerminateInstances is refused.
    pub disable_api_termination: bool,
    /// Whether StopInstances is refused.
    pub disable_api_stop: bool,
    /// As asked for; it changes nothing here.
    pub ebs_optimized: bool,
    /// How 169.254.169.254 answers.
    pub metadata: MetadataOptions,
    /// The disks to make at launch; the root disk first.
    pub plan: Vec<LaunchVolume>,
    /// The disks it should have; none until they have been made.
    pub disks: Option<Vec<AttachedDisk>>,
    /// What the node sees of it.
    pub observed: ObservedDomain,
    /// Network interface; none once terminated.
    pub interface: Option<NetworkInterfaceId>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The instance profile whose role it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileAssociation>,
    /// Who launched it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}

/// An instance's association with an instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileAssociation {
    /// Its id.
    pub id: InstanceProfileAssociationId,
    /// ARN of the profile.
    pub arn: String,
    /// `AIPA...`: the profile itself, whatever is made under its name later.
    pub profile_id: String,
    /// Since when.
    pub since: Timestamp,
}

/// A key pair as an instance keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchKey {
    /// Its name.
    pub name: String,
    /// The public key as `authorized_keys` takes it.
    pub public_key: String,
}

/// What the node sees of a domain, as far as others ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedDomain {
    /// Whether it runs (also while it starts or shuts down).
    pub running: bool,
    /// Volumes really attached.
    pub attached: Vec<VolumeId>,
    /// Volumes that it should let go of and that the node may still be starting it with.
    pub leaving: Vec<VolumeId>,
    /// What keeps the node from doing what is desired.
    pub problem: Option<String>,
}

/// How the metadata service answers an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// Whether IMDSv1 is refused.
    pub tokens_required: bool,
    /// As asked for, 1 to 64; answers never cross a hop here.
    pub hop_limit: i32,
    /// Whether it answers at all.
    pub enabled: bool,
    /// Whether tags are in it.
    pub tags: bool,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        MetadataOptions { tokens_required: false, hop_limit: 1, enabled: true, tags: false }
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: NetworkInterfaceId,
    /// Owner.
    pub account_id: String,
    /// VPC.
    pub vpc: VpcId,
    /// Subnet.
    pub subnet: SubnetId,
    /// Availability zone of the subnet.
    pub zone: String,
    /// `02:..`.
    pub mac: String,
    /// Private address; it stays for as long as the interface exists.
    pub address: Ipv4Addr,
    /// Public address, if it has one now.
    pub public: Option<PublicAddress>,
    /// Whether it gets a public address from the pool whenever its instance starts.
    pub auto_public: bool,
    /// Security groups; at least one.
    pub groups: Vec<SecurityGroupId>,
    /// For people.
    pub description: String,
    /// What it is attached to.
    pub attachment: InterfaceAttachment,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A network interface's attachment to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceAttachment {
    /// Its id.
    pub id: NetworkAttachmentId,
    /// The instance.
    pub instance: InstanceId,
    /// Since when.
    pub attached_at: Timestamp,
    /// Whether it dies with the instance.
    pub delete_on_termination: bool,
}

/// A public address mapped to an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    /// The address.
    pub address: Ipv4Addr,
    /// The elastic IP it is; none when it came from the pool for the time of running.
    pub elastic: Option<(AllocationId, AssociationId)>,
}
