//! Machine images.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::common::TagSpecification;

/// `EbsBlockDevice` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestEbsBlockDevice {
    pub delete_on_termination: Option<bool>,
    pub iops: Option<i32>,
    pub snapshot_id: Option<String>,
    pub volume_size: Option<i32>,
    pub volume_type: Option<String>,
    pub kms_key_id: Option<String>,
    pub throughput: Option<i32>,
    pub encrypted: Option<bool>,
}

/// `BlockDeviceMapping` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestBlockDeviceMapping {
    pub device_name: Option<String>,
    pub virtual_name: Option<String>,
    pub no_device: Option<String>,
    pub ebs: Option<RequestEbsBlockDevice>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegisterImage {
    pub image_location: Option<String>,
    pub boot_mode: Option<String>,
    pub imds_support: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
    pub name: String,
    pub description: Option<String>,
    pub architecture: Option<String>,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub root_device_name: Option<String>,
    #[serde(rename = "BlockDeviceMapping")]
    pub block_device_mappings: Vec<RequestBlockDeviceMapping>,
    pub virtualization_type: Option<String>,
    pub sriov_net_support: Option<String>,
    pub ena_support: Option<bool>,
}

/// The answer of RegisterImage.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterImageResult {
    pub image_id: String,
}

crate::operation!(Ec2, RegisterImage => RegisterImageResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeImages {
    #[serde(rename = "ExecutableBy")]
    pub executable_users: Vec<String>,
    #[serde(rename = "ImageId")]
    pub image_ids: Vec<String>,
    #[serde(rename = "Owner")]
    pub owners: Vec<String>,
    pub include_deprecated: Option<bool>,
    pub include_disabled: Option<bool>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `EbsBlockDevice` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EbsBlockDevice {
    pub delete_on_termination: Option<bool>,
    pub iops: Option<i32>,
    pub snapshot_id: Option<String>,
    pub volume_size: Option<i32>,
    pub volume_type: Option<String>,
    pub throughput: Option<i32>,
    pub encrypted: Option<bool>,
}

/// `BlockDeviceMapping` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockDeviceMapping {
    pub device_name: Option<String>,
    pub virtual_name: Option<String>,
    pub ebs: Option<EbsBlockDevice>,
    pub no_device: Option<String>,
}

/// `StateReason` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateReason {
    pub code: String,
    pub message: String,
}

/// `ProductCode` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductCode {
    #[serde(rename = "productCode")]
    pub product_code_id: Option<String>,
}

/// `Image` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub platform_details: Option<String>,
    pub usage_operation: Option<String>,
    #[serde(rename = "blockDeviceMapping")]
    pub block_device_mappings: Vec<BlockDeviceMapping>,
    pub description: Option<String>,
    pub ena_support: Option<bool>,
    pub hypervisor: Option<String>,
    pub name: Option<String>,
    pub root_device_name: Option<String>,
    pub root_device_type: Option<String>,
    pub sriov_net_support: Option<String>,
    pub state_reason: Option<StateReason>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub virtualization_type: Option<String>,
    pub boot_mode: Option<String>,
    pub imds_support: Option<String>,
    pub deprecation_time: Option<String>,
    pub image_id: String,
    pub image_location: Option<String>,
    #[serde(rename = "imageState")]
    pub state: String,
    #[serde(rename = "imageOwnerId")]
    pub owner_id: String,
    pub creation_date: String,
    #[serde(rename = "isPublic")]
    pub public: bool,
    pub product_codes: Vec<ProductCode>,
    pub architecture: Option<String>,
    pub image_type: Option<String>,
}

/// The answer of DescribeImages.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeImagesResult {
    pub next_token: Option<String>,
    #[serde(rename = "imagesSet")]
    pub images: Vec<Image>,
}

crate::operation!(Ec2, DescribeImages => DescribeImagesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeregisterImage {
    pub image_id: String,
    pub delete_associated_snapshots: Option<bool>,
}

/// The answer of DeregisterImage.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeregisterImageResult {
    #[serde(rename = "return")]
    pub value: bool,
}

crate::operation!(Ec2, DeregisterImage => DeregisterImageResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeImageAttribute {
    pub attribute: String,
    pub image_id: String,
}

/// `AttributeValue` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StringValue {
    pub value: Option<String>,
}

/// `LaunchPermission` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchPermission {
    pub group: Option<String>,
    pub user_id: Option<String>,
}

/// `ImageAttribute` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageAttribute {
    pub description: Option<StringValue>,
    #[serde(rename = "kernel")]
    pub kernel_id: Option<StringValue>,
    #[serde(rename = "ramdisk")]
    pub ramdisk_id: Option<StringValue>,
    pub sriov_net_support: Option<StringValue>,
    pub boot_mode: Option<StringValue>,
    pub image_id: String,
    #[serde(rename = "launchPermission")]
    pub launch_permissions: Option<Vec<LaunchPermission>>,
    pub product_codes: Option<Vec<ProductCode>>,
    #[serde(rename = "blockDeviceMapping")]
    pub block_device_mappings: Option<Vec<BlockDeviceMapping>>,
}

crate::operation!(Ec2, DescribeImageAttribute => ImageAttribute);

/// `AttributeValue` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestStringValue {
    pub value: Option<String>,
}

/// `LaunchPermission` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestLaunchPermission {
    pub group: Option<String>,
    pub user_id: Option<String>,
}

/// `LaunchPermissionModifications` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestLaunchPermissions {
    pub add: Vec<RequestLaunchPermission>,
    pub remove: Vec<RequestLaunchPermission>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyImageAttribute {
    pub attribute: Option<String>,
    pub description: Option<RequestStringValue>,
    pub image_id: String,
    pub launch_permission: Option<RequestLaunchPermissions>,
    pub operation_type: Option<String>,
    #[serde(rename = "ProductCode")]
    pub product_codes: Vec<String>,
    #[serde(rename = "UserGroup")]
    pub user_groups: Vec<String>,
    #[serde(rename = "UserId")]
    pub user_ids: Vec<String>,
    pub value: Option<String>,
}

crate::operation!(Ec2, ModifyImageAttribute => crate::Return);
