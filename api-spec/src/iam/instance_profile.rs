//! Instance profiles: what gives an instance its role.

use serde::{Deserialize, Serialize};

use super::{Role, Tag};
use crate::{Empty, Timestamp};

/// An instance profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfile {
    /// `/` or `/division/`.
    pub path: String,
    /// Name.
    pub instance_profile_name: String,
    /// `AIPA...`.
    pub instance_profile_id: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// Its role, if it has one.
    pub roles: Vec<Role>,
    /// Tags; lists leave them out.
    pub tags: Option<Vec<Tag>>,
}

/// Makes an instance profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInstanceProfile {
    /// Unique in the account without regard to case.
    pub instance_profile_name: String,
    /// `/` when absent.
    pub path: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreateInstanceProfile => CreateInstanceProfileResult);

/// What [`CreateInstanceProfile`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInstanceProfileResult {
    /// The new instance profile.
    pub instance_profile: InstanceProfile,
}

/// Shows an instance profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
}
crate::operation!(Iam, GetInstanceProfile => GetInstanceProfileResult);

/// What [`GetInstanceProfile`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetInstanceProfileResult {
    /// The instance profile.
    pub instance_profile: InstanceProfile,
}

/// Lists instance profiles.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfiles {
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListInstanceProfiles => ListInstanceProfilesResult);

/// What [`ListInstanceProfiles`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfilesResult {
    /// The page.
    pub instance_profiles: Vec<InstanceProfile>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Lists the instance profiles that a role is in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfilesForRole {
    /// The role.
    pub role_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListInstanceProfilesForRole => ListInstanceProfilesForRoleResult);

/// What [`ListInstanceProfilesForRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfilesForRoleResult {
    /// The page.
    pub instance_profiles: Vec<InstanceProfile>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Deletes an instance profile without a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
}
crate::operation!(Iam, DeleteInstanceProfile => Empty);

/// Gives an instance profile its role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddRoleToInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, AddRoleToInstanceProfile => Empty);

/// Takes an instance profile's role away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveRoleFromInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// The role.
    pub role_name: String,
}
crate::operation!(Iam, RemoveRoleFromInstanceProfile => Empty);
