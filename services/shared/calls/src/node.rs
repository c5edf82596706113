//! What compute tells a node, and what a node reports: the whole desired state one way, all observations the other.
//!
//! There are no commands. compute PUTs everything that a node should run, the node stores that before it answers and
//! works towards it for as long as it lives, alone if need be.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use api_spec::ids::{InstanceId, NetworkInterfaceId, SecurityGroupId, SnapshotId, SubnetId, VolumeId, VpcId};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::internal_call;

/// Everything that a node should run. Instances and VPCs that are absent should not exist on the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Grows with every change; a node refuses to go back.
    pub generation: u64,
    /// VPCs that have at least one instance on this node.
    pub vpcs: Vec<Vpc>,
    /// Instances that live on this node, stopped ones too.
    pub instances: Vec<Instance>,
}
internal_call!(Desired, "desired" => Accepted);

/// The node has stored the desired state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The generation that the node now holds: higher than the one sent if that was old.
    pub generation: u64,
}

/// A VPC's part on one node: a network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Its address range.
    pub cidr: Ipv4Net,
    /// Its subnets; each one's first address is the gateway.
    pub subnets: Vec<Subnet>,
    /// Its security groups that any interface on this node or any rule of those mentions.
    pub groups: Vec<SecurityGroup>,
}

/// A subnet of a VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its address range.
    pub cidr: Ipv4Net,
}

/// A security group: default deny both ways, stateful.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Private addresses of all interfaces in the group, on whichever node they are.
    pub members: Vec<Ipv4Addr>,
    /// What may come in.
    pub ingress: Vec<Rule>,
    /// What may go out.
    pub egress: Vec<Rule>,
}

/// One allowance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// IP protocol number; none means every protocol.
    pub protocol: Option<u8>,
    /// First and last port, inclusive (TCP and UDP); none means all.
    pub ports: Option<(u16, u16)>,
    /// ICMP type and code; none inside means all.
    pub icmp: Option<(Option<u8>, Option<u8>)>,
    /// Who is on the other side.
    pub peer: RulePeer,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RulePeer {
    /// An address range.
    Cidr(Ipv4Net),
    /// The members of a group.
    Group(SecurityGroupId),
}

/// An instance that should be on the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id; also the domain's name.
    pub id: InstanceId,
    /// What it should do.
    pub power: Power,
    /// Counts starts (RunInstances is 1, each StartInstances one more). A guest that powered itself off stays off until
    /// this grows; one that vanished with its host comes back.
    pub start_sequence: u64,
    /// Counts reboots asked for by the API.
    pub reboot_sequence: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory.
    pub memory_mib: u64,
    /// Disks; the one with `boot` first.
    pub disks: Vec<Disk>,
    /// Network interfaces, by device index.
    pub nics: Vec<Nic>,
    /// What 169.254.169.254 answers to this instance.
    pub metadata: Metadata,
}

/// What an instance should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Power {
    /// Run.
    Running,
    /// Be off: the guest is asked first (ACPI), and its plug pulled when it does not listen.
    Stopped,
    /// Be off at once (force).
    ForcedOff,
}

/// A disk of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The volume; its id without the dash is the disk's serial in the guest.
    pub volume: VolumeId,
    /// Where its bytes are.
    pub source: DiskSource,
    /// The API's device name, such as `/dev/sdf`: a label, guests find disks by serial.
    pub device: String,
    /// Whether the guest boots from it.
    pub boot: bool,
}

/// Where a disk's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskSource {
    /// A qcow2 file on this host. The node never changes its owner.
    Qcow2(PathBuf),
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Its id.
    pub id: NetworkInterfaceId,
    /// VPC it is in.
    pub vpc: VpcId,
    /// Subnet it is in.
    pub subnet: SubnetId,
    /// `02:..`, lower case.
    pub mac: String,
    /// Private address.
    pub address: Ipv4Addr,
    /// Public address mapped one to one, if there is one.
    pub public: Option<Ipv4Addr>,
    /// Its security groups.
    pub groups: Vec<SecurityGroupId>,
    /// 0 for the primary one.
    pub device_index: u32,
    /// Host name and domain that DHCP hands out: `ip-172-31-0-4`, `ec2.internal`.
    pub host_name: String,
    /// Domain name that DHCP hands out.
    pub domain_name: String,
}

/// An instance's metadata, computed by compute, served by the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Every leaf below `/latest/`, keyed by its path: `meta-data/instance-id`, `dynamic/instance-identity/document`.
    /// Directories follow from the paths. `meta-data/public-keys/` is special: its listing is `0=<key name>`, see
    /// `public_key_name`.
    pub leaves: BTreeMap<String, String>,
    /// Name of the key pair, for the listing of `public-keys/`.
    pub public_key_name: Option<String>,
    /// User data, base64; none answers 404.
    pub user_data: Option<String>,
    /// Whether IMDSv1 is refused.
    pub token_required: bool,
    /// Whether the endpoint answers at all.
    pub enabled: bool,
    /// The instance profile whose role's credentials are below `meta-data/iam/`. The credentials are no part of what is
    /// desired: the node asks identity for them when the guest does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<MetadataProfile>,
}

/// The instance profile of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataProfile {
    /// Account of the instance and the profile.
    pub account_id: String,
    /// ARN of the profile.
    pub arn: String,
    /// `AIPA...`.
    pub id: String,
}

/// Asks for observations newer than `since`; answers at once if there are, else when there are or after the time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WatchObserved {
    /// Version of the last observation the caller has; 0 for none.
    pub since: u64,
    /// How long to wait for something new; at most 30,000.
    pub timeout_ms: u64,
}
internal_call!(WatchObserved, "observed" => Observed);

/// All that a node sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Grows with every change of what is observed, also across restarts of the node.
    pub version: u64,
    /// Generation of the desired state that the node holds.
    pub generation: u64,
    /// What the host can give to instances.
    pub capacity: Capacity,
    /// Every instance that the node knows of.
    pub instances: Vec<ObservedInstance>,
}

/// What a host can give to instances, after what it keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Threads of the host; compute multiplies by its overcommit ratio.
    pub cpus: u32,
    /// Memory for guests, overhead of QEMU included.
    pub memory_mib: u64,
}

/// What a node sees of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedInstance {
    /// Which.
    pub id: InstanceId,
    /// Its domain.
    pub domain: DomainState,
    /// The start sequence that `domain` is about.
    pub start_sequence: u64,
    /// The reboot sequence last carried out.
    pub reboot_sequence: u64,
    /// Volumes really attached, as libvirt's live configuration tells.
    pub attached: Vec<VolumeId>,
    /// Why the node could not do what is desired, if it could not; it goes on trying.
    pub problem: Option<String>,
}

/// State of an instance's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DomainState {
    /// There is none, or it was never started for this start sequence.
    Absent,
    /// Being started.
    Starting,
    /// Running, its network connected.
    Running,
    /// Asked to shut down.
    ShuttingDown,
    /// Off because the API wanted it.
    Off,
    /// Off because the guest shut itself down.
    OffByGuest,
}

/// The guest's serial console.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConsoleOutput {
    /// Whose.
    pub instance: InstanceId,
}
internal_call!(ConsoleOutput, "console-output" => ConsoleText);

/// The end of a console's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConsoleText {
    /// The last 64 KiB, base64.
    pub output: String,
    /// When it was last written.
    pub at: Option<jiff::Timestamp>,
}

/// Copies a running instance's disk, as of the moment the copy begins, into a prepared qcow2 file. Called again with
/// the same snapshot it tells how far the copy is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupDisk {
    /// The instance.
    pub instance: InstanceId,
    /// The disk.
    pub volume: VolumeId,
    /// For which snapshot: the key that makes the call idempotent.
    pub snapshot: SnapshotId,
    /// A qcow2 file of the right size that QEMU may write.
    pub target: PathBuf,
}
internal_call!(BackupDisk, "backup-disk" => BackupState);

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupState {
    /// Going on; percent done.
    Copying(u8),
    /// All copied and flushed.
    Done,
    /// The instance is not running or does not have the disk: copy it offline.
    NotRunning,
    /// The copy failed and was cleaned up; a new call starts over.
    Failed(String),
}
