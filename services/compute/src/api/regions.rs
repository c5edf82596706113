//! Regions, zones and account attributes.

use api_spec::ApiError;
use api_spec::ec2::regions::{
    AccountAttribute, AccountAttributeValue, AvailabilityZone, DescribeAccountAttributes,
    DescribeAccountAttributesResult, DescribeAvailabilityZones, DescribeAvailabilityZonesResult,
    DescribeRegions, DescribeRegionsResult, Region,
};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::filter::{Filtered, by_name, one, select};
use crate::domain::network::zone_id;
use crate::error::{Error, Kind};
use crate::service::Service;

impl Serve<DescribeRegions> for Service {
    async fn access(&self, _: &DescribeRegions, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeRegions")])
    }

    async fn handle(&self, op: DescribeRegions, _: &Caller) -> Result<DescribeRegionsResult, ApiError> {
        let name = self.region().to_owned();
        if let Some(other) = op.region_names.iter().find(|other| **other != name) {
            return Err(Error::value(format!("Invalid region names: [{other}]")).into());
        }
        let region = Region {
            opt_in_status: "opt-in-not-required".into(),
            endpoint: format!("ec2.{name}.amazonaws.com"),
            region_name: name,
        };
        Ok(DescribeRegionsResult { regions: select(vec![region], &op.filters)? })
    }
}

impl Filtered for Region {
    const FILTERS: &'static [&'static str] = &["endpoint", "opt-in-status", "region-name"];
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "endpoint" => one(&self.endpoint),
            "opt-in-status" => one(&self.opt_in_status),
            _ => one(&self.region_name),
        }
    }
}

impl Serve<DescribeAvailabilityZones> for Service {
    async fn access(&self, _: &DescribeAvailabilityZones, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeAvailabilityZones")])
    }

    async fn handle(
        &self,
        op: DescribeAvailabilityZones,
        _: &Caller,
    ) -> Result<DescribeAvailabilityZonesResult, ApiError> {
        let region = self.region().to_owned();
        let zones = self.zones().into_iter().map(|zone| AvailabilityZone {
            opt_in_status: "opt-in-not-required".into(),
            messages: Vec::new(),
            region_name: region.clone(),
            zone_id: zone_id(&zone),
            zone_name: zone,
            group_name: region.clone(),
            network_border_group: region.clone(),
            zone_type: "availability-zone".into(),
            state: "available".into(),
        });
        let zones = by_name(zones.collect(), &op.zone_names, Kind::Zone, |zone| zone.zone_name.clone())?;
        let zones = by_name(zones, &op.zone_ids, Kind::Zone, |zone| zone.zone_id.clone())?;
        Ok(DescribeAvailabilityZonesResult { availability_zones: select(zones, &op.filters)? })
    }
}

impl Filtered for AvailabilityZone {
    const FILTERS: &'static [&'static str] = &[
        "group-name",
        "message",
        "opt-in-status",
        "parent-zone-id",
        "parent-zone-name",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "group-name" => one(&self.group_name),
            "opt-in-status" => one(&self.opt_in_status),
            "region-name" => one(&self.region_name),
            "state" => one(&self.state),
            "zone-id" => one(&self.zone_id),
            "zone-name" => one(&self.zone_name),
            "zone-type" => one(&self.zone_type),
            _ => Vec::new(),
        }
    }
}

impl Serve<DescribeAccountAttributes> for Service {
    async fn access(&self, _: &DescribeAccountAttributes, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeAccountAttributes")])
    }

    async fn handle(
        &self,
        op: DescribeAccountAttributes,
        caller: &Caller,
    ) -> Result<DescribeAccountAttributesResult, ApiError> {
        let vpc = self.default_vpc(caller.account_id()).await?;
        let addresses = self.config.address_limit.to_string();
        let all = [
            ("supported-platforms", "VPC".to_owned()),
            ("vpc-max-security-groups-per-interface", "5".into()),
            ("max-elastic-ips", addresses.clone()),
            ("max-instances", self.config.instance_limit.to_string()),
            ("vpc-max-elastic-ips", addresses),
            ("default-vpc", vpc.id.to_string()),
        ];
        if let Some(other) =
            op.attribute_names.iter().find(|name| !all.iter().any(|(known, _)| known == name))
        {
            return Err(
                Error::value(format!("Value ({other}) for parameter attributeName is invalid.")).into()
            );
        }
        let account_attributes = all
            .into_iter()
            .filter(|(name, _)| {
                op.attribute_names.is_empty() || op.attribute_names.iter().any(|one| one == name)
            })
            .map(|(name, value)| AccountAttribute {
                attribute_name: name.into(),
                attribute_values: vec![AccountAttributeValue { attribute_value: value }],
            })
            .collect();
        Ok(DescribeAccountAttributesResult { account_attributes })
    }
}
