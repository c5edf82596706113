//! A namespace's filters as one nftables transaction that replaces the whole table. Pure text.
//!
//! raw prerouting lets in only what an interface may say of itself; forward is default deny both ways with connection
//! tracking; public addresses are mapped one to one on the way to and from the host.

use std::fmt::Write;
use std::net::Ipv4Addr;

use api_spec::ids::SecurityGroupId;
use calls::node::{Rule, RulePeer};

use super::spec::{Filter, Port};
use super::{METADATA_ADDRESS, UPLINK};

/// The table; it is alone in its namespace.
pub const TABLE: &str = "vpc";

/// The script that makes the table what `filter` says.
pub fn script(filter: &Filter) -> String {
    let mut text = format!("table inet {TABLE} {{}}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n");
    identity_sets(&mut text, filter);
    group_sets(&mut text, filter);
    public_maps(&mut text, filter);
    for port in filter.ports.values() {
        port_chains(&mut text, port, filter);
    }
    verdict_maps(&mut text, filter);
    base_chains(&mut text, filter);
    text.push_str("}\n");
    text
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// A set or map with its elements; the element line is left out when there are none.
fn collection(text: &mut String, head: &str, kind: &str, elements: &str) {
    let _ = writeln!(text, "{head} {{\n type {kind}");
    if !elements.is_empty() {
        let _ = writeln!(text, " elements = {{ {elements} }}");
    }
    text.push_str("}\n");
}

fn identity_sets(text: &mut String, filter: &Filter) {
    let ports = || filter.ports.values();
    let eni = list(ports().map(|port| format!("\"{}\" . {} . {}", port.tap, port.mac, port.address)));
    collection(text, "set eni", "ifname . ether_addr . ipv4_addr", &eni);
    let hardware = list(ports().map(|port| format!("\"{}\" . {}", port.tap, port.mac)));
    collection(text, "set hardware", "ifname . ether_addr", &hardware);
}

fn group_sets(text: &mut String, filter: &Filter) {
    for (group, members) in &filter.members {
        collection(text, &format!("set {}", group_set(group)), "ipv4_addr", &list(members.iter()));
    }
}

fn group_set(group: &SecurityGroupId) -> String {
    group.as_str().replace('-', "_")
}

fn public_maps(text: &mut String, filter: &Filter) {
    let inward = list(filter.public().map(|(public, private)| format!("{public} : {private}")));
    collection(text, "map public_in", "ipv4_addr : ipv4_addr", &inward);
    let outward = list(filter.public().map(|(public, private)| format!("{private} : {public}")));
    collection(text, "map public_out", "ipv4_addr : ipv4_addr", &outward);
    collection(text, "set public_sources", "ipv4_addr", &list(filter.public().map(|(_, private)| private)));
}

fn chain_names(port: &Port) -> (String, String) {
    let name: String = port.tap.chars().map(|c| if c == '-' { '_' } else { c }).collect();
    (format!("out_{name}"), format!("in_{name}"))
}

fn port_chains(text: &mut String, port: &Port, filter: &Filter) {
    let (out, into) = chain_names(port);
    chain(text, &out, "daddr", "return", &port.egress, filter);
    chain(text, &into, "saddr", "accept", &port.ingress, filter);
}

fn chain(text: &mut String, name: &str, side: &str, verdict: &str, rules: &[Rule], filter: &Filter) {
    let _ = writeln!(text, "chain {name} {{");
    for rule in rules {
        if let Some(condition) = condition(rule, side, filter) {
            let _ = writeln!(text, " {condition}{verdict}");
        }
    }
    text.push_str(" drop\n}\n");
}

/// A rule's condition; none if it can never hold (it names a group that is not here).
fn condition(rule: &Rule, side: &str, filter: &Filter) -> Option<String> {
    let mut text = match &rule.peer {
        RulePeer::Cidr(net) if net.prefix_len() == 0 => String::new(),
        RulePeer::Cidr(net) => format!("ip {side} {net} "),
        RulePeer::Group(group) => {
            filter.members.get(group)?;
            format!("ip {side} @{} ", group_set(group))
        }
    };
    if let Some(protocol) = rule.protocol {
        let _ = write!(text, "meta l4proto {protocol} ");
    }
    if let Some((first, last)) = rule.ports {
        let _ = write!(text, "th dport {first}-{last} ");
    }
    if let Some((kind, code)) = rule.icmp {
        if let Some(kind) = kind {
            let _ = write!(text, "icmp type {kind} ");
        }
        if let Some(code) = code {
            let _ = write!(text, "icmp code {code} ");
        }
    }
    Some(text)
}

fn verdict_maps(text: &mut String, filter: &Filter) {
    let to = |verdict: &str, pick: fn((String, String)) -> String| {
        list(
            filter
                .ports
                .values()
                .map(|port| format!("\"{}\" : {verdict} {}", port.tap, pick(chain_names(port)))),
        )
    };
    collection(text, "map egress", "ifname : verdict", &to("jump", |names| names.0));
    collection(text, "map ingress", "ifname : verdict", &to("goto", |names| names.1));
}

/// What all interfaces have in common. A TCP connection begins by its SYN only: the kernel would take any segment for the
/// beginning of one it does not track, and so a connection that was cut would go on, the other way round, with the next
/// segment its guest sends.
fn base_chains(text: &mut String, filter: &Filter) {
    let resolver: Ipv4Addr = filter.resolver;
    let _ = write!(
        text,
        r#"chain raw {{
 type filter hook prerouting priority raw; policy drop;
 iifname {{ "lo", "{UPLINK}" }} accept
 iifname . ether saddr . ip saddr @eni accept
 iifname . ether saddr @hardware ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
}}
chain input {{
 type filter hook input priority filter; policy drop;
 iifname "{UPLINK}" drop
 iifname "lo" accept
 ct state established,related accept
 udp sport 68 udp dport 67 accept
 ip daddr {METADATA_ADDRESS} tcp dport 80 accept
 ip daddr {resolver} meta l4proto {{ tcp, udp }} th dport 53 accept
}}
chain forward {{
 type filter hook forward priority filter; policy drop;
 ct state invalid drop
 ct state established,related accept
 tcp flags & (fin | syn | rst | ack) != syn drop
 iifname "{UPLINK}" oifname "{UPLINK}" drop
 iifname vmap @egress
 oifname vmap @ingress
 oifname "{UPLINK}" ip saddr @public_sources accept
}}
chain inward {{
 type nat hook prerouting priority dstnat; policy accept;
 dnat ip to ip daddr map @public_in
}}
chain outward {{
 type nat hook postrouting priority srcnat; policy accept;
 oifname "{UPLINK}" snat ip to ip saddr map @public_out
}}
"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;
    use crate::network::spec;
    use crate::testing;

    fn filter() -> Filter {
        let desired = testing::desired(vec![testing::instance(4), testing::instance(5)]);
        spec::of(&desired, &Names::new("t")).remove(&testing::vpc_id()).unwrap().filter
    }

    #[test]
    fn rules_become_conditions_and_an_unknown_group_none() {
        let filter = filter();
        let everyone = || RulePeer::Cidr(ipnet::Ipv4Net::default());
        let rule =
            |protocol, ports, icmp, peer| condition(&Rule { protocol, ports, icmp, peer }, "saddr", &filter);
        assert_eq!(rule(None, None, None, everyone()).unwrap(), "");
        let some = RulePeer::Cidr("10.0.0.0/8".parse().unwrap());
        let tcp = rule(Some(6), Some((22, 23)), None, some).unwrap();
        assert_eq!(tcp, "ip saddr 10.0.0.0/8 meta l4proto 6 th dport 22-23 ");
        let ping = rule(Some(1), None, Some((Some(8), Some(0))), everyone()).unwrap();
        assert_eq!(ping, "meta l4proto 1 icmp type 8 icmp code 0 ");
        assert_eq!(rule(None, None, None, RulePeer::Group(SecurityGroupId::from_random(99))), None);
        let member = rule(None, None, None, RulePeer::Group(testing::group_id())).unwrap();
        assert_eq!(member, "ip saddr @sg_00000000000000001 ");
    }

    #[test]
    fn an_interface_is_known_by_tap_hardware_and_address_together() {
        let text = script(&filter());
        assert!(text.contains("\"t-t00000004\" . 02:00:00:00:00:04 . 172.31.0.4"));
        assert!(text.contains("198.18.0.4 : 172.31.0.4") && text.contains("172.31.0.4 : 198.18.0.4"));
        assert_eq!(text.matches(" drop\n}").count(), 4, "each chain of an interface ends by dropping");
    }
}
