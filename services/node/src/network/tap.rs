//! Taps: libvirt makes them in the host's namespace, this puts them where they belong.

use std::net::Ipv4Addr;

use calls::node::Nic;

use super::namespace::{Namespace, enter};
use super::{GATEWAY_MAC, kernel};
use crate::command;
use crate::error::Result;
use crate::world::Wires;

/// How a tap is connected. An error tells nothing: it must not cost a guest its life.
pub fn wires(namespace: &str, tap: &str, address: Ipv4Addr) -> Result<Wires> {
    let elsewhere = || Ok(if kernel::links()?.has(tap) { Wires::Unplugged } else { Wires::Gone });
    if !Namespace::exists(namespace) {
        return elsewhere();
    }
    let inside = enter(namespace, || {
        let routed = kernel::routes()?.iter().any(|route| {
            route.device == tap && route.destination == address && route.mask == Ipv4Addr::BROADCAST
        });
        Ok((kernel::links()?.has(tap), routed))
    });
    match inside? {
        (true, true) => Ok(Wires::Connected),
        (true, false) => Ok(Wires::Unplugged),
        (false, _) => elsewhere(),
    }
}

/// Moves a tap into its namespace, gives it its route and its only neighbour. Again on one that is there: repairs it.
pub fn plug(namespace: &Namespace, tap: &str, nic: &Nic) -> Result<()> {
    if kernel::links()?.has(tap) {
        command::ip_batch(&[format!("link set {tap} netns {}", namespace.name())])?;
    }
    let (address, mac) = (nic.address, &nic.mac);
    let lines = [
        format!("link set {tap} address {GATEWAY_MAC}"),
        format!("link set {tap} up"),
        format!("neigh replace {address} lladdr {mac} dev {tap} nud permanent"),
        format!("route replace {address}/32 dev {tap} scope link"),
    ];
    namespace.inside(|| {
        let setting = |name: &str, value: &str| kernel::set(&format!("ipv4/conf/{tap}/{name}"), value);
        setting("proxy_arp", "1")?;
        setting("rp_filter", "1")?;
        setting("send_redirects", "0")?;
        kernel::set(&format!("ipv4/neigh/{tap}/proxy_delay"), "0")?;
        command::ip_batch(&lines)
    })
}
