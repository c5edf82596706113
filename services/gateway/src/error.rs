//! Why the gateway cannot start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A gateway that cannot start, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Clear text beyond the host, without the operator having said so.
    #[error(
        "gateway.listen = \"{0}\" would carry credentials in clear text beyond this host: configure [gateway.tls], \
         or set gateway.allow_plaintext = true if something in front of it does TLS"
    )]
    Plaintext(SocketAddr),
    /// A value that cannot be.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// The address cannot be listened on.
    #[error("cannot listen on {at}: {reason}; is another process there? Choose another address in [gateway]")]
    Bind {
        /// The address.
        at: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// Certificate or key are not usable.
    #[error("[gateway.tls]: {0}")]
    Tls(String),
    /// A file in the run directory cannot be written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}
