//! EC2: images, instances, key pairs, the default VPC, security groups, public addresses; and the scheduler.
//!
//! [`start`] opens the store, starts the reconcilers and gives the routes. A request decides and commits; what takes
//! time (disks, domains, ends) is recorded in the same transaction and done by `reconcile/`, which tells nodes the whole
//! desired state and applies what they see.

mod access;
mod accounts;
mod api;
pub mod config;
mod default_vpc;
pub mod domain;
mod error;
mod facts;
mod internal;
mod reconcile;
mod service;
mod store;

use std::sync::Arc;

use kit::dispatch::{Dispatcher, OperationShape};
use kit::{Context, Routes};

pub use config::Config;
pub use error::Error;
use service::Service;

/// Starts the service.
///
/// # Errors
/// For a configuration that cannot work, and a store that does not open.
pub async fn start(config: Config, context: Context) -> Result<Routes, Error> {
    config.check()?;
    let pool = context.common.public_pool;
    if pool.prefix_len() > 29 {
        return Err(Error::Config(format!("public_pool {pool} is smaller than a /29")));
    }
    let directory = context.data_dir().join("store");
    let store = tokio::task::spawn_blocking(move || ::store::Store::open(&directory))
        .await
        .map_err(|error| Error::Internal(error.to_string()))??;
    let service = Arc::new(Service::new(config, context.clone(), store));
    reconcile::start(&service);
    Ok(Routes {
        public: Dispatcher::new(context, Arc::clone(&service), api::actions()).into_router().into(),
        internal: internal::routes(&service),
    })
}

/// The wire shapes of everything offered, for the contract test.
///
/// # Errors
/// Names the type that has no shape.
pub fn shapes() -> Result<Vec<OperationShape>, String> {
    api::actions().shapes()
}
