//! What all services are configured with, and how a configuration file is read.

use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Values at the top of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Where everything that must survive lies; each service has a folder of its own below it.
    pub data_dir: PathBuf,
    /// Where sockets and the files that say where things listen lie; emptied by a reboot.
    pub run_dir: PathBuf,
    /// The region that this cloud is.
    pub region: String,
    /// The availability zone of this host.
    pub zone: String,
    /// Public addresses: compute gives them out, nodes route them. Its network, first and broadcast address are never
    /// given out. The default is reachable from the host alone.
    pub public_pool: Ipv4Net,
}

impl Default for Common {
    fn default() -> Self {
        Common {
            data_dir: "/var/lib/murus".into(),
            run_dir: "/run/murus".into(),
            region: "us-east-1".into(),
            zone: "us-east-1a".into(),
            public_pool: Ipv4Net::new_assert([198, 18, 0, 0].into(), 24),
        }
    }
}

/// A configuration that cannot be used; says the file and, where there is one, the line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{path}: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        reason: String,
    },
}

/// Reads a TOML file as `T`.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
    parse(&text, path)
}

/// Reads TOML text as `T`; `path` is for the error.
pub fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, ConfigError> {
    toml::from_str(text)
        .map_err(|error| ConfigError::Invalid { path: path.to_owned(), reason: error.to_string() })
}
