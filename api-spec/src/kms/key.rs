//! Keys and what is known of them.

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::{Empty, EpochSeconds};

/// What is known of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyMetadata {
    /// Account it belongs to.
    #[serde(rename = "AWSAccountId")]
    pub aws_account_id: String,
    /// Its id, a UUID.
    pub key_id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub creation_date: EpochSeconds,
    /// Whether it can be used.
    pub enabled: bool,
    /// Free text.
    pub description: String,
    /// `ENCRYPT_DECRYPT`.
    pub key_usage: String,
    /// `Enabled`, `Disabled` or `PendingDeletion`.
    pub key_state: String,
    /// When it will be deleted; only while that is pending.
    pub deletion_date: Option<EpochSeconds>,
    /// `AWS_KMS`.
    pub origin: String,
    /// `CUSTOMER`, or `AWS` for keys that services made for themselves.
    pub key_manager: String,
    /// `SYMMETRIC_DEFAULT`.
    pub customer_master_key_spec: String,
    /// `SYMMETRIC_DEFAULT`.
    pub key_spec: String,
    /// `SYMMETRIC_DEFAULT`.
    #[serde(default)]
    pub encryption_algorithms: Vec<String>,
    /// Never.
    pub multi_region: bool,
}

/// Makes a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateKey {
    /// Who may use it; the account, when absent.
    pub policy: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `ENCRYPT_DECRYPT`.
    pub key_usage: Option<String>,
    /// The older name of `KeySpec`.
    pub customer_master_key_spec: Option<String>,
    /// `SYMMETRIC_DEFAULT`.
    pub key_spec: Option<String>,
    /// `AWS_KMS`.
    pub origin: Option<String>,
    /// Not offered.
    pub custom_key_store_id: Option<String>,
    /// Whether the policy may keep its maker from changing it.
    pub bypass_policy_lockout_safety_check: Option<bool>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Not offered.
    pub multi_region: Option<bool>,
    /// Not offered.
    pub xks_key_id: Option<String>,
}
crate::operation!(Kms, CreateKey => CreateKeyResponse);

/// What [`CreateKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateKeyResponse {
    /// The new key.
    pub key_metadata: KeyMetadata,
}

/// Looks at a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeKey {
    /// Id, ARN, alias or alias's ARN of the key.
    pub key_id: String,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
}
crate::operation!(Kms, DescribeKey => DescribeKeyResponse);

/// What [`DescribeKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeKeyResponse {
    /// The key.
    pub key_metadata: KeyMetadata,
}

/// Lists the account's keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListKeys {
    /// Most entries of a page.
    pub limit: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Kms, ListKeys => ListKeysResponse);

/// What [`ListKeys`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListKeysResponse {
    /// The page.
    #[serde(default)]
    pub keys: Vec<KeyListEntry>,
    /// Asks for the next page.
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A key of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyListEntry {
    /// Its id.
    pub key_id: String,
    /// Its ARN.
    pub key_arn: String,
}

/// Makes a key usable.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EnableKey {
    /// Id or ARN of the key.
    pub key_id: String,
}
crate::operation!(Kms, EnableKey => Empty);

/// Makes a key unusable until it is enabled again.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DisableKey {
    /// Id or ARN of the key.
    pub key_id: String,
}
crate::operation!(Kms, DisableKey => Empty);

/// Changes a key's description.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateKeyDescription {
    /// Id or ARN of the key.
    pub key_id: String,
    /// Free text, at most 8192 characters.
    pub description: String,
}
crate::operation!(Kms, UpdateKeyDescription => Empty);

/// Has a key deleted after a waiting period.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ScheduleKeyDeletion {
    /// Id or ARN of the key.
    pub key_id: String,
    /// 7 to 30, 30 when absent.
    pub pending_window_in_days: Option<i32>,
}
crate::operation!(Kms, ScheduleKeyDeletion => ScheduleKeyDeletionResponse);

/// What [`ScheduleKeyDeletion`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleKeyDeletionResponse {
    /// ARN of the key.
    pub key_id: String,
    /// When it will be deleted.
    pub deletion_date: EpochSeconds,
    /// `PendingDeletion`.
    pub key_state: String,
    /// Days until then.
    pub pending_window_in_days: i32,
}

/// Keeps a key from being deleted; it is disabled.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CancelKeyDeletion {
    /// Id or ARN of the key.
    pub key_id: String,
}
crate::operation!(Kms, CancelKeyDeletion => CancelKeyDeletionResponse);

/// What [`CancelKeyDeletion`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelKeyDeletionResponse {
    /// ARN of the key.
    pub key_id: String,
}

/// Tells whether new key material is made from time to time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetKeyRotationStatus {
    /// Id or ARN of the key.
    pub key_id: String,
}
crate::operation!(Kms, GetKeyRotationStatus => GetKeyRotationStatusResponse);

/// What [`GetKeyRotationStatus`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetKeyRotationStatusResponse {
    /// Whether it is.
    pub key_rotation_enabled: bool,
    /// ARN of the key.
    pub key_id: String,
    /// How often.
    pub rotation_period_in_days: Option<i32>,
    /// When next.
    pub next_rotation_date: Option<EpochSeconds>,
}

/// Has new key material made from time to time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EnableKeyRotation {
    /// Id or ARN of the key.
    pub key_id: String,
    /// 90 to 2560, 365 when absent.
    pub rotation_period_in_days: Option<i32>,
}
crate::operation!(Kms, EnableKeyRotation => Empty);

/// Stops making new key material.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DisableKeyRotation {
    /// Id or ARN of the key.
    pub key_id: String,
}
crate::operation!(Kms, DisableKeyRotation => Empty);
