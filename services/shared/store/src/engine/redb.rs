//! The embedded engine: one redb file.
//!
//! Commits are two-phase with quick repair, so reopening after a kill does not walk the file, and each is synced
//! before it returns. Only the commit thread writes; redb's file lock keeps other processes out.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{
    AccessGuard, Builder, Database, DatabaseError, Durability, ReadOnlyTable, ReadTransaction,
    ReadableDatabase, StorageBackend, StorageError, TableDefinition, TableError, WriteTransaction,
};

use super::{Batch, ByteRange, Changes, Engine, Order, RawRows, See, View};
use crate::Error;

/// The file within the directory given to `open`.
const FILE_NAME: &str = "store.redb";
/// Page cache where nobody says how large; redb's own default is 1 GiB, too much for a process that is one of several on
/// a host.
const CACHE_BYTES: usize = 64 << 20;
/// How long `open` waits for a file that another process has locked. One that was killed while it started a program
/// leaves its lock to the copy of itself that has not become that program yet: milliseconds, more on a busy host.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_RETRY: Duration = Duration::from_millis(10);

type Bytes = &'static [u8];
type OpenTable = Arc<ReadOnlyTable<Bytes, Bytes>>;

/// A redb database as an [`Engine`].
pub struct RedbEngine {
    db: Arc<Database>,
}

impl RedbEngine {
    /// Opens `store.redb` in `directory`; creates what is missing, readable by the owner only.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Self::open_cached(directory, CACHE_BYTES)
    }

    /// The same, with so many bytes of page cache at most.
    pub fn open_cached(directory: &Path, cache: usize) -> Result<Self, Error> {
        Self::open_file(directory, cache)
            .map_err(|reason| Error::Open { path: directory.display().to_string(), reason })
    }

    /// A database that ends with the process.
    pub fn in_memory() -> Result<Self, Error> {
        Self::with_backend(InMemoryBackend::new())
    }

    /// A database on any medium that redb can use.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, Error> {
        let db = builder(CACHE_BYTES).create_with_backend(backend).map_err(engine)?;
        Ok(RedbEngine { db: Arc::new(db) })
    }

    fn open_file(directory: &Path, cache: usize) -> Result<Self, String> {
        let missing = directory.ancestors().take_while(|path| !path.exists()).count();
        std::fs::create_dir_all(directory).map_err(text)?;
        // two processes must not both find that there is no file
        let lock = File::open(directory).map_err(text)?;
        lock.lock().map_err(text)?;
        let path = directory.join(FILE_NAME);
        if !path.exists() {
            create_file(&path)?;
            sync_directories(directory, missing + 2).map_err(text)?;
        }
        Ok(RedbEngine { db: Arc::new(open_locked(&path, cache)?) })
    }

    fn view(&self) -> Result<RedbView, Error> {
        RedbView::of(&self.db)
    }

    /// The database itself.
    pub(super) fn into_database(self) -> Arc<Database> {
        self.db
    }
}

impl Engine for RedbEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, Error> {
        Ok(Arc::new(self.view()?))
    }

    fn begin(&self) -> Result<Box<dyn Batch>, Error> {
        Ok(Box::new(RedbBatch { view: self.view()?, db: Arc::clone(&self.db) }))
    }
}

pub(super) struct RedbView {
    txn: ReadTransaction,
    /// A dozen at most, shared by all who read this state.
    open: RwLock<Vec<(&'static str, Option<OpenTable>)>>,
}

impl RedbView {
    pub(super) fn of(db: &Database) -> Result<RedbView, Error> {
        Ok(RedbView { txn: db.begin_read().map_err(engine)?, open: RwLock::default() })
    }

    fn table(&self, name: &'static str) -> Result<Option<OpenTable>, Error> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, table)) = open.iter().find(|(known, _)| *known == name) {
            return Ok(table.clone());
        }
        drop(open);
        let table = match self.txn.open_table(definition(name)) {
            Ok(table) => Some(Arc::new(table)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(engine(error)),
        };
        self.open.write().unwrap_or_else(PoisonError::into_inner).push((name, table.clone()));
        Ok(table)
    }
}

impl View for RedbView {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(table) = self.table(table)? else { return Ok(None) };
        Ok(table.get(key).map_err(engine)?.map(|value| value.value().to_vec()))
    }

    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        let Some(table) = self.table(table)?.filter(|_| !range.is_empty()) else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = table.range::<&[u8]>(range.bounds()).map_err(engine)?;
        Ok(match order {
            Order::Ascending => Box::new(rows.map(owned)),
            Order::Descending => Box::new(rows.rev().map(owned)),
        })
    }

    fn visit(&self, table: &'static str, range: &ByteRange, see: &mut See<'_>) -> Result<(), Error> {
        let Some(table) = self.table(table)?.filter(|_| !range.is_empty()) else { return Ok(()) };
        for row in table.range::<&[u8]>(range.bounds()).map_err(engine)? {
            let (key, value) = row.map_err(engine)?;
            if see(key.value(), value.value()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

struct RedbBatch {
    view: RedbView,
    db: Arc<Database>,
}

impl View for RedbBatch {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.view.get(table, key)
    }

    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        self.view.range(table, range, order)
    }
}

impl Batch for RedbBatch {
    fn commit(self: Box<Self>, changes: Changes) -> Result<(), Error> {
        let RedbBatch { view, db } = *self;
        // an open read transaction would keep the pages that this commit frees
        drop(view);
        let mut txn = db.begin_write().map_err(engine)?;
        txn.set_durability(Durability::Immediate).map_err(engine)?;
        txn.set_quick_repair(true);
        apply(&txn, &changes)?;
        txn.commit().map_err(engine)
    }
}

/// Puts what a commit changed into a transaction.
pub(super) fn apply(txn: &WriteTransaction, changes: &Changes) -> Result<(), Error> {
    changes.iter().try_for_each(|(table, rows)| {
        apply_rows(txn, table, rows.iter().map(|(key, value)| (key.as_slice(), value.as_deref())))
    })
}

/// The rows of one table: with a value to be put, without one to be deleted.
pub(super) fn apply_rows<'r>(
    txn: &WriteTransaction,
    table: &str,
    rows: impl IntoIterator<Item = (&'r [u8], Option<&'r [u8]>)>,
) -> Result<(), Error> {
    let mut table = txn.open_table(definition(table)).map_err(engine)?;
    for (key, value) in rows {
        match value {
            Some(value) => drop(table.insert(key, value).map_err(engine)?),
            None => drop(table.remove(key).map_err(engine)?),
        }
    }
    Ok(())
}

/// Opens a database file, which takes its lock; waits for who is about to let go of it.
fn open_locked(path: &Path, cache: usize) -> Result<Database, String> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(text)?;
        match builder(cache).create_with_backend(FileBackend::new(file).map_err(text)?) {
            Err(DatabaseError::DatabaseAlreadyOpen) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_RETRY);
            }
            opened => return opened.map_err(|error| format!("the storage engine failed: {error}")),
        }
    }
}

fn builder(cache: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache);
    builder
}

/// Makes an empty database appear at `path` whole or not at all: redb cannot open one whose creation was cut short.
fn create_file(path: &Path) -> Result<(), String> {
    let unfinished = path.with_extension("new");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(text)?;
    let synced = file.try_clone().map_err(text)?;
    RedbEngine::with_backend(FileBackend::new(file).map_err(text)?).map_err(text)?;
    synced.sync_all().map_err(text)?;
    std::fs::rename(&unfinished, path).map_err(text)
}

/// Syncs `directory` and those above it, `count` in all: a new file survives power loss only once the directories
/// that name it are synced. Directories that we may not read are not ours, so nothing of ours is new in them.
fn sync_directories(directory: &Path, count: usize) -> std::io::Result<()> {
    for path in directory.ancestors().take(count).filter(|path| !path.as_os_str().is_empty()) {
        match File::open(path) {
            Ok(opened) => opened.sync_all()?,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn definition(name: &str) -> TableDefinition<'_, Bytes, Bytes> {
    TableDefinition::new(name)
}

type Row = (AccessGuard<'static, Bytes>, AccessGuard<'static, Bytes>);

fn owned(row: Result<Row, StorageError>) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (key, value) = row.map_err(engine)?;
    Ok((key.value().to_vec(), value.value().to_vec()))
}

pub(super) fn engine(error: impl Display) -> Error {
    Error::Engine(error.to_string())
}

pub(super) fn text(error: impl Display) -> String {
    error.to_string()
}
