//! Uploads in parts.

use serde::{Deserialize, Serialize};

use super::list::CommonPrefix;
use super::{Initiator, Owner};
use crate::Timestamp;

/// The answer of `CreateMultipartUpload`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InitiateMultipartUploadResult {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Names the upload.
    pub upload_id: String,
}

/// The body of `CompleteMultipartUpload`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompleteMultipartUpload {
    /// In order of number.
    #[serde(rename = "Part", default)]
    pub parts: Vec<CompletedPart>,
}

/// A part that is to be part of the object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CompletedPart {
    /// 1 to 10,000.
    pub part_number: u32,
    /// As `UploadPart` answered it.
    #[serde(rename = "ETag")]
    pub etag: String,
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

/// The answer of `CompleteMultipartUpload`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CompleteMultipartUploadResult {
    /// URL of the object.
    pub location: String,
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// In quotes, with the number of parts behind a dash.
    #[serde(rename = "ETag")]
    pub etag: String,
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
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: Option<String>,
}

/// The answer of `ListParts`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPartsResult {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Names the upload.
    pub upload_id: String,
    /// Who began it.
    pub initiator: Option<Initiator>,
    /// Whose the object will be.
    pub owner: Option<Owner>,
    /// `STANDARD`.
    pub storage_class: String,
    /// As asked for.
    pub part_number_marker: u32,
    /// Where the next page begins.
    pub next_part_number_marker: Option<u32>,
    /// As asked for, 1000 at most.
    pub max_parts: u32,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Algorithm of the parts' checksums.
    pub checksum_algorithm: Option<String>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: Option<String>,
    /// The parts, by number.
    #[serde(rename = "Part", default)]
    pub parts: Vec<PartEntry>,
}

/// A part in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PartEntry {
    /// 1 to 10,000.
    pub part_number: u32,
    /// When it was sent.
    pub last_modified: Timestamp,
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// Bytes.
    pub size: u64,
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

/// The answer of `ListMultipartUploads`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMultipartUploadsResult {
    /// Bucket.
    pub bucket: String,
    /// As asked for.
    pub key_marker: String,
    /// As asked for.
    pub upload_id_marker: String,
    /// Where the next page begins.
    pub next_key_marker: Option<String>,
    /// Where the next page begins.
    pub next_upload_id_marker: Option<String>,
    /// As asked for.
    pub delimiter: Option<String>,
    /// As asked for.
    pub prefix: String,
    /// As asked for, 1000 at most.
    pub max_uploads: u32,
    /// Whether there are more.
    pub is_truncated: bool,
    /// `url`.
    pub encoding_type: Option<String>,
    /// The uploads, by key and age.
    #[serde(rename = "Upload", default)]
    pub uploads: Vec<UploadEntry>,
    /// What was folded at the delimiter.
    #[serde(default)]
    pub common_prefixes: Vec<CommonPrefix>,
}

/// An upload in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadEntry {
    /// Key.
    pub key: String,
    /// Names the upload.
    pub upload_id: String,
    /// Who began it.
    pub initiator: Option<Initiator>,
    /// Whose the object will be.
    pub owner: Option<Owner>,
    /// `STANDARD`.
    pub storage_class: String,
    /// When it began.
    pub initiated: Timestamp,
    /// Algorithm of the parts' checksums.
    pub checksum_algorithm: Option<String>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: Option<String>,
}
