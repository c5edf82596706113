//! The simplest engine: the whole state is one immutable map. It keeps the suite honest about what is the engine's
//! and what is the store's, and it can play a shared engine whose commits conflict.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use store::engine::{Batch, ByteRange, Changes, Engine, Order, RawRows, View};
use store::{Error, Store};

type State = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

struct MapEngine {
    shared: Arc<Shared>,
    /// Every so many commits, one conflicts.
    conflict_every: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<Arc<State>>,
    commits: AtomicU64,
}

struct MapView {
    state: Arc<State>,
    shared: Arc<Shared>,
    conflict_every: u64,
}

pub fn quiet() -> (Store, Option<tempfile::TempDir>) {
    open(u64::MAX)
}

pub fn contended() -> (Store, Option<tempfile::TempDir>) {
    open(2)
}

fn open(conflict_every: u64) -> (Store, Option<tempfile::TempDir>) {
    let engine = MapEngine { shared: Arc::default(), conflict_every };
    (Store::with_engine(engine).unwrap(), None)
}

impl MapEngine {
    fn view(&self) -> MapView {
        let state = Arc::clone(&self.shared.state.lock().unwrap());
        MapView { state, shared: Arc::clone(&self.shared), conflict_every: self.conflict_every }
    }
}

impl Engine for MapEngine {
    fn snapshot(&self) -> Result<Arc<dyn View>, Error> {
        Ok(Arc::new(self.view()))
    }
    fn begin(&self) -> Result<Box<dyn Batch>, Error> {
        Ok(Box::new(self.view()))
    }
}

impl View for MapView {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.state.get(&(table, key.to_vec())).cloned())
    }
    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        let bounds = (range.lower.clone(), range.upper.clone());
        let rows = self.state.iter().filter(|((name, key), _)| {
            *name == table && !range.is_empty() && RangeBounds::<Vec<u8>>::contains(&bounds, key)
        });
        let mut rows: Vec<_> = rows.map(|((_, key), value)| Ok((key.clone(), value.clone()))).collect();
        if order == Order::Descending {
            rows.reverse();
        }
        Ok(Box::new(rows.into_iter()))
    }
}

impl Batch for MapView {
    fn commit(self: Box<Self>, changes: Changes) -> Result<(), Error> {
        if self.shared.commits.fetch_add(1, Ordering::Relaxed) % self.conflict_every
            == self.conflict_every - 1
        {
            return Err(Error::Conflict);
        }
        let mut state = State::clone(&self.state);
        for (table, rows) in changes.iter() {
            for (key, value) in rows {
                match value {
                    Some(value) => state.insert((table, key.clone()), value.clone()),
                    None => state.remove(&(table, key.clone())),
                };
            }
        }
        *self.shared.state.lock().unwrap() = Arc::new(state);
        Ok(())
    }
}
