//! Inline and attached policies of roles. `GetRolePolicy` answers the document URL-encoded (RFC 3986).

use serde::{Deserialize, Serialize};

use super::AttachedPolicy;
use crate::Empty;

/// Sets an inline policy of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRolePolicy {
    /// The role.
    pub role_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text.
    pub policy_document: String,
}
crate::operation!(Iam, PutRolePolicy => Empty);

/// Shows an inline policy of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRolePolicy {
    /// The role.
    pub role_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, GetRolePolicy => GetRolePolicyResult);

/// What [`GetRolePolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRolePolicyResult {
    /// The role.
    pub role_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text, URL-encoded.
    pub policy_document: String,
}

/// Lists the names of a role's inline policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePolicies {
    /// The role.
    pub role_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListRolePolicies => ListRolePoliciesResult);

/// What [`ListRolePolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePoliciesResult {
    /// The page.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes an inline policy of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRolePolicy {
    /// The role.
    pub role_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, DeleteRolePolicy => Empty);

/// Attaches a managed policy to a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachRolePolicy {
    /// The role.
    pub role_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, AttachRolePolicy => Empty);

/// Detaches a managed policy from a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachRolePolicy {
    /// The role.
    pub role_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, DetachRolePolicy => Empty);

/// Lists the managed policies attached to a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedRolePolicies {
    /// The role.
    pub role_name: String,
    /// Only policies whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListAttachedRolePolicies => ListAttachedRolePoliciesResult);

/// What [`ListAttachedRolePolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedRolePoliciesResult {
    /// The page.
    pub attached_policies: Vec<AttachedPolicy>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
