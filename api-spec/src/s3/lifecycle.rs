//! Lifecycle of objects, versions and uploads.

use serde::{Deserialize, Serialize};

use super::tagging::Tag;

/// `PutBucketLifecycleConfiguration` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LifecycleConfiguration {
    /// 1 to 1000.
    #[serde(rename = "Rule", default)]
    pub rules: Vec<LifecycleRule>,
}

/// A rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleRule {
    /// Up to 255 characters; made up where it is missing.
    #[serde(rename = "ID")]
    pub id: Option<String>,
    /// How rules were filtered before there were filters.
    pub prefix: Option<String>,
    /// What the rule is about.
    pub filter: Option<LifecycleFilter>,
    /// `Enabled` or `Disabled`.
    pub status: Option<String>,
    /// When current objects expire.
    pub expiration: Option<LifecycleExpiration>,
    /// To another storage class.
    #[serde(rename = "Transition", default)]
    pub transitions: Vec<LifecycleTransition>,
    /// The same of noncurrent versions.
    #[serde(rename = "NoncurrentVersionTransition", default)]
    pub noncurrent_version_transitions: Vec<NoncurrentVersionTransition>,
    /// When noncurrent versions expire.
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When uploads are given up.
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
}

/// One condition, or several in `And`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleFilter {
    /// Keys start with it.
    pub prefix: Option<String>,
    /// Objects have it.
    pub tag: Option<Tag>,
    /// In bytes.
    pub object_size_greater_than: Option<i64>,
    /// In bytes.
    pub object_size_less_than: Option<i64>,
    /// All of these.
    pub and: Option<LifecycleAnd>,
}

/// Several conditions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleAnd {
    /// Keys start with it.
    pub prefix: Option<String>,
    /// Objects have all of them.
    #[serde(rename = "Tag", default)]
    pub tags: Vec<Tag>,
    /// In bytes.
    pub object_size_greater_than: Option<i64>,
    /// In bytes.
    pub object_size_less_than: Option<i64>,
}

/// Exactly one of these.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleExpiration {
    /// At this midnight, in ISO 8601.
    pub date: Option<String>,
    /// So many days after they were made.
    pub days: Option<i64>,
    /// Whether delete markers go that hide nothing.
    pub expired_object_delete_marker: Option<bool>,
}

/// When noncurrent versions expire.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NoncurrentVersionExpiration {
    /// So many days after something newer took their place.
    pub noncurrent_days: Option<i64>,
    /// So many newer noncurrent ones are kept whatever their age.
    pub newer_noncurrent_versions: Option<i64>,
}

/// When uploads are given up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AbortIncompleteMultipartUpload {
    /// So many days after they began.
    pub days_after_initiation: Option<i64>,
}

/// A transition of current objects to another storage class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleTransition {
    /// At this midnight, in ISO 8601.
    pub date: Option<String>,
    /// So many days after they were made.
    pub days: Option<i64>,
    /// Which.
    pub storage_class: Option<String>,
}

/// The same of noncurrent versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NoncurrentVersionTransition {
    /// So many days after something newer took their place.
    pub noncurrent_days: Option<i64>,
    /// So many newer noncurrent ones are kept as they are.
    pub newer_noncurrent_versions: Option<i64>,
    /// Which.
    pub storage_class: Option<String>,
}
