//! Who may use a key.

use serde::{Deserialize, Serialize};

use crate::Empty;

/// Reads a key's policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetKeyPolicy {
    /// Id or ARN of the key.
    pub key_id: String,
    /// `default`.
    pub policy_name: Option<String>,
}
crate::operation!(Kms, GetKeyPolicy => GetKeyPolicyResponse);

/// What [`GetKeyPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetKeyPolicyResponse {
    /// The document.
    pub policy: String,
    /// `default`.
    pub policy_name: String,
}

/// Replaces a key's policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutKeyPolicy {
    /// Id or ARN of the key.
    pub key_id: String,
    /// `default`.
    pub policy_name: Option<String>,
    /// The document.
    pub policy: String,
    /// Whether the policy may keep its maker from changing it.
    pub bypass_policy_lockout_safety_check: Option<bool>,
}
crate::operation!(Kms, PutKeyPolicy => Empty);

/// Lists the names of a key's policies: there is one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListKeyPolicies {
    /// Id or ARN of the key.
    pub key_id: String,
    /// Most entries of a page.
    pub limit: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Kms, ListKeyPolicies => ListKeyPoliciesResponse);

/// What [`ListKeyPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListKeyPoliciesResponse {
    /// `default`.
    #[serde(default)]
    pub policy_names: Vec<String>,
    /// Asks for the next page.
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}
