//! Groups of users.

use serde::{Deserialize, Serialize};

use super::User;
use crate::{Empty, Timestamp};

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
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
}

/// Makes a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroup {
    /// `/` when absent.
    pub path: Option<String>,
    /// Unique in the account without regard to case.
    pub group_name: String,
}
crate::operation!(Iam, CreateGroup => CreateGroupResult);

/// What [`CreateGroup`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroupResult {
    /// The new group.
    pub group: Group,
}

/// Shows a group and its users.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroup {
    /// The group.
    pub group_name: String,
    /// Where the last page of users ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, GetGroup => GetGroupResult);

/// What [`GetGroup`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupResult {
    /// The group.
    pub group: Group,
    /// The page of its users.
    pub users: Vec<User>,
    /// Whether there are more users.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Lists groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroups {
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListGroups => ListGroupsResult);

/// What [`ListGroups`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsResult {
    /// The page.
    pub groups: Vec<Group>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Renames or moves a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateGroup {
    /// The group.
    pub group_name: String,
    /// Its new path.
    pub new_path: Option<String>,
    /// Its new name.
    pub new_group_name: Option<String>,
}
crate::operation!(Iam, UpdateGroup => Empty);

/// Deletes a group without users and policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroup {
    /// The group.
    pub group_name: String,
}
crate::operation!(Iam, DeleteGroup => Empty);

/// Puts a user into a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddUserToGroup {
    /// The group.
    pub group_name: String,
    /// The user.
    pub user_name: String,
}
crate::operation!(Iam, AddUserToGroup => Empty);

/// Takes a user out of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveUserFromGroup {
    /// The group.
    pub group_name: String,
    /// The user.
    pub user_name: String,
}
crate::operation!(Iam, RemoveUserFromGroup => Empty);
