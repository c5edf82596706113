//! What a node should run, made of what compute remembers: a pure function of the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use api_spec::ids::{SecurityGroupId, VpcId};
use calls::node::{self, Desired, Nic, Power};

use super::address;
use super::instance::{Instance, Interface};
use super::life::{State, Wish};
use super::metadata;
use super::network::{Subnet, Vpc};
use super::security_group::{Peer, SecurityGroup, for_node};

/// All that a node's desired state is made of.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Instances of the node with their interfaces.
    pub instances: Vec<(Instance, Interface)>,
    /// VPCs.
    pub vpcs: BTreeMap<VpcId, Vpc>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
    /// Their security groups.
    pub groups: BTreeMap<SecurityGroupId, SecurityGroup>,
    /// Private addresses of the members of each group, on all nodes.
    pub members: BTreeMap<SecurityGroupId, Vec<Ipv4Addr>>,
}

impl World {
    /// The desired state.
    pub fn desired(&self, generation: u64, region: &str) -> Desired {
        let wanted: Vec<&(Instance, Interface)> =
            self.instances.iter().filter(|(instance, _)| is_wanted(instance)).collect();
        let vpcs: BTreeSet<&VpcId> = wanted.iter().map(|(_, interface)| &interface.vpc).collect();
        Desired {
            generation,
            vpcs: vpcs.into_iter().filter_map(|id| self.vpc(id, &wanted)).collect(),
            instances: wanted
                .iter()
                .filter_map(|(instance, interface)| self.instance(instance, interface, region))
                .collect(),
        }
    }

    fn vpc(&self, id: &VpcId, wanted: &[&(Instance, Interface)]) -> Option<node::Vpc> {
        let vpc = self.vpcs.get(id)?;
        let mut groups: BTreeSet<&SecurityGroupId> =
            wanted.iter().filter(|(_, nic)| nic.vpc == *id).flat_map(|(_, nic)| &nic.groups).collect();
        let mentioned: Vec<&SecurityGroupId> = groups
            .iter()
            .filter_map(|id| self.groups.get(*id))
            .flat_map(|group| &group.rules)
            .filter_map(|rule| match &rule.allow.peer {
                Peer::Group(group) => Some(group),
                Peer::Cidr(_) => None,
            })
            .collect();
        groups.extend(mentioned);
        Some(node::Vpc {
            id: id.clone(),
            cidr: vpc.cidr,
            subnets: self
                .subnets
                .iter()
                .filter(|subnet| subnet.vpc == *id)
                .map(|subnet| node::Subnet { id: subnet.id.clone(), cidr: subnet.cidr })
                .collect(),
            groups: groups
                .into_iter()
                .filter_map(|id| self.groups.get(id))
                .map(|one| self.group(one))
                .collect(),
        })
    }

    fn group(&self, group: &SecurityGroup) -> node::SecurityGroup {
        let rules = |egress: bool| {
            group
                .rules
                .iter()
                .filter(|rule| rule.allow.egress == egress)
                .map(|rule| for_node(&rule.allow))
                .collect()
        };
        node::SecurityGroup {
            id: group.id.clone(),
            members: self.members.get(&group.id).cloned().unwrap_or_default(),
            ingress: rules(false),
            egress: rules(true),
        }
    }

    fn instance(&self, instance: &Instance, interface: &Interface, region: &str) -> Option<node::Instance> {
        let group_names: Vec<String> = interface
            .groups
            .iter()
            .filter_map(|id| self.groups.get(id))
            .map(|group| group.name.clone())
            .collect();
        let metadata = metadata::document(&metadata::Source {
            instance,
            interface,
            subnet: self.subnets.iter().find(|subnet| subnet.id == interface.subnet)?,
            vpc: self.vpcs.get(&interface.vpc)?,
            group_names: &group_names,
            region,
        });
        let mut disks: Vec<node::Disk> =
            instance.disks.iter().flatten().map(|one| one.disk.clone()).collect();
        disks.sort_by_key(|disk| !disk.boot);
        Some(node::Instance {
            id: instance.id.clone(),
            power: power(instance.life.wish)?,
            start_sequence: instance.life.start_sequence,
            reboot_sequence: instance.life.reboot_sequence,
            vcpus: instance.vcpus,
            memory_mib: instance.memory_mib,
            disks,
            nics: vec![nic(interface, region)],
            metadata,
        })
    }
}

/// Instances that end are absent, and so are those whose disks have not been made.
fn is_wanted(instance: &Instance) -> bool {
    instance.disks.is_some()
        && instance.life.wish != Wish::Gone
        && !matches!(instance.life.state, State::ShuttingDown | State::Terminated)
}

fn power(wish: Wish) -> Option<Power> {
    match wish {
        Wish::Running => Some(Power::Running),
        Wish::Stopped => Some(Power::Stopped),
        Wish::ForcedOff => Some(Power::ForcedOff),
        Wish::Gone => None,
    }
}

fn nic(interface: &Interface, region: &str) -> Nic {
    Nic {
        id: interface.id.clone(),
        vpc: interface.vpc.clone(),
        subnet: interface.subnet.clone(),
        mac: interface.mac.clone(),
        address: interface.address,
        public: interface.public.as_ref().map(|public| public.address),
        groups: interface.groups.clone(),
        device_index: 0,
        host_name: address::host_name(interface.address),
        domain_name: address::private_domain(region),
    }
}
