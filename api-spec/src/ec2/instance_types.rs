//! Instance types and where they are offered.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceTypes {
    #[serde(rename = "InstanceType")]
    pub instance_types: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

/// `ProcessorInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessorInfo {
    pub supported_architectures: Vec<String>,
}

/// `VCpuInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VCpuInfo {
    #[serde(rename = "defaultVCpus")]
    pub default_vcpus: i32,
    pub default_cores: i32,
    pub default_threads_per_core: i32,
    pub valid_cores: Vec<i32>,
    pub valid_threads_per_core: Vec<i32>,
}

/// `MemoryInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryInfo {
    pub size_in_mi_b: i64,
}

/// `EbsInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EbsInfo {
    pub ebs_optimized_support: String,
    pub encryption_support: String,
    pub nvme_support: String,
}

/// `NetworkInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInfo {
    pub network_performance: String,
    pub maximum_network_interfaces: i32,
    pub maximum_network_cards: i32,
    pub default_network_card_index: i32,
    pub ipv4_addresses_per_interface: i32,
    pub ipv6_addresses_per_interface: i32,
    pub ipv6_supported: bool,
    pub ena_support: String,
    pub efa_supported: bool,
}

/// `PlacementGroupInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacementGroupInfo {
    pub supported_strategies: Vec<String>,
}

/// `InstanceTypeInfo` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceTypeInfo {
    pub instance_type: String,
    pub current_generation: Option<bool>,
    pub free_tier_eligible: Option<bool>,
    pub supported_usage_classes: Vec<String>,
    pub supported_root_device_types: Vec<String>,
    pub supported_virtualization_types: Vec<String>,
    pub bare_metal: Option<bool>,
    pub hypervisor: Option<String>,
    pub processor_info: Option<ProcessorInfo>,
    #[serde(rename = "vCpuInfo")]
    pub vcpu_info: Option<VCpuInfo>,
    pub memory_info: Option<MemoryInfo>,
    pub instance_storage_supported: Option<bool>,
    pub ebs_info: Option<EbsInfo>,
    pub network_info: Option<NetworkInfo>,
    pub placement_group_info: Option<PlacementGroupInfo>,
    pub hibernation_supported: Option<bool>,
    pub burstable_performance_supported: Option<bool>,
    pub dedicated_hosts_supported: Option<bool>,
    pub auto_recovery_supported: Option<bool>,
    pub supported_boot_modes: Vec<String>,
}

/// The answer of DescribeInstanceTypes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeInstanceTypesResult {
    #[serde(rename = "instanceTypeSet")]
    pub instance_types: Vec<InstanceTypeInfo>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeInstanceTypes => DescribeInstanceTypesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceTypeOfferings {
    pub location_type: Option<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
}

/// `InstanceTypeOffering` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceTypeOffering {
    pub instance_type: String,
    pub location_type: String,
    pub location: String,
}

/// The answer of DescribeInstanceTypeOfferings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeInstanceTypeOfferingsResult {
    #[serde(rename = "instanceTypeOfferingSet")]
    pub instance_type_offerings: Vec<InstanceTypeOffering>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeInstanceTypeOfferings => DescribeInstanceTypeOfferingsResult);
