//! Uploads in parts, from their beginning to some time after their end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acl::Acl;
use super::checksum::{Algorithm, Checksum, Kind};
use super::class::StorageClass;
use super::encryption::Encryption;
use super::lock::Lock;
use super::object::{Data, Meta};
use super::tag::Tags;

/// Every part but the last has at least this many bytes, unless the configuration says less.
pub const MIN_PART_BYTES: u64 = 5 << 20;
/// Parts are numbered 1 to this.
pub const MAX_PART_NUMBER: u32 = 10_000;
/// The most that one request may put.
pub const MAX_PUT_BYTES: u64 = 5 << 30;
/// The largest object.
pub const MAX_OBJECT_BYTES: u64 = 5 << 40;

/// An upload under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// When it began.
    pub initiated: Timestamp,
    /// ARN of who began it.
    pub initiator: String,
    /// Canonical user id of the object's owner.
    pub owner: String,
    /// The owner's account.
    pub account: String,
    /// Headers of the object.
    pub meta: Meta,
    /// Grants of the object.
    pub acl: Option<Acl>,
    /// What every part has computed.
    pub algorithm: Algorithm,
    /// How the parts' checksums are joined.
    pub kind: Kind,
    /// Whether the client asked for that algorithm; otherwise it is S3's own choice.
    pub asked: bool,
    /// What keeps the object from being removed.
    #[serde(default, skip_serializing_if = "Lock::is_empty")]
    pub lock: Lock,
    /// How the object and its parts are encrypted, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Tags of the object.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Class of the object.
    #[serde(default, skip_serializing_if = "StorageClass::is_standard")]
    pub class: StorageClass,
}

store::json_value!(Upload, version = 1);

/// A part of an upload under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Bytes.
    pub size: u64,
    /// MD5 in hex.
    pub etag: String,
    /// When it was sent.
    pub modified: Timestamp,
    /// Where it is. Never `Data::Parts`.
    pub data: Data,
    /// Of the upload's algorithm.
    pub checksum: Checksum,
    /// What the client sent, where that is of another algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Checksum>,
}

store::packed_value!(Part, version = 2, json = 1);

/// What a completed upload answered, kept so that the same question gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// ETag of the object.
    pub etag: String,
    /// Checksum of the object.
    pub checksum: Option<Checksum>,
    /// When it was completed.
    pub at: Timestamp,
    /// What replies call the version; nothing where versions are not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

store::json_value!(Completed, version = 1);
