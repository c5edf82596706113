//! Where disks really are. Everything above this module speaks of volumes and snapshots; only a backend knows files.
//!
//! Every method is idempotent and may be cut off anywhere: what it left unfinished is found and redone, or swept at
//! the next start. What a method has acknowledged survives power loss.

mod files;
mod qcow2;
mod qemu_img;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use api_spec::ids::{ImportTaskId, SnapshotId, VolumeId};
use calls::node::DiskSource;

pub use crate::domain::disk_image::Format;

pub use qcow2::Qcow2Files;

/// Work on disks: it takes time, and dropping it stops it.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, BackendError>> + Send + 'a>>;

/// Is told how much is done, in percent.
pub type Progress<'a> = &'a (dyn Fn(u8) + Send + Sync);

/// What keeps disks.
pub trait Backend: Send + Sync + 'static {
    /// Where a node finds a volume's bytes.
    fn source(&self, volume: &VolumeId) -> DiskSource;

    /// Makes a volume's disk: empty, or as the snapshot is, with the rest empty.
    fn create_volume<'a>(
        &'a self,
        volume: &'a VolumeId,
        size_gib: u32,
        from: Option<&'a SnapshotId>,
    ) -> Work<'a, ()>;

    /// Removes a volume's disk.
    fn delete_volume<'a>(&'a self, volume: &'a VolumeId) -> Work<'a, ()>;

    /// Copies a disk that nobody writes to into a snapshot. [`BackendError::Locked`] when somebody does.
    fn copy<'a>(
        &'a self,
        volume: &'a VolumeId,
        snapshot: &'a SnapshotId,
        progress: Progress<'a>,
    ) -> Work<'a, ()>;

    /// Prepares what a node copies a running instance's disk into; the same place until it is adopted or discarded.
    fn backup_target<'a>(&'a self, snapshot: &'a SnapshotId, size_gib: u32) -> Work<'a, PathBuf>;

    /// Makes the snapshot of what the node has copied.
    fn adopt_backup<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()>;

    /// Forgets what the node has copied.
    fn discard_backup<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()>;

    /// Removes a snapshot's data; no volume may be based on it.
    fn delete_snapshot<'a>(&'a self, snapshot: &'a SnapshotId) -> Work<'a, ()>;

    /// Where the object of an import is written to. It is empty.
    fn import_file<'a>(&'a self, task: &'a ImportTaskId) -> Work<'a, PathBuf>;

    /// Makes a snapshot of the object that [`Backend::import_file`] has taken; tells its size, rounded up to GiB.
    fn import<'a>(
        &'a self,
        task: &'a ImportTaskId,
        format: Format,
        snapshot: &'a SnapshotId,
        max_gib: u32,
        progress: Progress<'a>,
    ) -> Work<'a, u32>;

    /// Removes the object of an import.
    fn forget_import<'a>(&'a self, task: &'a ImportTaskId) -> Work<'a, ()>;
}

/// Why a backend could not do something.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No room is left.
    #[error("no space is left for disks: {0}")]
    Full(String),
    /// Somebody has the disk open. Later.
    #[error("the disk is in use: {0}")]
    Locked(String),
    /// An imported image is not acceptable; for its owner.
    #[error("{0}")]
    BadImage(String),
    /// A program failed.
    #[error("{program}: {reason}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it wrote to standard error, or how it ended.
        reason: String,
    },
    /// A file could not be worked on.
    #[error("{path}: {reason}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}

impl BackendError {
    /// An input/output error of a file.
    pub fn io(path: &Path, reason: std::io::Error) -> Self {
        match reason.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                BackendError::Full(path.display().to_string())
            }
            _ => BackendError::Io { path: path.to_owned(), reason },
        }
    }

    /// What the owner of a resource may read of it: no paths of this host.
    pub fn public(&self) -> String {
        match self {
            BackendError::Full(_) => "Server.InsufficientCapacity: no space is left for disks".into(),
            BackendError::Locked(_) => "Server.InternalError: the disk is in use".into(),
            BackendError::BadImage(why) => why.clone(),
            BackendError::Program { .. } | BackendError::Io { .. } => {
                "Server.InternalError: the disk could not be worked on".into()
            }
        }
    }
}
