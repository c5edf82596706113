//! One data directory: 256 directories of files, and how much room there is on its disk.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::stored::{Format, StoredFile};
use crate::domain::id::DataId;

/// How old the answer to "how much is free?" may be. What is promised meanwhile is known.
const FREE_FOR: Duration = Duration::from_millis(100);
/// The file that tells a data directory from the empty folder that is left when its disk is not mounted.
const MARK: &str = "murus-disk";
/// What the names of files with checksums end with.
const SUMMED: &str = ".s";
/// What the names of files end with that are being copied here.
const UNNAMED: &str = ".copy";

/// A data directory.
pub struct Disk {
    root: PathBuf,
    shards: Vec<Shard>,
    draining: AtomicBool,
    /// Bytes promised to uploads under way.
    promised: AtomicU64,
    free: Mutex<Option<(Instant, u64)>>,
}

struct Shard {
    directory: File,
    asked: AtomicU64,
    synced: Mutex<u64>,
}

impl Disk {
    /// Opens the directories below `root`, makes those that are missing. A draining disk takes nothing new.
    pub fn open(root: &Path, draining: bool) -> io::Result<Disk> {
        let make = |path: &Path| match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        make(root)?;
        let mut shards = Vec::with_capacity(256);
        for shard in 0..=255u8 {
            let path = root.join(format!("{shard:02x}"));
            make(&path)?;
            let directory = File::open(path)?;
            shards.push(Shard { directory, asked: AtomicU64::new(0), synced: Mutex::new(0) });
        }
        File::open(root)?.sync_all()?;
        if let Some(parent) = root.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Disk {
            root: root.to_owned(),
            shards,
            draining: AtomicBool::new(draining),
            promised: AtomicU64::new(0),
            free: Mutex::default(),
        })
    }

    /// Begins or ends emptying it.
    pub fn set_draining(&self, draining: bool) {
        self.draining.store(draining, Ordering::Relaxed);
    }

    /// What marks the directory as this service's own; none if it is new.
    pub fn mark(root: &Path) -> io::Result<Option<String>> {
        match std::fs::read_to_string(root.join(MARK)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Marks the directory.
    pub fn set_mark(&self, mark: &str) -> io::Result<()> {
        let path = self.root.join(MARK);
        std::fs::write(&path, mark)?;
        File::open(path)?.sync_all()?;
        File::open(&self.root)?.sync_all()
    }

    /// How many files there are.
    pub fn count(&self) -> io::Result<u64> {
        (0..=255).map(|shard| Ok(self.list(shard)?.len() as u64)).sum()
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is being emptied.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Bytes free and not promised to anybody.
    pub fn room(&self) -> io::Result<u64> {
        let mut known = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = match *known {
            Some((at, free)) if at.elapsed() < FREE_FOR => free,
            _ => {
                let disk = rustix::fs::statvfs(&self.root)?;
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                *known = Some((Instant::now(), free));
                free
            }
        };
        Ok(free.saturating_sub(self.promised.load(Ordering::Relaxed)))
    }

    /// Sets bytes aside, or gives them back.
    pub(super) fn promise(&self, bytes: u64) {
        self.promised.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives back what was set aside.
    pub(super) fn take_back(&self, bytes: u64) {
        self.promised.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A new file.
    pub fn create(&self, id: DataId) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(id, Format::Summed))
    }

    /// A new file that is not to be found until it is named. What an earlier one left half written is gone.
    pub fn create_unnamed(&self, id: DataId) -> io::Result<File> {
        let path = self.unnamed(id);
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
    }

    /// Names it.
    pub fn name(&self, id: DataId) -> io::Result<()> {
        std::fs::rename(self.unnamed(id), self.path(id, Format::Summed))
    }

    /// A file for reading.
    pub fn read(&self, id: DataId) -> io::Result<StoredFile> {
        match File::open(self.path(id, Format::Summed)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(StoredFile::new(File::open(self.path(id, Format::Bare))?, id, Format::Bare))
            }
            file => Ok(StoredFile::new(file?, id, Format::Summed)),
        }
    }

    /// Removes a file; says whether there was one.
    pub fn remove(&self, id: DataId) -> io::Result<bool> {
        let mut found = false;
        for path in [self.path(id, Format::Summed), self.path(id, Format::Bare), self.unnamed(id)] {
            match std::fs::remove_file(path) {
                Ok(()) => found = true,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The ids of all files of a shard. What is no file of ours is left out.
    pub fn list(&self, shard: u8) -> io::Result<Vec<DataId>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.root.join(format!("{shard:02x}")))? {
            let name = entry?.file_name();
            let name = name.to_str().map(|name| name.strip_suffix(SUMMED).unwrap_or(name));
            found.extend(name.and_then(|name| name.parse::<DataId>().ok()));
        }
        Ok(found)
    }

    /// Syncs the directory of a file. Who waits while another sync of it runs shares the next one.
    pub fn sync_directory(&self, id: DataId) -> io::Result<()> {
        let Some(shard) = self.shards.get(usize::from(id.shard())) else { return Ok(()) };
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

    fn unnamed(&self, id: DataId) -> PathBuf {
        self.root.join(format!("{:02x}", id.shard())).join(format!("{id}{UNNAMED}"))
    }

    fn path(&self, id: DataId, format: Format) -> PathBuf {
        let name = match format {
            Format::Bare => id.to_string(),
            Format::Summed => format!("{id}{SUMMED}"),
        };
        self.root.join(format!("{:02x}", id.shard())).join(name)
    }
}
