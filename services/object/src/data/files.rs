//! The files that content lies in: immutable, one a [`DataId`], spread over the data directories by free space.
//!
//! A file is whole and durable (its data, then the directory that names it) before [`NewFile::finish`] returns; only
//! then may the index refer to it. Which disk it lies on is found by looking: its name is unique, and while it moves
//! from one disk to another it lies on both. A file that is being written, or whose index entry is being committed, is
//! held by a [`Writing`]; one that was given up is a suspect, which the reconciler checks against the index.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustix::fs::{Advice, fadvise};
use tokio::sync::watch;

use super::disk::Disk;
use super::stored::{StoredFile, Sums};
use crate::domain::id::DataId;

/// After so many bytes the disk is told to begin writing them.
const PACE_BYTES: u64 = 8 << 20;

/// The data directories. Clones share them.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    disks: RwLock<Arc<[Arc<Disk>]>>,
    /// Bytes that must stay free on each.
    reserve: u64,
    held: Mutex<Held>,
    wake: watch::Sender<u64>,
}

#[derive(Default)]
struct Held {
    writing: HashSet<DataId>,
    pinned: HashMap<DataId, usize>,
    suspects: Vec<DataId>,
}

impl Files {
    /// Opens one directory.
    pub fn open(root: &Path, reserve: u64) -> io::Result<Files> {
        Ok(Files::over(vec![Disk::open(root, false)?], reserve))
    }

    /// These disks together.
    pub fn over(disks: Vec<Disk>, reserve: u64) -> Files {
        Files(Arc::new(Inner {
            disks: RwLock::new(disks.into_iter().map(Arc::new).collect()),
            reserve,
            held: Mutex::default(),
            wake: watch::Sender::new(0),
        }))
    }

    /// The disks.
    pub fn disks(&self) -> Arc<[Arc<Disk>]> {
        Arc::clone(&self.0.disks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses these disks from now on. Those that are left out must be empty.
    pub fn use_disks(&self, disks: Vec<Arc<Disk>>) {
        *self.0.disks.write().unwrap_or_else(PoisonError::into_inner) = disks.into();
    }

    /// Sets space aside for `bytes` until the promise is dropped, on the disk that has most.
    ///
    /// # Errors
    /// `StorageFull` when that would touch the reserve everywhere.
    pub fn promise(&self, bytes: u64) -> io::Result<Promise> {
        let disks = self.disks();
        let mut best: Option<(u64, &Arc<Disk>)> = None;
        for disk in disks.iter().filter(|disk| !disk.is_draining()) {
            let room = disk.room()?;
            if best.is_none_or(|(most, _)| room > most) {
                best = Some((room, disk));
            }
        }
        match best {
            Some((room, disk)) if self.is_enough(room, bytes) => Ok(Promise::of(disk, bytes)),
            _ => Err(ErrorKind::StorageFull.into()),
        }
    }

    /// Sets space aside where the index is, which is on the disk of the first directory.
    ///
    /// # Errors
    /// `StorageFull` when that would touch the reserve.
    pub fn promise_in_index(&self, bytes: u64) -> io::Result<Promise> {
        let disks = self.disks();
        let first = disks.first().ok_or(ErrorKind::StorageFull)?;
        match self.is_enough(first.room()?, bytes) {
            true => Ok(Promise::of(first, bytes)),
            false => Err(ErrorKind::StorageFull.into()),
        }
    }

    fn is_enough(&self, room: u64, bytes: u64) -> bool {
        bytes.checked_add(self.0.reserve).is_some_and(|needed| needed <= room)
    }

    /// A new file where space is promised.
    pub fn create(&self, id: DataId, disk: Arc<Disk>) -> io::Result<NewFile> {
        self.held().writing.insert(id);
        let writing = Writing { id, files: self.clone(), disk, published: AtomicBool::new(false) };
        let file = writing.disk.create(id)?;
        Ok(NewFile { file, sums: Sums::new(id), size: 0, length: None, sent: 0, writing })
    }

    /// Opens a file for reading.
    pub fn read(&self, id: DataId) -> io::Result<StoredFile> {
        // it may move behind us while we look
        for _ in 0..2 {
            for disk in self.disks().iter() {
                match disk.read(id) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    other => return other,
                }
            }
        }
        Err(ErrorKind::NotFound.into())
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
        self.disks().iter().try_for_each(|disk| disk.remove(id).map(drop))
    }

    /// The ids of all files of a shard, on every disk.
    pub fn list(&self, shard: u8) -> io::Result<Vec<DataId>> {
        let mut found = Vec::new();
        for disk in self.disks().iter() {
            found.extend(disk.list(shard)?);
        }
        Ok(found)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Space set aside for an upload.
pub struct Promise {
    disk: Arc<Disk>,
    bytes: u64,
}

impl Promise {
    fn of(disk: &Arc<Disk>, bytes: u64) -> Promise {
        disk.promise(bytes);
        Promise { disk: Arc::clone(disk), bytes }
    }

    /// The disk it is on.
    pub fn disk(&self) -> Arc<Disk> {
        Arc::clone(&self.disk)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.disk.take_back(self.bytes);
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
    disk: Arc<Disk>,
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
    sums: Sums,
    size: u64,
    /// What the size will be, where that is known.
    length: Option<u64>,
    /// So much is on its way to the disk already.
    sent: u64,
    writing: Writing,
}

impl NewFile {
    /// Says how long it will be. Checksums, which stand behind the content, can then be written before all of it is
    /// there instead of being kept.
    pub fn will_hold(&mut self, length: u64) {
        self.length = Some(length);
    }

    /// Adds to its end.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(data)?;
        self.sums.update(data);
        self.size += data.len() as u64;
        if let Some(length) = self.length
            && let Some((at, sums)) = self.sums.spill()
        {
            self.file.write_all_at(&sums, length + at)?;
        }
        if self.size - self.sent >= PACE_BYTES {
            // begins writing these pages, which `finish` then need not wait for; a file system may ignore it
            let _ = fadvise(&self.file, self.sent, NonZero::new(self.size - self.sent), Advice::DontNeed);
            self.sent = self.size;
        }
        Ok(())
    }

    /// Makes it durable.
    pub fn finish(self) -> io::Result<(Writing, u64)> {
        let NewFile { file, sums, size, length, writing, .. } = self;
        if length.is_some_and(|length| length != size) {
            return Err(io::Error::other("a file is not as long as was said"));
        }
        let (at, sums) = sums.finish();
        file.write_all_at(&sums, size + at)?;
        file.sync_data()?;
        writing.disk.sync_directory(writing.id)?;
        Ok((writing, size))
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
        let create = |n| files.create(id(n), files.promise(1).unwrap().disk());
        let mut file = create(1).unwrap();
        file.write(b"content").unwrap();
        assert!(files.is_writing(id(1)) && files.take_suspects().is_empty());
        let (writing, size) = file.finish().unwrap();
        assert_eq!(size, 7);
        writing.published();
        drop(writing);
        drop(create(2).unwrap());
        assert_eq!(files.take_suspects(), [id(2)]);
        assert_eq!(files.list(1).unwrap(), [id(1)]);
        assert!(create(1).is_err(), "a file is never written twice");
    }

    #[test]
    fn a_pinned_file_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("data"), 0).unwrap();
        files.create(id(1), files.promise(1).unwrap().disk()).unwrap().finish().unwrap().0.published();
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
