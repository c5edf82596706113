//! The name that an account goes by. An account has at most one.

use serde::{Deserialize, Serialize};

use crate::Empty;

/// Gives the account an alias, in place of any it had.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccountAlias {
    /// 3 to 63 of `a-z0-9-`.
    pub account_alias: String,
}
crate::operation!(Iam, CreateAccountAlias => Empty);

/// Takes the account's alias away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccountAlias {
    /// The alias.
    pub account_alias: String,
}
crate::operation!(Iam, DeleteAccountAlias => Empty);

/// Lists the account's alias.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountAliases {
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListAccountAliases => ListAccountAliasesResult);

/// What [`ListAccountAliases`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountAliasesResult {
    /// None or one.
    pub account_aliases: Vec<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
