//! Desired states for unit tests: VPC 172.31.0.0/16 with one subnet and one group, instances numbered from 4.

use std::net::Ipv4Addr;

use api_spec::ids::{InstanceId, NetworkInterfaceId, SecurityGroupId, SubnetId, VolumeId, VpcId};
use calls::node::{
    Desired, Disk, DiskSource, Instance, Metadata, Nic, Power, Rule, RulePeer, SecurityGroup, Subnet, Vpc,
};

pub(crate) fn vpc_id() -> VpcId {
    VpcId::from_random(1)
}

pub(crate) fn group_id() -> SecurityGroupId {
    SecurityGroupId::from_random(1)
}

pub(crate) fn instance_id(number: u8) -> InstanceId {
    InstanceId::from_random(number.into())
}

pub(crate) fn volume_id(number: u8) -> VolumeId {
    VolumeId::from_random(number.into())
}

/// Anyone may come in by TCP 22 and go everywhere.
pub(crate) fn vpc() -> Vpc {
    let everyone = || RulePeer::Cidr(ipnet::Ipv4Net::default());
    Vpc {
        id: vpc_id(),
        cidr: "172.31.0.0/16".parse().unwrap(),
        subnets: vec![Subnet { id: SubnetId::from_random(1), cidr: "172.31.0.0/20".parse().unwrap() }],
        groups: vec![SecurityGroup {
            id: group_id(),
            members: vec![Ipv4Addr::new(172, 31, 0, 4), Ipv4Addr::new(172, 31, 0, 5)],
            ingress: vec![Rule { protocol: Some(6), ports: Some((22, 22)), icmp: None, peer: everyone() }],
            egress: vec![Rule { protocol: None, ports: None, icmp: None, peer: everyone() }],
        }],
    }
}

pub(crate) fn nic(number: u8) -> Nic {
    Nic {
        id: NetworkInterfaceId::from_random(number.into()),
        vpc: vpc_id(),
        subnet: SubnetId::from_random(1),
        mac: format!("02:00:00:00:00:{number:02x}"),
        address: Ipv4Addr::new(172, 31, 0, number),
        public: Some(Ipv4Addr::new(198, 18, 0, number)),
        groups: vec![group_id()],
        device_index: 0,
        host_name: format!("ip-172-31-0-{number}"),
        domain_name: "ec2.internal".into(),
    }
}

pub(crate) fn disk(number: u8) -> Disk {
    Disk {
        volume: volume_id(number),
        source: DiskSource::Qcow2(format!("/volumes/{number}").into()),
        device: "/dev/sda1".into(),
        boot: true,
    }
}

pub(crate) fn instance(number: u8) -> Instance {
    Instance {
        id: instance_id(number),
        power: Power::Running,
        start_sequence: 1,
        reboot_sequence: 0,
        vcpus: 1,
        memory_mib: 128,
        disks: vec![disk(number)],
        nics: vec![nic(number)],
        metadata: Metadata { enabled: true, ..Metadata::default() },
    }
}

pub(crate) fn desired(instances: Vec<Instance>) -> Desired {
    Desired { generation: 1, vpcs: vec![vpc()], instances }
}
