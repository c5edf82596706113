//! The one error of the node agent. Callers of the agent are other services, so none of it reaches a user as it is.

use std::path::{Path, PathBuf};

use api_spec::ApiError;

/// Why the agent could not do something. Nothing here is final: the reconciler tries again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration makes no sense.
    #[error("configuration of node: {0}")]
    Config(String),
    /// libvirt refused, or is not there.
    #[error("libvirt: {0}")]
    Hypervisor(String),
    /// `ip`, `nft` or `conntrack` refused.
    #[error("{program}: {reason}")]
    Command {
        /// Which program.
        program: &'static str,
        /// What it wrote to standard error, or how it ended.
        reason: String,
    },
    /// A file, a socket or a namespace.
    #[error("{what}: {reason}")]
    Io {
        /// What was done to what.
        what: String,
        /// Why it failed.
        reason: std::io::Error,
    },
    /// A file that this agent wrote does not read back.
    #[error("{path}: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The instance's network is not ready for a guest yet.
    #[error("network of {0} is not ready: {1}")]
    NetworkNotReady(String, String),
    /// No such instance here.
    #[error("no instance {0} on this node")]
    NoInstance(String),
    /// A task of the agent ended by panic.
    #[error("a task of the agent ended early: {0}")]
    Task(String),
}

/// What most functions here return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An input/output error with what was tried.
    pub fn io(what: impl Into<String>, reason: impl Into<std::io::Error>) -> Self {
        Error::Io { what: what.into(), reason: reason.into() }
    }

    /// An input/output error about a file.
    pub fn file(path: &Path, reason: impl Into<std::io::Error>) -> Self {
        Error::io(path.display().to_string(), reason)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Config(_)
            | Error::Hypervisor(_)
            | Error::Command { .. }
            | Error::Io { .. }
            | Error::Corrupt { .. }
            | Error::NetworkNotReady(..)
            | Error::NoInstance(_)
            | Error::Task(_) => ApiError::internal(error.to_string()),
        }
    }
}
