//! What compute is configured with.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::domain::instance_type::{self, InstanceType};
use crate::error::Error;

/// `[compute]` of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Virtual CPUs given out per thread of a host; 1 to 64.
    pub cpu_ratio: u32,
    /// Memory in MiB that each instance costs its host beside its own: QEMU itself; 0 to 4096. Memory is never
    /// overcommitted.
    pub memory_overhead_mib: u64,
    /// Address range of an account's default VPC; a /16, cut into one /20 for each availability zone.
    pub default_vpc_cidr: Ipv4Net,
    /// Elastic IPs that an account may have at once; 0 to 65536.
    pub address_limit: u32,
    /// Instances (terminated ones aside) that an account may have at once; 0 to 65536.
    pub instance_limit: u32,
    /// Hosts that run instances; 1 to 16.
    pub nodes: Vec<NodeConfig>,
    /// Instance types on offer.
    pub instance_types: Vec<InstanceType>,
    /// How long a node may fail to start an instance before the start is given up, in seconds; at most 86400.
    pub start_patience_s: u32,
    /// How long a terminated instance can still be described, in seconds.
    pub keep_terminated_s: u64,
}

/// A host that runs instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Its name: instances remember it, so it never changes.
    pub name: String,
    /// Its availability zone; none is the zone of this host.
    #[serde(default)]
    pub zone: Option<String>,
    /// Socket of its agent; none is the agent of this host.
    #[serde(default)]
    pub socket: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            cpu_ratio: 4,
            memory_overhead_mib: 96,
            default_vpc_cidr: Ipv4Net::new_assert([172, 31, 0, 0].into(), 16),
            address_limit: 16,
            instance_limit: 256,
            nodes: vec![NodeConfig { name: "local".into(), zone: None, socket: None }],
            instance_types: instance_type::delivered(),
            start_patience_s: 600,
            keep_terminated_s: 3600,
        }
    }
}

impl Config {
    /// Refuses what cannot work.
    ///
    /// # Errors
    /// Names the value that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |why: String| Err(Error::Config(why));
        if !(1..=64).contains(&self.cpu_ratio) {
            return wrong("cpu_ratio must be 1 to 64".into());
        }
        if self.memory_overhead_mib > 4096 {
            return wrong("memory_overhead_mib must be at most 4096".into());
        }
        if self.start_patience_s > 86_400 {
            return wrong("start_patience_s must be at most 86400".into());
        }
        if self.default_vpc_cidr.prefix_len() != 16 || self.default_vpc_cidr.trunc() != self.default_vpc_cidr
        {
            return wrong(format!("default_vpc_cidr {} is not a /16 network", self.default_vpc_cidr));
        }
        if self.nodes.is_empty() || self.nodes.len() > 16 {
            return wrong("there must be 1 to 16 nodes".into());
        }
        let names: BTreeSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        if names.len() != self.nodes.len() || names.contains("") {
            return wrong("every node needs a name of its own".into());
        }
        self.check_types()
    }

    fn check_types(&self) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for one in &self.instance_types {
            let fine = (1..=256).contains(&one.vcpus) && (64..=(4 << 20)).contains(&one.memory_mib);
            if !fine || !one.name.contains('.') || !seen.insert(one.name.as_str()) {
                return Err(Error::Config(format!(
                    "instance type \"{}\" needs a unique name like t2.nano, 1 to 256 vcpus and 64 to 4194304 memory_mib",
                    one.name
                )));
            }
        }
        Ok(())
    }

    /// The instance type of this name.
    pub fn instance_type(&self, name: &str) -> Option<&InstanceType> {
        self.instance_types.iter().find(|one| one.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_what_cannot_work_is_named() {
        Config::default().check().unwrap();
        let wrong = [
            (Config { cpu_ratio: 0, ..Config::default() }, "cpu_ratio"),
            (Config { nodes: vec![], ..Config::default() }, "nodes"),
            (
                Config { default_vpc_cidr: "10.0.0.0/8".parse().unwrap(), ..Config::default() },
                "default_vpc_cidr",
            ),
        ];
        for (config, name) in wrong {
            assert!(config.check().unwrap_err().to_string().contains(name));
        }
    }
}
