//! What every service stands on: configuration, time and chance, calls between services, authentication and the one
//! dispatcher, HTTP serving, logs, metrics, reconcilers and shutdown.
//!
//! A service is a function of its configuration and a [`Context`] that gives [`Routes`]; who serves those routes, on
//! which socket and in which process, is not its business.

pub mod attempts;
pub mod audit;
pub mod authorize;
pub mod caller;
pub mod client_token;
pub mod clock;
pub mod cohort;
pub mod config;
pub mod context;
pub mod credentials;
pub mod dispatch;
mod explain;
pub mod filters;
pub mod handler;
pub mod http;
pub mod internal;
mod json;
pub mod metrics;
mod moving;
mod one_by_one;
pub mod paging;
pub mod peer;
pub mod quota;
pub mod random;
pub mod reconcile;
pub mod request;
mod s3_signature;
pub mod server;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod usage;

pub use authorize::{Access, ResourcePolicy};
pub use caller::Caller;
pub use clock::Clock;
pub use config::Common;
pub use context::{Context, Routes, ServiceName};
pub use handler::Handler;
pub use quota::Quotas;
pub use random::Random;
pub use shutdown::Shutdown;
