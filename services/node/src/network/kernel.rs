//! Reads what the kernel has in the calling thread's network namespace, without running a program.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use crate::error::{Error, Result};

/// Names of interfaces.
#[derive(Clone, Debug, Default)]
pub struct Links(BTreeSet<String>);

impl Links {
    /// Whether there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Those that begin with `prefix`.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a String> + 'a {
        self.0.iter().filter(move |name| name.starts_with(prefix))
    }
}

/// A route to an IPv4 network by a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The network's address.
    pub destination: Ipv4Addr,
    /// Its mask.
    pub mask: Ipv4Addr,
    /// The device.
    pub device: String,
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::file(Path::new(path), e))
}

/// All interfaces.
pub fn links() -> Result<Links> {
    let text = read("/proc/thread-self/net/dev")?;
    let names = text.lines().skip(2).filter_map(|line| line.split(':').next());
    Ok(Links(names.map(|name| name.trim().to_owned()).collect()))
}

/// All routes of the main table that have a device.
pub fn routes() -> Result<Vec<Route>> {
    Ok(read("/proc/thread-self/net/route")?.lines().skip(1).filter_map(route).collect())
}

fn route(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = |field: &str| u32::from_str_radix(field, 16).ok().map(|n| Ipv4Addr::from(n.to_le_bytes()));
    Some(Route {
        destination: address(fields.get(1)?)?,
        mask: address(fields.get(7)?)?,
        device: (*fields.first()?).to_owned(),
    })
}

/// Sets a kernel parameter below `/proc/sys/net`, in the calling thread's namespace.
pub fn set(parameter: &str, value: &str) -> Result<()> {
    let path = format!("/proc/sys/net/{parameter}");
    fs::write(&path, value).map_err(|e| Error::file(Path::new(&path), e))
}

/// Reads a kernel parameter below `/proc/sys/net`.
pub fn get(parameter: &str) -> Result<String> {
    Ok(read(&format!("/proc/sys/net/{parameter}"))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_routing_table_reads_in_network_order() {
        let line = "mtt1\t0400A8C0\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0";
        let expected = Route {
            destination: Ipv4Addr::new(192, 168, 0, 4),
            mask: Ipv4Addr::BROADCAST,
            device: "mtt1".into(),
        };
        assert_eq!(route(line), Some(expected));
        assert!(links().unwrap().has("lo"));
    }
}
