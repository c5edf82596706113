//! What an account has and how much of it: counts with their quotas, and everything about permissions at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttachedPermissionsBoundary, AttachedPolicy, InstanceProfile, PolicyVersion, RoleLastUsed, Tag};
use crate::Timestamp;

/// Counts what the account has.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountSummary {}
crate::operation!(Iam, GetAccountSummary => GetAccountSummaryResult);

/// What [`GetAccountSummary`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountSummaryResult {
    /// Counts and quotas by AWS's names.
    pub summary_map: BTreeMap<String, i32>,
}

/// Shows all users, groups, roles and policies with what they say and how they are connected.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetails {
    /// `User`, `Group`, `Role`, `LocalManagedPolicy`, `AWSManagedPolicy`; all when empty.
    pub filter: Vec<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, GetAccountAuthorizationDetails => GetAccountAuthorizationDetailsResult);

/// What [`GetAccountAuthorizationDetails`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetailsResult {
    /// Users of the page.
    pub user_detail_list: Vec<UserDetail>,
    /// Groups of the page.
    pub group_detail_list: Vec<GroupDetail>,
    /// Roles of the page.
    pub role_detail_list: Vec<RoleDetail>,
    /// Managed policies of the page: the account's own, and those of AWS's that are in use.
    pub policies: Vec<ManagedPolicyDetail>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// An inline policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDetail {
    /// Name of the policy.
    pub policy_name: String,
    /// JSON text, URL-encoded.
    pub policy_document: String,
}

/// A user with its permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserDetail {
    /// `/` or `/division/`.
    pub path: String,
    /// Name.
    pub user_name: String,
    /// `AIDA...`.
    pub user_id: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// Inline policies.
    pub user_policy_list: Vec<PolicyDetail>,
    /// Names of its groups.
    pub group_list: Vec<String>,
    /// Managed policies.
    pub attached_managed_policies: Vec<AttachedPolicy>,
    /// The policy that limits it.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A group with its permissions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupDetail {
    /// `/` or `/division/`.
    pub path: String,
    /// Name.
    pub group_name: String,
    /// `AGPA...`.
    pub group_id: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// Inline policies.
    pub group_policy_list: Vec<PolicyDetail>,
    /// Managed policies.
    pub attached_managed_policies: Vec<AttachedPolicy>,
}

/// A role with its permissions and instance profiles.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleDetail {
    /// `/` or `/division/`.
    pub path: String,
    /// Name.
    pub role_name: String,
    /// `AROA...`.
    pub role_id: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// Trust policy: JSON text, URL-encoded.
    pub assume_role_policy_document: String,
    /// The last use of its permissions.
    pub role_last_used: RoleLastUsed,
    /// Instance profiles that it is in.
    pub instance_profile_list: Vec<InstanceProfile>,
    /// Inline policies.
    pub role_policy_list: Vec<PolicyDetail>,
    /// Managed policies.
    pub attached_managed_policies: Vec<AttachedPolicy>,
    /// The policy that limits it.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A managed policy with its versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicyDetail {
    /// Name.
    pub policy_name: String,
    /// `ANPA...`.
    pub policy_id: String,
    /// ARN.
    pub arn: String,
    /// `/` or `/division/`.
    pub path: String,
    /// The version that counts.
    pub default_version_id: String,
    /// Users, groups and roles that it is attached to.
    pub attachment_count: i32,
    /// Users and roles that it limits.
    pub permissions_boundary_usage_count: i32,
    /// Whether it can be attached.
    pub is_attachable: bool,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub create_date: Timestamp,
    /// When its versions last changed.
    pub update_date: Timestamp,
    /// Its versions with their documents.
    pub policy_version_list: Vec<PolicyVersion>,
}
