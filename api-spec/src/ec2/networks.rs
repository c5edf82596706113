//! VPCs, subnets and network interfaces.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::instances::GroupIdentifier;
use crate::Timestamp;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcs {
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    #[serde(rename = "VpcId")]
    pub vpc_ids: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

/// `VpcCidrBlockState` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcCidrBlockState {
    pub state: String,
}

/// `VpcCidrBlockAssociation` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcCidrBlockAssociation {
    pub association_id: String,
    pub cidr_block: String,
    pub cidr_block_state: VpcCidrBlockState,
}

/// `Vpc` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    pub owner_id: String,
    pub instance_tenancy: String,
    pub cidr_block_association_set: Vec<VpcCidrBlockAssociation>,
    pub is_default: bool,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_id: String,
    pub state: String,
    pub cidr_block: String,
    pub dhcp_options_id: String,
}

/// The answer of DescribeVpcs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcsResult {
    pub next_token: Option<String>,
    #[serde(rename = "vpcSet")]
    pub vpcs: Vec<Vpc>,
}

crate::operation!(Ec2, DescribeVpcs => DescribeVpcsResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSubnets {
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    #[serde(rename = "SubnetId")]
    pub subnet_ids: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

/// `SubnetIpv6CidrBlockAssociation` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetIpv6CidrBlockAssociation {
    pub association_id: String,
}

/// `PrivateDnsNameOptionsOnLaunch` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDnsNameOptionsOnLaunch {
    pub hostname_type: String,
    pub enable_resource_name_dns_a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    pub enable_resource_name_dns_aaaa_record: bool,
}

/// `Subnet` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subnet {
    pub availability_zone_id: String,
    pub owner_id: String,
    pub assign_ipv6_address_on_creation: bool,
    pub ipv6_cidr_block_association_set: Vec<SubnetIpv6CidrBlockAssociation>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub subnet_arn: String,
    pub enable_dns64: bool,
    pub ipv6_native: bool,
    pub map_customer_owned_ip_on_launch: bool,
    pub private_dns_name_options_on_launch: Option<PrivateDnsNameOptionsOnLaunch>,
    pub subnet_id: String,
    pub state: String,
    pub vpc_id: String,
    pub cidr_block: String,
    pub available_ip_address_count: i32,
    pub availability_zone: String,
    pub default_for_az: bool,
    pub map_public_ip_on_launch: bool,
}

/// The answer of DescribeSubnets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSubnetsResult {
    pub next_token: Option<String>,
    #[serde(rename = "subnetSet")]
    pub subnets: Vec<Subnet>,
}

crate::operation!(Ec2, DescribeSubnets => DescribeSubnetsResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInterfaces {
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    #[serde(rename = "NetworkInterfaceId")]
    pub network_interface_ids: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `NetworkInterfaceAssociation` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceAssociation {
    pub allocation_id: Option<String>,
    pub association_id: Option<String>,
    pub ip_owner_id: String,
    pub public_dns_name: String,
    pub public_ip: String,
}

/// `NetworkInterfaceAttachment` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceAttachment {
    pub attach_time: Timestamp,
    pub attachment_id: String,
    pub delete_on_termination: bool,
    pub device_index: i32,
    pub network_card_index: i32,
    pub instance_id: String,
    pub instance_owner_id: String,
    pub status: String,
}

/// `NetworkInterfaceIpv6Address` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceIpv6Address {
    pub ipv6_address: Option<String>,
}

/// `NetworkInterfacePrivateIpAddress` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfacePrivateIpAddress {
    pub association: Option<NetworkInterfaceAssociation>,
    pub primary: bool,
    pub private_dns_name: String,
    pub private_ip_address: String,
}

/// `NetworkInterface` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterface {
    pub association: Option<NetworkInterfaceAssociation>,
    pub attachment: Option<NetworkInterfaceAttachment>,
    pub availability_zone: String,
    pub description: String,
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    pub interface_type: String,
    #[serde(rename = "ipv6AddressesSet")]
    pub ipv6_addresses: Vec<NetworkInterfaceIpv6Address>,
    pub mac_address: String,
    pub network_interface_id: String,
    pub owner_id: String,
    pub private_dns_name: String,
    pub private_ip_address: String,
    #[serde(rename = "privateIpAddressesSet")]
    pub private_ip_addresses: Vec<NetworkInterfacePrivateIpAddress>,
    pub requester_managed: bool,
    pub source_dest_check: bool,
    pub status: String,
    pub subnet_id: String,
    pub tag_set: Vec<Tag>,
    pub vpc_id: String,
}

/// The answer of DescribeNetworkInterfaces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeNetworkInterfacesResult {
    #[serde(rename = "networkInterfaceSet")]
    pub network_interfaces: Vec<NetworkInterface>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeNetworkInterfaces => DescribeNetworkInterfacesResult);
