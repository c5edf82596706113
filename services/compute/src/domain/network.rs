//! VPCs and subnets; the default VPC that each account has.

use std::net::Ipv4Addr;

use api_spec::ids::{DhcpOptionsId, SubnetId, VpcId};
use calls::Tag;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Owner.
    pub account_id: String,
    /// Address range.
    pub cidr: Ipv4Net,
    /// Whether it is the account's default VPC.
    pub is_default: bool,
    /// Its DHCP options.
    pub dhcp_options: DhcpOptionsId,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Owner.
    pub account_id: String,
    /// Its VPC.
    pub vpc: VpcId,
    /// Address range.
    pub cidr: Ipv4Net,
    /// Availability zone.
    pub zone: String,
    /// Whether it is its zone's default subnet.
    pub is_default: bool,
    /// Whether instances get public addresses unless they ask otherwise.
    pub map_public: bool,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// The /20s of a default VPC, one a zone.
pub fn default_subnets(vpc: Ipv4Net, zones: &[String]) -> Vec<(String, Ipv4Net)> {
    let ranges = vpc.subnets(20).into_iter().flatten();
    zones.iter().cloned().zip(ranges).collect()
}

/// Addresses that interfaces may have: all but the first four and the last, as in AWS.
pub fn usable(subnet: Ipv4Net) -> impl Iterator<Item = Ipv4Addr> {
    let first = u32::from(subnet.network()).saturating_add(4);
    let end = u32::from(subnet.broadcast());
    (first..end).map(Ipv4Addr::from)
}

/// Whether an interface may have this address.
pub fn is_usable(subnet: Ipv4Net, address: Ipv4Addr) -> bool {
    let first = u32::from(subnet.network()).saturating_add(4);
    (first..u32::from(subnet.broadcast())).contains(&u32::from(address))
}

/// How many addresses interfaces may have in all.
pub fn usable_count(subnet: Ipv4Net) -> usize {
    usize::try_from(
        u32::from(subnet.broadcast()).saturating_sub(u32::from(subnet.network())).saturating_sub(4),
    )
    .unwrap_or(usize::MAX)
}

/// AWS's id of a zone: `us-east-1a` is `use1-az1`.
pub fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let parts: Vec<&str> = region.split('-').collect();
    let number = letter.bytes().next().map_or(1, |b| b.to_ascii_lowercase().saturating_sub(b'a') + 1);
    match parts.as_slice() {
        [area, direction, digit] => {
            let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
            let direction = match *direction {
                "northeast" => "ne".into(),
                "northwest" => "nw".into(),
                "southeast" => "se".into(),
                "southwest" => "sw".into(),
                other => first(other),
            };
            format!("{area}{direction}{digit}-az{number}")
        }
        _ => format!("{region}-az{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_vpc_has_a_subnet_for_each_zone() {
        let cut = default_subnets("172.31.0.0/16".parse().unwrap(), &["a".into(), "b".into()]);
        let ranges: Vec<String> = cut.iter().map(|(zone, range)| format!("{zone} {range}")).collect();
        assert_eq!(ranges, ["a 172.31.0.0/20", "b 172.31.16.0/20"]);
    }

    #[test]
    fn four_addresses_and_the_last_are_kept_back() {
        let subnet: Ipv4Net = "10.0.0.0/28".parse().unwrap();
        let all: Vec<Ipv4Addr> = usable(subnet).collect();
        assert_eq!((all[0], *all.last().unwrap()), ([10, 0, 0, 4].into(), [10, 0, 0, 14].into()));
        assert_eq!(usable_count(subnet), all.len());
        assert!(!is_usable(subnet, [10, 0, 0, 3].into()) && !is_usable(subnet, [10, 0, 0, 15].into()));
    }

    #[test]
    fn zone_ids_look_as_in_aws() {
        assert_eq!(zone_id("us-east-1a"), "use1-az1");
        assert_eq!(zone_id("ap-southeast-2c"), "apse2-az3");
    }
}
