//! Security groups.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::common::TagSpecification;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecurityGroup {
    #[serde(rename = "GroupDescription")]
    pub description: String,
    pub group_name: String,
    pub vpc_id: Option<String>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The answer of CreateSecurityGroup.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecurityGroupResult {
    pub group_id: String,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub security_group_arn: String,
}

crate::operation!(Ec2, CreateSecurityGroup => CreateSecurityGroupResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecurityGroup {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
}

/// The answer of DeleteSecurityGroup.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecurityGroupResult {
    #[serde(rename = "return")]
    pub value: bool,
    pub group_id: String,
}

crate::operation!(Ec2, DeleteSecurityGroup => DeleteSecurityGroupResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroups {
    #[serde(rename = "GroupId")]
    pub group_ids: Vec<String>,
    #[serde(rename = "GroupName")]
    pub group_names: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `UserIdGroupPair` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdGroupPair {
    pub description: Option<String>,
    pub user_id: String,
    pub group_id: String,
}

/// `IpRange` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpRange {
    pub description: Option<String>,
    pub cidr_ip: String,
}

/// `Ipv6Range` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv6Range {
    pub description: Option<String>,
    pub cidr_ipv6: String,
}

/// `PrefixListId` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixListId {
    pub prefix_list_id: String,
}

/// `IpPermission` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpPermission {
    pub ip_protocol: String,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    #[serde(rename = "groups")]
    pub user_id_group_pairs: Vec<UserIdGroupPair>,
    pub ip_ranges: Vec<IpRange>,
    pub ipv6_ranges: Vec<Ipv6Range>,
    pub prefix_list_ids: Vec<PrefixListId>,
}

/// `SecurityGroup` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    pub group_id: String,
    pub ip_permissions_egress: Vec<IpPermission>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub vpc_id: String,
    pub security_group_arn: String,
    pub owner_id: String,
    pub group_name: String,
    #[serde(rename = "groupDescription")]
    pub description: String,
    pub ip_permissions: Vec<IpPermission>,
}

/// The answer of DescribeSecurityGroups.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupsResult {
    pub next_token: Option<String>,
    #[serde(rename = "securityGroupInfo")]
    pub security_groups: Vec<SecurityGroup>,
}

crate::operation!(Ec2, DescribeSecurityGroups => DescribeSecurityGroupsResult);
