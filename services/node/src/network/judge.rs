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

    fn private(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(172, 31, 0, last)
    }

    fn public(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, 0, last)
    }

    /// From outside to the public address of the fourth, by TCP.
    fn from_outside(port: u16) -> Flow {
        let outside = Ipv4Addr::new(192, 0, 2, 2);
        Flow {
            protocol: 6,
            source: outside,
            destination: public(4),
            answered_by: private(4),
            answered_to: outside,
            ports: Some((40_000, port)),
            icmp: None,
        }
    }

    #[test]
    fn only_what_a_rule_names_comes_in() {
        assert!(allowed(&filter(), &from_outside(22)));
        assert!(!allowed(&filter(), &from_outside(23)));
        assert!(!allowed(&filter(), &Flow { protocol: 17, ..from_outside(22) }));
    }

    #[test]
    fn a_public_address_that_moved_ends_what_came_by_it() {
        let mut filter = filter();
        filter.ports.values_mut().for_each(|port| port.public = None);
        assert!(!allowed(&filter, &from_outside(22)));
    }

    #[test]
    fn both_ends_inside_must_agree_and_groups_are_their_members() {
        let mut filter = filter();
        let flow = Flow { source: private(5), answered_to: private(5), ..from_outside(22) };
        assert!(allowed(&filter, &flow));
        for port in filter.ports.values_mut() {
            port.ingress[0].peer = RulePeer::Group(testing::group_id());
        }
        assert!(allowed(&filter, &flow), "a member");
        assert!(!allowed(&filter, &from_outside(22)), "not a member");
        filter.ports.values_mut().for_each(|port| port.egress.clear());
        assert!(!allowed(&filter, &flow), "may not leave");
    }

    #[test]
    fn icmp_rules_go_by_type_and_code() {
        let mut filter = filter();
        for port in filter.ports.values_mut() {
            port.ingress[0] = Rule {
                protocol: Some(1),
                ports: None,
                icmp: Some((Some(8), None)),
                ..port.ingress[0].clone()
            };
        }
        let ping = Flow { protocol: 1, ports: None, icmp: Some((8, 0)), ..from_outside(0) };
        assert!(allowed(&filter, &ping));
        assert!(!allowed(&filter, &Flow { icmp: Some((13, 0)), ..ping }));
    }
}
