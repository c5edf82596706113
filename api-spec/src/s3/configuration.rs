//! What reading a configuration answers for a bucket or an object that has none, where AWS answers a document and
//! not an error.

use serde::{Deserialize, Serialize};

/// The answer of `GetObjectTagging`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tagging {
    /// The tags.
    pub tag_set: TagSet,
}

/// The `TagSet` element.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TagSet {
    /// The tags.
    #[serde(rename = "Tag", default)]
    pub tags: Vec<Tag>,
}

/// A tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// The answer of `GetBucketRequestPayment`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPaymentConfiguration {
    /// `BucketOwner`.
    pub payer: String,
}

/// The answer of `GetBucketLogging`, `GetBucketNotificationConfiguration` and
/// `GetBucketAccelerateConfiguration` where there is none: an empty element.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Nothing {}
