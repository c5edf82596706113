//! Lists of objects.

use serde::{Deserialize, Serialize};

use super::Owner;
use super::restore::RestoreStatus;
use crate::Timestamp;

/// The answer of `ListObjects`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListBucketResult {
    /// Bucket.
    pub name: String,
    /// As asked for.
    pub prefix: String,
    /// As asked for.
    pub marker: String,
    /// Where the next page begins; only with a delimiter.
    pub next_marker: Option<String>,
    /// As asked for, 1000 at most.
    pub max_keys: u32,
    /// As asked for.
    pub delimiter: Option<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// `url`.
    pub encoding_type: Option<String>,
    /// The objects.
    #[serde(rename = "Contents", default)]
    pub contents: Vec<ObjectEntry>,
    /// What was folded at the delimiter.
    #[serde(default)]
    pub common_prefixes: Vec<CommonPrefix>,
}

/// The answer of `ListObjectsV2`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListBucketResultV2 {
    /// Bucket.
    pub name: String,
    /// As asked for.
    pub prefix: String,
    /// As asked for.
    pub continuation_token: Option<String>,
    /// Asks for the next page.
    pub next_continuation_token: Option<String>,
    /// As asked for.
    pub start_after: Option<String>,
    /// Keys and common prefixes in this answer.
    pub key_count: u32,
    /// As asked for, 1000 at most.
    pub max_keys: u32,
    /// As asked for.
    pub delimiter: Option<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// `url`.
    pub encoding_type: Option<String>,
    /// The objects.
    #[serde(rename = "Contents", default)]
    pub contents: Vec<ObjectEntry>,
    /// What was folded at the delimiter.
    #[serde(default)]
    pub common_prefixes: Vec<CommonPrefix>,
}

/// An object in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectEntry {
    /// Key.
    pub key: String,
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
    /// Whose it is, where asked for.
    pub owner: Option<Owner>,
    /// `STANDARD`.
    pub storage_class: String,
    /// Of archived objects, where asked for.
    pub restore_status: Option<RestoreStatus>,
}

/// Keys folded into one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommonPrefix {
    /// Up to and with the delimiter.
    pub prefix: String,
}
