//! Machine images.

use api_spec::ids::{ImageId, SnapshotId};
use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A machine image: snapshots and how to make disks of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Owner.
    pub account_id: String,
    /// Name, unique in the account.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// `x86_64`.
    pub architecture: String,
    /// Device name of the root disk.
    pub root_device: String,
    /// Disks of an instance of this image; one of them is the root disk.
    pub devices: Vec<ImageDevice>,
    /// Whether instances of it must use IMDSv2.
    pub imds_v2: bool,
    /// Whether everybody may launch it.
    pub public: bool,
    /// Accounts that may launch it beside the owner.
    pub shared_with: Vec<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A disk of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDevice {
    /// `/dev/sda1`.
    pub device: String,
    /// What it is made of; none is empty.
    pub snapshot: Option<SnapshotId>,
    /// GiB.
    pub size_gib: u32,
    /// `gp2`, ...
    pub volume_type: String,
    /// Provisioned operations a second.
    pub iops: Option<u32>,
    /// MiB a second.
    pub throughput: Option<u32>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Whether it dies with the instance.
    pub delete_on_termination: bool,
}

impl Image {
    /// Whether the account may launch and see it.
    pub fn usable_by(&self, account_id: &str) -> bool {
        self.account_id == account_id || self.public || self.shared_with.iter().any(|one| one == account_id)
    }
}

/// Whether a name is one that AWS takes: 3 to 128 of letters, digits and `()[] ./-'@_`.
pub fn is_name(name: &str) -> bool {
    (3..=128).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"()[] ./-'@_".contains(&b))
}

/// Whether a device name is one that AWS takes.
pub fn is_device_name(name: &str) -> bool {
    let rest = name.strip_prefix("/dev/").unwrap_or(name);
    (2..=32).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
