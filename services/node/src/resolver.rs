//! Name resolution for guests at base plus two of their VPC: answers host names of interfaces itself, hands everything
//! else to the host's resolver. UDP only: a truncated answer is the client's reason to ask again, over TCP, elsewhere.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use api_spec::ids::VpcId;
use tokio::net::UdpSocket as Socket;
use tokio::sync::Semaphore;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::network::namespace::Namespace;
use crate::network::spec;

/// How long a question may be under way.
const PATIENCE: Duration = Duration::from_secs(4);
/// Questions under way at once, per namespace.
const MAX_QUESTIONS: usize = 256;
const MAX_PACKET: usize = 4096;
const HEADER: usize = 12;
const REFUSED: u8 = 5;
const TTL_S: u32 = 60;

/// Where questions go that are not about this VPC.
#[derive(Clone, Copy, Debug)]
pub struct Resolver {
    upstream: Option<SocketAddr>,
}

impl Resolver {
    /// The one configured, or the host's first.
    pub fn new(configured: Option<SocketAddr>) -> Self {
        Resolver { upstream: configured.or_else(of_host) }
    }

    async fn ask(self, question: &[u8]) -> Option<Vec<u8>> {
        let upstream = self.upstream?;
        let any: SocketAddr = if upstream.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = Socket::bind(any).await.ok()?;
        socket.connect(upstream).await.ok()?;
        socket.send(question).await.ok()?;
        let mut answer = vec![0; MAX_PACKET];
        let length = tokio::time::timeout(PATIENCE, socket.recv(&mut answer)).await.ok()?.ok()?;
        answer.truncate(length);
        Some(answer)
    }
}

fn of_host() -> Option<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").ok()?;
    let server = text.lines().find_map(|line| line.trim().strip_prefix("nameserver"))?;
    Some(SocketAddr::new(server.trim().parse().ok()?, 53))
}

/// The socket of one namespace.
pub struct Server {
    vpc: VpcId,
    socket: Arc<Socket>,
}

impl Server {
    /// Binds inside the namespace; none if the VPC has just gone.
    pub fn bind(vpc: VpcId, namespace: &Namespace, directory: &Directory) -> Result<Option<Self>> {
        let desired = directory.desired();
        let Some(cidr) = desired.vpcs.iter().find(|it| it.id == vpc).map(|it| it.cidr) else {
            return Ok(None);
        };
        let failed = |e: std::io::Error| Error::io("bind the resolver", e);
        let socket = namespace.inside(|| {
            let socket = UdpSocket::bind((spec::nth(cidr, 2), 53)).map_err(failed)?;
            socket.set_nonblocking(true).map_err(failed)?;
            Ok(socket)
        })?;
        Ok(Some(Server { vpc, socket: Arc::new(Socket::from_std(socket).map_err(failed)?) }))
    }

    /// Answers until the task is dropped.
    pub async fn serve(self, directory: Directory, resolver: Resolver) {
        let room = Arc::new(Semaphore::new(MAX_QUESTIONS));
        let mut questions = tokio::task::JoinSet::new();
        loop {
            while questions.try_join_next().is_some() {}
            let mut question = vec![0; MAX_PACKET];
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            let Ok((length, peer)) = self.socket.recv_from(&mut question).await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            question.truncate(length);
            let own = look_up(&question, |name| directory.address_of(&self.vpc, name));
            let socket = self.socket.clone();
            questions.spawn(async move {
                let _permit = permit;
                let answer = match own {
                    Some(answer) => Some(answer),
                    None => resolver.ask(&question).await.or_else(|| refuse(&question)),
                };
                if let Some(answer) = answer
                    && let Err(error) = socket.send_to(&answer, peer).await
                {
                    tracing::debug!(%peer, %error, "name not answered");
                }
            });
        }
    }
}

/// The question's name and type, and where it ends.
fn parse(packet: &[u8]) -> Option<(String, u16, usize)> {
    let is_question = packet.get(2)? & 0xf8 == 0 && packet.get(4..6)? == [0, 1];
    let (mut labels, mut at) = (Vec::new(), HEADER);
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(std::str::from_utf8(packet.get(at..at + length)?).ok()?);
        at += length;
    }
    let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
    is_question.then(|| (labels.join("."), kind, at + 4))
}

/// The answer to a question about a host name that `address_of` knows.
fn look_up(packet: &[u8], address_of: impl Fn(&str) -> Option<Ipv4Addr>) -> Option<Vec<u8>> {
    const A: u16 = 1;
    let (name, kind, end) = parse(packet)?;
    let address = address_of(&name)?;
    let mut answer = packet.get(..end)?.to_vec();
    answer[2] = 0x84 | (packet[2] & 1);
    answer[3] = 0x80;
    answer[6..HEADER].fill(0);
    if kind == A {
        answer[7] = 1;
        answer.extend_from_slice(&[0xc0, 0x0c, 0, 1, 0, 1]);
        answer.extend_from_slice(&TTL_S.to_be_bytes());
        answer.extend_from_slice(&[0, 4]);
        answer.extend_from_slice(&address.octets());
    }
    Some(answer)
}

/// Says at once that nobody can be asked, instead of letting the guest wait.
fn refuse(packet: &[u8]) -> Option<Vec<u8>> {
    let (_, _, end) = parse(packet)?;
    let mut answer = packet.get(..end)?.to_vec();
    answer[2] = 0x80 | (packet[2] & 1);
    answer[3] = 0x80 | REFUSED;
    answer[6..HEADER].fill(0);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: u8) -> Vec<u8> {
        let mut packet = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        packet.extend_from_slice(b"\x03foo\x03ec2\x00");
        packet.extend_from_slice(&[0, kind, 0, 1]);
        packet
    }

    #[test]
    fn a_known_host_is_answered_and_an_unknown_one_is_not() {
        let known = |name: &str| (name == "foo.ec2").then_some(Ipv4Addr::new(10, 0, 0, 4));
        let answer = look_up(&question(1), known).unwrap();
        assert_eq!(&answer[..2], [0, 7]);
        assert_eq!(answer[7], 1);
        assert!(answer.ends_with(&[10, 0, 0, 4]));
        let no_ipv6 = look_up(&question(28), known).unwrap();
        assert_eq!((no_ipv6[7], no_ipv6.len()), (0, question(28).len()));
        assert_eq!(look_up(&question(1), |_| None), None);
    }

    #[test]
    fn rubbish_is_not_answered() {
        for cut in 0..question(1).len() {
            assert_eq!(refuse(&question(1)[..cut]), None, "{cut}");
        }
        assert_eq!(refuse(&question(1)).unwrap()[3] & 0xf, REFUSED);
    }
}
