//! The one public endpoint: gives each request an id, finds out which service it is for and hands it on.
//!
//! The gateway never authenticates for a service: what it reads of a request (credential scope, host, action) only
//! picks the door, and the service behind it verifies everything itself.

mod config;
mod door;
mod error;
mod forward;
mod internal;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kit::server::{Tcp, serve_tcp};
use kit::{Context, Handler, Routes};
use tokio::net::{TcpListener, TcpSocket};

pub use config::Config;
pub use error::Error;

/// File in the run directory that says where the public endpoint listens: `http://127.0.0.1:8773`.
pub const ENDPOINT_FILE: &str = "endpoint";
/// File in the run directory that says where metrics and health are.
pub const INTERNAL_FILE: &str = "internal";

/// Binds the endpoint and the internal listener, writes down where they are, and serves until shutdown.
///
/// # Errors
/// A configuration that would listen in clear text beyond the host, an address that is taken, an unreadable
/// certificate.
pub async fn start(config: Config, context: Context) -> Result<Routes, Error> {
    config.check()?;
    let tls = config.tls.as_ref().map(kit::tls::acceptor).transpose().map_err(Error::Tls)?;
    let stall = Duration::from_secs(config.stall_timeout_s);
    let scheme = if tls.is_some() { "https" } else { "http" };

    let listener = bind(config.listen)?;
    let internal = bind(config.internal_listen)?;
    let at = local(&listener, config.listen)?;
    let internal_at = local(&internal, config.internal_listen)?;

    let forwarder = Arc::new(forward::Forwarder::new(context.clone(), stall));
    let public = Handler::new(move |request| {
        let forwarder = Arc::clone(&forwarder);
        Box::pin(async move { forwarder.answer(request).await })
    });
    serve_tcp(listener, public, Tcp { tls, stall }, &context.shutdown);
    serve_tcp(internal, internal::router(&context), Tcp { tls: None, stall }, &context.shutdown);

    let run_dir = &context.common.run_dir;
    write_down(&run_dir.join(INTERNAL_FILE), &format!("http://{internal_at}"))?;
    write_down(&run_dir.join(ENDPOINT_FILE), &format!("{scheme}://{at}"))?;
    tracing::info!(endpoint = %format!("{scheme}://{at}"), internal = %internal_at, "the endpoint is open");
    Ok(Routes::default())
}

/// Clients that may wait to be taken. A thousand that come at once, to a server that is busy with those before them,
/// overflow the usual 1024, and the kernel then resets some. It takes `net.core.somaxconn` where that is less.
const BACKLOG: u32 = 4096;

fn bind(at: SocketAddr) -> Result<TcpListener, Error> {
    let listen = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|reason| Error::Bind { at, reason })
}

fn local(listener: &TcpListener, at: SocketAddr) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|reason| Error::Bind { at, reason })
}

/// Replaces a small file as a whole, so that a reader never sees half of it.
fn write_down(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |reason| Error::File { path: path.to_owned(), reason };
    let next = path.with_extension("next");
    std::fs::write(&next, format!("{text}\n")).map_err(failed)?;
    std::fs::rename(&next, path).map_err(failed)
}
