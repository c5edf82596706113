//! S3's XML bodies: what travels inside requests and replies, apart from headers and object content.
//!
//! Lists are flat (`protocol::xml::Lists::Flat`); a list that AWS wraps in an element of its own is a struct with
//! one field here. Requests are read by [`read`], which keeps white space as it was sent: keys may begin with it.

pub mod acl;
pub mod attributes;
pub mod bucket;
pub mod configuration;
pub mod cors;
pub mod encryption;
pub mod lifecycle;
pub mod list;
pub mod lock;
pub mod logging;
pub mod multipart;
pub mod object;
mod read;
pub mod restore;
pub mod tagging;
pub mod versioning;

pub use read::{MalformedXml, read};

use serde::{Deserialize, Serialize};

/// The account that owns a bucket, an object or an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Owner {
    /// 64 hex digits.
    #[serde(rename = "ID")]
    pub id: String,
    /// Only where AWS still sends it.
    pub display_name: Option<String>,
}

/// The principal that began an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Initiator {
    /// An ARN, or the canonical user id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name.
    pub display_name: Option<String>,
}

/// A checksum in base64 under the algorithm it was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// CRC32.
    #[serde(rename = "ChecksumCRC32")]
    pub crc32: Option<String>,
    /// CRC32C.
    #[serde(rename = "ChecksumCRC32C")]
    pub crc32c: Option<String>,
    /// CRC64NVME.
    #[serde(rename = "ChecksumCRC64NVME")]
    pub crc64nvme: Option<String>,
    /// SHA-1.
    #[serde(rename = "ChecksumSHA1")]
    pub sha1: Option<String>,
    /// SHA-256.
    #[serde(rename = "ChecksumSHA256")]
    pub sha256: Option<String>,
}
