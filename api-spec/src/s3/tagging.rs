//! Tags of buckets and objects, and s3control's calls that tag a bucket by its ARN.

use serde::{Deserialize, Serialize};

/// `PutBucketTagging`, `PutObjectTagging`, and what their Get counterparts answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tagging {
    /// The tags.
    pub tag_set: TagSet,
}

/// The `TagSet` element, also what holds tags under another name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagSet {
    /// The tags.
    #[serde(rename = "Tag", default)]
    pub tags: Vec<Tag>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// The body of s3control's `TagResource`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResourceRequest {
    /// Tags to add or to change.
    pub tags: TagSet,
}

/// The answer of s3control's `ListTagsForResource`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceResult {
    /// The tags.
    pub tags: TagSet,
}
