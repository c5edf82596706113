//! Instances as they are described, and their power.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::images::ProductCode;
use super::images::StateReason;
use crate::Timestamp;

/// `GroupIdentifier` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupIdentifier {
    pub group_id: String,
    pub group_name: String,
}

/// `EbsInstanceBlockDevice` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EbsInstanceBlockDevice {
    pub attach_time: Timestamp,
    pub delete_on_termination: bool,
    pub status: String,
    pub volume_id: String,
}

/// `InstanceBlockDeviceMapping` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceBlockDeviceMapping {
    pub device_name: String,
    pub ebs: EbsInstanceBlockDevice,
}

/// `InstanceNetworkInterfaceAssociation` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceNetworkInterfaceAssociation {
    pub ip_owner_id: String,
    pub public_dns_name: String,
    pub public_ip: String,
}

/// `InstanceNetworkInterfaceAttachment` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceNetworkInterfaceAttachment {
    pub attach_time: Timestamp,
    pub attachment_id: String,
    pub delete_on_termination: bool,
    pub device_index: i32,
    pub status: String,
    pub network_card_index: i32,
}

/// `InstanceIpv6Address` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceIpv6Address {
    pub ipv6_address: Option<String>,
}

/// `InstancePrivateIpAddress` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstancePrivateIpAddress {
    pub association: Option<InstanceNetworkInterfaceAssociation>,
    pub primary: bool,
    pub private_dns_name: String,
    pub private_ip_address: String,
}

/// `InstanceNetworkInterface` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceNetworkInterface {
    pub association: Option<InstanceNetworkInterfaceAssociation>,
    pub attachment: InstanceNetworkInterfaceAttachment,
    pub description: String,
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    #[serde(rename = "ipv6AddressesSet")]
    pub ipv6_addresses: Vec<InstanceIpv6Address>,
    pub mac_address: String,
    pub network_interface_id: String,
    pub owner_id: String,
    pub private_dns_name: String,
    pub private_ip_address: String,
    #[serde(rename = "privateIpAddressesSet")]
    pub private_ip_addresses: Vec<InstancePrivateIpAddress>,
    pub source_dest_check: bool,
    pub status: String,
    pub subnet_id: String,
    pub vpc_id: String,
    pub interface_type: String,
}

/// `CpuOptions` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CpuOptions {
    pub core_count: i32,
    pub threads_per_core: i32,
}

/// `CapacityReservationSpecificationResponse` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityReservationSpecification {
    pub capacity_reservation_preference: String,
}

/// `HibernationOptions` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HibernationOptions {
    pub configured: bool,
}

/// `InstanceMetadataOptionsResponse` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceMetadataOptions {
    pub state: String,
    pub http_tokens: String,
    pub http_put_response_hop_limit: i32,
    pub http_endpoint: String,
    pub http_protocol_ipv6: String,
    pub instance_metadata_tags: String,
}

/// `EnclaveOptions` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnclaveOptions {
    pub enabled: bool,
}

/// `PrivateDnsNameOptionsResponse` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDnsNameOptions {
    pub hostname_type: String,
    pub enable_resource_name_dns_a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    pub enable_resource_name_dns_aaaa_record: bool,
}

/// `InstanceMaintenanceOptions` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceOptions {
    pub auto_recovery: String,
}

/// `InstanceState` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceState {
    pub code: i32,
    pub name: String,
}

/// `Placement` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    pub tenancy: String,
    pub group_name: String,
    pub availability_zone: String,
}

/// `Monitoring` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Monitoring {
    pub state: String,
}

/// `Instance` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    pub architecture: Option<String>,
    #[serde(rename = "blockDeviceMapping")]
    pub block_device_mappings: Vec<InstanceBlockDeviceMapping>,
    pub client_token: Option<String>,
    pub ebs_optimized: Option<bool>,
    pub ena_support: Option<bool>,
    pub hypervisor: Option<String>,
    pub iam_instance_profile: Option<super::instance_profiles::IamInstanceProfile>,
    #[serde(rename = "networkInterfaceSet")]
    pub network_interfaces: Vec<InstanceNetworkInterface>,
    pub root_device_name: Option<String>,
    pub root_device_type: Option<String>,
    #[serde(rename = "groupSet")]
    pub security_groups: Vec<GroupIdentifier>,
    pub source_dest_check: Option<bool>,
    pub state_reason: Option<StateReason>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub virtualization_type: Option<String>,
    pub cpu_options: Option<CpuOptions>,
    pub capacity_reservation_specification: Option<CapacityReservationSpecification>,
    pub hibernation_options: Option<HibernationOptions>,
    pub metadata_options: Option<InstanceMetadataOptions>,
    pub enclave_options: Option<EnclaveOptions>,
    pub platform_details: Option<String>,
    pub usage_operation: Option<String>,
    pub usage_operation_update_time: Option<Timestamp>,
    pub private_dns_name_options: Option<PrivateDnsNameOptions>,
    pub maintenance_options: Option<MaintenanceOptions>,
    pub current_instance_boot_mode: Option<String>,
    pub instance_id: String,
    pub image_id: String,
    #[serde(rename = "instanceState")]
    pub state: InstanceState,
    pub private_dns_name: String,
    #[serde(rename = "dnsName")]
    pub public_dns_name: String,
    #[serde(rename = "reason")]
    pub state_transition_reason: String,
    pub key_name: Option<String>,
    pub ami_launch_index: Option<i32>,
    pub product_codes: Vec<ProductCode>,
    pub instance_type: String,
    pub launch_time: Timestamp,
    pub placement: Placement,
    pub monitoring: Monitoring,
    pub subnet_id: Option<String>,
    pub vpc_id: Option<String>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "ipAddress")]
    pub public_ip_address: Option<String>,
}

/// `Reservation` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    pub reservation_id: String,
    pub owner_id: String,
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    #[serde(rename = "instancesSet")]
    pub instances: Vec<Instance>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstances {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

/// The answer of DescribeInstances.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeInstancesResult {
    pub next_token: Option<String>,
    #[serde(rename = "reservationSet")]
    pub reservations: Vec<Reservation>,
}

crate::operation!(Ec2, DescribeInstances => DescribeInstancesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceStatus {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
    pub max_results: Option<i32>,
    pub next_token: Option<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    pub include_all_instances: Option<bool>,
}

/// `InstanceStatusDetails` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatusDetails {
    pub name: String,
    pub status: String,
}

/// `InstanceStatusSummary` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatusSummary {
    pub details: Vec<InstanceStatusDetails>,
    pub status: String,
}

/// `InstanceStatus` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatus {
    pub availability_zone: String,
    pub instance_id: String,
    pub instance_state: InstanceState,
    pub instance_status: InstanceStatusSummary,
    pub system_status: InstanceStatusSummary,
}

/// The answer of DescribeInstanceStatus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeInstanceStatusResult {
    #[serde(rename = "instanceStatusSet")]
    pub instance_statuses: Vec<InstanceStatus>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeInstanceStatus => DescribeInstanceStatusResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartInstances {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
    pub additional_info: Option<String>,
}

/// `InstanceStateChange` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStateChange {
    pub instance_id: String,
    pub current_state: InstanceState,
    pub previous_state: InstanceState,
}

/// The answer of StartInstances.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartInstancesResult {
    #[serde(rename = "instancesSet")]
    pub starting_instances: Vec<InstanceStateChange>,
}

crate::operation!(Ec2, StartInstances => StartInstancesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopInstances {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
    pub hibernate: Option<bool>,
    pub force: Option<bool>,
    pub skip_os_shutdown: Option<bool>,
}

/// The answer of StopInstances.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopInstancesResult {
    #[serde(rename = "instancesSet")]
    pub stopping_instances: Vec<InstanceStateChange>,
}

crate::operation!(Ec2, StopInstances => StopInstancesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RebootInstances {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
}

crate::operation!(Ec2, RebootInstances => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TerminateInstances {
    #[serde(rename = "InstanceId")]
    pub instance_ids: Vec<String>,
    pub force: Option<bool>,
    pub skip_os_shutdown: Option<bool>,
}

/// The answer of TerminateInstances.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminateInstancesResult {
    #[serde(rename = "instancesSet")]
    pub terminating_instances: Vec<InstanceStateChange>,
}

crate::operation!(Ec2, TerminateInstances => TerminateInstancesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetConsoleOutput {
    pub instance_id: String,
    pub latest: Option<bool>,
}

/// The answer of GetConsoleOutput.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetConsoleOutputResult {
    pub instance_id: String,
    pub timestamp: Timestamp,
    pub output: Option<String>,
}

crate::operation!(Ec2, GetConsoleOutput => GetConsoleOutputResult);
