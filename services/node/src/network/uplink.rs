//! A namespace's way out: a veth pair without addresses, permanent neighbours at both ends, and a route on the host for
//! each public address. No address range is needed for it, so nodes on one machine cannot get into each other's way.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::kernel::{self, Links};
use super::namespace::enter;
use super::spec::VpcSpec;
use super::{OUTSIDE_GATEWAY, UPLINK};
use crate::command;
use crate::error::Result;

/// Makes the pair unless it is whole, and sets both ends up.
pub fn ensure(spec: &VpcSpec, host_links: &Links) -> Result<()> {
    let (host_end, namespace) = (&spec.uplink, &spec.namespace);
    let (host_mac, inner_mac) = &spec.uplink_macs;
    let inner = enter(namespace, kernel::links)?;
    if !(host_links.has(host_end) && inner.has(UPLINK)) {
        if host_links.has(host_end) {
            remove(host_end)?;
        }
        command::ip_batch(&[format!(
            "link add {host_end} address {host_mac} type veth \
             peer name {UPLINK} address {inner_mac} netns {namespace}"
        )])?;
    }
    let _ = kernel::set(&format!("ipv6/conf/{host_end}/disable_ipv6"), "1");
    command::ip_batch(&[format!("link set {host_end} up")])?;
    let lines = [
        format!("link set {UPLINK} up"),
        format!("neigh replace {OUTSIDE_GATEWAY} lladdr {host_mac} dev {UPLINK} nud permanent"),
        format!("route replace default via {OUTSIDE_GATEWAY} dev {UPLINK} onlink"),
    ];
    enter(namespace, || command::ip_batch(&lines))
}

/// Makes the host's routes to this VPC exactly its public addresses.
pub fn publish(spec: &VpcSpec) -> Result<()> {
    let device = &spec.uplink;
    let wanted: BTreeSet<Ipv4Addr> = spec.filter.public().map(|(public, _)| public).collect();
    let there: BTreeSet<Ipv4Addr> = kernel::routes()?
        .into_iter()
        .filter(|route| route.device == *device && route.mask == Ipv4Addr::BROADCAST)
        .map(|route| route.destination)
        .collect();
    let inner_mac = &spec.uplink_macs.1;
    let mut lines = Vec::new();
    for address in wanted.difference(&there) {
        lines.push(format!("neigh replace {address} lladdr {inner_mac} dev {device} nud permanent"));
        lines.push(format!("route replace {address}/32 dev {device}"));
    }
    for address in there.difference(&wanted) {
        lines.push(format!("route del {address}/32 dev {device}"));
        lines.push(format!("neigh del {address} dev {device}"));
    }
    command::ip_batch(&lines)
}

/// Removes a device of the host, its other end with it. The kernel takes the devices of a namespace that is gone away
/// when it comes to it, so one that vanishes meanwhile is fine.
pub fn remove(link: &str) -> Result<()> {
    match command::ip_batch(&[format!("link del {link}")]) {
        Err(error) if kernel::links()?.has(link) => Err(error),
        _ => Ok(()),
    }
}
