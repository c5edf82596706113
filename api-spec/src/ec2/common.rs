//! Shapes that requests and answers of many resources share: tags and filters.

use serde::{Deserialize, Serialize};

/// A tag as answers show it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// 0 to 256 characters.
    pub value: String,
}

/// A tag as requests bring it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestTag {
    /// 1 to 128 characters; `aws:` is reserved.
    pub key: Option<String>,
    /// 0 to 256 characters; absent is empty.
    pub value: Option<String>,
}

/// The tags that a resource gets as it is created.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagSpecification {
    /// `instance`, `volume`, ...: which of the resources made by the request.
    pub resource_type: Option<String>,
    /// The tags.
    #[serde(rename = "Tag")]
    pub tags: Vec<RequestTag>,
}

/// A filter of a Describe request: passes what has one of the values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    /// Its name.
    pub name: Option<String>,
    /// Values with `*` and `?`, any of which may match.
    #[serde(rename = "Value")]
    pub values: Vec<String>,
}
