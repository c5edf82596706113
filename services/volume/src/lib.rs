//! EBS: volumes, snapshots, attachments and imports, and the disk images behind them.
//!
//! This service alone decides which instance has which disk; compute and the nodes carry out what it says and tell
//! what they see. Requests commit what is wanted; the reconcilers in [`reconcile`](self) make it so.

mod api;
pub mod backend;
mod config;
mod domain;
mod error;
mod locks;
mod reconcile;
mod service;
mod store;

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use ::store::{Read, Store};
use api_spec::ids::SnapshotId;
use kit::dispatch::{Dispatcher, OperationShape};
use kit::{Context, Routes};

pub use config::Config;
pub use error::Error;

use backend::{Backend, BackendError, Qcow2Files};
use service::Service;

/// Starts the service: opens its store and its disks, begins to reconcile, and gives what it answers.
///
/// # Errors
/// When the configuration makes no sense, or store or disks cannot be opened.
pub async fn start(config: Config, context: Context) -> Result<Routes, Error> {
    config.check().map_err(Error::Config)?;
    let root = context.data_dir();
    let store = open_store(&root)?;
    let view = store.snapshot()?;
    let pending = |name: &str| {
        name.parse::<SnapshotId>()
            .ok()
            .and_then(|id| view.get(&store::SNAPSHOTS, &id).ok().flatten())
            .is_some_and(|snapshot| snapshot.state == domain::snapshot::State::Pending)
    };
    let backend = Arc::new(Qcow2Files::open(&root, &pending)?);
    Ok(run(config, context, store, backend))
}

/// As [`start`], with disks of the caller's making; for tests.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    config: Config,
    context: Context,
    backend: Arc<dyn Backend>,
) -> Result<Routes, Error> {
    config.check().map_err(Error::Config)?;
    let store = open_store(&context.data_dir())?;
    Ok(run(config, context, store, backend))
}

/// The wire shapes of all actions, for the contract test.
///
/// # Errors
/// The action whose shape cannot be told.
pub fn shapes() -> Result<Vec<OperationShape>, String> {
    api::actions().shapes()
}

fn run(config: Config, context: Context, store: Store, backend: Arc<dyn Backend>) -> Routes {
    let service = Arc::new(Service::new(config, context.clone(), store, backend));
    reconcile::run_all(&service);
    let internal = api::internal::router(&service);
    let public = Dispatcher::new(context, service, api::actions()).into_router();
    Routes { public: public.into(), internal }
}

/// The store is for this service alone, though QEMU may come into the directory above it.
fn open_store(root: &Path) -> Result<Store, Error> {
    let path = root.join("store");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .map_err(|error| BackendError::io(&path, error))?;
    Ok(Store::open(&path)?)
}
