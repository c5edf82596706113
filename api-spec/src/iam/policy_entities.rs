//! Who has a managed policy, or is limited by it.

use serde::{Deserialize, Serialize};

/// Lists who has a managed policy, or is limited by it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicy {
    /// ARN of the policy.
    pub policy_arn: String,
    /// `User`, `Group` or `Role`; `LocalManagedPolicy` and `AWSManagedPolicy` are none of these.
    pub entity_filter: Option<String>,
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// `PermissionsPolicy` or `PermissionsBoundary`: only those that use it so.
    pub policy_usage_filter: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListEntitiesForPolicy => ListEntitiesForPolicyResult);

/// What [`ListEntitiesForPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicyResult {
    /// Groups of the page.
    pub policy_groups: Vec<PolicyGroup>,
    /// Users of the page.
    pub policy_users: Vec<PolicyUser>,
    /// Roles of the page.
    pub policy_roles: Vec<PolicyRole>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// A group that has a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyGroup {
    /// Name.
    pub group_name: String,
    /// `AGPA...`.
    pub group_id: String,
}

/// A user that has a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyUser {
    /// Name.
    pub user_name: String,
    /// `AIDA...`.
    pub user_id: String,
}

/// A role that has a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyRole {
    /// Name.
    pub role_name: String,
    /// `AROA...`.
    pub role_id: String,
}
