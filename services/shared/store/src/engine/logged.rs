//! The redb engine with a log of commits in front. A commit is durable with one sequential write and one sync; its rows
//! are kept in memory until there are some dozens of them, and a thread then puts them into redb together. For a
//! service whose commits are its users' requests; the others have no need of a second file.
//!
//! Invariants:
//! - A commit is answered, and seen by any reader, only after its record is on the medium.
//! - What a reader sees is redb, under one or two generations of rows that are not in it yet ([`Recent`]), as of a commit.
//! - Applying a record twice is the same as applying it once: it holds whole rows and deletions.
//! - A checkpoint is one durable redb commit that also says where the log goes on. A half of the log is written again only
//!   after the checkpoint behind it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use redb::{Database, Durability, WriteTransaction};

use super::log::{Fit, Lap, Log, Medium, decode};
use super::recent::{Newest, Recent};
use super::redb::{RedbEngine, RedbView, apply, apply_rows, definition, engine, text};
use super::state::State;
use super::{Batch, ByteRange, Changes, Engine, Order, RawRows, View};
use crate::Error;

/// The log within the directory given to `open`.
const FILE_NAME: &str = "store.log";
/// Size of the log. More makes checkpoints rarer and opening after a kill slower. It must not change: where the second half
/// begins follows from it.
const CAPACITY: u64 = 128 << 20;
/// Rows in memory that are worth a transaction of redb, in bytes as [`Recent::size`] counts them: some dozens to hundreds
/// of rows. More would cost little less each, and a processor would be busy with them for longer than a request takes. A
/// smaller log has less.
const GENERATION: u64 = 256 << 10;
/// So many times as much waits in memory before commits wait for redb, and the batch beyond it.
const PATIENCE: usize = 64;
/// Where the log goes on; a table that no service has.
const PLACE: &str = "store log";
const PLACE_KEY: &[u8] = b"place";

/// A redb database behind a log.
pub struct LoggedEngine {
    shared: Arc<Shared>,
    settler: Option<JoinHandle<()>>,
}

struct Shared {
    db: Arc<Database>,
    /// What is committed. Readers share it until the next commit.
    current: RwLock<Arc<State>>,
    /// Only the commit thread writes.
    log: Mutex<Log>,
    settling: Mutex<Settling>,
    /// Wakes who waits for a change of `settling`.
    moved: Condvar,
    /// From how many bytes on rows are put into redb.
    generation: usize,
}

/// What is on its way into redb.
#[derive(Default)]
struct Settling {
    generation: Option<Generation>,
    /// Why nothing more will be settled.
    failed: Option<String>,
    /// No more will come.
    ended: bool,
}

/// Rows that are complete, and where the log goes on behind them if they begin a new half.
#[derive(Clone)]
struct Generation {
    rows: Arc<Recent>,
    lap: Option<Lap>,
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
        let view = RedbView::of(&db)?;
        let place = view.get(PLACE, PLACE_KEY)?;
        let lap = place.map_or(Ok(Lap::NONE), |bytes| Lap::from_bytes(&bytes))?;
        let state = State { redb: Arc::new(view), generations: Vec::new(), commit: lap.number };
        let shared = Arc::new(Shared {
            db,
            current: RwLock::new(Arc::new(state)),
            log: Mutex::new(Log::new(Box::new(medium), lap, capacity)),
            settling: Mutex::default(),
            moved: Condvar::new(),
            generation: usize::try_from(GENERATION.min(capacity / 8)).map_err(engine)?,
        });
        shared.recover(lap)?;
        let settles = Arc::clone(&shared);
        let settler =
            std::thread::Builder::new().name("store-settle".into()).spawn(move || settles.settle_on());
        Ok(LoggedEngine { shared, settler: Some(settler.map_err(engine)?) })
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
        let lap = Lap::behind(log.number());
        let redb = self.write_to_redb(Some(lap), |_| Ok(()))?;
        log.restart(lap);
        self.publish(|_| State { redb, generations: vec![Arc::default()], commit: lap.number });
        Ok(())
    }

    fn apply_record(&self, payload: &[u8]) -> Result<(), Error> {
        let tables = decode(payload)?;
        let txn = begin(&self.db, Durability::None)?;
        tables.into_iter().try_for_each(|(table, rows)| apply_rows(&txn, table, rows))?;
        txn.commit().map_err(engine)
    }

    /// One commit of redb. With a lap it is durable, and a checkpoint. Gives redb as it is then.
    fn write_to_redb(
        &self,
        lap: Option<Lap>,
        write: impl FnOnce(&WriteTransaction) -> Result<(), Error>,
    ) -> Result<Arc<RedbView>, Error> {
        let durability = if lap.is_some() { Durability::Immediate } else { Durability::None };
        let mut txn = begin(&self.db, durability)?;
        txn.set_quick_repair(lap.is_some());
        write(&txn)?;
        if let Some(lap) = lap {
            let mut table = txn.open_table(definition(PLACE)).map_err(engine)?;
            table.insert(PLACE_KEY, lap.to_bytes().as_slice()).map_err(engine)?;
        }
        txn.commit().map_err(engine)?;
        RedbView::of(&self.db).map(Arc::new)
    }

    /// Lets readers see another state.
    fn publish(&self, next: impl FnOnce(&State) -> State) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let next = Arc::new(next(&current));
        let before = std::mem::replace(&mut *current, next);
        drop(current);
        // it may be the last to hold a generation
        drop(before);
    }

    fn current(&self) -> Arc<State> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settling(&self) -> MutexGuard<'_, Settling> {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit(&self, changes: Changes) -> Result<(), Error> {
        let mut log = self.log();
        let settled = self.is_settled()?;
        let size = self.current().newest().size();
        match log.prepare(&changes) {
            Fit::Here if size >= PATIENCE * self.generation || (size >= self.generation && settled) => {
                self.close_generation(None)?;
            }
            Fit::Here => {}
            Fit::OtherHalf => {
                // it is superfluous once the checkpoint behind it is done
                self.wait_until_settled()?;
                let lap = log.turn();
                self.close_generation(Some(lap))?;
            }
            Fit::Nowhere => return self.commit_past_the_log(&mut log, &changes),
        }
        log.write()?;
        let commit = log.number();
        self.current().newest().add(commit, changes);
        self.publish(|state| State { commit, ..state.clone() });
        Ok(())
    }

    /// A commit that is larger than half of the log.
    fn commit_past_the_log(&self, log: &mut Log, changes: &Changes) -> Result<(), Error> {
        self.close_generation(None)?;
        self.wait_until_settled()?;
        let lap = Lap::behind(log.number() + 1);
        let redb = self.write_to_redb(Some(lap), |txn| apply(txn, changes))?;
        log.restart(lap);
        self.publish(|state| State { redb, commit: lap.number, ..state.clone() });
        Ok(())
    }

    /// Hands the newest generation over to be settled, when the one before it is, and begins another.
    fn close_generation(&self, lap: Option<Lap>) -> Result<(), Error> {
        self.wait_until_settled()?;
        let rows = Arc::clone(self.current().newest());
        self.publish(|state| {
            let generations = [Arc::default()].into_iter().chain(state.generations.iter().cloned()).collect();
            State { generations, ..state.clone() }
        });
        self.settling().generation = Some(Generation { rows, lap });
        self.moved.notify_all();
        Ok(())
    }

    fn is_settled(&self) -> Result<bool, Error> {
        let settling = self.settling();
        match &settling.failed {
            Some(reason) => Err(Error::Engine(reason.clone())),
            None => Ok(settling.generation.is_none()),
        }
    }

    fn wait_until_settled(&self) -> Result<(), Error> {
        let busy = |settling: &mut Settling| settling.generation.is_some() && settling.failed.is_none();
        drop(self.moved.wait_while(self.settling(), busy).unwrap_or_else(PoisonError::into_inner));
        self.is_settled().map(drop)
    }

    /// Settles generations until there will be no more, or one fails: it then stays where readers find it, and in the log.
    fn settle_on(&self) {
        loop {
            let idle = |settling: &mut Settling| settling.generation.is_none() && !settling.ended;
            let settling = self.moved.wait_while(self.settling(), idle);
            let next = settling.unwrap_or_else(PoisonError::into_inner).generation.clone();
            let Some(generation) = next else { return };
            let settled = catch_unwind(AssertUnwindSafe(|| self.settle(&generation)))
                .unwrap_or_else(|_| Err(Error::Engine("the engine panicked".into())));
            let mut settling = self.settling();
            match &settled {
                Ok(()) => settling.generation = None,
                Err(error) => settling.failed = Some(error.to_string()),
            }
            drop(settling);
            self.moved.notify_all();
            if let Err(error) = settled {
                tracing::error!(%error, "what the log has cannot be put into the store");
                return;
            }
        }
    }

    fn settle(&self, generation: &Generation) -> Result<(), Error> {
        let redb = self.write_to_redb(generation.lap, |txn| {
            generation.rows.newest(|table, rows: &mut Newest<'_>| apply_rows(txn, table, rows))
        })?;
        self.publish(|state| {
            let kept = state.generations.iter().filter(|known| !Arc::ptr_eq(known, &generation.rows));
            State { redb, generations: kept.cloned().collect(), commit: state.commit }
        });
        Ok(())
    }

    /// Leaves nothing in the log, so that opening again is quick. Nothing is committed from then on.
    fn finish(&self) -> Result<(), Error> {
        // a commit that panicked half way is whole in the log alone
        let Ok(mut log) = self.log.lock() else { return Ok(()) };
        self.wait_until_settled()?;
        self.settling().failed = Some("the store is closed".into());
        if !log.is_used() {
            return Ok(());
        }
        let lap = Lap::behind(log.number());
        self.settle(&Generation { rows: Arc::clone(self.current().newest()), lap: Some(lap) })?;
        log.restart(lap);
        Ok(())
    }
}

fn begin(db: &Database, durability: Durability) -> Result<WriteTransaction, Error> {
    let mut txn = db.begin_write().map_err(engine)?;
    txn.set_durability(durability).map_err(engine)?;
    Ok(txn)
}

impl Engine for LoggedEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, Error> {
        Ok(self.shared.current())
    }

    fn begin(&self) -> Result<Box<dyn Batch>, Error> {
        Ok(Box::new(LoggedBatch { state: self.shared.current(), shared: Arc::clone(&self.shared) }))
    }
}

impl Drop for LoggedEngine {
    /// Nothing is lost when this fails.
    fn drop(&mut self) {
        self.shared.settling().ended = true;
        self.shared.moved.notify_all();
        let panicked = self.settler.take().is_some_and(|settler| settler.join().is_err());
        if panicked {
            tracing::error!("the thread that settles commits panicked; the log has what is missing");
        } else if let Err(error) = self.shared.finish() {
            tracing::warn!(%error, "the last checkpoint failed; the log has what is missing");
        }
    }
}

struct LoggedBatch {
    state: Arc<State>,
    shared: Arc<Shared>,
}

impl View for LoggedBatch {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.state.get(table, key)
    }

    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        self.state.range(table, range, order)
    }
}

impl Batch for LoggedBatch {
    fn commit(self: Box<Self>, changes: Changes) -> Result<(), Error> {
        let LoggedBatch { state, shared } = *self;
        drop(state);
        shared.commit(changes)
    }
}
