//! Instance types.

use api_spec::ec2::instance_types::{
    DescribeInstanceTypeOfferings, DescribeInstanceTypeOfferingsResult, DescribeInstanceTypes,
    DescribeInstanceTypesResult, EbsInfo, InstanceTypeInfo, InstanceTypeOffering, MemoryInfo, NetworkInfo,
    PlacementGroupInfo, ProcessorInfo, VCpuInfo,
};
use api_spec::{ApiError, ErrorCode};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::filter::{Filtered, flag, one, page, select};
use crate::domain::instance_type::InstanceType;
use crate::domain::network::zone_id;
use crate::error::Error;
use crate::service::Service;

impl Serve<DescribeInstanceTypes> for Service {
    async fn access(&self, _: &DescribeInstanceTypes, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeInstanceTypes")])
    }

    async fn handle(
        &self,
        op: DescribeInstanceTypes,
        _: &Caller,
    ) -> Result<DescribeInstanceTypesResult, ApiError> {
        if let Some(other) = op.instance_types.iter().find(|name| self.config.instance_type(name).is_none()) {
            let message = format!("The following supplied instance types do not exist: [{other}]");
            return Err(Error::refused(ErrorCode::InvalidInstanceType, message).into());
        }
        let named = self.config.instance_types.iter();
        let named = named.filter(|one| op.instance_types.is_empty() || op.instance_types.contains(&one.name));
        let chosen = select(named.cloned().collect(), &op.filters)?;
        let (types, next_token) = page(
            chosen,
            |one| one.name.clone(),
            op.max_results,
            op.next_token.as_deref(),
            &op.instance_types,
        )?;
        Ok(DescribeInstanceTypesResult { instance_types: types.iter().map(describe).collect(), next_token })
    }
}

impl Filtered for InstanceType {
    const FILTERS: &'static [&'static str] = &[
        "bare-metal",
        "burstable-performance-supported",
        "current-generation",
        "free-tier-eligible",
        "hypervisor",
        "instance-storage-supported",
        "instance-type",
        "memory-info.size-in-mib",
        "processor-info.supported-architecture",
        "supported-boot-mode",
        "supported-root-device-type",
        "supported-usage-class",
        "supported-virtualization-type",
        "vcpu-info.default-vcpus",
    ];
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "instance-type" => one(&self.name),
            "burstable-performance-supported" => flag(self.is_burstable()),
            "bare-metal" | "free-tier-eligible" | "instance-storage-supported" => flag(false),
            "current-generation" => flag(true),
            "hypervisor" => one("nitro"),
            "memory-info.size-in-mib" => one(self.memory_mib),
            "processor-info.supported-architecture" => one("x86_64"),
            "supported-boot-mode" => one("legacy-bios"),
            "supported-root-device-type" => one("ebs"),
            "supported-usage-class" => one("on-demand"),
            "supported-virtualization-type" => one("hvm"),
            _ => one(self.vcpus),
        }
    }
}

fn describe(one: &InstanceType) -> InstanceTypeInfo {
    let vcpus = i32::try_from(one.vcpus).unwrap_or(i32::MAX);
    InstanceTypeInfo {
        instance_type: one.name.clone(),
        current_generation: Some(true),
        free_tier_eligible: Some(false),
        supported_usage_classes: vec!["on-demand".into()],
        supported_root_device_types: vec!["ebs".into()],
        supported_virtualization_types: vec!["hvm".into()],
        bare_metal: Some(false),
        hypervisor: Some("nitro".into()),
        processor_info: Some(ProcessorInfo { supported_architectures: vec!["x86_64".into()] }),
        vcpu_info: Some(VCpuInfo {
            default_vcpus: vcpus,
            default_cores: vcpus,
            default_threads_per_core: 1,
            valid_cores: vec![vcpus],
            valid_threads_per_core: vec![1],
        }),
        memory_info: Some(MemoryInfo { size_in_mi_b: i64::try_from(one.memory_mib).unwrap_or(i64::MAX) }),
        instance_storage_supported: Some(false),
        ebs_info: Some(EbsInfo {
            ebs_optimized_support: "unsupported".into(),
            encryption_support: "unsupported".into(),
            nvme_support: "unsupported".into(),
        }),
        network_info: Some(NetworkInfo {
            network_performance: "Up to 10 Gigabit".into(),
            maximum_network_interfaces: 1,
            maximum_network_cards: 1,
            default_network_card_index: 0,
            ipv4_addresses_per_interface: 1,
            ipv6_addresses_per_interface: 0,
            ipv6_supported: false,
            ena_support: "unsupported".into(),
            efa_supported: false,
        }),
        placement_group_info: Some(PlacementGroupInfo { supported_strategies: Vec::new() }),
        hibernation_supported: Some(false),
        burstable_performance_supported: Some(one.is_burstable()),
        dedicated_hosts_supported: Some(false),
        auto_recovery_supported: Some(false),
        supported_boot_modes: vec!["legacy-bios".into()],
    }
}

impl Serve<DescribeInstanceTypeOfferings> for Service {
    async fn access(&self, _: &DescribeInstanceTypeOfferings, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeInstanceTypeOfferings")])
    }

    async fn handle(
        &self,
        op: DescribeInstanceTypeOfferings,
        _: &Caller,
    ) -> Result<DescribeInstanceTypeOfferingsResult, ApiError> {
        let kind = op.location_type.as_deref().unwrap_or("region");
        let locations: Vec<String> = match kind {
            "region" => vec![self.region().to_owned()],
            "availability-zone" => self.zones(),
            "availability-zone-id" => self.zones().iter().map(|zone| zone_id(zone)).collect(),
            other => {
                return Err(
                    Error::value(format!("Value ({other}) for parameter LocationType is invalid.")).into()
                );
            }
        };
        let all = self.config.instance_types.iter().flat_map(|one| {
            locations.iter().map(|location| InstanceTypeOffering {
                instance_type: one.name.clone(),
                location_type: kind.to_owned(),
                location: location.clone(),
            })
        });
        let chosen = select(all.collect(), &op.filters)?;
        let key = |one: &InstanceTypeOffering| format!("{} {}", one.instance_type, one.location);
        let (instance_type_offerings, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &[])?;
        Ok(DescribeInstanceTypeOfferingsResult { instance_type_offerings, next_token })
    }
}

impl Filtered for InstanceTypeOffering {
    const FILTERS: &'static [&'static str] = &["instance-type", "location"];
    fn tags(&self) -> &[Tag] {
        &[]
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "location" => one(&self.location),
            _ => one(&self.instance_type),
        }
    }
}
