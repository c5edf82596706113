//! What a node is configured with.

use std::path::PathBuf;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// `[node]` of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What names of domains, namespaces, interfaces and tables begin with: 1 to 5 lower-case letters and digits, a
    /// letter first. Nodes with different prefixes can share a machine.
    pub prefix: String,
    /// How to reach libvirt.
    pub libvirt_uri: String,
    /// Where this node keeps what must survive; none means the service's folder below `data_dir`.
    pub state_dir: Option<PathBuf>,
    /// Public addresses: `public_pool` at the top of the file, put here by who reads it. The host gets an `unreachable`
    /// route for the whole range, so that nothing of it leaks.
    #[serde(skip)]
    pub public_pool: Ipv4Net,
    /// Device on which the host answers ARP for public addresses and to which instances may send. None keeps public
    /// addresses between this host and its instances.
    pub public_device: Option<String>,
    /// Where the resolver of each VPC (base of its range plus two) sends questions it cannot answer itself, as
    /// `address:port`. None: the first name server of the host's `/etc/resolv.conf`.
    pub upstream_resolver: Option<std::net::SocketAddr>,
    /// Memory in MiB that instances never get.
    pub reserved_memory_mib: u64,
    /// How long a guest may take to shut down before its plug is pulled, in seconds.
    pub shutdown_grace_s: u64,
    /// How instances run.
    pub accelerator: Accelerator,
    /// QEMU's machine type; `pc` boots faster under emulation, `q35` has PCI express.
    pub machine: Machine,
    /// User that QEMU runs as: a name or a number.
    pub qemu_user: String,
    /// Group that QEMU runs with, which may read and write disk images. libvirt never changes their owner.
    pub qemu_group: String,
    /// How often the node looks at everything, in milliseconds.
    pub tick_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            prefix: "murus".into(),
            libvirt_uri: "qemu:///system".into(),
            state_dir: None,
            public_pool: Ipv4Net::new_assert([198, 18, 0, 0].into(), 24),
            public_device: None,
            upstream_resolver: None,
            reserved_memory_mib: 2048,
            shutdown_grace_s: 60,
            accelerator: Accelerator::Auto,
            machine: Machine::Pc,
            qemu_user: "libvirt-qemu".into(),
            qemu_group: "murus-volume".into(),
            tick_ms: 1000,
        }
    }
}

/// How instances run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// KVM if the processor has svm or vmx and `/dev/kvm` opens, else emulation.
    Auto,
    /// Always KVM.
    Kvm,
    /// Always emulation.
    Tcg,
}

/// QEMU's machine type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// i440fx: PCI, every slot hot-pluggable.
    Pc,
    /// q35: PCI express, a root port for each device to come.
    Q35,
}

impl Config {
    /// Refuses what cannot work.
    pub fn check(&self) -> Result<()> {
        let bytes = self.prefix.as_bytes();
        let fine = (1..=5).contains(&bytes.len())
            && bytes[0].is_ascii_lowercase()
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !fine {
            return Err(Error::Config(format!(
                "prefix \"{}\" is not 1 to 5 lower-case letters and digits, a letter first",
                self.prefix
            )));
        }
        if self.tick_ms < 50 {
            return Err(Error::Config("tick_ms is below 50".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_odd_prefixes_do_not() {
        Config::default().check().unwrap();
        for prefix in ["", "toolong", "Ab", "1a", "a-b", "a/b"] {
            assert!(Config { prefix: prefix.into(), ..Config::default() }.check().is_err(), "{prefix}");
        }
    }
}
