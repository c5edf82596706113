//! The redb engine with a log of commits in front: a commit is durable with one sequential write and one sync, and
//! visible in redb at once but not durable there until the next checkpoint. For a service whose commits are its users'
//! requests; the others have no need of a second file.
//!
//! Invariants:
//! - A commit is answered, and seen by any reader, only after its record is on the medium.
//! - Applying a record twice is the same as applying it once: it holds whole rows and deletions.
//! - A checkpoint is one durable redb commit that also says where the log goes on.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use redb::{Database, Durability, WriteTransaction};

use super::log::{Lap, Log, Medium, decode};
use super::redb::{RedbEngine, RedbView, definition, engine, text};
use super::{Batch, ByteRange, Changes, Engine, Order, RawRows, View};
use crate::Error;

/// The log within the directory given to `open`.
const FILE_NAME: &str = "store.log";
/// Size of the log. More makes checkpoints rarer and opening after a kill slower (about 100 MiB a second).
const CAPACITY: u64 = 128 << 20;
/// Where the log goes on; a table that no service has.
const PLACE: &str = "store log";
const PLACE_KEY: &[u8] = b"place";

/// A redb database behind a log.
pub struct LoggedEngine(Arc<Shared>);

struct Shared {
    db: Arc<Database>,
    /// What is committed. Readers share it until the next commit.
    current: RwLock<Arc<RedbView>>,
    /// Only the commit thread writes.
    log: Mutex<Log>,
}

impl LoggedEngine {
    /// Opens `store.redb` and `store.log` in `directory`; creates what is missing, readable by the owner only.
    /// The engine's page cache takes `cache` bytes at most.
    pub fn open(directory: &Path, cache: usize) -> Result<Self, Error> {
        let redb = RedbEngine::open_cached(directory, cache)?;
        let log = open_log(directory).map_err(|reason| Error::Open {
            path: directory.join(FILE_NAME).display().to_string(),
            reason,
        })?;
        Self::with_medium(redb, log, CAPACITY)
    }

    /// A log of at most `capacity` bytes on any medium, in front of an engine that nobody else uses.
    pub fn with_medium(redb: RedbEngine, medium: impl Medium, capacity: u64) -> Result<Self, Error> {
        let db = redb.into_database();
        let current = RwLock::new(Arc::new(RedbView::of(&db)?));
        let lap = {
            let view = current.read().unwrap_or_else(PoisonError::into_inner);
            let place = view.get(PLACE, PLACE_KEY)?;
            place.map_or(Ok(Lap::NONE), |bytes| Lap::from_bytes(&bytes))?
        };
        let log = Mutex::new(Log::new(Box::new(medium), lap, capacity));
        let shared = Arc::new(Shared { db, current, log });
        shared.recover(lap)?;
        Ok(LoggedEngine(shared))
    }
}

/// A file that already has its size, so that a full disk cannot stop a commit half way.
fn open_log(directory: &Path) -> Result<File, String> {
    let path = directory.join(FILE_NAME);
    let fresh = !path.exists();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(text)?;
    if file.metadata().map_err(text)?.len() < CAPACITY {
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, CAPACITY) {
            Ok(()) => {}
            // some file systems cannot; the file grows as it is written
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    file.sync_all().map_err(text)?;
    if fresh {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(text)?;
    }
    Ok(file)
}

impl Shared {
    /// Brings redb up to the end of the log.
    fn recover(&self, lap: Lap) -> Result<(), Error> {
        let mut log = self.log();
        let mut applied = 0u64;
        // before the first checkpoint there is no salt, and nothing in the log counts
        if lap != Lap::NONE {
            while let Some(payload) = log.next_record()? {
                self.apply_record(&payload)?;
                applied += 1;
            }
            if log.is_damaged()? {
                return Err(Error::Engine(format!(
                    "the log of commits ({FILE_NAME}) is damaged behind commit {}: later commits are whole, so this one \
                     was acknowledged, and to go on would lose it and all behind it",
                    log.number()
                )));
            }
        }
        if applied > 0 {
            tracing::info!(commits = applied, "took over what the log had");
        }
        self.checkpoint(&mut log, None)
    }

    fn apply_record(&self, payload: &[u8]) -> Result<(), Error> {
        let txn = self.begin(Durability::None)?;
        for (table, rows) in decode(payload)? {
            let mut table = txn.open_table(definition(table)).map_err(engine)?;
            for (key, value) in rows {
                match value {
                    Some(value) => drop(table.insert(key, value).map_err(engine)?),
                    None => drop(table.remove(key).map_err(engine)?),
                }
            }
        }
        txn.commit().map_err(engine)
    }

    /// Makes everything durable in redb, `more` with it, and begins the log again.
    fn checkpoint(&self, log: &mut Log, more: Option<&Changes>) -> Result<(), Error> {
        let lap = Lap::behind(log.number() + u64::from(more.is_some()));
        let mut txn = self.begin(Durability::Immediate)?;
        txn.set_quick_repair(true);
        if let Some(changes) = more {
            apply(&txn, changes)?;
        }
        {
            let mut table = txn.open_table(definition(PLACE)).map_err(engine)?;
            table.insert(PLACE_KEY, lap.to_bytes().as_slice()).map_err(engine)?;
        }
        txn.commit().map_err(engine)?;
        log.restart(lap);
        self.publish()
    }

    fn begin(&self, durability: Durability) -> Result<WriteTransaction, Error> {
        let mut txn = self.db.begin_write().map_err(engine)?;
        txn.set_durability(durability).map_err(engine)?;
        Ok(txn)
    }

    /// Lets readers see what is committed.
    fn publish(&self) -> Result<(), Error> {
        let fresh = Arc::new(RedbView::of(&self.db)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn current(&self) -> Arc<RedbView> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit(&self, changes: &Changes) -> Result<(), Error> {
        let mut log = self.log();
        if !log.prepare(changes) {
            // the log is full, or the batch larger than all of it
            return self.checkpoint(&mut log, Some(changes));
        }
        log.write()?;
        let txn = self.begin(Durability::None)?;
        apply(&txn, changes)?;
        txn.commit().map_err(engine)?;
        self.publish()
    }
}

fn apply(txn: &WriteTransaction, changes: &Changes) -> Result<(), Error> {
    for (name, rows) in changes.iter() {
        let mut table = txn.open_table(definition(name)).map_err(engine)?;
        for (key, value) in rows {
            match value {
                Some(value) => drop(table.insert(key.as_slice(), value.as_slice()).map_err(engine)?),
                None => drop(table.remove(key.as_slice()).map_err(engine)?),
            }
        }
    }
    Ok(())
}

impl Engine for LoggedEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, Error> {
        Ok(self.0.current())
    }

    fn begin(&self) -> Result<Box<dyn Batch>, Error> {
        Ok(Box::new(LoggedBatch { view: self.0.current(), shared: Arc::clone(&self.0) }))
    }
}

impl Drop for LoggedEngine {
    /// Leaves nothing in the log, so that opening again is quick. Nothing is lost when this fails.
    fn drop(&mut self) {
        let mut log = self.0.log();
        if log.is_used()
            && let Err(error) = self.0.checkpoint(&mut log, None)
        {
            tracing::warn!(%error, "the last checkpoint failed; the log has what is missing");
        }
    }
}

struct LoggedBatch {
    view: Arc<RedbView>,
    shared: Arc<Shared>,
}

impl View for LoggedBatch {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.view.get(table, key)
    }

    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        self.view.range(table, range, order)
    }
}

impl Batch for LoggedBatch {
    fn commit(self: Box<Self>, changes: &Changes) -> Result<(), Error> {
        let LoggedBatch { view, shared } = *self;
        drop(view);
        shared.commit(changes)
    }
}
