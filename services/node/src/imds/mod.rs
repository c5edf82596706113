//! The instance metadata service, 169.254.169.254:80 inside each VPC's namespace.
//!
//! Whoever asks is known by the address it asks from, which the filters keep it from forging; so a guest sees only its
//! own. Answers with a token leave with a hop limit of 1: they do not travel beyond the guest itself.

pub mod answer;
pub mod role;
pub mod token;
pub mod tree;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use api_spec::ids::VpcId;
use bytes::Bytes;
use calls::node::Instance;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt::set_ip_ttl;
use tokio::net::TcpStream;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::network::METADATA_ADDRESS;
use crate::network::namespace::Namespace;
use answer::Ask;
use role::Roles;
use token::Tokens;

/// Hop limit of ordinary answers.
const FAR: u32 = 64;
/// A guest that does not say what it wants is hung up on.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// Connections served at once in one namespace.
const MAX_CONNECTIONS: usize = 1024;

/// The listener of one namespace.
pub struct Server {
    vpc: VpcId,
    listener: tokio::net::TcpListener,
}

impl Server {
    /// Listens inside the namespace.
    pub fn bind(vpc: VpcId, namespace: &Namespace) -> Result<Self> {
        let failed = |e: std::io::Error| Error::io("listen for metadata", e);
        let listener = namespace.inside(|| {
            let listener = TcpListener::bind((METADATA_ADDRESS, 80)).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            Ok(listener)
        })?;
        Ok(Server { vpc, listener: tokio::net::TcpListener::from_std(listener).map_err(failed)? })
    }

    /// Answers until the task is dropped.
    pub async fn serve(self, directory: Directory, tokens: Arc<Tokens>, roles: Arc<Roles>) {
        let room = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
        let mut connections = tokio::task::JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let (vpc, directory) = (self.vpc.clone(), directory.clone());
                    let (tokens, roles) = (tokens.clone(), roles.clone());
                    connections.spawn(async move {
                        let _permit = permit;
                        converse(stream, peer, vpc, directory, tokens, roles).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(vpc = %self.vpc, %error, "metadata listener");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    vpc: VpcId,
    directory: Directory,
    tokens: Arc<Tokens>,
    roles: Arc<Roles>,
) {
    let SocketAddr::V4(peer) = peer else { return };
    let hops = std::os::fd::AsFd::as_fd(&stream).try_clone_to_owned().ok().map(Arc::new);
    let service = service_fn(|request: Request<Incoming>| {
        let instance = directory.instance_at(&vpc, *peer.ip());
        let (tokens, roles, hops) = (&tokens, &roles, hops.as_deref());
        async move { Ok::<_, Infallible>(respond(&request, instance, tokens, roles, hops).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%peer, %error, "metadata connection");
    }
}

async fn respond(
    request: &Request<Incoming>,
    instance: Option<Instance>,
    tokens: &Tokens,
    roles: &Roles,
    hops: Option<&OwnedFd>,
) -> Response<Full<Bytes>> {
    let now = jiff::Timestamp::now();
    let now_s = u64::try_from(now.as_second()).unwrap_or(0);
    let path = request.uri().path();
    let instance = match instance {
        Some(instance) => Some(roles.add(instance, path, now).await),
        None => None,
    };
    let ask = Ask { method: request.method(), path, headers: request.headers(), now_s };
    let response = answer::answer(&ask, instance.as_ref(), tokens);
    if let Some(socket) = hops {
        let limit = if response.headers().contains_key(answer::TTL_HEADER) { 1 } else { FAR };
        // a socket that takes no hop limit is closing already
        let _ = set_ip_ttl(socket, limit);
    }
    response
}
