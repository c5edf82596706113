//! What one VPC's namespace should be, worked out of the desired state. Pure, comparable: equal means nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use api_spec::ids::{NetworkInterfaceId, SecurityGroupId, VpcId};
use calls::node::{Desired, Nic, Rule, SecurityGroup, Vpc};
use ipnet::Ipv4Net;

use crate::names::Names;

/// A VPC on this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcSpec {
    /// Its namespace's name.
    pub namespace: String,
    /// The host's end of its way out.
    pub uplink: String,
    /// Hardware addresses of the way out: the host's end and the namespace's.
    pub uplink_macs: (String, String),
    /// Addresses and routes.
    pub base: Base,
    /// What may pass.
    pub filter: Filter,
}

/// Addresses of a namespace itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Range of the VPC.
    pub cidr: Ipv4Net,
    /// First address of each subnet.
    pub gateways: BTreeSet<Ipv4Addr>,
    /// The VPC's resolver: base plus two.
    pub resolver: Ipv4Addr,
}

/// What may pass a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The VPC's resolver.
    pub resolver: Ipv4Addr,
    /// Interfaces on this node.
    pub ports: BTreeMap<NetworkInterfaceId, Port>,
    /// Members of each group that a rule names.
    pub members: BTreeMap<SecurityGroupId, BTreeSet<Ipv4Addr>>,
}

/// One interface and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its tap.
    pub tap: String,
    /// Its hardware address.
    pub mac: String,
    /// Its private address.
    pub address: Ipv4Addr,
    /// Its public address.
    pub public: Option<Ipv4Addr>,
    /// What may come in, of all its groups.
    pub ingress: Vec<Rule>,
    /// What may go out, of all its groups.
    pub egress: Vec<Rule>,
}

impl Filter {
    /// Whether it says anything of an interface.
    pub fn has(&self, nic: &NetworkInterfaceId) -> bool {
        self.ports.contains_key(nic)
    }

    /// The interface with a private address.
    pub fn at(&self, address: Ipv4Addr) -> Option<&Port> {
        self.ports.values().find(|port| port.address == address)
    }

    /// Public and private address of every interface that has both.
    pub fn public(&self) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> + '_ {
        self.ports.values().filter_map(|port| Some((port.public?, port.address)))
    }
}

/// Every VPC of the desired state.
pub fn of(desired: &Desired, names: &Names) -> BTreeMap<VpcId, VpcSpec> {
    desired.vpcs.iter().map(|vpc| (vpc.id.clone(), vpc_spec(vpc, desired, names))).collect()
}

fn vpc_spec(vpc: &Vpc, desired: &Desired, names: &Names) -> VpcSpec {
    let nics = desired.instances.iter().flat_map(|instance| &instance.nics).filter(|nic| nic.vpc == vpc.id);
    let resolver = nth(vpc.cidr, 2);
    VpcSpec {
        namespace: names.namespace(&vpc.id),
        uplink: names.uplink(&vpc.id),
        uplink_macs: (mac(0x0a, vpc.id.as_str()), mac(0x0e, vpc.id.as_str())),
        base: Base {
            cidr: vpc.cidr,
            gateways: vpc.subnets.iter().map(|subnet| nth(subnet.cidr, 1)).collect(),
            resolver,
        },
        filter: Filter {
            resolver,
            ports: nics.map(|nic| (nic.id.clone(), port(nic, vpc, names))).collect(),
            members: vpc
                .groups
                .iter()
                .map(|group| (group.id.clone(), group.members.iter().copied().collect()))
                .collect(),
        },
    }
}

fn port(nic: &Nic, vpc: &Vpc, names: &Names) -> Port {
    let groups: Vec<&SecurityGroup> =
        vpc.groups.iter().filter(|group| nic.groups.contains(&group.id)).collect();
    Port {
        tap: names.tap(&nic.id),
        mac: nic.mac.clone(),
        address: nic.address,
        public: nic.public,
        ingress: groups.iter().flat_map(|group| group.ingress.clone()).collect(),
        egress: groups.iter().flat_map(|group| group.egress.clone()).collect(),
    }
}

/// The `n`-th address of a range.
pub fn nth(net: Ipv4Net, n: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.network()).wrapping_add(n))
}

/// A locally administered hardware address out of the last digits of an id.
fn mac(first: u8, id: &str) -> String {
    let digits = id.get(id.len().saturating_sub(8)..).unwrap_or("00000000");
    let bytes: Vec<&str> = (0..4).filter_map(|i| digits.get(2 * i..2 * i + 2)).collect();
    format!("{first:02x}:01:{}", bytes.join(":"))
}
