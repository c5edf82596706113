//! Managed policies attached to users and groups.

use serde::{Deserialize, Serialize};

use crate::Empty;

/// A managed policy as lists of attachments name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    /// Name.
    pub policy_name: String,
    /// ARN.
    pub policy_arn: String,
}

/// Attaches a managed policy to a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachUserPolicy {
    /// The user.
    pub user_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, AttachUserPolicy => Empty);

/// Detaches a managed policy from a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachUserPolicy {
    /// The user.
    pub user_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, DetachUserPolicy => Empty);

/// Lists the managed policies attached to a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedUserPolicies {
    /// The user.
    pub user_name: String,
    /// Only policies whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListAttachedUserPolicies => ListAttachedUserPoliciesResult);

/// What [`ListAttachedUserPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedUserPoliciesResult {
    /// The page.
    pub attached_policies: Vec<AttachedPolicy>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Attaches a managed policy to a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachGroupPolicy {
    /// The group.
    pub group_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, AttachGroupPolicy => Empty);

/// Detaches a managed policy from a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachGroupPolicy {
    /// The group.
    pub group_name: String,
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, DetachGroupPolicy => Empty);

/// Lists the managed policies attached to a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedGroupPolicies {
    /// The group.
    pub group_name: String,
    /// Only policies whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListAttachedGroupPolicies => ListAttachedGroupPoliciesResult);

/// What [`ListAttachedGroupPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedGroupPoliciesResult {
    /// The page.
    pub attached_policies: Vec<AttachedPolicy>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
