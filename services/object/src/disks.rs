//! Which data directories there are: from the configuration at the start, from the operator while serving.
//!
//! A directory is marked when it is used for the first time, and the index knows the mark: the empty folder that is
//! left when a disk is not mounted is not taken for it. The directory below the service's own folder is always one; it
//! takes nothing new once others are named without it.

use std::path::PathBuf;
use std::sync::Arc;

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use calls::object::{DiskState, Disks, UseDisks};
use store::Read;
use tokio::task::spawn_blocking;

use crate::data::disk::Disk;
use crate::error::Error;
use crate::service::Service;
use crate::store::DISKS;

/// Adds the operator's call.
pub fn route(router: Router, service: &Arc<Service>) -> Router {
    let service = Arc::clone(service);
    kit::internal::answer(router, move |call: UseDisks| {
        let service = Arc::clone(&service);
        async move {
            let paths = |texts: Vec<String>| texts.into_iter().map(PathBuf::from).collect::<Vec<_>>();
            arrange(&service, paths(call.data_dirs), paths(call.drain_dirs)).await.map_err(refusal)?;
            let shown = spawn_blocking(move || show(&service)).await;
            shown.map_err(ApiError::internal)?.map_err(ApiError::from)
        }
    })
}

/// The operator is told why.
fn refusal(error: Error) -> ApiError {
    match error {
        Error::Internal(why) => ApiError::new(ErrorCode::InvalidRequest, why),
        other => other.into(),
    }
}

/// Uses these directories from now on.
///
/// # Errors
/// When one cannot be used, is not the one that was there, or is left out and has files.
pub async fn arrange(service: &Arc<Service>, data: Vec<PathBuf>, drain: Vec<PathBuf>) -> Result<(), Error> {
    let opener = Arc::clone(service);
    let opened = spawn_blocking(move || open(&opener, &data, &drain)).await;
    let (disks, marks) = opened.map_err(|error| Error::Internal(error.to_string()))??;
    if !marks.is_empty() {
        let put = service.store.transact(move |tx| {
            marks.iter().try_for_each(|(path, mark)| tx.put(&DISKS, path, mark)).map_err(Error::from)
        });
        put.await?;
    }
    service.files.use_disks(disks);
    Ok(())
}

type Opened = (Vec<Arc<Disk>>, Vec<(String, String)>);

/// The disks, and the marks that the index has still to learn.
fn open(service: &Service, data: &[PathBuf], drain: &[PathBuf]) -> Result<Opened, Error> {
    let own = service.context.data_dir().join("data");
    let mut roots = vec![own.clone()];
    roots.extend(data.iter().chain(drain).filter(|path| **path != own).cloned());
    roots.dedup();
    let before = service.files.disks();
    for disk in before.iter().filter(|disk| !roots.iter().any(|root| root == disk.root())) {
        let count = disk.count()?;
        if count > 0 {
            let path = disk.root().display();
            return Err(Error::Internal(format!("{path} has {count} files: drain it first")));
        }
    }
    let (mut disks, mut marks) = (Vec::new(), Vec::new());
    for root in roots {
        let draining = drain.contains(&root) || root == own && !data.is_empty() && !data.contains(&own);
        if let Some(disk) = before.iter().find(|disk| disk.root() == root) {
            disk.set_draining(draining);
            disks.push(Arc::clone(disk));
            continue;
        }
        let path = root.display().to_string();
        let unusable = |error: std::io::Error| Error::Internal(format!("{path} cannot be used: {error}"));
        let known = service.store.snapshot()?.get(&DISKS, &path)?;
        let found = Disk::mark(&root).map_err(unusable)?;
        if known.is_some() && known != found {
            return Err(Error::Internal(format!("{path} is not the disk that was there: is it mounted?")));
        }
        let disk = Disk::open(&root, draining).map_err(unusable)?;
        if root != own && known.is_none() {
            let mark = found.unwrap_or_else(|| service.fresh_id().to_string());
            disk.set_mark(&mark).map_err(unusable)?;
            marks.push((path, mark));
        }
        disks.push(Arc::new(disk));
    }
    if disks.iter().all(|disk| disk.is_draining()) {
        return Err(Error::Internal("every data directory is being drained".into()));
    }
    Ok((disks, marks))
}

fn show(service: &Service) -> Result<Disks, Error> {
    let mut disks = Vec::new();
    for disk in service.files.disks().iter() {
        disks.push(DiskState {
            path: disk.root().display().to_string(),
            free_bytes: disk.room()?.saturating_sub(service.config.reserve_mib << 20),
            files: disk.count()?,
            draining: disk.is_draining(),
        });
    }
    Ok(Disks { disks })
}
