//! `[gateway]` of the configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kit::tls::TlsConfig;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Where the cloud is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The public endpoint of all APIs. Port 0 takes any free one; `<run_dir>/endpoint` tells which.
    pub listen: SocketAddr,
    /// Where `/metrics` and `/healthz` are; keep it on the host or on a management network.
    pub internal_listen: SocketAddr,
    /// Certificate and key of the endpoint; clear text without.
    pub tls: Option<TlsConfig>,
    /// Listen beyond the host without TLS. Signatures stay safe, contents do not.
    pub allow_plaintext: bool,
}

impl Default for Config {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Config { listen: local(8773), internal_listen: local(8774), tls: None, allow_plaintext: false }
    }
}

impl Config {
    /// Refuses what would put people at risk.
    pub fn check(&self) -> Result<(), Error> {
        if self.tls.is_none() && !self.allow_plaintext && !self.listen.ip().is_loopback() {
            return Err(Error::Plaintext(self.listen));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_beyond_the_host_needs_a_word_from_the_operator() {
        let open = Config { listen: "0.0.0.0:8773".parse().unwrap(), ..Config::default() };
        assert!(open.check().is_err());
        assert!(Config { allow_plaintext: true, ..open }.check().is_ok());
        assert!(Config::default().check().is_ok());
    }
}
