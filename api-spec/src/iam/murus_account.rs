//! Accounts of the installation, for its operator: actions of Murus and not of AWS, which is why they carry its name.
//! They are asked for like IAM's own. AWS has accounts made through Organizations, with an email, a bill and a role in
//! place of keys: to answer under those names would promise more than is there.

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Empty, Timestamp};

/// Makes an account, with an access key for its root.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateMurusAccount {
    /// 1 to 64 of letters, digits and `+=,.@_-`; unique in the installation without regard to case.
    pub account_name: String,
}
crate::operation!(Iam, CreateMurusAccount => CreateMurusAccountResult);

/// What [`CreateMurusAccount`] answers: the only time that the secret is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateMurusAccountResult {
    /// 12 digits.
    pub account_id: String,
    /// What S3 calls it.
    pub canonical_user_id: String,
    /// Access key of the account's root.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
}

/// Lists the accounts of the installation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMurusAccounts {
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListMurusAccounts => ListMurusAccountsResult);

/// What [`ListMurusAccounts`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMurusAccountsResult {
    /// The page, in order of id.
    pub accounts: Vec<MurusAccount>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MurusAccount {
    /// 12 digits.
    pub account_id: String,
    /// What the operator calls it; absent for the installation's own.
    pub account_name: Option<String>,
    /// What S3 calls it.
    pub canonical_user_id: String,
    /// `ACTIVE`, or `CLOSING` while it is being deleted.
    pub state: String,
    /// When it was made.
    pub create_date: Timestamp,
}

/// Deletes an account with its users, groups, policies and keys, once it owns nothing else.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMurusAccount {
    /// 12 digits.
    pub account_id: String,
}
crate::operation!(Iam, DeleteMurusAccount => Empty);

/// Puts a new master key in place of the present one, and seals every stored secret again.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateMurusMasterKey {}
crate::operation!(Iam, RotateMurusMasterKey => RotateMurusMasterKeyResult);

/// What [`RotateMurusMasterKey`] answers, once the old key is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateMurusMasterKeyResult {
    /// How many secrets were sealed again.
    pub resealed: i32,
}
