//! Elastic IP addresses.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::common::TagSpecification;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocateAddress {
    pub domain: Option<String>,
    pub address: Option<String>,
    pub public_ipv4_pool: Option<String>,
    pub network_border_group: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The answer of AllocateAddress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllocateAddressResult {
    pub allocation_id: String,
    pub public_ipv4_pool: String,
    pub network_border_group: String,
    pub domain: String,
    pub public_ip: String,
}

crate::operation!(Ec2, AllocateAddress => AllocateAddressResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReleaseAddress {
    pub allocation_id: Option<String>,
    pub public_ip: Option<String>,
    pub network_border_group: Option<String>,
}

crate::operation!(Ec2, ReleaseAddress => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateAddress {
    pub allocation_id: Option<String>,
    pub instance_id: Option<String>,
    pub public_ip: Option<String>,
    pub network_interface_id: Option<String>,
    pub private_ip_address: Option<String>,
    pub allow_reassociation: Option<bool>,
}

/// The answer of AssociateAddress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateAddressResult {
    pub association_id: String,
}

crate::operation!(Ec2, AssociateAddress => AssociateAddressResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisassociateAddress {
    pub association_id: Option<String>,
    pub public_ip: Option<String>,
}

crate::operation!(Ec2, DisassociateAddress => crate::Return);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAddresses {
    #[serde(rename = "PublicIp")]
    pub public_ips: Vec<String>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    #[serde(rename = "AllocationId")]
    pub allocation_ids: Vec<String>,
}

/// `Address` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub allocation_id: String,
    pub association_id: Option<String>,
    pub domain: String,
    pub network_interface_id: Option<String>,
    pub network_interface_owner_id: Option<String>,
    pub private_ip_address: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub public_ipv4_pool: String,
    pub network_border_group: String,
    pub instance_id: Option<String>,
    pub public_ip: String,
}

/// The answer of DescribeAddresses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAddressesResult {
    #[serde(rename = "addressesSet")]
    pub addresses: Vec<Address>,
}

crate::operation!(Ec2, DescribeAddresses => DescribeAddressesResult);
