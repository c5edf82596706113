//! Consistent reads that outlast a request: a state of all tables, and lazy scans over it.

use std::ops::{Bound, ControlFlow, RangeBounds};
use std::sync::Arc;

use crate::changes::after_prefix;
use crate::engine::{ByteRange, Order, RawRows, View};
use crate::key::encode_key;
use crate::prefix::prefix_bytes;
use crate::read::decode_row;
use crate::{Error, Key, Prefix, RawRead, Rows, Table, Value};

/// All tables as they were when it was taken. Never blocks writers, but keeps the space of what they replace: hold
/// it for a request, not for a day.
#[derive(Clone)]
pub struct Snapshot {
    view: Arc<dyn View>,
}

impl Snapshot {
    pub(crate) fn new(view: Arc<dyn View>) -> Self {
        Snapshot { view }
    }

    /// The rows of a key range one by one, without collecting them. The iterator owns what it needs.
    pub fn iter<R: Rows>(
        &self,
        rows: &R,
        range: impl RangeBounds<R::Key>,
    ) -> Result<Scan<R::Key, R::Value>, Error> {
        self.start(rows, ByteRange::of_keys(&range))
    }

    /// The rows whose key starts with `prefix` one by one.
    pub fn iter_prefix<R, P>(&self, rows: &R, prefix: &P) -> Result<Scan<R::Key, R::Value>, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        self.start(rows, ByteRange::of_prefix(prefix_bytes::<R::Key, P>(prefix)))
    }

    fn start<R: Rows>(&self, rows: &R, range: ByteRange) -> Result<Scan<R::Key, R::Value>, Error> {
        Ok(Scan { view: Arc::clone(&self.view), table: Table::new(rows.name()), range, found: None })
    }
}

impl RawRead for Snapshot {
    fn raw_get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.view.get(table, key)
    }

    fn raw_range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'_>, Error> {
        self.view.range(table, range, order)
    }
}

/// A lazy scan in key order that can jump forward. It never goes back: a seek to what is already behind is no move.
pub struct Scan<K, V> {
    view: Arc<dyn View>,
    table: Table<K, V>,
    range: ByteRange,
    /// Begun when the first row is asked for: who begins with a jump needs nothing from before it.
    found: Option<RawRows<'static>>,
}

impl<K: Key, V: Value> Scan<K, V> {
    /// Goes on with the first key not less than `key`.
    pub fn seek(&mut self, key: &K) -> Result<(), Error> {
        self.jump(Bound::Included(encode_key(key)))
    }

    /// Goes on with the first key greater than `key`.
    pub fn seek_after(&mut self, key: &K) -> Result<(), Error> {
        self.jump(Bound::Excluded(encode_key(key)))
    }

    /// Goes on with the first key behind all that start with `prefix`: how a listing steps over a common prefix.
    pub fn seek_past<P: Prefix<K> + ?Sized>(&mut self, prefix: &P) -> Result<(), Error> {
        match after_prefix(&prefix_bytes(prefix)) {
            Bound::Excluded(end) | Bound::Included(end) => self.jump(Bound::Included(end)),
            Bound::Unbounded => {
                self.found = Some(Box::new(std::iter::empty()));
                Ok(())
            }
        }
    }

    fn jump(&mut self, to: Bound<Vec<u8>>) -> Result<(), Error> {
        let range = self.range.clone().from(to);
        if range != self.range {
            self.found = None;
            self.range = range;
        }
        Ok(())
    }

    /// Shows `see` the rows from here on as they are encoded, where they lie, until it breaks; for lists so long that
    /// copying each row counts. A scan goes on behind the last row that was shown.
    pub fn visit(&mut self, mut see: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>) -> Result<(), Error> {
        self.found = None;
        let mut last = None;
        self.view.visit(self.table.name(), &self.range, &mut |key, value| {
            let flow = see(key, value);
            if flow.is_break() {
                last = Some(key.to_vec());
            }
            flow
        })?;
        match last {
            Some(key) => self.range.lower = Bound::Excluded(key),
            None => self.found = Some(Box::new(std::iter::empty())),
        }
        Ok(())
    }
}

impl<K: Key, V: Value> Iterator for Scan<K, V> {
    type Item = Result<(K, V), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = match &mut self.found {
            Some(found) => found,
            None => match self.view.range(self.table.name(), &self.range, Order::Ascending) {
                Ok(rows) => self.found.insert(rows),
                Err(error) => return Some(Err(error)),
            },
        };
        let row = found.next()?;
        if let Ok((key, _)) = &row {
            self.range.lower = Bound::Excluded(key.clone());
        }
        Some(decode_row::<Table<K, V>>(row))
    }
}
