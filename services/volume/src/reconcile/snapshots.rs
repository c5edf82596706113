//! For every snapshot that is `pending`, copy its disk: through the node while an instance runs with it, else here;
//! for every snapshot that is deleted and on which no volume is based, remove its data and then its row.
//!
//! One task for each copy; a task that was killed begins again, and one by a node is taken up where it is.

use std::sync::Arc;
use std::time::Duration;

use ::store::Read;
use api_spec::ErrorCode;
use api_spec::ids::SnapshotId;
use calls::compute::BackupInstanceDisk;
use calls::node::{BackupDisk, BackupState};
use kit::reconcile::Reconciler;
use tokio::sync::Semaphore;

use super::POLL;
use super::progress::{Notes, Percent};
use crate::backend::BackendError;
use crate::domain::snapshot::{Snapshot, State};
use crate::domain::volume::{self, Volume};
use crate::error::Error;
use crate::service::Service;
use crate::store::{BY_SNAPSHOT, SNAPSHOTS, SNAPSHOTS_AT_WORK, VOLUMES};

/// Copies that fail are tried this often.
const TRIES: u32 = 5;
/// After a copy that failed, or while the disk is locked.
const RETRY: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Clone)]
pub struct Snapshots {
    service: Arc<Service>,
    slots: Arc<Semaphore>,
}

impl Snapshots {
    /// For this service.
    pub fn of(service: &Arc<Service>) -> Self {
        let slots = usize::try_from(service.config.concurrent_copies).unwrap_or(1);
        Snapshots { service: Arc::clone(service), slots: Arc::new(Semaphore::new(slots)) }
    }
}

impl Reconciler for Snapshots {
    const NAME: &'static str = "snapshots";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let view = self.service.view()?;
        let (mut done, mut failed) = (0, None);
        for id in SNAPSHOTS_AT_WORK.keys(&view, &"pending".to_string())? {
            done += usize::from(self.begin(&id));
        }
        for id in SNAPSHOTS_AT_WORK.keys(&view, &"deleted".to_string())? {
            match self.remove(&id).await {
                Ok(removed) => done += usize::from(removed),
                // data that cannot be removed does not keep the rest
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(done), Err)
    }
}

/// How one attempt ended.
enum Attempt {
    Done,
    /// Nothing is wrong, it only takes time.
    Later(Duration),
    Failed(BackendError),
}

impl Snapshots {
    /// Starts the task of a copy, unless it runs.
    fn begin(&self, id: &SnapshotId) -> bool {
        let Some(held) = self.service.locks.try_hold(id.as_str()) else { return false };
        let (this, id) = (self.clone(), id.clone());
        self.service.context.shutdown.spawn(async move {
            this.copy(&id).await;
            drop(held);
            // it may have been deleted meanwhile, and whoever wanted to remove it then could not
            if let Err(error) = this.remove(&id).await {
                tracing::warn!(snapshot = %id, %error, "a deleted snapshot waits for the next pass");
            }
        });
        true
    }

    async fn copy(&self, id: &SnapshotId) {
        let copy = Copy { service: &self.service, id };
        tokio::select! {
            () = self.service.context.shutdown.wait() => {}
            () = copy.unwanted() => {}
            result = copy.run(&self.slots) => if let Err(error) = result {
                tracing::warn!(snapshot = %id, %error, "a snapshot waits for the next pass");
            }
        }
    }

    /// Removes what is deleted, if nothing is based on it and no copy of it runs.
    async fn remove(&self, id: &SnapshotId) -> Result<bool, Error> {
        let Some(_held) = self.service.locks.try_hold(id.as_str()) else { return Ok(false) };
        let view = self.service.view()?;
        let deleted = view.get(&SNAPSHOTS, id)?.is_some_and(|snapshot| snapshot.state == State::Deleted);
        if !deleted || BY_SNAPSHOT.any(&view, id)? {
            return Ok(false);
        }
        self.service.backend.delete_snapshot(id).await?;
        let id = id.clone();
        Ok(self.service.store.transact(move |tx| tx.delete(&SNAPSHOTS, &id)).await?)
    }
}

/// The copying of one snapshot.
struct Copy<'a> {
    service: &'a Service,
    id: &'a SnapshotId,
}

impl Copy<'_> {
    fn pending(&self) -> Result<Option<Snapshot>, Error> {
        let snapshot = self.service.view()?.get(&SNAPSHOTS, self.id)?;
        Ok(snapshot.filter(|snapshot| snapshot.state == State::Pending))
    }

    /// Returns when the snapshot has been deleted.
    async fn unwanted(&self) {
        let mut changes = self.service.store.changed(&SNAPSHOTS);
        loop {
            if matches!(self.pending(), Ok(None)) {
                return;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn run(&self, slots: &Semaphore) -> Result<(), Error> {
        while let Some(snapshot) = self.pending()? {
            match self.attempt(&snapshot, slots).await? {
                Attempt::Done => return self.complete().await,
                Attempt::Later(pause) => tokio::time::sleep(pause).await,
                Attempt::Failed(error) => {
                    tracing::warn!(snapshot = %self.id, %error, "a copy failed");
                    self.failed(&error).await?;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, snapshot: &Snapshot, slots: &Semaphore) -> Result<Attempt, Error> {
        let volume = match &snapshot.volume {
            Some(id) => self.service.view()?.get(&VOLUMES, id)?,
            None => None,
        };
        let Some(volume) = volume else {
            return Ok(Attempt::Failed(BackendError::BadImage("the volume is gone".into())));
        };
        if volume.state == volume::State::Ready
            && volume.attachment.is_some()
            && let Some(attempt) = self.by_node(snapshot, &volume).await?
        {
            return Ok(attempt);
        }
        self.here(snapshot, slots).await
    }

    /// Has the node copy; none when no instance runs with the disk.
    async fn by_node(&self, snapshot: &Snapshot, volume: &Volume) -> Result<Option<Attempt>, Error> {
        let (Some(attachment), Some(id)) = (&volume.attachment, &snapshot.volume) else { return Ok(None) };
        let backend = &self.service.backend;
        let target = match backend.backup_target(self.id, volume.size_gib).await {
            Ok(target) => target,
            Err(error) => return Ok(Some(Attempt::Failed(error))),
        };
        let backup = BackupDisk {
            instance: attachment.instance.clone(),
            volume: id.clone(),
            snapshot: self.id.clone(),
            target,
        };
        let state = match self.service.compute().call(&BackupInstanceDisk { backup }).await {
            Ok(state) => state,
            Err(error) if matches!(error.code, ErrorCode::ServiceUnavailable | ErrorCode::InternalError) => {
                tracing::info!(snapshot = %self.id, %error, "compute cannot have a disk copied yet");
                return Ok(Some(Attempt::Later(RETRY)));
            }
            // the instance is gone, which is what not running means here
            Err(_) => BackupState::NotRunning,
        };
        Ok(match state {
            BackupState::Copying(percent) => {
                self.change(move |snapshot| {
                    snapshot.begun = true;
                    snapshot.progress = percent.min(99);
                })
                .await?;
                Some(Attempt::Later(POLL))
            }
            BackupState::Done => Some(match backend.adopt_backup(self.id).await {
                Ok(()) => Attempt::Done,
                Err(error) => Attempt::Failed(error),
            }),
            BackupState::NotRunning => {
                backend.discard_backup(self.id).await?;
                None
            }
            BackupState::Failed(reason) => {
                backend.discard_backup(self.id).await?;
                let full = reason.contains("No space left");
                let error = BackendError::Program { program: "backup by the node", reason: reason.clone() };
                Some(Attempt::Failed(if full { BackendError::Full(reason) } else { error }))
            }
        })
    }

    async fn here(&self, snapshot: &Snapshot, slots: &Semaphore) -> Result<Attempt, Error> {
        let Some(volume) = &snapshot.volume else { return Ok(Attempt::Done) };
        // nothing writes to the disk before the copy is done: see the reconciler of attachments
        self.change(|snapshot| snapshot.begun = true).await?;
        // the semaphore is never closed
        let _slot = slots.acquire().await;
        let percent = Percent::default();
        let progress = |done| percent.set(done);
        let work = self.service.backend.copy(volume, self.id, &progress);
        Ok(match percent.noted(work, self).await {
            Ok(()) => Attempt::Done,
            Err(BackendError::Locked(_)) => Attempt::Later(RETRY),
            Err(error) => Attempt::Failed(error),
        })
    }

    async fn complete(&self) -> Result<(), Error> {
        let now = self.service.context.clock.now();
        self.change(move |snapshot| {
            snapshot.state = State::Completed;
            snapshot.progress = 100;
            snapshot.completed_at = Some(now);
        })
        .await
    }

    async fn failed(&self, error: &BackendError) -> Result<(), Error> {
        let last = matches!(error, BackendError::Full(_) | BackendError::BadImage(_));
        let words = error.public();
        self.change(move |snapshot| {
            snapshot.failures += 1;
            if last || snapshot.failures >= TRIES {
                snapshot.state = State::Error(words.clone());
            }
        })
        .await
    }

    /// Changes the snapshot, if it is still wanted and that makes a difference.
    async fn change(&self, change: impl Fn(&mut Snapshot) + Send + 'static) -> Result<(), Error> {
        let id = self.id.clone();
        self.service
            .store
            .transact(move |tx| {
                let Some(old) = tx.get(&SNAPSHOTS, &id)? else { return Ok(()) };
                let mut new = old.clone();
                change(&mut new);
                if old.state == State::Pending && new != old {
                    tx.put(&SNAPSHOTS, &id, &new)?;
                }
                Ok(())
            })
            .await
    }
}

impl Notes for Copy<'_> {
    async fn note(&self, percent: u8) {
        let noted = self.change(move |snapshot| snapshot.progress = percent.min(99)).await;
        if let Err(error) = noted {
            tracing::warn!(snapshot = %self.id, %error, "progress could not be written down");
        }
    }
}
