//! A bucket's default encryption.

use serde::{Deserialize, Serialize};

/// How new objects of a bucket are encrypted when the request does not say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerSideEncryptionConfiguration {
    /// Exactly one.
    #[serde(rename = "Rule", default)]
    pub rules: Vec<ServerSideEncryptionRule>,
}

/// The one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerSideEncryptionRule {
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_server_side_encryption_by_default: Option<ServerSideEncryptionByDefault>,
    /// Whether data keys are the bucket's for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
}

/// A method and its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerSideEncryptionByDefault {
    /// `AES256` or `aws:kms`.
    #[serde(rename = "SSEAlgorithm")]
    pub sse_algorithm: String,
    /// The key, for `aws:kms`; S3's own when absent.
    #[serde(rename = "KMSMasterKeyID", skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
}
