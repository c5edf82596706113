//! The store's handle: opens an engine, owns its commit thread, and tells who waits that tables changed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use crate::commit::{Job, Pending, serve};
use crate::engine::{Engine, LoggedEngine, RedbEngine};
use crate::{Error, Rows, Snapshot, Tx};

/// A set of tables with serializable transactions. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<dyn Engine>,
    watches: Arc<Watches>,
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Opens the store kept in the directory `path`; creates the directory and the file if they are missing.
    ///
    /// One process at a time: a second open of the same directory is an error.
    pub fn open(path: &Path) -> Result<Store, Error> {
        Store::with_engine(RedbEngine::open(path)?)
    }

    /// As [`Store::open`], with a log in front of the engine: commits are several times as fast and are durable all the
    /// same. A directory once opened so must always be opened so, or what only the log has is not seen.
    ///
    /// `cache` is what of the engine's pages is kept in memory, in bytes.
    pub fn open_logged(path: &Path, cache: usize) -> Result<Store, Error> {
        Store::with_engine(LoggedEngine::open(path, cache)?)
    }

    /// A store that ends with its last clone; for tests.
    pub fn in_memory() -> Result<Store, Error> {
        Store::with_engine(RedbEngine::in_memory()?)
    }

    /// A store on any engine.
    pub fn with_engine(engine: impl Engine) -> Result<Store, Error> {
        let engine: Arc<dyn Engine> = Arc::new(engine);
        let watches = Arc::new(Watches::default());
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("store-commit".into())
            .spawn({
                let (engine, watches) = (Arc::clone(&engine), Arc::clone(&watches));
                move || serve(engine, &queue, &watches)
            })
            .map_err(|error| Error::Engine(error.to_string()))?;
        Ok(Store { inner: Arc::new(Inner { engine, watches, jobs: Some(jobs), thread: Some(thread) }) })
    }

    /// Runs `f` as one transaction: all of its changes or none, as if it ran alone, durable when this returns `Ok`.
    ///
    /// The closure runs on the commit thread and everybody waits for it, so it decides and writes, and does nothing
    /// slow. It may run more than once, so it has no effects besides `tx`. It sees its own writes. If it returns an
    /// error or panics, nothing of it is applied. If the caller stops waiting, the transaction may still commit.
    pub async fn transact<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(Pending::new(f, reply)))?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// What is committed now, for consistent reads.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        self.inner.engine.snapshot().map(Snapshot::new)
    }

    /// A counter that grows after each commit that touched the table; what wakes reconcilers.
    pub fn changed<R: Rows>(&self, rows: &R) -> watch::Receiver<u64> {
        self.inner.watches.subscribe(rows.name())
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<(), Error> {
        let jobs = self.inner.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(job).map_err(|_| Error::Closed)
    }
}

impl Drop for Inner {
    /// Waits for the commit thread, so that the file can be opened again at once.
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        // the last clone may have been inside a transaction's closure, which the thread itself drops
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("the store's commit thread panicked");
        }
    }
}

/// Who wants to know about which table.
#[derive(Default)]
pub(crate) struct Watches {
    tables: Mutex<HashMap<&'static str, watch::Sender<u64>>>,
}

impl Watches {
    fn subscribe(&self, table: &'static str) -> watch::Receiver<u64> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(table).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(crate) fn bump(&self, changed: &[&'static str]) {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        for watch in changed.iter().filter_map(|table| tables.get(table)) {
            watch.send_modify(|count| *count += 1);
        }
    }
}
