//! Roles and who may assume them. Answers carry a role's trust policy URL-encoded (RFC 3986).

use serde::{Deserialize, Serialize};

use super::{AttachedPermissionsBoundary, Tag};
use crate::{Empty, Timestamp};

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
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
    /// What it is for.
    pub description: Option<String>,
    /// Seconds that a session may last, 3600 to 43200.
    pub max_session_duration: i32,
    /// The policy that limits it; lists leave it out.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Tags; lists leave them out.
    pub tags: Option<Vec<Tag>>,
    /// The last use of its permissions; only where one role is shown.
    pub role_last_used: Option<RoleLastUsed>,
}

/// The last use of a role's permissions; empty for one that nobody used in the last 400 days.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleLastUsed {
    /// When.
    pub last_used_date: Option<Timestamp>,
    /// Region that the request was signed for.
    pub region: Option<String>,
}

/// Makes a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRole {
    /// `/` when absent.
    pub path: Option<String>,
    /// Unique in the account without regard to case.
    pub role_name: String,
    /// Trust policy, JSON text.
    pub assume_role_policy_document: String,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// 3600 to 43200 seconds, 3600 when absent.
    pub max_session_duration: Option<i32>,
    /// ARN of a managed policy that limits the role.
    pub permissions_boundary: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreateRole => CreateRoleResult);

/// What [`CreateRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRoleResult {
    /// The new role.
    pub role: Role,
}

/// Shows a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRole {
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, GetRole => GetRoleResult);

/// What [`GetRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRoleResult {
    /// The role.
    pub role: Role,
}

/// Lists roles.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoles {
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListRoles => ListRolesResult);

/// What [`ListRoles`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesResult {
    /// The page.
    pub roles: Vec<Role>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Changes what a role is for and how long its sessions may last.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRole {
    /// The role.
    pub role_name: String,
    /// The new description; absent: it stays.
    pub description: Option<String>,
    /// 3600 to 43200 seconds, 3600 when absent.
    pub max_session_duration: Option<i32>,
}
crate::operation!(Iam, UpdateRole => UpdateRoleResult);

/// What [`UpdateRole`] answers: an empty result.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UpdateRoleResult {}

/// Changes what a role is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleDescription {
    /// The role.
    pub role_name: String,
    /// The new description.
    pub description: String,
}
crate::operation!(Iam, UpdateRoleDescription => UpdateRoleDescriptionResult);

/// What [`UpdateRoleDescription`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleDescriptionResult {
    /// The role.
    pub role: Role,
}

/// Changes who may assume a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAssumeRolePolicy {
    /// The role.
    pub role_name: String,
    /// Trust policy, JSON text.
    pub policy_document: String,
}
crate::operation!(Iam, UpdateAssumeRolePolicy => Empty);

/// Deletes a role that has no policies and is in no instance profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRole {
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, DeleteRole => Empty);
