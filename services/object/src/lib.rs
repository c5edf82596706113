//! The object service: S3.
//!
//! `api/` is the way of a request and one file per group of operations; `body/` takes content in and verifies it;
//! `data/` keeps it in files; `store/` is the index, the only truth about which content exists; `domain/` are the
//! types and rules; `reconcile/` clears away what nobody refers to; `spool.rs` has access logs until they are delivered.
//!
//! Invariants:
//! - No handler runs before `api::access` has allowed its operation.
//! - Acknowledged means: content synced, the directory that names its file synced, index committed.
//! - A file is immutable and named by chance. A key is never a file name.
//! - Nothing of a body is visible before its last byte, signature and checksum were verified.

pub mod api;
pub mod body;
pub mod config;
pub mod data;
pub mod disks;
pub mod domain;
pub mod error;
pub mod keyring;
pub mod reconcile;
pub mod service;
pub mod spool;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use ::store::Store;
use api_spec::ApiError;
use axum::body::Bytes;
use axum::routing::post;
use calls::object::{PutLog, ReadObject};
use kit::dispatch::OperationShape;
use kit::{Context, Handler, Routes};

pub use crate::config::Config;
use crate::data::files::Files;
pub use crate::error::Error;
use crate::reconcile::access_log::{Deliver, Write};
use crate::reconcile::completed::Forget;
use crate::reconcile::drain::Drain;
use crate::reconcile::lifecycle::Expire;
use crate::reconcile::orphans::Orphans;
use crate::reconcile::scrub::Scrub;
use crate::service::Service;

/// Suspects are announced; the tick is for those that were in use then.
const ORPHANS_EVERY: Duration = Duration::from_secs(30);
/// A pass of the scrubber reads a second's worth.
const SCRUB_EVERY: Duration = Duration::from_secs(1);
/// A pass goes on until the disk is empty or something fails.
const DRAIN_EVERY: Duration = Duration::from_secs(2);
/// Lines of access logs are in memory for so long, at most.
const ACCESS_LOGS_EVERY: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(3600);
/// How often it is looked whether a new day of the lifecycle has begun, at most.
const LIFECYCLE_EVERY: u64 = 600;

/// Opens what is on disk, starts the reconcilers, and gives the routes.
///
/// # Errors
/// When the configuration is out of range, or the data directory cannot be opened.
pub async fn start(config: Config, context: Context) -> Result<Routes, Error> {
    config.check().map_err(Error::Internal)?;
    let (root, reserve) = (context.data_dir(), config.reserve_mib << 20);
    let cache = usize::try_from(config.index_cache_mib).unwrap_or(usize::MAX >> 20) << 20;
    let opened = tokio::task::spawn_blocking(move || {
        let store = Store::open_logged(&root.join("store"), cache)?;
        let files = Files::over(Vec::new(), reserve);
        Ok::<_, Error>((store, files))
    });
    let (store, files) = opened.await.map_err(|error| Error::Internal(error.to_string()))??;
    store::buckets::index(&store).await?;
    let wakes = vec![files.wake()];
    let (data_dirs, drain_dirs) = (config.data_dirs.clone(), config.drain_dirs.clone());
    let service = Arc::new(Service::new(context.clone(), config, store, files));
    disks::arrange(&service, data_dirs, drain_dirs).await?;
    kit::reconcile::run(&context, Orphans::new(Arc::clone(&service)), ORPHANS_EVERY, wakes);
    kit::reconcile::run(&context, Drain(Arc::clone(&service)), DRAIN_EVERY, vec![]);
    let day = Duration::from_secs(service.config.lifecycle_day_seconds.min(LIFECYCLE_EVERY));
    let changed = vec![service.store.changed(&store::LIFECYCLES)];
    kit::reconcile::run(&context, Expire::new(Arc::clone(&service)), day, changed);
    access_logs(&context, &service);
    kit::reconcile::run(&context, Forget(Arc::clone(&service)), FORGET_EVERY, vec![]);
    kit::reconcile::run(&context, Scrub(Arc::clone(&service)), SCRUB_EVERY, vec![]);
    Ok(routes(service))
}

/// Starts what takes access logs from requests to their target buckets.
fn access_logs(context: &Context, service: &Arc<Service>) {
    let interval = Duration::from_secs(service.config.access_log_interval_s);
    let (filling, full) = (vec![service.spool.filling()], vec![service.spool.full()]);
    kit::reconcile::run(context, Write(Arc::clone(service)), ACCESS_LOGS_EVERY, filling);
    kit::reconcile::run(context, Deliver(Arc::clone(service)), interval, full);
    let (shutdown, last) = (context.shutdown.clone(), Arc::clone(service));
    context.shutdown.spawn(async move {
        shutdown.wait().await;
        last.spool.stop();
    });
}

fn routes(service: Arc<Service>) -> Routes {
    let public = Arc::clone(&service);
    let public = Handler::new(move |request| Box::pin(api::answer(Arc::clone(&public), request)));
    let logs = Arc::clone(&service);
    let internal = kit::internal::answer(
        disks::route(api::accounts::routes(&service), &service),
        move |call: PutLog| {
            let service = Arc::clone(&logs);
            async move { api::put_log::answer(service, call).await.map_err(ApiError::from) }
        },
    );
    let internal = internal.route(
        &kit::internal::path_of(ReadObject::PATH),
        post(move |body: Bytes| api::read_object::answer(Arc::clone(&service), body)),
    );
    Routes { public, internal }
}

/// The wire shapes of everything offered.
///
/// # Errors
/// Names the operation whose type has no shape.
pub fn shapes() -> Result<Vec<OperationShape>, String> {
    api::shapes::shapes()
}
