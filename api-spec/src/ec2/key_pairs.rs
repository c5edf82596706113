//! Key pairs.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::common::TagSpecification;
use crate::Blob;
use crate::Timestamp;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateKeyPair {
    pub key_name: String,
    pub key_type: Option<String>,
    pub key_format: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// `KeyPair` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPair {
    pub key_pair_id: String,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub key_name: String,
    pub key_material: String,
    pub key_fingerprint: String,
}

crate::operation!(Ec2, CreateKeyPair => KeyPair);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportKeyPair {
    pub key_name: String,
    pub public_key_material: Blob,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The answer of ImportKeyPair.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportKeyPairResult {
    pub key_pair_id: String,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub key_name: String,
    pub key_fingerprint: String,
}

crate::operation!(Ec2, ImportKeyPair => ImportKeyPairResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeKeyPairs {
    #[serde(rename = "KeyName")]
    pub key_names: Vec<String>,
    #[serde(rename = "KeyPairId")]
    pub key_pair_ids: Vec<String>,
    pub include_public_key: Option<bool>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `KeyPairInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPairInfo {
    pub key_pair_id: String,
    pub key_type: String,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub public_key: Option<String>,
    pub create_time: Timestamp,
    pub key_name: String,
    pub key_fingerprint: String,
}

/// The answer of DescribeKeyPairs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeKeyPairsResult {
    #[serde(rename = "keySet")]
    pub key_pairs: Vec<KeyPairInfo>,
}

crate::operation!(Ec2, DescribeKeyPairs => DescribeKeyPairsResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteKeyPair {
    pub key_name: Option<String>,
    pub key_pair_id: Option<String>,
}

/// The answer of DeleteKeyPair.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteKeyPairResult {
    #[serde(rename = "return")]
    pub value: bool,
    pub key_pair_id: Option<String>,
}

crate::operation!(Ec2, DeleteKeyPair => DeleteKeyPairResult);
