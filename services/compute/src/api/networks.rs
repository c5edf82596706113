//! VPCs, subnets and network interfaces, as they are: an account has its default VPC.

use api_spec::ApiError;
use api_spec::ec2::instances::GroupIdentifier;
use api_spec::ec2::networks::{
    self as wire, DescribeNetworkInterfaces, DescribeNetworkInterfacesResult, DescribeSubnets,
    DescribeSubnetsResult, DescribeVpcs, DescribeVpcsResult,
};
use api_spec::ids::{NetworkInterfaceId, SubnetId, VpcId};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::Read;

use super::filter::{Filtered, by_id, flag, maybe, one, page, select};
use super::shown;
use crate::domain::address::{private_name, public_name};
use crate::domain::instance::Interface;
use crate::domain::network::{Subnet, Vpc, usable_count, zone_id};
use crate::error::{Error, Kind};
use crate::service::Service;
use crate::store::security_groups::GROUPS;
use crate::store::{interfaces, networks};

impl Filtered for Vpc {
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "cidrBlock",
        "dhcp-options-id",
        "dhcpOptionsId",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "cidr" | "cidr-block" | "cidrBlock" | "cidr-block-association.cidr-block" => one(self.cidr),
            "cidr-block-association.state" => one("associated"),
            "dhcp-options-id" | "dhcpOptionsId" => one(&self.dhcp_options),
            "is-default" | "isDefault" => flag(self.is_default),
            "owner-id" => one(&self.account_id),
            "state" => one("available"),
            "vpc-id" => one(&self.id),
            _ => Vec::new(),
        }
    }
}

fn describe_vpc(vpc: &Vpc) -> wire::Vpc {
    wire::Vpc {
        owner_id: vpc.account_id.clone(),
        instance_tenancy: "default".into(),
        cidr_block_association_set: vec![wire::VpcCidrBlockAssociation {
            association_id: vpc.id.as_str().replacen("vpc-", "vpc-cidr-assoc-", 1),
            cidr_block: vpc.cidr.to_string(),
            cidr_block_state: wire::VpcCidrBlockState { state: "associated".into() },
        }],
        is_default: vpc.is_default,
        tags: shown(&vpc.tags),
        vpc_id: vpc.id.to_string(),
        state: "available".into(),
        cidr_block: vpc.cidr.to_string(),
        dhcp_options_id: vpc.dhcp_options.to_string(),
    }
}

impl Serve<DescribeVpcs> for Service {
    async fn access(&self, _: &DescribeVpcs, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeVpcs")])
    }

    async fn handle(&self, op: DescribeVpcs, caller: &Caller) -> Result<DescribeVpcsResult, ApiError> {
        self.default_vpc(caller.account_id()).await?;
        let all = networks::vpcs_of_account(&self.read()?, caller.account_id()).map_err(Error::from)?;
        let named = by_id::<_, VpcId>(all, &op.vpc_ids, Kind::Vpc, |vpc| vpc.id.to_string())?;
        let key = |vpc: &Vpc| vpc.id.to_string();
        let chosen = select(named, &op.filters)?;
        let (vpcs, next_token) = page(chosen, key, op.max_results, op.next_token.as_deref(), &op.vpc_ids)?;
        Ok(DescribeVpcsResult { next_token, vpcs: vpcs.iter().map(describe_vpc).collect() })
    }
}

/// A subnet with the addresses it has left.
struct CountedSubnet {
    subnet: Subnet,
    free: usize,
    arn: String,
}

impl Filtered for CountedSubnet {
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availability-zone-id",
        "availabilityZone",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "map-public-ip-on-launch",
        "owner-id",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];
    fn tags(&self) -> &[Tag] {
        &self.subnet.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        let subnet = &self.subnet;
        match filter {
            "availability-zone" | "availabilityZone" => one(&subnet.zone),
            "availability-zone-id" | "availabilityZoneId" => one(zone_id(&subnet.zone)),
            "available-ip-address-count" => one(self.free),
            "cidr" | "cidr-block" | "cidrBlock" => one(subnet.cidr),
            "default-for-az" | "defaultForAz" => flag(subnet.is_default),
            "map-public-ip-on-launch" => flag(subnet.map_public),
            "owner-id" => one(&subnet.account_id),
            "state" => one("available"),
            "subnet-arn" => one(&self.arn),
            "subnet-id" => one(&subnet.id),
            _ => one(&subnet.vpc),
        }
    }
}

fn describe_subnet(counted: &CountedSubnet) -> wire::Subnet {
    let subnet = &counted.subnet;
    wire::Subnet {
        availability_zone_id: zone_id(&subnet.zone),
        owner_id: subnet.account_id.clone(),
        tags: shown(&subnet.tags),
        subnet_arn: counted.arn.clone(),
        private_dns_name_options_on_launch: Some(wire::PrivateDnsNameOptionsOnLaunch {
            hostname_type: "ip-name".into(),
            enable_resource_name_dns_a_record: false,
            enable_resource_name_dns_aaaa_record: false,
        }),
        subnet_id: subnet.id.to_string(),
        state: "available".into(),
        vpc_id: subnet.vpc.to_string(),
        cidr_block: subnet.cidr.to_string(),
        available_ip_address_count: i32::try_from(counted.free).unwrap_or(i32::MAX),
        availability_zone: subnet.zone.clone(),
        default_for_az: subnet.is_default,
        map_public_ip_on_launch: subnet.map_public,
        ..wire::Subnet::default()
    }
}

impl Serve<DescribeSubnets> for Service {
    async fn access(&self, _: &DescribeSubnets, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeSubnets")])
    }

    async fn handle(&self, op: DescribeSubnets, caller: &Caller) -> Result<DescribeSubnetsResult, ApiError> {
        let account = caller.account_id();
        self.default_vpc(account).await?;
        let chosen = select(self.counted_subnets(account, &op.subnet_ids)?, &op.filters)?;
        let key = |one: &CountedSubnet| one.subnet.id.to_string();
        let (subnets, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &op.subnet_ids)?;
        Ok(DescribeSubnetsResult { next_token, subnets: subnets.iter().map(describe_subnet).collect() })
    }
}

impl Service {
    fn counted_subnets(&self, account: &str, ids: &[String]) -> Result<Vec<CountedSubnet>, Error> {
        let read = self.read()?;
        let all = networks::subnets_of_account(&read, account)?;
        by_id::<_, SubnetId>(all, ids, Kind::Subnet, |subnet| subnet.id.to_string())?
            .into_iter()
            .map(|subnet| {
                let taken = interfaces::taken(&read, &subnet.id)?.len();
                let arn = self.arn(account, "subnet", subnet.id.as_str());
                Ok(CountedSubnet { free: usable_count(subnet.cidr).saturating_sub(taken), arn, subnet })
            })
            .collect()
    }

    /// Groups as answers show them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn group_identifiers(
        &self,
        read: &impl Read,
        interface: &Interface,
    ) -> Result<Vec<GroupIdentifier>, Error> {
        let mut shown = Vec::with_capacity(interface.groups.len());
        for id in &interface.groups {
            if let Some(group) = read.get(&GROUPS, id)? {
                shown.push(GroupIdentifier { group_id: id.to_string(), group_name: group.name });
            }
        }
        Ok(shown)
    }
}

/// An interface with the names of its groups.
struct NamedInterface {
    interface: Interface,
    groups: Vec<GroupIdentifier>,
    region: String,
}

impl Filtered for NamedInterface {
    const FILTERS: &'static [&'static str] = &[
        "addresses.association.public-ip",
        "addresses.primary",
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.association-id",
        "association.ip-owner-id",
        "association.public-dns-name",
        "association.public-ip",
        "attachment.attachment-id",
        "attachment.delete-on-termination",
        "attachment.device-index",
        "attachment.instance-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "mac-address",
        "network-interface-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-managed",
        "source-dest-check",
        "status",
        "subnet-id",
        "vpc-id",
    ];
    fn tags(&self) -> &[Tag] {
        &self.interface.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        let interface = &self.interface;
        let attachment = &interface.attachment;
        let public = interface.public.as_ref();
        let elastic = public.and_then(|public| public.elastic.as_ref());
        match filter {
            "addresses.association.public-ip" | "association.public-ip" => maybe(public.map(|p| p.address)),
            "addresses.primary" | "attachment.delete-on-termination" | "source-dest-check" => flag(true),
            "addresses.private-ip-address" | "private-ip-address" => one(interface.address),
            "association.allocation-id" => maybe(elastic.map(|(allocation, _)| allocation)),
            "association.association-id" => maybe(elastic.map(|(_, association)| association)),
            "association.ip-owner-id" => maybe(public.map(|_| self.ip_owner())),
            "association.public-dns-name" => maybe(public.map(|p| public_name(p.address, &self.region))),
            "attachment.attachment-id" => one(&attachment.id),
            "attachment.device-index" => one(0),
            "attachment.instance-id" => one(&attachment.instance),
            "attachment.instance-owner-id" | "owner-id" => one(&interface.account_id),
            "attachment.status" => one("attached"),
            "availability-zone" => one(&interface.zone),
            "description" => one(&interface.description),
            "group-id" => self.groups.iter().map(|group| group.group_id.clone()).collect(),
            "group-name" => self.groups.iter().map(|group| group.group_name.clone()).collect(),
            "interface-type" => one("interface"),
            "mac-address" => one(&interface.mac),
            "network-interface-id" => one(&interface.id),
            "private-dns-name" => one(private_name(interface.address, &self.region)),
            "requester-managed" => flag(false),
            "status" => one("in-use"),
            "subnet-id" => one(&interface.subnet),
            _ => one(&interface.vpc),
        }
    }
}

impl NamedInterface {
    /// Elastic IPs are the account's, the others the cloud's.
    fn ip_owner(&self) -> String {
        match &self.interface.public {
            Some(public) if public.elastic.is_some() => self.interface.account_id.clone(),
            _ => "amazon".into(),
        }
    }

    fn describe(&self) -> wire::NetworkInterface {
        let interface = &self.interface;
        let name = private_name(interface.address, &self.region);
        let association = interface.public.as_ref().map(|public| wire::NetworkInterfaceAssociation {
            allocation_id: public.elastic.as_ref().map(|(allocation, _)| allocation.to_string()),
            association_id: public.elastic.as_ref().map(|(_, association)| association.to_string()),
            ip_owner_id: self.ip_owner(),
            public_dns_name: public_name(public.address, &self.region),
            public_ip: public.address.to_string(),
        });
        wire::NetworkInterface {
            association: association.clone(),
            attachment: Some(wire::NetworkInterfaceAttachment {
                attach_time: interface.attachment.attached_at.into(),
                attachment_id: interface.attachment.id.to_string(),
                delete_on_termination: interface.attachment.delete_on_termination,
                device_index: 0,
                network_card_index: 0,
                instance_id: interface.attachment.instance.to_string(),
                instance_owner_id: interface.account_id.clone(),
                status: "attached".into(),
            }),
            availability_zone: interface.zone.clone(),
            description: interface.description.clone(),
            groups: self.groups.clone(),
            interface_type: "interface".into(),
            mac_address: interface.mac.clone(),
            network_interface_id: interface.id.to_string(),
            owner_id: interface.account_id.clone(),
            private_dns_name: name.clone(),
            private_ip_address: interface.address.to_string(),
            private_ip_addresses: vec![wire::NetworkInterfacePrivateIpAddress {
                association,
                primary: true,
                private_dns_name: name,
                private_ip_address: interface.address.to_string(),
            }],
            requester_managed: false,
            source_dest_check: true,
            status: "in-use".into(),
            subnet_id: interface.subnet.to_string(),
            tag_set: shown(&interface.tags),
            vpc_id: interface.vpc.to_string(),
            ..wire::NetworkInterface::default()
        }
    }
}

impl Serve<DescribeNetworkInterfaces> for Service {
    async fn access(&self, _: &DescribeNetworkInterfaces, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeNetworkInterfaces")])
    }

    async fn handle(
        &self,
        op: DescribeNetworkInterfaces,
        caller: &Caller,
    ) -> Result<DescribeNetworkInterfacesResult, ApiError> {
        let read = self.read()?;
        let all = interfaces::of_account(&read, caller.account_id()).map_err(Error::from)?;
        let ids = &op.network_interface_ids;
        let named =
            by_id::<_, NetworkInterfaceId>(all, ids, Kind::NetworkInterface, |one| one.id.to_string())?;
        let named = named
            .into_iter()
            .map(|interface| {
                let groups = self.group_identifiers(&read, &interface)?;
                Ok(NamedInterface { interface, groups, region: self.region().to_owned() })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let chosen = select(named, &op.filters)?;
        let key = |one: &NamedInterface| one.interface.id.to_string();
        let (found, next_token) = page(chosen, key, op.max_results, op.next_token.as_deref(), ids)?;
        Ok(DescribeNetworkInterfacesResult {
            network_interfaces: found.iter().map(NamedInterface::describe).collect(),
            next_token,
        })
    }
}
