//! Tags of users, roles, policies and instance profiles.

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::Empty;

/// Adds tags to a user; one whose key it has already gets the new value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagUser {
    /// The user.
    pub user_name: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagUser => Empty);

/// Takes tags from a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagUser {
    /// The user.
    pub user_name: String,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagUser => Empty);

/// Lists the tags of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserTags {
    /// The user.
    pub user_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListUserTags => ListUserTagsResult);

/// What [`ListUserTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUserTagsResult {
    /// The page, in order of key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Adds tags to a role; one whose key it has already gets the new value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagRole {
    /// The role.
    pub role_name: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagRole => Empty);

/// Takes tags from a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagRole {
    /// The role.
    pub role_name: String,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagRole => Empty);

/// Lists the tags of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoleTags {
    /// The role.
    pub role_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListRoleTags => ListRoleTagsResult);

/// What [`ListRoleTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoleTagsResult {
    /// The page, in order of key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Adds tags to a customer managed policy; one whose key it has already gets the new value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagPolicy {
    /// ARN of the policy.
    pub policy_arn: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagPolicy => Empty);

/// Takes tags from a customer managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagPolicy {
    /// ARN of the policy.
    pub policy_arn: String,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagPolicy => Empty);

/// Lists the tags of a customer managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyTags {
    /// ARN of the policy.
    pub policy_arn: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListPolicyTags => ListPolicyTagsResult);

/// What [`ListPolicyTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyTagsResult {
    /// The page, in order of key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Adds tags to an instance profile; one whose key it has already gets the new value.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagInstanceProfile => Empty);

/// Takes tags from an instance profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagInstanceProfile {
    /// The instance profile.
    pub instance_profile_name: String,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagInstanceProfile => Empty);

/// Lists the tags of an instance profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfileTags {
    /// The instance profile.
    pub instance_profile_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListInstanceProfileTags => ListInstanceProfileTagsResult);

/// What [`ListInstanceProfileTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfileTagsResult {
    /// The page, in order of key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
