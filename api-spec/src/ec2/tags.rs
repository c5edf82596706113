//! Tags of every kind of resource.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::RequestTag;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTags {
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    #[serde(rename = "Tag")]
    pub tags: Vec<RequestTag>,
}

crate::operation!(Ec2, CreateTags => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTags {
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    #[serde(rename = "Tag")]
    pub tags: Vec<RequestTag>,
}

crate::operation!(Ec2, DeleteTags => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeTags {
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

/// `TagDescription` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagDescription {
    pub key: String,
    pub resource_id: String,
    pub resource_type: String,
    pub value: String,
}

/// The answer of DescribeTags.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTagsResult {
    pub next_token: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<TagDescription>,
}

crate::operation!(Ec2, DescribeTags => DescribeTagsResult);
