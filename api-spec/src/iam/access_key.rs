//! Access keys of users.

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Empty, Timestamp};

/// A new access key: the only time that its secret is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKey {
    /// Whose it is; absent for a root's.
    pub user_name: Option<String>,
    /// `AKIA...`.
    pub access_key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// 40 characters.
    pub secret_access_key: Secret,
    /// When it was made.
    pub create_date: Timestamp,
}

/// An access key without its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyMetadata {
    /// Whose it is; absent for a root's.
    pub user_name: Option<String>,
    /// `AKIA...`.
    pub access_key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// When it was made.
    pub create_date: Timestamp,
}

/// Makes an access key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKey {
    /// The caller when absent.
    pub user_name: Option<String>,
}
crate::operation!(Iam, CreateAccessKey => CreateAccessKeyResult);

/// What [`CreateAccessKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyResult {
    /// The new key with its secret.
    pub access_key: AccessKey,
}

/// Lists a user's access keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeys {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListAccessKeys => ListAccessKeysResult);

/// What [`ListAccessKeys`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysResult {
    /// The page.
    pub access_key_metadata: Vec<AccessKeyMetadata>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Switches an access key on or off.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAccessKey {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// The key.
    pub access_key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
}
crate::operation!(Iam, UpdateAccessKey => Empty);

/// Deletes an access key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccessKey {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// The key.
    pub access_key_id: String,
}
crate::operation!(Iam, DeleteAccessKey => Empty);

/// Tells when an access key was last used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsed {
    /// The key.
    pub access_key_id: String,
}
crate::operation!(Iam, GetAccessKeyLastUsed => GetAccessKeyLastUsedResult);

/// What [`GetAccessKeyLastUsed`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsedResult {
    /// Whose it is; absent for a root's.
    pub user_name: Option<String>,
    /// Its last use.
    pub access_key_last_used: AccessKeyLastUsed,
}

/// The last use of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyLastUsed {
    /// When; absent for one that was never used.
    pub last_used_date: Option<Timestamp>,
    /// `s3`; `N/A` for one that was never used.
    pub service_name: String,
    /// Region that the request was signed for; `N/A` for one that was never used.
    pub region: String,
}
