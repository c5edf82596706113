//! Public addresses and the names of addresses.

use std::net::Ipv4Addr;

use api_spec::ids::{AllocationId, AssociationId, InstanceId, NetworkInterfaceId};
use calls::Tag;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// An elastic IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Its allocation.
    pub allocation_id: AllocationId,
    /// Owner.
    pub account_id: String,
    /// The address.
    pub address: Ipv4Addr,
    /// What it is mapped to.
    pub association: Option<Association>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}

/// An elastic IP's mapping to an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// Its id.
    pub id: AssociationId,
    /// The interface.
    pub interface: NetworkInterfaceId,
    /// The instance that has it.
    pub instance: Option<InstanceId>,
    /// The private address it is mapped to.
    pub private: Ipv4Addr,
}

/// Who has an address of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublicUse {
    /// An elastic IP.
    Elastic(AllocationId),
    /// An interface, for as long as its instance runs.
    Interface(NetworkInterfaceId),
}

/// The addresses of a pool that can be given out: all but network, first and broadcast address.
pub fn assignable(pool: Ipv4Net) -> std::ops::Range<u32> {
    u32::from(pool.network()).saturating_add(2)..u32::from(pool.broadcast())
}

/// The next free address of the pool, going round from behind the last one given.
pub fn next_free(pool: Ipv4Net, last: Option<u32>, taken: impl Fn(u32) -> bool) -> Option<Ipv4Addr> {
    let range = assignable(pool);
    let from = last.map_or(range.start, |last| last.saturating_add(1)).clamp(range.start, range.end);
    (from..range.end).chain(range.start..from).find(|at| !taken(*at)).map(Ipv4Addr::from)
}

/// What private names end in.
pub fn private_domain(region: &str) -> String {
    match region {
        "us-east-1" => "ec2.internal".into(),
        other => format!("{other}.compute.internal"),
    }
}

/// `ip-172-31-0-5`.
pub fn host_name(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("ip-{a}-{b}-{c}-{d}")
}

/// `ip-172-31-0-5.ec2.internal`.
pub fn private_name(address: Ipv4Addr, region: &str) -> String {
    format!("{}.{}", host_name(address), private_domain(region))
}

/// `ec2-198-18-0-5.compute-1.amazonaws.com`.
pub fn public_name(address: Ipv4Addr, region: &str) -> String {
    let [a, b, c, d] = address.octets();
    let domain = match region {
        "us-east-1" => "compute-1".to_owned(),
        other => format!("{other}.compute"),
    };
    format!("ec2-{a}-{b}-{c}-{d}.{domain}.amazonaws.com")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_pool_goes_round_and_keeps_its_edges() {
        let pool: Ipv4Net = "198.18.0.0/29".parse().unwrap();
        let mut taken = BTreeSet::new();
        let mut last = None;
        for expected in [2, 3, 4, 5, 6] {
            let got = next_free(pool, last, |at| taken.contains(&at)).unwrap();
            assert_eq!(got, Ipv4Addr::from([198, 18, 0, expected]));
            last = Some(got.into());
            taken.insert(u32::from(got));
        }
        assert_eq!(next_free(pool, last, |at| taken.contains(&at)), None);
        taken.remove(&u32::from(Ipv4Addr::from([198, 18, 0, 3])));
        assert_eq!(next_free(pool, last, |at| taken.contains(&at)), Some([198, 18, 0, 3].into()));
        taken.clear();
        assert_eq!(
            next_free(pool, Some(u32::from(Ipv4Addr::from([198, 18, 0, 3]))), |_| false),
            Some([198, 18, 0, 4].into())
        );
    }

    #[test]
    fn names_look_as_in_aws() {
        let (private, public) = (Ipv4Addr::from([172, 31, 0, 5]), Ipv4Addr::from([198, 18, 0, 5]));
        assert_eq!(private_name(private, "us-east-1"), "ip-172-31-0-5.ec2.internal");
        assert_eq!(private_name(private, "eu-west-1"), "ip-172-31-0-5.eu-west-1.compute.internal");
        assert_eq!(public_name(public, "us-east-1"), "ec2-198-18-0-5.compute-1.amazonaws.com");
        assert_eq!(public_name(public, "eu-west-1"), "ec2-198-18-0-5.eu-west-1.compute.amazonaws.com");
    }
}
