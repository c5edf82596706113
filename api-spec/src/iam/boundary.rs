//! Permissions boundaries: a managed policy that limits what a user or a role may do at most.

use serde::{Deserialize, Serialize};

use crate::Empty;

/// The boundary of a user or a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPermissionsBoundary {
    /// Always `PermissionsBoundaryPolicy`.
    pub permissions_boundary_type: String,
    /// ARN of the policy.
    pub permissions_boundary_arn: String,
}

/// Limits a user, in place of any boundary it had.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutUserPermissionsBoundary {
    /// The user.
    pub user_name: String,
    /// ARN of a managed policy.
    pub permissions_boundary: String,
}
crate::operation!(Iam, PutUserPermissionsBoundary => Empty);

/// Takes a user's boundary away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUserPermissionsBoundary {
    /// The user.
    pub user_name: String,
}
crate::operation!(Iam, DeleteUserPermissionsBoundary => Empty);

/// Limits a role, in place of any boundary it had.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRolePermissionsBoundary {
    /// The role.
    pub role_name: String,
    /// ARN of a managed policy.
    pub permissions_boundary: String,
}
crate::operation!(Iam, PutRolePermissionsBoundary => Empty);

/// Takes a role's boundary away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRolePermissionsBoundary {
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, DeleteRolePermissionsBoundary => Empty);
