//! Tags of keys.

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::Empty;

/// Tags a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TagResource {
    /// Id or ARN of the key.
    pub key_id: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}
crate::operation!(Kms, TagResource => Empty);

/// Takes tags from a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UntagResource {
    /// Id or ARN of the key.
    pub key_id: String,
    /// Keys of the tags.
    #[serde(default)]
    pub tag_keys: Vec<String>,
}
crate::operation!(Kms, UntagResource => Empty);

/// Lists a key's tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListResourceTags {
    /// Id or ARN of the key.
    pub key_id: String,
    /// Most entries of a page.
    pub limit: Option<i32>,
    /// Where the last page ended.
    pub marker: Option<String>,
}
crate::operation!(Kms, ListResourceTags => ListResourceTagsResponse);

/// What [`ListResourceTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourceTagsResponse {
    /// The page.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Asks for the next page.
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}
