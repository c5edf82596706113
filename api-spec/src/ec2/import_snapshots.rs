//! Snapshots made from disk images in buckets.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::{Filter, Tag, TagSpecification};
use crate::Timestamp;

/// Makes a snapshot from a disk image that lies in a bucket.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportSnapshot {
    pub client_data: Option<ClientData>,
    pub client_token: Option<String>,
    pub description: Option<String>,
    pub disk_container: Option<SnapshotDiskContainer>,
    pub encrypted: Option<bool>,
    pub kms_key_id: Option<String>,
    pub role_name: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

crate::operation!(Ec2, ImportSnapshot => ImportSnapshotResult);

/// What the client says of its upload; it is for the client alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClientData {
    pub comment: Option<String>,
    pub upload_end: Option<Timestamp>,
    pub upload_size: Option<f64>,
    pub upload_start: Option<Timestamp>,
}

/// Where the disk image is and what it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SnapshotDiskContainer {
    pub description: Option<String>,
    pub format: Option<String>,
    pub url: Option<String>,
    pub user_bucket: Option<UserBucket>,
}

/// An object in a bucket.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserBucket {
    #[serde(rename = "S3Bucket")]
    pub s3_bucket: Option<String>,
    #[serde(rename = "S3Key")]
    pub s3_key: Option<String>,
}

/// The task that has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSnapshotResult {
    pub description: String,
    pub import_task_id: String,
    pub snapshot_task_detail: SnapshotTaskDetail,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotTaskDetail {
    pub description: String,
    pub disk_image_size: Option<f64>,
    pub encrypted: bool,
    pub format: String,
    pub progress: Option<String>,
    pub snapshot_id: Option<String>,
    pub status: String,
    pub status_message: Option<String>,
    pub url: Option<String>,
    pub user_bucket: Option<UserBucketDetails>,
}

/// Where the disk image was read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserBucketDetails {
    #[serde(rename = "s3Bucket")]
    pub s3_bucket: String,
    #[serde(rename = "s3Key")]
    pub s3_key: String,
}

/// Lists tasks.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeImportSnapshotTasks {
    pub filters: Vec<Filter>,
    #[serde(rename = "ImportTaskId")]
    pub import_task_ids: Vec<String>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeImportSnapshotTasks => DescribeImportSnapshotTasksResult);

/// A page of tasks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeImportSnapshotTasksResult {
    #[serde(rename = "importSnapshotTaskSet")]
    pub import_snapshot_tasks: Vec<ImportSnapshotTask>,
    pub next_token: Option<String>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSnapshotTask {
    pub description: String,
    pub import_task_id: String,
    pub snapshot_task_detail: SnapshotTaskDetail,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}
