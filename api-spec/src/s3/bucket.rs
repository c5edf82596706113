//! Buckets and the configuration they have from the first day.

use serde::{Deserialize, Serialize};

use super::Owner;
use super::tagging::TagSet;
use crate::Timestamp;

/// The answer of `ListBuckets`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAllMyBucketsResult {
    /// Whose buckets.
    pub owner: Option<Owner>,
    /// The buckets, by name.
    pub buckets: Buckets,
    /// Where the next page begins; only when pages were asked for.
    pub continuation_token: Option<String>,
    /// The prefix asked for.
    pub prefix: Option<String>,
}

/// The `Buckets` element.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Buckets {
    /// The buckets.
    #[serde(rename = "Bucket", default)]
    pub buckets: Vec<BucketEntry>,
}

/// A bucket in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketEntry {
    /// Name.
    pub name: String,
    /// When it was made.
    pub creation_date: Timestamp,
    /// Where it is.
    pub bucket_region: Option<String>,
}

/// The body of `CreateBucket`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateBucketConfiguration {
    /// Region.
    pub location_constraint: Option<String>,
    /// Tags of the new bucket.
    pub tags: Option<TagSet>,
}

/// The answer of `GetBucketLocation`: the region as text, nothing for us-east-1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LocationConstraint {
    /// Region.
    #[serde(rename = "$text")]
    pub region: String,
}

/// `PutPublicAccessBlock` and what its Get answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicAccessBlockConfiguration {
    /// Public ACLs are refused.
    pub block_public_acls: Option<bool>,
    /// Public ACLs have no effect.
    pub ignore_public_acls: Option<bool>,
    /// Public policies are refused.
    pub block_public_policy: Option<bool>,
    /// A public policy opens the bucket to its own account only.
    pub restrict_public_buckets: Option<bool>,
}

/// `PutBucketOwnershipControls` and what its Get answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnershipControls {
    /// Exactly one.
    #[serde(rename = "Rule", default)]
    pub rules: Vec<OwnershipRule>,
}

/// Who owns new objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OwnershipRule {
    /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
    pub object_ownership: String,
}

/// The answer of `GetBucketPolicyStatus`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyStatus {
    /// Whether the policy makes the bucket public.
    pub is_public: bool,
}
