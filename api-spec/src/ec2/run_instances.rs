//! RunInstances: what a launch may ask for.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::Deserialize;

use super::common::TagSpecification;
use super::images::RequestBlockDeviceMapping;
use super::instances::Reservation;

/// `RunInstancesMonitoringEnabled` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestMonitoring {
    pub enabled: Option<bool>,
}

/// `Placement` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPlacement {
    pub availability_zone: Option<String>,
    pub tenancy: Option<String>,
    pub group_name: Option<String>,
    pub affinity: Option<String>,
    pub host_id: Option<String>,
    pub partition_number: Option<i32>,
}

/// `LaunchTemplateSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestLaunchTemplate {
    pub launch_template_id: Option<String>,
    pub launch_template_name: Option<String>,
    pub version: Option<String>,
}

/// `InstanceMarketOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestMarketOptions {
    pub market_type: Option<String>,
}

/// `CreditSpecificationRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestCreditSpecification {
    pub cpu_credits: Option<String>,
}

/// `CpuOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestCpuOptions {
    pub core_count: Option<i32>,
    pub threads_per_core: Option<i32>,
}

/// `CapacityReservationSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestCapacityReservation {
    pub capacity_reservation_preference: Option<String>,
}

/// `HibernationOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestHibernationOptions {
    pub configured: Option<bool>,
}

/// `InstanceMetadataOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestMetadataOptions {
    pub http_tokens: Option<String>,
    pub http_put_response_hop_limit: Option<i32>,
    pub http_endpoint: Option<String>,
    pub http_protocol_ipv6: Option<String>,
    pub instance_metadata_tags: Option<String>,
}

/// `EnclaveOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestEnclaveOptions {
    pub enabled: Option<bool>,
}

/// `PrivateDnsNameOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPrivateDnsNameOptions {
    pub hostname_type: Option<String>,
    pub enable_resource_name_dns_a_record: Option<bool>,
    #[serde(rename = "EnableResourceNameDnsAAAARecord")]
    pub enable_resource_name_dns_aaaa_record: Option<bool>,
}

/// `InstanceMaintenanceOptionsRequest` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestMaintenanceOptions {
    pub auto_recovery: Option<String>,
}

/// `PrivateIpAddressSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPrivateIpAddress {
    pub primary: Option<bool>,
    pub private_ip_address: Option<String>,
}

/// `InstanceNetworkInterfaceSpecification` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestNetworkInterface {
    pub associate_public_ip_address: Option<bool>,
    pub delete_on_termination: Option<bool>,
    pub description: Option<String>,
    pub device_index: Option<i32>,
    #[serde(rename = "SecurityGroupId")]
    pub groups: Vec<String>,
    pub network_interface_id: Option<String>,
    pub private_ip_address: Option<String>,
    pub private_ip_addresses: Vec<RequestPrivateIpAddress>,
    pub secondary_private_ip_address_count: Option<i32>,
    pub subnet_id: Option<String>,
    pub interface_type: Option<String>,
    pub network_card_index: Option<i32>,
    pub ipv6_address_count: Option<i32>,
}

/// `IamInstanceProfileSpecification` of a request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestIamInstanceProfile {
    pub arn: Option<String>,
    pub name: Option<String>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunInstances {
    #[serde(rename = "BlockDeviceMapping")]
    pub block_device_mappings: Vec<RequestBlockDeviceMapping>,
    pub image_id: Option<String>,
    pub instance_type: Option<String>,
    pub kernel_id: Option<String>,
    pub key_name: Option<String>,
    pub max_count: i32,
    pub min_count: i32,
    pub monitoring: Option<RequestMonitoring>,
    pub placement: Option<RequestPlacement>,
    pub ramdisk_id: Option<String>,
    #[serde(rename = "SecurityGroupId")]
    pub security_group_ids: Vec<String>,
    #[serde(rename = "SecurityGroup")]
    pub security_groups: Vec<String>,
    pub subnet_id: Option<String>,
    pub user_data: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
    pub launch_template: Option<RequestLaunchTemplate>,
    pub instance_market_options: Option<RequestMarketOptions>,
    pub credit_specification: Option<RequestCreditSpecification>,
    pub cpu_options: Option<RequestCpuOptions>,
    pub capacity_reservation_specification: Option<RequestCapacityReservation>,
    pub hibernation_options: Option<RequestHibernationOptions>,
    pub metadata_options: Option<RequestMetadataOptions>,
    pub enclave_options: Option<RequestEnclaveOptions>,
    pub private_dns_name_options: Option<RequestPrivateDnsNameOptions>,
    pub maintenance_options: Option<RequestMaintenanceOptions>,
    pub disable_api_stop: Option<bool>,
    pub disable_api_termination: Option<bool>,
    pub instance_initiated_shutdown_behavior: Option<String>,
    pub private_ip_address: Option<String>,
    pub client_token: Option<String>,
    pub additional_info: Option<String>,
    #[serde(rename = "NetworkInterface")]
    pub network_interfaces: Vec<RequestNetworkInterface>,
    pub iam_instance_profile: Option<RequestIamInstanceProfile>,
    pub ebs_optimized: Option<bool>,
    pub ipv6_address_count: Option<i32>,
}

crate::operation!(Ec2, RunInstances => Reservation);
