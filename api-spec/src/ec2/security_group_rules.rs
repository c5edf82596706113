//! Rules of security groups.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;
use super::common::Tag;
use super::common::TagSpecification;
use super::security_groups::IpPermission;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupRules {
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    #[serde(rename = "SecurityGroupRuleId")]
    pub security_group_rule_ids: Vec<String>,
    pub next_token: Option<String>,
    pub max_results: Option<i32>,
}

/// `ReferencedSecurityGroup` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferencedSecurityGroup {
    pub group_id: String,
    pub user_id: String,
}

/// `SecurityGroupRule` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRule {
    pub security_group_rule_id: String,
    pub group_id: String,
    pub group_owner_id: String,
    pub is_egress: bool,
    pub ip_protocol: String,
    pub from_port: i32,
    pub to_port: i32,
    pub cidr_ipv4: Option<String>,
    pub referenced_group_info: Option<ReferencedSecurityGroup>,
    pub description: Option<String>,
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    pub security_group_rule_arn: Option<String>,
}

/// The answer of DescribeSecurityGroupRules.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupRulesResult {
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
    pub next_token: Option<String>,
}

crate::operation!(Ec2, DescribeSecurityGroupRules => DescribeSecurityGroupRulesResult);

/// `UserIdGroupPair` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestGroupPair {
    pub description: Option<String>,
    pub user_id: Option<String>,
    pub group_name: Option<String>,
    pub group_id: Option<String>,
    pub vpc_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub peering_status: Option<String>,
}

/// `IpRange` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestIpRange {
    pub cidr_ip: Option<String>,
    pub description: Option<String>,
}

/// `Ipv6Range` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestIpv6Range {
    pub cidr_ipv6: Option<String>,
    pub description: Option<String>,
}

/// `PrefixListId` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPrefixListId {
    pub prefix_list_id: Option<String>,
    pub description: Option<String>,
}

/// `IpPermission` of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestIpPermission {
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    #[serde(rename = "Groups")]
    pub user_id_group_pairs: Vec<RequestGroupPair>,
    pub ip_ranges: Vec<RequestIpRange>,
    pub ipv6_ranges: Vec<RequestIpv6Range>,
    pub prefix_list_ids: Vec<RequestPrefixListId>,
}

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupIngress {
    pub cidr_ip: Option<String>,
    pub from_port: Option<i32>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    pub ip_permissions: Vec<RequestIpPermission>,
    pub ip_protocol: Option<String>,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub to_port: Option<i32>,
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The answer of AuthorizeSecurityGroupIngress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupIngressResult {
    #[serde(rename = "return")]
    pub value: bool,
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

crate::operation!(Ec2, AuthorizeSecurityGroupIngress => AuthorizeSecurityGroupIngressResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupEgress {
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
    pub group_id: String,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ip: Option<String>,
    pub ip_permissions: Vec<RequestIpPermission>,
}

/// The answer of AuthorizeSecurityGroupEgress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupEgressResult {
    #[serde(rename = "return")]
    pub value: bool,
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

crate::operation!(Ec2, AuthorizeSecurityGroupEgress => AuthorizeSecurityGroupEgressResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeSecurityGroupIngress {
    pub cidr_ip: Option<String>,
    pub from_port: Option<i32>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    pub ip_permissions: Vec<RequestIpPermission>,
    pub ip_protocol: Option<String>,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub to_port: Option<i32>,
    #[serde(rename = "SecurityGroupRuleId")]
    pub security_group_rule_ids: Vec<String>,
}

/// `RevokedSecurityGroupRule` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedSecurityGroupRule {
    pub security_group_rule_id: String,
    pub group_id: String,
    pub is_egress: bool,
    pub ip_protocol: String,
    pub from_port: i32,
    pub to_port: i32,
    pub cidr_ipv4: Option<String>,
    pub referenced_group_id: Option<String>,
    pub description: Option<String>,
}

/// The answer of RevokeSecurityGroupIngress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSecurityGroupIngressResult {
    #[serde(rename = "return")]
    pub value: bool,
    #[serde(rename = "unknownIpPermissionSet")]
    pub unknown_ip_permissions: Vec<IpPermission>,
    #[serde(rename = "revokedSecurityGroupRuleSet")]
    pub revoked_security_group_rules: Vec<RevokedSecurityGroupRule>,
}

crate::operation!(Ec2, RevokeSecurityGroupIngress => RevokeSecurityGroupIngressResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeSecurityGroupEgress {
    #[serde(rename = "SecurityGroupRuleId")]
    pub security_group_rule_ids: Vec<String>,
    pub group_id: String,
    pub source_security_group_name: Option<String>,
    pub source_security_group_owner_id: Option<String>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub cidr_ip: Option<String>,
    pub ip_permissions: Vec<RequestIpPermission>,
}

/// The answer of RevokeSecurityGroupEgress.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSecurityGroupEgressResult {
    #[serde(rename = "return")]
    pub value: bool,
    #[serde(rename = "unknownIpPermissionSet")]
    pub unknown_ip_permissions: Vec<IpPermission>,
    #[serde(rename = "revokedSecurityGroupRuleSet")]
    pub revoked_security_group_rules: Vec<RevokedSecurityGroupRule>,
}

crate::operation!(Ec2, RevokeSecurityGroupEgress => RevokeSecurityGroupEgressResult);
