//! Regions, availability zones and account attributes.

#![allow(missing_docs, reason = "every field is AWS's parameter or element of the same name")]

use serde::{Deserialize, Serialize};

use super::common::Filter;

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegions {
    #[serde(rename = "RegionName")]
    pub region_names: Vec<String>,
    pub all_regions: Option<bool>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `Region` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    pub opt_in_status: String,
    pub region_name: String,
    #[serde(rename = "regionEndpoint")]
    pub endpoint: String,
}

/// The answer of DescribeRegions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRegionsResult {
    #[serde(rename = "regionInfo")]
    pub regions: Vec<Region>,
}

crate::operation!(Ec2, DescribeRegions => DescribeRegionsResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAvailabilityZones {
    #[serde(rename = "ZoneName")]
    pub zone_names: Vec<String>,
    #[serde(rename = "ZoneId")]
    pub zone_ids: Vec<String>,
    pub all_availability_zones: Option<bool>,
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
}

/// `AvailabilityZoneMessage` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZoneMessage {
    pub message: String,
}

/// `AvailabilityZone` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZone {
    pub opt_in_status: String,
    #[serde(rename = "messageSet")]
    pub messages: Vec<AvailabilityZoneMessage>,
    pub region_name: String,
    pub zone_name: String,
    pub zone_id: String,
    pub group_name: String,
    pub network_border_group: String,
    pub zone_type: String,
    #[serde(rename = "zoneState")]
    pub state: String,
}

/// The answer of DescribeAvailabilityZones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAvailabilityZonesResult {
    #[serde(rename = "availabilityZoneInfo")]
    pub availability_zones: Vec<AvailabilityZone>,
}

crate::operation!(Ec2, DescribeAvailabilityZones => DescribeAvailabilityZonesResult);

/// The action.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAccountAttributes {
    #[serde(rename = "AttributeName")]
    pub attribute_names: Vec<String>,
}

/// `AccountAttributeValue` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAttributeValue {
    pub attribute_value: String,
}

/// `AccountAttribute` of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountAttribute {
    pub attribute_name: String,
    #[serde(rename = "attributeValueSet")]
    pub attribute_values: Vec<AccountAttributeValue>,
}

/// The answer of DescribeAccountAttributes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeAccountAttributesResult {
    #[serde(rename = "accountAttributeSet")]
    pub account_attributes: Vec<AccountAttribute>,
}

crate::operation!(Ec2, DescribeAccountAttributes => DescribeAccountAttributesResult);
