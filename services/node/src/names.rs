//! How things on the host that belong to this node are called. Everything carries the configured prefix, so that
//! several nodes can share a machine and leftovers are found.
//!
//! Interface names hold 15 bytes: prefix (at most 5), dash, kind, last 8 hex digits of the id they stand for.

use api_spec::ids::{InstanceId, NetworkInterfaceId, VpcId};

/// Names under one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names under `prefix`.
    pub fn new(prefix: &str) -> Self {
        Names { prefix: prefix.to_owned() }
    }

    /// libvirt's name of an instance's domain.
    pub fn domain(&self, instance: &InstanceId) -> String {
        format!("{}-{instance}", self.prefix)
    }

    /// The instance that a domain of this node belongs to.
    pub fn instance_of_domain(&self, domain: &str) -> Option<InstanceId> {
        domain.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?.parse().ok()
    }

    /// Network namespace of a VPC.
    pub fn namespace(&self, vpc: &VpcId) -> String {
        format!("{}-{vpc}", self.prefix)
    }

    /// The VPC that a namespace of this node belongs to.
    pub fn vpc_of_namespace(&self, namespace: &str) -> Option<VpcId> {
        namespace.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?.parse().ok()
    }

    /// Host end of a VPC's way out.
    pub fn uplink(&self, vpc: &VpcId) -> String {
        format!("{}u{}", self.link_prefix(), tail(vpc.as_str()))
    }

    /// What every VPC's host end begins with.
    pub fn uplink_prefix(&self) -> String {
        format!("{}u", self.link_prefix())
    }

    /// The tap device of a network interface.
    pub fn tap(&self, nic: &NetworkInterfaceId) -> String {
        format!("{}t{}", self.link_prefix(), tail(nic.as_str()))
    }

    /// What every tap device begins with.
    pub fn tap_prefix(&self) -> String {
        format!("{}t", self.link_prefix())
    }

    /// The host's own nftables table.
    pub fn host_table(&self) -> String {
        format!("{}_host", self.prefix)
    }

    fn link_prefix(&self) -> String {
        format!("{}-", self.prefix)
    }
}

fn tail(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

/// The domain's UUID: `ec2` (guests take that for Amazon's mark), the instance's digits, zeros.
pub fn domain_uuid(instance: &InstanceId) -> String {
    let digits = instance.as_str().split('-').next_back().unwrap_or_default();
    let hex = format!("ec2{digits:0<29}");
    [&hex[0..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_kernel_and_read_back() {
        let names = Names::new("murus");
        let instance: InstanceId = "i-0123456789abcdef0".parse().unwrap();
        let vpc: VpcId = "vpc-0123456789abcdef0".parse().unwrap();
        let nic: NetworkInterfaceId = "eni-0123456789abcdef0".parse().unwrap();
        assert_eq!(names.tap(&nic), "murus-t9abcdef0");
        assert!(names.tap(&nic).len() <= 15 && names.uplink(&vpc).len() <= 15);
        assert_eq!(names.instance_of_domain(&names.domain(&instance)), Some(instance));
        assert_eq!(names.vpc_of_namespace(&names.namespace(&vpc)), Some(vpc));
        assert_eq!(names.instance_of_domain("murusx-i-0123456789abcdef0"), None);
    }

    #[test]
    fn a_domain_uuid_begins_with_ec2_and_is_well_formed_for_short_ids_too() {
        let long = domain_uuid(&"i-0123456789abcdef0".parse().unwrap());
        assert_eq!(long, "ec201234-5678-9abc-def0-000000000000");
        assert_eq!(domain_uuid(&"i-01234567".parse().unwrap()), "ec201234-5670-0000-0000-000000000000");
    }
}
