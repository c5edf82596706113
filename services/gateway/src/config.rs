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
    /// A client that takes nothing of its reply for this long, or sends nothing more of a request that is read whole
    /// before it is handed on, is cut off, in seconds. 1..=3600.
    pub stall_timeout_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Config {
            listen: local(8773),
            internal_listen: local(8774),
            tls: None,
            allow_plaintext: false,
            stall_timeout_s: 60,
        }
    }
}

impl Config {
    /// Refuses what would put people at risk.
    pub fn check(&self) -> Result<(), Error> {
        if self.tls.is_none() && !self.allow_plaintext && !self.listen.ip().is_loopback() {
            return Err(Error::Plaintext(self.listen));
        }
        if !(1..=3600).contains(&self.stall_timeout_s) {
            return Err(Error::OutOfRange("gateway.stall_timeout_s must be 1 to 3600"));
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

    #[test]
    fn nobody_is_waited_for_without_end() {
        for (seconds, fine) in [(0, false), (1, true), (3600, true), (3601, false)] {
            let config = Config { stall_timeout_s: seconds, ..Config::default() };
            assert_eq!(config.check().is_ok(), fine, "{seconds}");
        }
    }
}
