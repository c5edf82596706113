//! Deleting many objects and copying one.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The body of `DeleteObjects`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Delete {
    /// 1 to 1000.
    #[serde(rename = "Object", default)]
    pub objects: Vec<ObjectIdentifier>,
    /// Only failures are wanted in the answer.
    pub quiet: Option<bool>,
}

/// One object to delete.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectIdentifier {
    /// Key.
    pub key: String,
    /// Version.
    pub version_id: Option<String>,
    /// Delete only if it still has this ETag.
    #[serde(rename = "ETag")]
    pub etag: Option<String>,
    /// Delete only if it was made at this time.
    pub last_modified_time: Option<String>,
    /// Delete only if it has this many bytes.
    pub size: Option<u64>,
}

/// The answer of `DeleteObjects`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteResult {
    /// Done.
    #[serde(default)]
    pub deleted: Vec<Deleted>,
    /// Not done.
    #[serde(rename = "Error", default)]
    pub errors: Vec<DeleteError>,
}

/// An object that is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deleted {
    /// Key.
    pub key: String,
    /// The version that was asked for.
    pub version_id: Option<String>,
    /// Whether a delete marker was made or removed.
    pub delete_marker: Option<bool>,
    /// The version id of that marker.
    pub delete_marker_version_id: Option<String>,
}

/// An object that could not be deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteError {
    /// Key.
    pub key: String,
    /// The version that was asked for.
    pub version_id: Option<String>,
    /// AWS's code.
    pub code: String,
    /// Why.
    pub message: String,
}

/// The answer to an upload by form that asks for one. It has no namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PostResponse {
    /// URL of the object.
    pub location: String,
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
}

/// The answer of `CopyObject`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CopyObjectResult {
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When the copy was made.
    pub last_modified: Option<Timestamp>,
    /// Of what the checksum is.
    pub checksum_type: Option<String>,
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

/// The answer of `UploadPartCopy`: what a part's checksum is of needs no saying.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CopyPartResult {
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// When the copy was made.
    pub last_modified: Option<Timestamp>,
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

impl CopyPartResult {
    /// The same, of an object.
    pub fn of_object(self, checksum_type: Option<String>) -> CopyObjectResult {
        let CopyPartResult { etag, last_modified, crc32, crc32c, crc64nvme, sha1, sha256 } = self;
        CopyObjectResult { etag, last_modified, checksum_type, crc32, crc32c, crc64nvme, sha1, sha256 }
    }
}
