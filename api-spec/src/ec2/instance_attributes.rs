//! Attributes of instances that can be read and changed one by one.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::images::ProductCode;
use super::images::RequestStringValue;
use super::images::StringValue;
use super::instances::EnclaveOptions;
use super::instances::GroupIdentifier;
use super::instances::InstanceBlockDeviceMapping;
use super::instances::InstanceMetadataOptions;
use crate::Blob;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceAttribute {
    pub instance_id: String,
    pub attribute: String,
}

/// `AttributeBooleanValue` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BooleanValue {
    pub value: Option<bool>,
}

/// `InstanceAttribute` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceAttribute {
    #[serde(rename = "blockDeviceMapping")]
    pub block_device_mappings: Option<Vec<InstanceBlockDeviceMapping>>,
    pub disable_api_termination: Option<BooleanValue>,
    pub ena_support: Option<BooleanValue>,
    pub enclave_options: Option<EnclaveOptions>,
    pub ebs_optimized: Option<BooleanValue>,
    pub instance_id: String,
    pub instance_initiated_shutdown_behavior: Option<StringValue>,
    pub instance_type: Option<StringValue>,
    #[serde(rename = "kernel")]
    pub kernel_id: Option<StringValue>,
    pub product_codes: Option<Vec<ProductCode>>,
    #[serde(rename = "ramdisk")]
    pub ramdisk_id: Option<StringValue>,
    pub root_device_name: Option<StringValue>,
    pub source_dest_check: Option<BooleanValue>,
    pub sriov_net_support: Option<StringValue>,
    pub user_data: Option<StringValue>,
    pub disable_api_stop: Option<BooleanValue>,
    #[serde(rename = "groupSet")]
    pub groups: Option<Vec<GroupIdentifier>>,
}

crate::operation!(Ec2, DescribeInstanceAttribute => InstanceAttribute);

/// `AttributeBooleanValue` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestBooleanValue {
    pub value: Option<bool>,
}

/// `EbsInstanceBlockDeviceSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestInstanceEbs {
    pub volume_id: Option<String>,
    pub delete_on_termination: Option<bool>,
}

/// `InstanceBlockDeviceMappingSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestInstanceBlockDevice {
    pub device_name: Option<String>,
    pub ebs: Option<RequestInstanceEbs>,
    pub virtual_name: Option<String>,
    pub no_device: Option<String>,
}

/// `BlobAttributeValue` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestBlobValue {
    pub value: Option<Blob>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyInstanceAttribute {
    pub source_dest_check: Option<RequestBooleanValue>,
    pub disable_api_stop: Option<RequestBooleanValue>,
    pub instance_id: String,
    pub attribute: Option<String>,
    pub value: Option<String>,
    #[serde(rename = "BlockDeviceMapping")]
    pub block_device_mappings: Vec<RequestInstanceBlockDevice>,
    pub disable_api_termination: Option<RequestBooleanValue>,
    pub instance_type: Option<RequestStringValue>,
    pub kernel: Option<RequestStringValue>,
    pub ramdisk: Option<RequestStringValue>,
    pub user_data: Option<RequestBlobValue>,
    pub instance_initiated_shutdown_behavior: Option<RequestStringValue>,
    #[serde(rename = "GroupId")]
    pub groups: Vec<String>,
    pub ebs_optimized: Option<RequestBooleanValue>,
    pub sriov_net_support: Option<RequestStringValue>,
    pub ena_support: Option<RequestBooleanValue>,
}

crate::operation!(Ec2, ModifyInstanceAttribute => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyInstanceMetadataOptions {
    pub instance_id: String,
    pub http_tokens: Option<String>,
    pub http_put_response_hop_limit: Option<i32>,
    pub http_endpoint: Option<String>,
    pub http_protocol_ipv6: Option<String>,
    pub instance_metadata_tags: Option<String>,
}

/// The answer of ModifyInstanceMetadataOptions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifyInstanceMetadataOptionsResult {
    pub instance_id: String,
    pub instance_metadata_options: InstanceMetadataOptions,
}

crate::operation!(Ec2, ModifyInstanceMetadataOptions => ModifyInstanceMetadataOptionsResult);
