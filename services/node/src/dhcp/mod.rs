//! DHCP for a VPC's interfaces on this node: one socket per namespace that knows by which tap a question came.

pub mod reply;

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

use api_spec::ids::VpcId;
use nix::libc::{in_addr, in_pktinfo};
use nix::net::if_::if_indextoname;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt, sockopt,
};
use tokio::io::Interest;
use tokio::net::UdpSocket as Socket;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::network::namespace::Namespace;
use reply::{Answer, answer};

/// Where clients listen.
const CLIENT_PORT: u16 = 68;

/// The socket of one namespace.
pub struct Server {
    vpc: VpcId,
    namespace: Namespace,
    socket: Socket,
}

impl Server {
    /// Binds inside the namespace.
    pub fn bind(vpc: VpcId, namespace: Namespace) -> Result<Self> {
        let socket = namespace.inside(|| open().map_err(|e| Error::io("bind DHCP", e)))?;
        let socket = Socket::from_std(socket).map_err(|e| Error::io("bind DHCP", e))?;
        Ok(Server { vpc, namespace, socket })
    }

    /// Answers until the task is dropped.
    pub async fn serve(self, directory: Directory) {
        loop {
            let received = self.socket.async_io(Interest::READABLE, || receive(&self.socket)).await;
            let (packet, interface) = match received {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(vpc = %self.vpc, %error, "DHCP socket");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            if let Some(answer) = self.consider(&packet, interface, &directory)
                && let Err(error) = send(&self.socket, &answer, interface)
            {
                tracing::warn!(vpc = %self.vpc, %error, "DHCP answer not sent");
            }
        }
    }

    fn consider(&self, packet: &[u8], interface: u32, directory: &Directory) -> Option<Answer> {
        // the name is asked inside: numbers of interfaces belong to the namespace
        let tap = self
            .namespace
            .inside(|| if_indextoname(interface).map_err(|e| Error::io("interface of a DHCP question", e)));
        let tap = tap.ok()?.to_string_lossy().into_owned();
        let (nic, vpc) = directory.nic_at(&self.vpc, &tap)?;
        answer(packet, &nic, &vpc)
    }
}

fn open() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 67))?;
    socket.set_broadcast(true)?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    Ok(socket)
}

fn receive(socket: &Socket) -> std::io::Result<(Vec<u8>, u32)> {
    let mut packet = vec![0; 2048];
    let mut control = nix::cmsg_space!(in_pktinfo);
    let (length, interface) = {
        let mut slices = [IoSliceMut::new(&mut packet)];
        let message =
            recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
        let interface = message.cmsgs()?.find_map(|item| match item {
            ControlMessageOwned::Ipv4PacketInfo(info) => u32::try_from(info.ipi_ifindex).ok(),
            _ => None,
        });
        (message.bytes, interface.unwrap_or(0))
    };
    packet.truncate(length);
    Ok((packet, interface))
}

fn send(socket: &Socket, answer: &Answer, interface: u32) -> std::io::Result<()> {
    let info = in_pktinfo {
        ipi_ifindex: i32::try_from(interface).unwrap_or(0),
        ipi_spec_dst: in_addr { s_addr: u32::from(answer.from).to_be() },
        ipi_addr: in_addr { s_addr: 0 },
    };
    sendmsg(
        socket.as_raw_fd(),
        &[IoSlice::new(&answer.packet)],
        &[ControlMessage::Ipv4PacketInfo(&info)],
        MsgFlags::MSG_DONTWAIT,
        Some(&SockaddrIn::from(SocketAddrV4::new(answer.to, CLIENT_PORT))),
    )?;
    Ok(())
}
