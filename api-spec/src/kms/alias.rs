//! Names for keys.

use serde::{Deserialize, Serialize};

use crate::{Empty, EpochSeconds};

/// A name for a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasListEntry {
    /// `alias/...`.
    pub alias_name: String,
    /// Its ARN.
    pub alias_arn: String,
    /// Id of the key it stands for.
    pub target_key_id: Option<String>,
    /// When it was made.
    pub creation_date: Option<EpochSeconds>,
    /// When it was last given a key.
    pub last_updated_date: Option<EpochSeconds>,
}

/// Gives a key a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateAlias {
    /// `alias/...`, but not `alias/aws/...`.
    pub alias_name: String,
    /// Id or ARN of the key.
    pub target_key_id: String,
}
crate::operation!(Kms, CreateAlias => Empty);

/// Gives a name to another key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateAlias {
    /// `alias/...`.
    pub alias_name: String,
    /// Id or ARN of the key.
    pub target_key_id: String,
}
crate::operation!(Kms, UpdateAlias => Empty);

/// Takes a name away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteAlias {
    /// `alias/...`.
    pub alias_name: String,
}
crate::operation!(Kms, DeleteAlias => Empty);

/// Lists the names of the account's keys, or of one key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListAliases {
    /// Id or ARN of the key.
    pub key_id: Option<String>,
    /// Most entries of a page.
    pub limit: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Kms, ListAliases => ListAliasesResponse);

/// What [`ListAliases`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliasesResponse {
    /// The page.
    #[serde(default)]
    pub aliases: Vec<AliasListEntry>,
    /// Asks for the next page.
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}
