//! Whether a connection that is under way would be let through now. Pure; the counterpart of `ruleset`.

use std::net::Ipv4Addr;

use calls::node::{Rule, RulePeer};

use super::spec::Filter;

/// A tracked connection, as its first packet went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// IP protocol number.
    pub protocol: u8,
    /// Who began it.
    pub source: Ipv4Addr,
    /// Whom it was sent to.
    pub destination: Ipv4Addr,
    /// Who answers: differs from `destination` when that is a public address.
    pub answered_by: Ipv4Addr,
    /// Where the answers go: differs from `source` when that goes out by a public address.
    pub answered_to: Ipv4Addr,
    /// Ports of the first packet.
    pub ports: Option<(u16, u16)>,
    /// ICMP type and code of the first packet.
    pub icmp: Option<(u8, u8)>,
}

/// Whether the flow may go on.
pub fn allowed(filter: &Filter, flow: &Flow) -> bool {
    mapping_stands(filter, flow)
        && filter.at(flow.source).is_none_or(|port| any(filter, &port.egress, flow.answered_by, flow))
        && filter.at(flow.answered_by).is_none_or(|port| any(filter, &port.ingress, flow.source, flow))
}

fn mapping_stands(filter: &Filter, flow: &Flow) -> bool {
    let mapped = |public, private| filter.public().any(|pair| pair == (public, private));
    (flow.destination == flow.answered_by || mapped(flow.destination, flow.answered_by))
        && (flow.source == flow.answered_to || mapped(flow.answered_to, flow.source))
}

fn any(filter: &Filter, rules: &[Rule], peer: Ipv4Addr, flow: &Flow) -> bool {
    rules.iter().any(|rule| peer_matches(filter, rule, peer) && matches(rule, flow))
}

fn peer_matches(filter: &Filter, rule: &Rule, peer: Ipv4Addr) -> bool {
    match &rule.peer {
        RulePeer::Cidr(net) => net.contains(&peer),
        RulePeer::Group(group) => filter.members.get(group).is_some_and(|members| members.contains(&peer)),
    }
}

fn matches(rule: &Rule, flow: &Flow) -> bool {
    let protocol = rule.protocol.is_none_or(|protocol| protocol == flow.protocol);
    let ports = rule.ports.is_none_or(|(first, last)| {
        flow.ports.is_some_and(|(_, destination)| (first..=last).contains(&destination))
    });
    let icmp = rule.icmp.is_none_or(|(kind, code)| {
        flow.icmp.is_some_and(|got| kind.is_none_or(|k| k == got.0) && code.is_none_or(|c| c == got.1))
    });
    protocol && ports && icmp
}
