//! Serving a router on a socket: TCP with or without TLS, or unix. Stops taking connections at shutdown and lets the
//! requests under way finish.
//!
//! A client of a TCP socket that takes nothing of its reply is cut, and what the reply held (buffers, files, a
//! connection to a peer) is freed. One that only says that it sends no more is answered. Over unix sockets only other
//! services call; one that closes there has given the call up, or has stopped.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{CipherSuite, ProtocolVersion, SupportedCipherSuite};

use crate::cohort;
use crate::handler::Handler;
use crate::moving::Moving;
use crate::one_by_one::OneByOne;
use crate::shutdown::Shutdown;

/// A client has this long to send a request's head, and between two requests on a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// What a connection may hold of what it has read or is about to write. More would not make one faster, and a thousand
/// connections at once must fit into memory. Also the longest head of a request.
const BUFFER_BYTES: usize = 64 << 10;
/// A TLS handshake has this long.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// After an error of accept (out of descriptors, for one) it is tried again so much later.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Where a connection came from; an extension of every request served over TCP.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The client.
    pub peer: SocketAddr,
    /// Whether it speaks TLS.
    pub secure: bool,
    /// The version of TLS, `1.2` or `1.3`.
    pub tls_version: Option<&'static str>,
    /// OpenSSL's name of the cipher suite.
    pub tls_cipher: Option<&'static str>,
}

/// How a TCP socket is served.
#[derive(Clone)]
pub struct Tcp {
    /// With TLS.
    pub tls: Option<TlsAcceptor>,
    /// A client that acknowledges nothing of what it is sent for this long is cut off. One that takes anything,
    /// however slowly, is not.
    pub stall: Duration,
}

/// Serves `handler` on `listener` until shutdown.
pub fn serve_tcp(listener: TcpListener, handler: impl Into<Handler>, tcp: Tcp, shutdown: &Shutdown) {
    let handler = handler.into();
    let stop = shutdown.clone();
    shutdown.spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop.wait() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            // without it small replies wait for delayed acknowledgements; failing to set it only costs time
            let _ = stream.set_nodelay(true);
            let stream = Moving::new(stream, tcp.stall);
            let (handler, tls, shutdown) = (handler.clone(), tcp.tls.clone(), stop.clone());
            let connection = Connection { peer, secure: tls.is_some(), tls_version: None, tls_cipher: None };
            stop.spawn(async move {
                match tls {
                    None => serve_connection(stream, handler, Some(connection), &shutdown).await,
                    Some(tls) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                        Ok(Ok(stream)) => {
                            let tls_version = version(stream.get_ref().1.protocol_version());
                            let tls_cipher = cipher(stream.get_ref().1.negotiated_cipher_suite());
                            let connection = Connection { tls_version, tls_cipher, ..connection };
                            serve_connection(stream, handler, Some(connection), &shutdown).await;
                        }
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                    },
                }
            });
        }
    });
}

fn version(negotiated: Option<ProtocolVersion>) -> Option<&'static str> {
    match negotiated? {
        ProtocolVersion::TLSv1_2 => Some("1.2"),
        ProtocolVersion::TLSv1_3 => Some("1.3"),
        _ => None,
    }
}

/// What OpenSSL calls a cipher suite. Those of TLS 1.3 have the same name everywhere.
fn cipher(negotiated: Option<SupportedCipherSuite>) -> Option<&'static str> {
    match negotiated?.suite() {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => Some("TLS_AES_128_GCM_SHA256"),
        CipherSuite::TLS13_AES_256_GCM_SHA384 => Some("TLS_AES_256_GCM_SHA384"),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => Some("TLS_CHACHA20_POLY1305_SHA256"),
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => Some("ECDHE-RSA-AES128-GCM-SHA256"),
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => Some("ECDHE-RSA-AES256-GCM-SHA384"),
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => Some("ECDHE-RSA-CHACHA20-POLY1305"),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => Some("ECDHE-ECDSA-AES128-GCM-SHA256"),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => Some("ECDHE-ECDSA-AES256-GCM-SHA384"),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => Some("ECDHE-ECDSA-CHACHA20-POLY1305"),
        _ => None,
    }
}

/// Serves `handler` on a unix socket at `path` until shutdown; the group of its directory may connect.
pub fn serve_unix(path: &Path, handler: impl Into<Handler>, shutdown: &Shutdown) -> io::Result<()> {
    let handler = handler.into();
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    let stop = shutdown.clone();
    shutdown.spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop.wait() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (handler, shutdown) = (handler.clone(), stop.clone());
                    stop.spawn(async move { serve_connection(stream, handler, None, &shutdown).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    });
    Ok(())
}

async fn serve_connection<S>(stream: S, handler: Handler, connection: Option<Connection>, shutdown: &Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Some(connection) = connection {
            request.extensions_mut().insert(connection);
        }
        cohort::begin();
        let answer = handler.answer(request.map(Body::new));
        async move { answer.await.map(|response| response.map(OneByOne::new)) }
    });
    let mut http = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(BUFFER_BYTES)
            // a client that sends no more may still wait for its answer; a service does not
            .half_close(connection.is_some())
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = http.as_mut() => ended,
        () = shutdown.wait() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
