//! Cuts connections that the filters in force would no longer let begin.

use std::net::Ipv4Addr;

use super::judge::{self, Flow};
use super::namespace::Namespace;
use super::spec::VpcSpec;
use crate::command;
use crate::error::Result;

/// Deletes every tracked connection of the namespace that is not allowed any more.
pub fn cut(namespace: &Namespace, spec: &VpcSpec) -> Result<()> {
    namespace.inside(|| {
        let listing = command::run("conntrack", &["-L", "-f", "ipv4", "-o", "extended"], "")?;
        for line in listing.lines() {
            let Some((flow, name)) = parse(line) else { continue };
            let ours = spec.filter.at(flow.source).is_some() || spec.filter.at(flow.answered_by).is_some();
            let local = spec.base.gateways.contains(&flow.destination)
                || flow.destination == super::METADATA_ADDRESS
                || flow.destination == spec.base.resolver;
            let broadcast = flow.destination.is_broadcast() || flow.source.is_unspecified();
            if ours && !local && !broadcast && !judge::allowed(&spec.filter, &flow) {
                delete(&flow, &name);
            }
        }
        Ok(())
    })
}

/// One line of `conntrack -L -o extended`: the flow and the name of its protocol.
fn parse(line: &str) -> Option<(Flow, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let values = |key: &str| {
        words.iter().filter_map(move |word| word.strip_prefix(key)?.strip_prefix('=')).collect::<Vec<_>>()
    };
    let address = |key: &str, index: usize| values(key).get(index)?.parse::<Ipv4Addr>().ok();
    let number = |key: &str| values(key).first()?.parse::<u16>().ok();
    let small = |key: &str| values(key).first()?.parse::<u8>().ok();
    let flow = Flow {
        protocol: words.get(3)?.parse().ok()?,
        source: address("src", 0)?,
        destination: address("dst", 0)?,
        answered_by: address("src", 1)?,
        answered_to: address("dst", 1)?,
        ports: number("sport").zip(number("dport")),
        icmp: small("type").zip(small("code")),
    };
    Some((flow, (*words.get(2)?).to_owned()))
}

fn delete(flow: &Flow, protocol: &str) {
    let (source, destination) = (flow.source.to_string(), flow.destination.to_string());
    let mut arguments = vec!["-D", "-p", protocol, "-s", &source, "-d", &destination];
    let ports = flow.ports.map(|(from, to)| (from.to_string(), to.to_string()));
    if let Some((from, to)) = &ports {
        arguments.extend(["--sport", from, "--dport", to]);
    }
    if let Err(error) = command::run("conntrack", &arguments, "") {
        // it ended by itself meanwhile
        tracing::debug!(%error, "connection not cut");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_connection_reads_with_its_mapping() {
        let line = "ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.2 dst=198.18.0.9 sport=40000 dport=22 \
                    src=172.31.0.4 dst=192.0.2.2 sport=22 dport=40000 [ASSURED] mark=0 use=1";
        let (flow, name) = parse(line).unwrap();
        assert_eq!(name, "tcp");
        assert_eq!(flow.destination, Ipv4Addr::new(198, 18, 0, 9));
        assert_eq!(flow.answered_by, Ipv4Addr::new(172, 31, 0, 4));
        assert_eq!(flow.ports, Some((40000, 22)));
    }
}
