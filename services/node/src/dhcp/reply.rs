//! What DHCP answers: every interface has its one address for as long as it lives. Pure.

use std::net::Ipv4Addr;

use calls::node::{Nic, Vpc};
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};
use ipnet::Ipv4Net;

use crate::hypervisor::domain_xml::MTU;
use crate::network::{METADATA_ADDRESS, spec};

/// EC2 hands out hours.
const LEASE_S: u32 = 3600;

/// A packet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The message.
    pub packet: Vec<u8>,
    /// The gateway, which is also the server's name.
    pub from: Ipv4Addr,
    /// The client, or everyone on its tap.
    pub to: Ipv4Addr,
}

/// The answer to a client's packet, if it deserves one.
pub fn answer(packet: &[u8], nic: &Nic, vpc: &Vpc) -> Option<Answer> {
    let question = Message::decode(&mut Decoder::new(packet)).ok()?;
    let kind = question.opts().msg_type()?;
    let mac = question.chaddr().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    if question.opcode() != Opcode::BootRequest || mac != nic.mac {
        return None;
    }
    let subnet = vpc.subnets.iter().find(|subnet| subnet.id == nic.subnet)?.cidr;
    let server = spec::nth(subnet, 1);
    let reply = match kind {
        MessageType::Discover => lease(&question, MessageType::Offer, nic, vpc, subnet),
        MessageType::Request => request(&question, nic, vpc, subnet, server)?,
        MessageType::Inform => inform(&question, nic, vpc, subnet),
        _ => return None,
    };
    let to = destination(&question, &reply);
    Some(Answer { packet: reply.to_vec().ok()?, from: server, to })
}

fn request(question: &Message, nic: &Nic, vpc: &Vpc, subnet: Ipv4Net, server: Ipv4Addr) -> Option<Message> {
    if let Some(DhcpOption::ServerIdentifier(chosen)) = question.opts().get(OptionCode::ServerIdentifier)
        && *chosen != server
    {
        return None;
    }
    let asked = match question.opts().get(OptionCode::RequestedIpAddress) {
        Some(DhcpOption::RequestedIpAddress(asked)) => *asked,
        _ => question.ciaddr(),
    };
    if asked == nic.address {
        return Some(lease(question, MessageType::Ack, nic, vpc, subnet));
    }
    let mut refusal = head(question, MessageType::Nak, server);
    refusal.set_yiaddr(Ipv4Addr::UNSPECIFIED);
    Some(refusal)
}

fn inform(question: &Message, nic: &Nic, vpc: &Vpc, subnet: Ipv4Net) -> Message {
    let mut reply = lease(question, MessageType::Ack, nic, vpc, subnet);
    reply.set_yiaddr(Ipv4Addr::UNSPECIFIED);
    reply.opts_mut().remove(OptionCode::AddressLeaseTime);
    reply
}

fn head(question: &Message, kind: MessageType, server: Ipv4Addr) -> Message {
    let mut reply = Message::new_with_id(
        question.xid(),
        question.ciaddr(),
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::UNSPECIFIED,
        question.giaddr(),
        question.chaddr(),
    );
    reply.set_opcode(Opcode::BootReply).set_flags(question.flags());
    reply.opts_mut().insert(DhcpOption::MessageType(kind));
    reply.opts_mut().insert(DhcpOption::ServerIdentifier(server));
    reply
}

fn lease(question: &Message, kind: MessageType, nic: &Nic, vpc: &Vpc, subnet: Ipv4Net) -> Message {
    let gateway = spec::nth(subnet, 1);
    let mut reply = head(question, kind, gateway);
    reply.set_yiaddr(nic.address).set_siaddr(gateway);
    let everything = Ipv4Net::default();
    let metadata = Ipv4Net::from(METADATA_ADDRESS);
    for option in [
        DhcpOption::AddressLeaseTime(LEASE_S),
        DhcpOption::SubnetMask(subnet.netmask()),
        DhcpOption::Router(vec![gateway]),
        DhcpOption::DomainNameServer(vec![spec::nth(vpc.cidr, 2)]),
        DhcpOption::Hostname(nic.host_name.clone()),
        DhcpOption::DomainName(nic.domain_name.clone()),
        DhcpOption::InterfaceMtu(u16::try_from(MTU).unwrap_or(1500)),
        // a client that reads this ignores the router, so the default route is here too
        DhcpOption::ClasslessStaticRoute(vec![(everything, gateway), (metadata, gateway)]),
    ] {
        reply.opts_mut().insert(option);
    }
    reply
}

/// RFC 2131, 4.1: a client that has its address gets unicast, one that cannot take that yet says so.
fn destination(question: &Message, reply: &Message) -> Ipv4Addr {
    let refused = reply.opts().msg_type() == Some(MessageType::Nak);
    if refused || question.flags().broadcast() {
        Ipv4Addr::BROADCAST
    } else if !question.ciaddr().is_unspecified() {
        question.ciaddr()
    } else {
        reply.yiaddr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn ask(kind: MessageType, change: impl FnOnce(&mut Message)) -> Option<Message> {
        let (nic, vpc) = (testing::nic(4), testing::vpc());
        let mut question = Message::default();
        question.set_opcode(Opcode::BootRequest).set_chaddr(&[2, 0, 0, 0, 0, 4]);
        question.opts_mut().insert(DhcpOption::MessageType(kind));
        change(&mut question);
        let answer = answer(&question.to_vec().unwrap(), &nic, &vpc)?;
        Some(Message::decode(&mut Decoder::new(&answer.packet)).unwrap())
    }

    #[test]
    fn discover_is_offered_the_one_address_with_a_default_route() {
        let offer = ask(MessageType::Discover, |_| {}).unwrap();
        assert_eq!(offer.opts().msg_type(), Some(MessageType::Offer));
        assert_eq!(offer.yiaddr(), Ipv4Addr::new(172, 31, 0, 4));
        let Some(DhcpOption::ClasslessStaticRoute(routes)) =
            offer.opts().get(OptionCode::ClasslessStaticRoute)
        else {
            panic!("no routes")
        };
        assert_eq!(routes[0], (Ipv4Net::default(), Ipv4Addr::new(172, 31, 0, 1)));
    }

    #[test]
    fn a_request_for_another_address_is_refused_and_for_its_own_granted() {
        let asking = |last| {
            ask(MessageType::Request, |question| {
                let address = Ipv4Addr::new(172, 31, 0, last);
                question.opts_mut().insert(DhcpOption::RequestedIpAddress(address));
            })
        };
        assert_eq!(asking(9).unwrap().opts().msg_type(), Some(MessageType::Nak));
        assert_eq!(asking(4).unwrap().opts().msg_type(), Some(MessageType::Ack));
    }

    #[test]
    fn another_hardware_address_another_server_and_rubbish_get_no_answer() {
        assert!(
            ask(MessageType::Discover, |question| {
                question.set_chaddr(&[2, 0, 0, 0, 0, 5]);
            })
            .is_none()
        );
        let other = DhcpOption::ServerIdentifier(Ipv4Addr::new(10, 0, 0, 1));
        assert!(ask(MessageType::Request, |question| drop(question.opts_mut().insert(other))).is_none());
        assert!(answer(&[1, 2, 3], &testing::nic(4), &testing::vpc()).is_none());
    }
}
