//! `GetObjectAttributes`.

use serde::{Deserialize, Serialize};

use super::Checksums;

/// What was asked for of an object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetObjectAttributesOutput {
    /// Without quotes, unlike everywhere else.
    #[serde(rename = "ETag")]
    pub etag: Option<String>,
    /// Its checksum.
    pub checksum: Option<Checksum>,
    /// Its parts.
    pub object_parts: Option<ObjectParts>,
    /// Storage class.
    pub storage_class: Option<String>,
    /// Bytes.
    pub object_size: Option<u64>,
}

/// A checksum and what it is over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Checksum {
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

impl Checksum {
    /// A checksum with its kind.
    pub fn new(sums: Checksums, kind: &str) -> Self {
        let Checksums { crc32, crc32c, crc64nvme, sha1, sha256 } = sums;
        Checksum { crc32, crc32c, crc64nvme, sha1, sha256, checksum_type: Some(kind.to_owned()) }
    }
}

/// A page of an object's parts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectParts {
    /// How many there are altogether.
    pub parts_count: u32,
    /// Behind which part the page begins.
    pub part_number_marker: u32,
    /// Behind which part the next page begins.
    pub next_part_number_marker: u32,
    /// How many were wanted.
    pub max_parts: u32,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The parts; only where they have checksums that their client asked for.
    #[serde(rename = "Part", default)]
    pub parts: Vec<ObjectPart>,
}

/// A part of an object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectPart {
    /// Number.
    pub part_number: u32,
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
