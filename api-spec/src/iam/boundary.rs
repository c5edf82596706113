//! Permissions boundaries: a managed policy that limits what a user or a role may do at most.

use serde::{Deserialize, Serialize};

/// The boundary of a user or a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPermissionsBoundary {
    /// Always `PermissionsBoundaryPolicy`.
    pub permissions_boundary_type: String,
    /// ARN of the policy.
    pub permissions_boundary_arn: String,
}
