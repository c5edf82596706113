//! Roles that are linked to a service: it alone decides what they may do.

use serde::{Deserialize, Serialize};

use super::Role;

/// Makes the role of a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServiceLinkedRole {
    /// `spot.amazonaws.com`.
    #[serde(rename = "AWSServiceName")]
    pub aws_service_name: String,
    /// What it is for; the service's own words when absent.
    pub description: Option<String>,
    /// Tells several roles of one service apart, where the service knows that.
    pub custom_suffix: Option<String>,
}
crate::operation!(Iam, CreateServiceLinkedRole => CreateServiceLinkedRoleResult);

/// What [`CreateServiceLinkedRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServiceLinkedRoleResult {
    /// The new role.
    pub role: Role,
}

/// Deletes the role of a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceLinkedRole {
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, DeleteServiceLinkedRole => DeleteServiceLinkedRoleResult);

/// What [`DeleteServiceLinkedRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceLinkedRoleResult {
    /// `task/aws-service-role/SERVICE/ROLE/UUID`.
    pub deletion_task_id: String,
}

/// Tells what became of a deletion.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatus {
    /// As [`DeleteServiceLinkedRole`] answered.
    pub deletion_task_id: String,
}
crate::operation!(Iam, GetServiceLinkedRoleDeletionStatus => GetServiceLinkedRoleDeletionStatusResult);

/// What [`GetServiceLinkedRoleDeletionStatus`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatusResult {
    /// `SUCCEEDED`.
    pub status: String,
}
