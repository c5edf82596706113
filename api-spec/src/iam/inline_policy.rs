//! Inline policies of users and groups. `Get*` answer their documents URL-encoded (RFC 3986).

use serde::{Deserialize, Serialize};

use crate::Empty;

/// Gives a user an inline policy, in place of its namesake.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutUserPolicy {
    /// The user.
    pub user_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text.
    pub policy_document: String,
}
crate::operation!(Iam, PutUserPolicy => Empty);

/// Shows an inline policy of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserPolicy {
    /// The user.
    pub user_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, GetUserPolicy => GetUserPolicyResult);

/// What [`GetUserPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserPolicyResult {
    /// The user.
    pub user_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text, URL-encoded.
    pub policy_document: String,
}

/// Lists the names of the inline policies of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPolicies {
    /// The user.
    pub user_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListUserPolicies => ListUserPoliciesResult);

/// What [`ListUserPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserPoliciesResult {
    /// The page.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes an inline policy of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUserPolicy {
    /// The user.
    pub user_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, DeleteUserPolicy => Empty);

/// Gives a group an inline policy, in place of its namesake.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutGroupPolicy {
    /// The group.
    pub group_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text.
    pub policy_document: String,
}
crate::operation!(Iam, PutGroupPolicy => Empty);

/// Shows an inline policy of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupPolicy {
    /// The group.
    pub group_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, GetGroupPolicy => GetGroupPolicyResult);

/// What [`GetGroupPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupPolicyResult {
    /// The group.
    pub group_name: String,
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text, URL-encoded.
    pub policy_document: String,
}

/// Lists the names of the inline policies of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupPolicies {
    /// The group.
    pub group_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListGroupPolicies => ListGroupPoliciesResult);

/// What [`ListGroupPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupPoliciesResult {
    /// The page.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes an inline policy of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroupPolicy {
    /// The group.
    pub group_name: String,
    /// Name of the policy.
    pub policy_name: String,
}
crate::operation!(Iam, DeleteGroupPolicy => Empty);
