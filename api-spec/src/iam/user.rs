//! Users.

use serde::{Deserialize, Serialize};

use super::{AttachedPermissionsBoundary, Group, Tag};
use crate::{Empty, Timestamp};

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// `/` or `/division/`.
    pub path: String,
    /// Name; absent for an account's root.
    pub user_name: Option<String>,
    /// `AIDA...`; the account id for an account's root.
    pub user_id: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// The policy that limits it; lists of users leave it out.
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Tags; lists of users leave them out.
    pub tags: Option<Vec<Tag>>,
    /// When its password last opened the door; only GetUser and ListUsers say it.
    pub password_last_used: Option<Timestamp>,
}

/// Makes a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUser {
    /// `/` when absent.
    pub path: Option<String>,
    /// Unique in the account without regard to case.
    pub user_name: String,
    /// ARN of a managed policy that limits the user.
    pub permissions_boundary: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreateUser => CreateUserResult);

/// What [`CreateUser`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserResult {
    /// The new user.
    pub user: User,
}

/// Shows a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUser {
    /// The caller when absent.
    pub user_name: Option<String>,
}
crate::operation!(Iam, GetUser => GetUserResult);

/// What [`GetUser`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserResult {
    /// The user.
    pub user: User,
}

/// Lists users.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsers {
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListUsers => ListUsersResult);

/// What [`ListUsers`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersResult {
    /// The page.
    pub users: Vec<User>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Renames or moves a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUser {
    /// The user.
    pub user_name: String,
    /// Its new path.
    pub new_path: Option<String>,
    /// Its new name.
    pub new_user_name: Option<String>,
}
crate::operation!(Iam, UpdateUser => Empty);

/// Deletes a user that has nothing any more.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUser {
    /// The user.
    pub user_name: String,
}
crate::operation!(Iam, DeleteUser => Empty);

/// Lists the groups that a user is in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsForUser {
    /// The user.
    pub user_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListGroupsForUser => ListGroupsForUserResult);

/// What [`ListGroupsForUser`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsForUserResult {
    /// The page.
    pub groups: Vec<Group>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
