//! Snapshots of volumes.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::{Filter, Tag, TagSpecification};
use crate::Timestamp;

/// Copies a volume as it is now.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSnapshot {
    pub description: Option<String>,
    pub outpost_arn: Option<String>,
    pub volume_id: String,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

crate::operation!(Ec2, CreateSnapshot => Snapshot);

/// A snapshot as answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    pub snapshot_id: String,
    pub volume_id: String,
    #[serde(rename = "status")]
    pub state: String,
    #[serde(rename = "statusMessage")]
    pub state_message: Option<String>,
    pub start_time: Timestamp,
    pub completion_time: Option<Timestamp>,
    pub progress: String,
    pub owner_id: String,
    pub description: String,
    pub volume_size: u32,
    pub encrypted: bool,
    pub storage_tier: String,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// Removes a snapshot.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSnapshot {
    pub snapshot_id: String,
}

crate::operation!(Ec2, DeleteSnapshot => crate::Return);

/// Lists snapshots.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSnapshots {
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "Owner")]
    pub owner_ids: Vec<String>,
    #[serde(rename = "RestorableBy")]
    pub restorable_by_user_ids: Vec<String>,
    #[serde(rename = "SnapshotId")]
    pub snapshot_ids: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

crate::operation!(Ec2, DescribeSnapshots => DescribeSnapshotsResult);

/// A page of snapshots.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSnapshotsResult {
    #[serde(rename = "snapshotSet")]
    pub snapshots: Vec<Snapshot>,
    pub next_token: Option<String>,
}
