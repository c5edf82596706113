//! What a service is given at its start, and what it gives back.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;

use crate::clock::Clock;
use crate::config::Common;
use crate::credentials::Credentials;
use crate::handler::Handler;
use crate::metrics::Metrics;
use crate::peer::Peers;
use crate::random::Random;
use crate::shutdown::Shutdown;

/// The services of Murus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceName {
    /// IAM and STS.
    Identity,
    /// S3.
    Object,
    /// EBS.
    Volume,
    /// EC2.
    Compute,
    /// The agent on a hypervisor host.
    Node,
    /// The public endpoint.
    Gateway,
}

impl ServiceName {
    /// All of them, in the order in which they start.
    pub const ALL: [ServiceName; 6] = [
        ServiceName::Identity,
        ServiceName::Node,
        ServiceName::Volume,
        ServiceName::Compute,
        ServiceName::Object,
        ServiceName::Gateway,
    ];

    /// The name in paths, sockets, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            ServiceName::Identity => "identity",
            ServiceName::Object => "object",
            ServiceName::Volume => "volume",
            ServiceName::Compute => "compute",
            ServiceName::Node => "node",
            ServiceName::Gateway => "gateway",
        }
    }
}

impl std::fmt::Display for ServiceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that a service does not own but needs. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Which service this is for.
    pub service: ServiceName,
    /// The top of the configuration file.
    pub common: Arc<Common>,
    /// Tells the time.
    pub clock: Clock,
    /// Gives randomness.
    pub random: Random,
    /// The other services.
    pub peers: Peers,
    /// Who holds which access key.
    pub credentials: Credentials,
    /// Counters and timings.
    pub metrics: Metrics,
    /// Tells when to stop.
    pub shutdown: Shutdown,
}

impl Context {
    /// A context for `service` in a process that already has one for another service.
    #[must_use]
    pub fn for_service(&self, service: ServiceName) -> Self {
        Context { service, ..self.clone() }
    }

    /// This service's own folder below the data directory. It exists, with mode 0700 or as set up for the service's user.
    pub fn data_dir(&self) -> PathBuf {
        self.common.data_dir.join(self.service.as_str())
    }
}

/// What a service answers.
#[derive(Default)]
pub struct Routes {
    /// Requests of clients, as the gateway hands them on: they carry their own credentials.
    pub public: Handler,
    /// Calls of other services; on a socket that only services may open.
    pub internal: Router,
}
