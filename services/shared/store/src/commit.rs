//! The commit thread: takes the transactions that have queued, runs them one after the other, commits them together,
//! then answers them.
//!
//! Invariants: nobody is answered before the batch is durable, not even a transaction that failed or only read (it
//! may have seen changes of the batch); a transaction that fails or panics leaves nothing in the batch; after a
//! failed commit every write is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use crate::engine::{Changes, Engine};
use crate::store::Watches;
use crate::{Error, Tx};

/// How many transactions share a commit at most.
const MAX_BATCH: usize = 512;
/// How often a batch runs again when other writers interfere.
const MAX_CONFLICTS: u32 = 16;

/// A queued transaction, its types erased.
pub(crate) trait Job: Send {
    /// Runs the closure; true means its changes shall be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Tells the caller, with the closure's own result if the batch is durable.
    fn answer(self: Box<Self>, batch: Result<(), Error>);
}

pub(crate) struct Pending<T, E, F> {
    run: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Pending<T, E, F> {
    pub(crate) fn new(run: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Pending { run, result: None, reply }
    }
}

impl<T, E, F> Job for Pending<T, E, F>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let run = &mut self.run;
        let result = catch_unwind(AssertUnwindSafe(|| run(tx)))
            .unwrap_or_else(|panic| Err(Error::Panicked(panic_text(panic.as_ref())).into()));
        self.result.insert(result).is_ok()
    }

    fn answer(self: Box<Self>, batch: Result<(), Error>) {
        let result = match (batch, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(Error::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // the caller may have gone away; the commit stands all the same
        let _ = self.reply.send(result);
    }
}

/// Serves jobs until all stores that could send one are gone.
pub(crate) fn serve(engine: Arc<dyn Engine>, jobs: &Receiver<Box<dyn Job>>, watches: &Watches) {
    let mut poison = None;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(MAX_BATCH - 1));
        let outcome = match &poison {
            Some(reason) => Err(Error::Poisoned(String::clone(reason))),
            None => commit(engine.as_ref(), &mut batch),
        };
        match &outcome {
            Ok(tables) => watches.bump(tables),
            Err(Error::Commit(reason)) => {
                tracing::error!(%reason, "commit failed; the store takes no more writes");
                poison = Some(reason.clone());
            }
            Err(_) => {}
        }
        let outcome = outcome.map(drop);
        for job in batch {
            job.answer(outcome.clone());
        }
    }
}

/// Runs and commits a batch, again if another writer was faster; gives the tables that it changed.
fn commit(engine: &dyn Engine, jobs: &mut [Box<dyn Job>]) -> Result<Vec<&'static str>, Error> {
    for _ in 0..MAX_CONFLICTS {
        let base = engine.begin()?;
        let mut changes = Changes::default();
        for job in jobs.iter_mut() {
            let mut tx = Tx::new(base.as_ref(), &changes);
            if job.run(&mut tx) {
                let own = tx.into_changes();
                changes.absorb(own);
            }
        }
        let tables: Vec<_> = changes.tables().collect();
        if tables.is_empty() {
            return Ok(tables);
        }
        let committed = catch_unwind(AssertUnwindSafe(|| base.commit(changes)))
            .unwrap_or_else(|panic| Err(Error::Engine(panic_text(panic.as_ref()))));
        match committed {
            Ok(()) => return Ok(tables),
            Err(Error::Conflict) => tracing::debug!("a batch conflicts with another writer and runs again"),
            Err(error) => return Err(Error::Commit(error.to_string())),
        }
    }
    Err(Error::Conflict)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
