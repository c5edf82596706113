//! Versioning of buckets, and lists of versions.

use serde::{Deserialize, Serialize};

use super::Owner;
use super::list::CommonPrefix;
use crate::Timestamp;

/// The body of `PutBucketVersioning` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersioningConfiguration {
    /// `Enabled` or `Suspended`; nothing when it was never set.
    pub status: Option<String>,
    /// `Enabled` or `Disabled`; answered only if it was ever set.
    #[serde(rename = "MfaDelete")]
    pub mfa_delete: Option<String>,
}

/// The answer of `ListObjectVersions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsResult {
    /// Bucket.
    pub name: String,
    /// As asked for.
    pub prefix: String,
    /// As asked for.
    pub key_marker: String,
    /// As asked for.
    pub version_id_marker: String,
    /// Where the next page begins.
    pub next_key_marker: Option<String>,
    /// Where the next page begins.
    pub next_version_id_marker: Option<String>,
    /// As asked for, 1000 at most.
    pub max_keys: u32,
    /// As asked for.
    pub delimiter: Option<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// `url`.
    pub encoding_type: Option<String>,
    /// The versions.
    #[serde(rename = "Version", default)]
    pub versions: Vec<VersionEntry>,
    /// The delete markers.
    #[serde(rename = "DeleteMarker", default)]
    pub delete_markers: Vec<DeleteMarkerEntry>,
    /// What was folded at the delimiter.
    #[serde(default)]
    pub common_prefixes: Vec<CommonPrefix>,
}

/// A version in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionEntry {
    /// Key.
    pub key: String,
    /// `null` for what was put while versioning was off.
    pub version_id: String,
    /// Whether it is what a GET finds.
    pub is_latest: bool,
    /// When it was put.
    pub last_modified: Timestamp,
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// The algorithm of its checksum.
    #[serde(default)]
    pub checksum_algorithm: Vec<String>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// `STANDARD`.
    pub storage_class: String,
}

/// A delete marker in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMarkerEntry {
    /// Key.
    pub key: String,
    /// `null` for what was deleted while versioning was suspended.
    pub version_id: String,
    /// Whether the key counts as deleted because of it.
    pub is_latest: bool,
    /// When the key was deleted.
    pub last_modified: Timestamp,
    /// Whose it is.
    pub owner: Option<Owner>,
}
