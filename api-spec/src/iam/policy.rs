//! Managed policies and their versions. `GetPolicyVersion` answers the document URL-encoded (RFC 3986).

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::{Empty, Timestamp};

/// A managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// Name.
    pub policy_name: String,
    /// `ANPA...`.
    pub policy_id: String,
    /// ARN.
    pub arn: String,
    /// `/` or `/division/`.
    pub path: String,
    /// `v1`, `v2`, ...: the version that counts.
    pub default_version_id: String,
    /// Users and groups that it is attached to.
    pub attachment_count: i32,
    /// Users that it is the boundary of.
    pub permissions_boundary_usage_count: i32,
    /// Whether it can be attached.
    pub is_attachable: bool,
    /// What it is for; lists leave it out.
    pub description: Option<String>,
    /// When it was made.
    pub create_date: Timestamp,
    /// When its versions last changed.
    pub update_date: Timestamp,
    /// Tags; lists leave them out.
    pub tags: Option<Vec<Tag>>,
}

/// A version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersion {
    /// JSON text, URL-encoded; only where one version is asked for.
    pub document: Option<String>,
    /// `v1`, `v2`, ...
    pub version_id: String,
    /// Whether it is the one that counts.
    pub is_default_version: bool,
    /// When it was made.
    pub create_date: Timestamp,
}

/// Makes a customer managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicy {
    /// Unique in the account without regard to case.
    pub policy_name: String,
    /// `/` when absent.
    pub path: Option<String>,
    /// JSON text.
    pub policy_document: String,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreatePolicy => CreatePolicyResult);

/// What [`CreatePolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyResult {
    /// The new policy.
    pub policy: Policy,
}

/// Shows a managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicy {
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, GetPolicy => GetPolicyResult);

/// What [`GetPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyResult {
    /// The policy.
    pub policy: Policy,
}

/// Lists managed policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicies {
    /// `All`, `AWS` or `Local`.
    pub scope: Option<String>,
    /// Only those attached to something.
    pub only_attached: Option<bool>,
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// `PermissionsPolicy` or `PermissionsBoundary`: only those used so.
    pub policy_usage_filter: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListPolicies => ListPoliciesResult);

/// What [`ListPolicies`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesResult {
    /// The page.
    pub policies: Vec<Policy>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes a managed policy that is not attached and has one version.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePolicy {
    /// ARN of the policy.
    pub policy_arn: String,
}
crate::operation!(Iam, DeletePolicy => Empty);

/// Adds a version.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyVersion {
    /// ARN of the policy.
    pub policy_arn: String,
    /// JSON text.
    pub policy_document: String,
    /// Whether it becomes the default.
    pub set_as_default: Option<bool>,
}
crate::operation!(Iam, CreatePolicyVersion => CreatePolicyVersionResult);

/// What [`CreatePolicyVersion`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyVersionResult {
    /// The new version.
    pub policy_version: PolicyVersion,
}

/// Shows a version with its document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyVersion {
    /// ARN of the policy.
    pub policy_arn: String,
    /// `v1`, `v2`, ...
    pub version_id: String,
}
crate::operation!(Iam, GetPolicyVersion => GetPolicyVersionResult);

/// What [`GetPolicyVersion`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyVersionResult {
    /// The version.
    pub policy_version: PolicyVersion,
}

/// Lists the versions of a policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyVersions {
    /// ARN of the policy.
    pub policy_arn: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListPolicyVersions => ListPolicyVersionsResult);

/// What [`ListPolicyVersions`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyVersionsResult {
    /// The page, newest first.
    pub versions: Vec<PolicyVersion>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes a version that is not the default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeletePolicyVersion {
    /// ARN of the policy.
    pub policy_arn: String,
    /// `v1`, `v2`, ...
    pub version_id: String,
}
crate::operation!(Iam, DeletePolicyVersion => Empty);

/// Makes a version the one that counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetDefaultPolicyVersion {
    /// ARN of the policy.
    pub policy_arn: String,
    /// `v1`, `v2`, ...
    pub version_id: String,
}
crate::operation!(Iam, SetDefaultPolicyVersion => Empty);
