//! Reading the rules of a request: protocols, ports and the other side, with AWS's errors for what makes no sense.

use api_spec::ErrorCode;
use api_spec::ec2::security_group_rules::{RequestGroupPair, RequestIpPermission};
use ipnet::Ipv4Net;

use super::security_group::{Allow, Peer, WantedRule};
use crate::error::Error;

/// A group as a rule names it: by id, or by name in the same VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupName {
    /// `sg-...`.
    Id(String),
    /// Its name.
    Name(String),
}

/// Reads IpPermissions; `group` looks up the groups they name.
///
/// # Errors
/// AWS's code for the first permission that makes no sense.
pub fn read(
    permissions: &[RequestIpPermission],
    egress: bool,
    mut group: impl FnMut(&GroupName) -> Result<api_spec::ids::SecurityGroupId, Error>,
) -> Result<Vec<WantedRule>, Error> {
    let mut wanted = Vec::new();
    for permission in permissions {
        let protocol = protocol(permission.ip_protocol.as_deref())?;
        let (from, to) = range(protocol, permission.from_port, permission.to_port)?;
        refuse_unsupported(permission)?;
        let rule = |peer, description: &Option<String>| {
            check_description(description)?;
            let allow = Allow { egress, protocol, from, to, peer };
            Ok::<_, Error>(WantedRule { allow, description: description.clone().filter(|d| !d.is_empty()) })
        };
        let before = wanted.len();
        for range in &permission.ip_ranges {
            wanted.push(rule(Peer::Cidr(cidr(range.cidr_ip.as_deref())?), &range.description)?);
        }
        for pair in &permission.user_id_group_pairs {
            wanted.push(rule(Peer::Group(group(&named(pair)?)?), &pair.description)?);
        }
        if wanted.len() == before {
            return Err(Error::missing("IpPermissions.IpRanges or IpPermissions.Groups"));
        }
    }
    if wanted.is_empty() {
        return Err(Error::missing("IpPermissions"));
    }
    Ok(wanted)
}

fn refuse_unsupported(permission: &RequestIpPermission) -> Result<(), Error> {
    if !permission.ipv6_ranges.is_empty() {
        return Err(Error::unsupported("IPv6 ranges are not supported: this cloud's VPCs have no IPv6"));
    }
    if !permission.prefix_list_ids.is_empty() {
        return Err(Error::unsupported("Prefix lists are not supported"));
    }
    Ok(())
}

fn named(pair: &RequestGroupPair) -> Result<GroupName, Error> {
    if pair.vpc_peering_connection_id.is_some() {
        return Err(Error::unsupported("VPC peering is not supported"));
    }
    match (&pair.group_id, &pair.group_name) {
        (Some(id), _) => Ok(GroupName::Id(id.clone())),
        (None, Some(name)) => Ok(GroupName::Name(name.clone())),
        (None, None) => Err(Error::missing("GroupId")),
    }
}

fn protocol(text: Option<&str>) -> Result<Option<u8>, Error> {
    let text = text.ok_or_else(|| Error::missing("IpProtocol"))?.to_ascii_lowercase();
    match text.as_str() {
        "-1" | "all" => Ok(None),
        "tcp" => Ok(Some(6)),
        "udp" => Ok(Some(17)),
        "icmp" => Ok(Some(1)),
        "icmpv6" => Ok(Some(58)),
        number => number.parse().map(Some).map_err(|_| {
            Error::value(format!("Invalid value '{number}' for IP protocol. Unknown protocol."))
        }),
    }
}

/// Ports for TCP and UDP, type and code for ICMP, nothing for the others.
fn range(protocol: Option<u8>, from: Option<i32>, to: Option<i32>) -> Result<(i32, i32), Error> {
    match protocol {
        Some(6 | 17) => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(Error::value(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            for port in [from, to] {
                if !(0..=65535).contains(&port) {
                    return Err(Error::value(format!("TCP/UDP port ({port}) out of range")));
                }
            }
            if from > to {
                return Err(Error::value(format!(
                    "Invalid TCP/UDP port range: from port ({from}) is larger than to port ({to})"
                )));
            }
            Ok((from, to))
        }
        Some(1 | 58) => {
            let (kind, code) = (from.unwrap_or(-1), to.unwrap_or(-1));
            for number in [kind, code] {
                if !(-1..=255).contains(&number) {
                    return Err(Error::value(format!("ICMP type or code ({number}) out of range")));
                }
            }
            if kind == -1 && code != -1 {
                return Err(Error::value("ICMP code may only be given with an ICMP type"));
            }
            Ok((kind, code))
        }
        _ => Ok((-1, -1)),
    }
}

/// An address range; host bits are dropped, as AWS does.
fn cidr(text: Option<&str>) -> Result<Ipv4Net, Error> {
    let text = text.ok_or_else(|| Error::missing("CidrIp"))?;
    text.parse::<Ipv4Net>()
        .map(|range| range.trunc())
        .map_err(|_| Error::value(format!("CIDR block {text} is malformed")))
}

fn check_description(description: &Option<String>) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    match description {
        Some(text) if text.len() > 255 || !text.chars().all(allowed) => Err(Error::refused(
            ErrorCode::InvalidParameterValue,
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use api_spec::ec2::security_group_rules::RequestIpRange;

    use super::*;

    fn permission(protocol: &str, from: Option<i32>, to: Option<i32>, cidr: &str) -> RequestIpPermission {
        RequestIpPermission {
            ip_protocol: Some(protocol.into()),
            from_port: from,
            to_port: to,
            user_id_group_pairs: vec![],
            ip_ranges: vec![RequestIpRange { cidr_ip: Some(cidr.into()), description: None }],
            ipv6_ranges: vec![],
            prefix_list_ids: vec![],
        }
    }

    fn read_one(permission: RequestIpPermission) -> Result<Allow, Error> {
        let group = |_: &GroupName| Err(Error::missing("x"));
        read(&[permission], false, group).map(|mut rules| rules.remove(0).allow)
    }

    #[test]
    fn protocols_have_their_own_ranges() {
        let any = |p, f, t| read_one(permission(p, f, t, "10.1.2.3/8")).map(|a| (a.protocol, a.from, a.to));
        assert_eq!(any("tcp", Some(22), Some(22)).unwrap(), (Some(6), 22, 22));
        assert_eq!(any("17", Some(0), Some(65535)).unwrap(), (Some(17), 0, 65535));
        assert_eq!(any("icmp", Some(8), None).unwrap(), (Some(1), 8, -1));
        assert_eq!(any("icmp", None, None).unwrap(), (Some(1), -1, -1));
        assert_eq!(any("-1", Some(1), Some(2)).unwrap(), (None, -1, -1));
        assert_eq!(any("50", None, None).unwrap(), (Some(50), -1, -1));
        let allow = read_one(permission("-1", None, None, "10.1.2.3/8")).unwrap();
        assert_eq!(allow.peer, Peer::Cidr("10.0.0.0/8".parse().unwrap()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (protocol, from, to, cidr) in [
            ("tcp", None, None, "10.0.0.0/8"),
            ("tcp", Some(22), None, "10.0.0.0/8"),
            ("tcp", Some(23), Some(22), "10.0.0.0/8"),
            ("udp", Some(-1), Some(-1), "10.0.0.0/8"),
            ("tcp", Some(1), Some(65536), "10.0.0.0/8"),
            ("icmp", Some(256), None, "10.0.0.0/8"),
            ("icmp", Some(-1), Some(0), "10.0.0.0/8"),
            ("ipx", None, None, "10.0.0.0/8"),
            ("256", None, None, "10.0.0.0/8"),
            ("-1", None, None, "10.0.0.0"),
            ("-1", None, None, "10.0.0.0/33"),
            ("-1", None, None, "::/0"),
        ] {
            assert!(
                read_one(permission(protocol, from, to, cidr)).is_err(),
                "{protocol} {from:?} {to:?} {cidr}"
            );
        }
    }
}
