//! Volumes: their life, their attachments, their health.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::{Filter, Tag, TagSpecification};
use crate::Timestamp;

/// Makes a volume, empty or from a snapshot.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVolume {
    pub availability_zone: Option<String>,
    pub encrypted: Option<bool>,
    pub iops: Option<i32>,
    pub kms_key_id: Option<String>,
    pub outpost_arn: Option<String>,
    pub size: Option<i32>,
    pub snapshot_id: Option<String>,
    pub volume_type: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
    pub multi_attach_enabled: Option<bool>,
    pub throughput: Option<i32>,
    pub client_token: Option<String>,
}

crate::operation!(Ec2, CreateVolume => Volume);

/// A volume as answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    pub volume_id: String,
    pub size: u32,
    pub snapshot_id: String,
    pub availability_zone: String,
    #[serde(rename = "status")]
    pub state: String,
    pub create_time: Timestamp,
    #[serde(rename = "attachmentSet")]
    pub attachments: Vec<VolumeAttachment>,
    pub encrypted: bool,
    pub volume_type: String,
    pub iops: Option<u32>,
    pub throughput: Option<u32>,
    pub multi_attach_enabled: bool,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A volume's place in an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeAttachment {
    pub volume_id: String,
    pub instance_id: String,
    pub device: String,
    #[serde(rename = "status")]
    pub state: String,
    pub attach_time: Timestamp,
    pub delete_on_termination: bool,
}

/// Removes a volume that is not attached.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVolume {
    pub volume_id: String,
}

crate::operation!(Ec2, DeleteVolume => crate::Return);

/// Lists volumes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVolumes {
    #[serde(rename = "VolumeId")]
    pub volume_ids: Vec<String>,
    pub include_managed_resources: Option<bool>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

crate::operation!(Ec2, DescribeVolumes => DescribeVolumesResult);

/// A page of volumes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVolumesResult {
    #[serde(rename = "volumeSet")]
    pub volumes: Vec<Volume>,
    pub next_token: Option<String>,
}

/// Attaches a volume to an instance of its zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachVolume {
    pub device: String,
    pub instance_id: String,
    pub volume_id: String,
}

crate::operation!(Ec2, AttachVolume => VolumeAttachment);

/// Detaches a volume.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetachVolume {
    pub device: Option<String>,
    pub force: Option<bool>,
    pub instance_id: Option<String>,
    pub volume_id: String,
}

crate::operation!(Ec2, DetachVolume => VolumeAttachment);

/// Tells how volumes do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVolumeStatus {
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "VolumeId")]
    pub volume_ids: Vec<String>,
    pub include_managed_resources: Option<bool>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

crate::operation!(Ec2, DescribeVolumeStatus => DescribeVolumeStatusResult);

/// A page of how volumes do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVolumeStatusResult {
    #[serde(rename = "volumeStatusSet")]
    pub volume_statuses: Vec<VolumeStatusItem>,
    pub next_token: Option<String>,
}

/// How one volume does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatusItem {
    pub volume_id: String,
    pub availability_zone: String,
    pub volume_status: VolumeStatusInfo,
    #[serde(rename = "actionsSet")]
    pub actions: Vec<VolumeStatusAction>,
    #[serde(rename = "eventsSet")]
    pub events: Vec<VolumeStatusEvent>,
}

/// `ok`, `impaired` or `insufficient-data`, and of what that is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatusInfo {
    pub status: String,
    pub details: Vec<VolumeStatusDetails>,
}

/// One check of a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatusDetails {
    pub name: String,
    pub status: String,
}

/// What the owner should do about a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatusAction {
    pub code: Option<String>,
    pub description: Option<String>,
    pub event_id: Option<String>,
    pub event_type: Option<String>,
}

/// What happened to a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeStatusEvent {
    pub description: Option<String>,
    pub event_id: Option<String>,
    pub event_type: Option<String>,
}

/// Tells one attribute of a volume.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVolumeAttribute {
    pub attribute: String,
    pub volume_id: String,
}

crate::operation!(Ec2, DescribeVolumeAttribute => DescribeVolumeAttributeResult);

/// The attribute asked for; the other is absent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVolumeAttributeResult {
    pub volume_id: String,
    #[serde(rename = "autoEnableIO")]
    pub auto_enable_io: Option<BooleanValue>,
    pub product_codes: Option<Vec<ProductCode>>,
}

/// A truth in an element of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BooleanValue {
    pub value: bool,
}

/// A marketplace product.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductCode {
    pub product_code: Option<String>,
    pub r#type: Option<String>,
}
