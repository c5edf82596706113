//! Disks as qcow2 files on this host: `volumes/vol-....qcow2`, `snapshots/snap-....qcow2`.
//!
//! A volume made from a snapshot is an overlay on the snapshot's file, which never changes. Paths inside images are
//! relative, so the data directory can be moved.

use std::path::{Path, PathBuf};

use api_spec::ids::{ImportTaskId, SnapshotId, VolumeId};
use calls::node::DiskSource;
use tokio::io::AsyncReadExt;

use super::{Backend, BackendError, Progress, Work, files, qemu_img};
use crate::domain::GIB;
use crate::domain::disk_image::{self, Format};
use crate::locks::Locks;

const VOLUME_MODE: u32 = 0o660;
const SNAPSHOT_MODE: u32 = 0o440;
const BACKUP: &str = ".backup.part";

/// Disks in a directory.
pub struct Qcow2Files {
    /// Held while file work is done, by the disk's id.
    busy: Locks,
    volumes: PathBuf,
    snapshots: PathBuf,
    imports: PathBuf,
}

impl Qcow2Files {
    /// The disks below `root`; sweeps what an earlier process left unfinished, but copies by nodes that go on for
    /// the snapshots that `pending` knows.
    ///
    /// # Errors
    /// When the directories cannot be made or read.
    pub fn open(root: &Path, pending: &dyn Fn(&str) -> bool) -> Result<Self, BackendError> {
        let this = Qcow2Files {
            busy: Locks::default(),
            volumes: root.join("volumes"),
            snapshots: root.join("snapshots"),
            imports: root.join("imports"),
        };
        let going_on = |name: &str| name.strip_suffix(BACKUP).is_some_and(pending);
        for directory in [&this.volumes, &this.snapshots, &this.imports] {
            files::directory(directory)?;
            let swept = files::sweep(directory, &going_on)?;
            if swept > 0 {
                tracing::info!(directory = %directory.display(), swept, "removed unfinished files");
            }
        }
        Ok(this)
    }

    fn volume(&self, id: &VolumeId) -> PathBuf {
        self.volumes.join(format!("{id}.qcow2"))
    }

    fn snapshot(&self, id: &SnapshotId) -> PathBuf {
        self.snapshots.join(format!("{id}.qcow2"))
    }

    fn backup(&self, id: &SnapshotId) -> PathBuf {
        self.snapshots.join(format!("{id}{BACKUP}"))
    }

    fn import_path(&self, task: &ImportTaskId) -> PathBuf {
        self.imports.join(format!("{task}{}", files::TEMPORARY))
    }

    /// Does file work about one disk away from the threads that serve requests. Work whose caller has gone away still
    /// ends before other work about the same disk begins.
    async fn blocking<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let held = self.busy.hold(id).await;
        let work = move || {
            let _held = held;
            work()
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            Err(BackendError::Program { program: "file work", reason: error.to_string() })
        })
    }

    async fn create_empty(&self, id: &str, path: &Path) -> Result<(), BackendError> {
        let path = path.to_owned();
        self.blocking(id, move || files::create_empty(&path)).await
    }

    async fn publish(&self, id: &str, from: PathBuf, to: PathBuf, mode: u32) -> Result<(), BackendError> {
        self.blocking(id, move || files::publish(&from, &to, mode)).await
    }

    async fn exists(&self, id: &str, path: &Path) -> Result<bool, BackendError> {
        let path = path.to_owned();
        self.blocking(id, move || path.try_exists().map_err(|error| BackendError::io(&path, error))).await
    }

    /// Removes these files of a disk and what was being prepared to become them.
    async fn remove<const N: usize>(&self, id: &str, paths: [PathBuf; N]) -> Result<(), BackendError> {
        self.blocking(id, move || {
            for path in paths {
                files::remove(&files::temporary_of(&path))?;
                files::remove(&path)?;
            }
            Ok(())
        })
        .await
    }

    /// Prepares a file under its temporary name, gives it its own when `work` is done, removes it when that fails.
    async fn prepared<T>(
        &self,
        id: &str,
        to: PathBuf,
        mode: u32,
        work: impl AsyncFnOnce(&Path) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let temporary = files::temporary_of(&to);
        self.create_empty(id, &temporary).await?;
        match work(&temporary).await {
            Ok(done) => self.publish(id, temporary, to, mode).await.map(|()| done),
            Err(error) => {
                // what cannot be removed now is swept at the next start
                let _ = self.blocking(id, move || files::remove(&temporary)).await;
                Err(error)
            }
        }
    }
}

async fn head_of(path: &Path) -> Result<Vec<u8>, BackendError> {
    let failed = |error| BackendError::io(path, error);
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut head = Vec::with_capacity(disk_image::HEAD_BYTES);
    file.take(disk_image::HEAD_BYTES as u64).read_to_end(&mut head).await.map_err(failed)?;
    Ok(head)
}

/// Whether an image is what it should be and stands alone; tells the size of its disk in GiB, rounded up.
async fn inspect(path: &Path, format: Format, max_gib: u32) -> Result<u32, BackendError> {
    disk_image::check(format, &head_of(path).await?).map_err(BackendError::BadImage)?;
    let info = match qemu_img::info(path, format.qemu()).await {
        Ok(info) => info,
        Err(error @ (BackendError::Full(_) | BackendError::Locked(_))) => return Err(error),
        Err(error) => {
            tracing::info!(%error, "an image to import cannot be read");
            return Err(BackendError::BadImage(format!("the image is not readable as {}", format.as_str())));
        }
    };
    if info.refers {
        return Err(BackendError::BadImage("the image refers to another file".into()));
    }
    match u32::try_from(info.virtual_bytes.div_ceil(GIB)) {
        Ok(0) => Err(BackendError::BadImage("the image's disk is empty".into())),
        Ok(gib) if gib <= max_gib => Ok(gib),
        _ => Err(BackendError::BadImage(format!("the image's disk is larger than {max_gib} GiB"))),
    }
}

impl Backend for Qcow2Files {
    fn source(&self, volume: &VolumeId) -> DiskSource {
        DiskSource::Qcow2(self.volume(volume))
    }

    fn create_volume<'a>(
        &'a self,
        volume: &'a VolumeId,
        size_gib: u32,
        from: Option<&'a SnapshotId>,
    ) -> Work<'a, ()> {
        Box::pin(async move {
            let to = self.volume(volume);
            if self.exists(volume.as_str(), &to).await? {
                return Ok(());
            }
            let backing = from.map(|snapshot| PathBuf::from(format!("../snapshots/{snapshot}.qcow2")));
            self.prepared(volume.as_str(), to, VOLUME_MODE, async |temporary| {
                qemu_img::create(temporary, u64::from(size_gib) * GIB, backing.as_deref()).await
            })
            .await
        })
    }

    fn delete_volume<'a>(&'a self, volume: &'a VolumeId) -> Work<'a, ()> {
        Box::pin(self.remove(volume.as_str(), [self.volume(volume)]))
    }

    fn copy<'a>(
        &'a self,
        volume: &'a VolumeId,
        snapshot: &'a SnapshotId,
        progress: Progress<'a>,
    ) -> Work<'a, ()> {
        Box::pin(async move {
            self.prepared(snapshot.as_str(), self.snapshot(snapshot), SNAPSHOT_MODE, async |temporary| {
                qemu_img::convert(&self.volume(volume), "qcow2", temporary, progress).await
            })
            .await
        })
    }

    fn backup_target<'a>(&'a self, snapshot: &'a SnapshotId, size_gib: u32) -> Work<'a, PathBuf> {
        Box::pin(async move {
            let target = self.backup(snapshot);
            if self.exists(snapshot.as_str(), &target).await? {
                return Ok(target);
            }
            self.prepared(snapshot.as_str(), target.clone(), VOLUME_MODE, async |temporary| {
                qemu_img::create(temporary, u64::from(size_gib) * GIB, None).await
            })
            .await?;
            Ok(target)
        })
    }

    fn adopt_backup<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()> {
        Box::pin(async move {
            let (from, to) = (self.backup(snapshot), self.snapshot(snapshot));
            let there = self.exists(snapshot.as_str(), &from).await?;
            let done = self.exists(snapshot.as_str(), &to).await?;
            // adopted by a process that was killed before it could say so
            if !there && done {
                Ok(())
            } else {
                self.publish(snapshot.as_str(), from, to, SNAPSHOT_MODE).await
            }
        })
    }

    fn discard_backup<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()> {
        Box::pin(self.remove(snapshot.as_str(), [self.backup(snapshot)]))
    }

    fn delete_snapshot<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()> {
        Box::pin(self.remove(snapshot.as_str(), [self.backup(snapshot), self.snapshot(snapshot)]))
    }

    fn import_file<'a>(&'a self, task: &'a ImportTaskId) -> Work<'a, PathBuf> {
        Box::pin(async move {
            let path = self.import_path(task);
            self.create_empty(task.as_str(), &path).await?;
            Ok(path)
        })
    }

    fn import<'a>(
        &'a self,
        task: &'a ImportTaskId,
        format: Format,
        snapshot: &'a SnapshotId,
        max_gib: u32,
        progress: Progress<'a>,
    ) -> Work<'a, u32> {
        Box::pin(async move {
            let from = self.import_path(task);
            let gib = inspect(&from, format, max_gib).await?;
            self.prepared(snapshot.as_str(), self.snapshot(snapshot), SNAPSHOT_MODE, async |temporary| {
                qemu_img::convert(&from, format.qemu(), temporary, progress).await?;
                qemu_img::resize(temporary, u64::from(gib) * GIB).await
            })
            .await?;
            Ok(gib)
        })
    }

    fn forget_import<'a>(&'a self, task: &'a ImportTaskId) -> Work<'a, ()> {
        Box::pin(self.remove(task.as_str(), [self.import_path(task)]))
    }
}
