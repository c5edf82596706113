//! The files that content lies in: 256 directories, one immutable file a [`DataId`].
//!
//! A file is whole and durable (its data, then the directory that names it) before [`NewFile::finish`] returns; only
//! then may the index refer to it. A file that is being written, or whose index entry is being committed, is held by
//! a [`Writing`]; one that was given up is a suspect, which the reconciler checks against the index.

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::id::DataId;

/// The directory of files. Clones share it.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    root: PathBuf,
    shards: Vec<Shard>,
    /// Bytes that must stay free.
    reserve: u64,
    held: Mutex<Held>,
    wake: watch::Sender<u64>,
    /// Bytes promised to uploads under way.
    promised: AtomicU64,
}

#[derive(Default)]
struct Held {
    writing: HashSet<DataId>,
    pinned: HashMap<DataId, usize>,
    suspects: Vec<DataId>,
}

struct Shard {
    directory: File,
    asked: AtomicU64,
    synced: Mutex<u64>,
}

impl Files {
    /// Opens the directories below `root`, makes those that are missing.
    pub fn open(root: &Path, reserve: u64) -> io::Result<Files> {
        let make = |path: &Path| match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        make(root)?;
        let mut shards = Vec::with_capacity(256);
        for shard in 0..=255u8 {
            let path = root.join(format!("{shard:02x}"));
            make(&path)?;
            shards.push(Shard {
                directory: File::open(path)?,
                asked: AtomicU64::new(0),
                synced: Mutex::new(0),
            });
        }
        File::open(root)?.sync_all()?;
        if let Some(parent) = root.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Files(Arc::new(Inner {
            root: root.to_owned(),
            shards,
            reserve,
            held: Mutex::default(),
            wake: watch::Sender::new(0),
            promised: AtomicU64::new(0),
        })))
    }

    /// Sets space aside for `bytes` until the promise is dropped.
    ///
    /// # Errors
    /// `StorageFull` when that would touch the reserve.
    pub fn promise(&self, bytes: u64) -> io::Result<Promise> {
        let promised = self.0.promised.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let promise = Promise { files: self.clone(), bytes };
        let disk = rustix::fs::statvfs(&self.0.root)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        match free < promised.saturating_add(self.0.reserve) {
            true => Err(ErrorKind::StorageFull.into()),
            false => Ok(promise),
        }
    }

    /// A new file.
    pub fn create(&self, id: DataId) -> io::Result<NewFile> {
        self.held().writing.insert(id);
        let writing = Writing { id, files: self.clone(), published: AtomicBool::new(false) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(id))?;
        Ok(NewFile { file, size: 0, writing })
    }

    /// Opens a file for reading.
    pub fn read(&self, id: DataId) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Keeps files from being removed while they are read. They are only safe when the index still refers to them
    /// afterwards.
    pub fn pin(&self, ids: Vec<DataId>) -> Pins {
        let mut held = self.held();
        for id in &ids {
            *held.pinned.entry(*id).or_default() += 1;
        }
        Pins { ids, files: self.clone() }
    }

    /// Names files whose last reference may be gone.
    pub fn suspect(&self, ids: impl IntoIterator<Item = DataId>) {
        let mut held = self.held();
        let before = held.suspects.len();
        held.suspects.extend(ids);
        let more = held.suspects.len() > before;
        drop(held);
        if more {
            self.0.wake.send_modify(|count| *count += 1);
        }
    }

    /// Changes when there are new suspects.
    pub fn wake(&self) -> watch::Receiver<u64> {
        self.0.wake.subscribe()
    }

    /// Takes the suspects that nobody holds; the others stay.
    pub fn take_suspects(&self) -> Vec<DataId> {
        let mut held = self.held();
        let all = std::mem::take(&mut held.suspects);
        let (busy, free): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|id| held.writing.contains(id) || held.pinned.contains_key(id));
        held.suspects = busy;
        free
    }

    /// Whether a file is being written or published.
    pub fn is_writing(&self, id: DataId) -> bool {
        self.held().writing.contains(&id)
    }

    /// Removes a file unless somebody pinned it meanwhile; then it becomes a suspect again.
    pub fn remove(&self, id: DataId) -> io::Result<()> {
        let mut held = self.held();
        if held.pinned.contains_key(&id) {
            held.suspects.push(id);
            return Ok(());
        }
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The ids of all files of a shard. What is no file of ours is left out.
    pub fn list(&self, shard: u8) -> io::Result<Vec<DataId>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.0.root.join(format!("{shard:02x}")))? {
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push(id);
            }
        }
        Ok(found)
    }

    fn path(&self, id: DataId) -> PathBuf {
        self.0.root.join(format!("{:02x}", id.shard())).join(id.to_string())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Syncs the directory of a file. Who waits while another sync of it runs shares the next one.
    fn sync_directory(&self, id: DataId) -> io::Result<()> {
        let Some(shard) = self.0.shards.get(usize::from(id.shard())) else { return Ok(()) };
        let ticket = shard.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut synced = shard.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced >= ticket {
            return Ok(());
        }
        let covers = shard.asked.load(Ordering::Acquire);
        shard.directory.sync_all()?;
        *synced = covers;
        Ok(())
    }
}

/// Space set aside for an upload.
pub struct Promise {
    files: Files,
    bytes: u64,
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.files.0.promised.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Files that are being read.
pub struct Pins {
    ids: Vec<DataId>,
    files: Files,
}

impl Drop for Pins {
    fn drop(&mut self) {
        let mut held = self.files.held();
        for id in &self.ids {
            if let Some(count) = held.pinned.get_mut(id) {
                *count -= 1;
                if *count == 0 {
                    held.pinned.remove(id);
                }
            }
        }
        let waiting = !held.suspects.is_empty();
        drop(held);
        if waiting {
            self.files.0.wake.send_modify(|count| *count += 1);
        }
    }
}

/// A file that the index may soon refer to. Dropped unpublished, it becomes a suspect.
pub struct Writing {
    id: DataId,
    files: Files,
    published: AtomicBool,
}

impl Writing {
    /// Its name.
    pub fn id(&self) -> DataId {
        self.id
    }

    /// The index refers to it now.
    pub fn published(&self) {
        self.published.store(true, Ordering::Release);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.files.held().writing.remove(&self.id);
        if !self.published.load(Ordering::Acquire) {
            self.files.suspect([self.id]);
        }
    }
}

/// A file being written.
pub struct NewFile {
    file: File,
    size: u64,
    writing: Writing,
}

impl NewFile {
    /// Adds to its end.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(data)?;
        self.size += data.len() as u64;
        Ok(())
    }

    /// Makes it durable.
    pub fn finish(self) -> io::Result<(Writing, u64)> {
        self.file.sync_data()?;
        self.writing.files.sync_directory(self.writing.id)?;
        Ok((self.writing, self.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> DataId {
        DataId::new(jiff::Timestamp::UNIX_EPOCH, n)
    }

    #[test]
    fn a_file_given_up_is_a_suspect_and_a_published_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("data"), 0).unwrap();
        let mut file = files.create(id(1)).unwrap();
        file.write(b"content").unwrap();
        assert!(files.is_writing(id(1)) && files.take_suspects().is_empty());
        let (writing, size) = file.finish().unwrap();
        assert_eq!(size, 7);
        writing.published();
        drop(writing);
        drop(files.create(id(2)).unwrap());
        assert_eq!(files.take_suspects(), [id(2)]);
        assert_eq!(files.list(1).unwrap(), [id(1)]);
        assert!(files.create(id(1)).is_err(), "a file is never written twice");
    }

    #[test]
    fn a_pinned_file_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("data"), 0).unwrap();
        files.create(id(1)).unwrap().finish().unwrap().0.published();
        let pins = files.pin(vec![id(1)]);
        files.remove(id(1)).unwrap();
        assert!(files.read(id(1)).is_ok() && files.take_suspects().is_empty());
        drop(pins);
        assert_eq!(files.take_suspects(), [id(1)]);
        files.remove(id(1)).unwrap();
        files.remove(id(1)).unwrap();
        assert!(files.read(id(1)).is_err());
    }

    #[test]
    fn a_disk_without_room_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("data"), 0).unwrap();
        assert!(files.promise(1).is_ok());
        assert_eq!(files.promise(u64::MAX / 2).err().map(|e| e.kind()), Some(ErrorKind::StorageFull));
        assert!(files.promise(1).is_ok(), "a refused promise is given back");
    }
}
