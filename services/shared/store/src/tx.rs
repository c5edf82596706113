//! A transaction as its closure sees it: the committed state, under what earlier transactions of the same batch
//! changed, under what it changed itself.

use std::collections::BTreeSet;

use crate::engine::{ByteRange, Changes, Order, RawRows, View};
use crate::key::{decode_key, encode_key};
use crate::prefix::prefix_bytes;
use crate::{Error, Prefix, RawRead, Read, Rows, Value};

/// The largest encoded key.
pub const MAX_KEY_BYTES: usize = 64 << 10;
/// The largest encoded value; larger things belong into files.
pub const MAX_VALUE_BYTES: usize = 16 << 20;

/// A running transaction. Reads come from [`Read`].
pub struct Tx<'a> {
    base: &'a dyn View,
    batch: &'a Changes,
    own: Changes,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(base: &'a dyn View, batch: &'a Changes) -> Self {
        Tx { base, batch, own: Changes::default() }
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.own
    }

    /// Writes the row, whether or not there was one, and brings the table's indexes along.
    pub fn put<R: Rows>(&mut self, rows: &R, key: &R::Key, value: &R::Value) -> Result<(), Error> {
        let bytes = value.to_bytes()?;
        check_size("value", bytes.len(), MAX_VALUE_BYTES)?;
        let encoded = encode_key(key);
        check_size("key", encoded.len(), MAX_KEY_BYTES)?;
        if !rows.indexes().is_empty() {
            let old = self.get(rows, key)?;
            self.index_row(rows, key, old.as_ref(), Some(value))?;
        }
        self.own.set(rows.name(), encoded, Some(bytes));
        Ok(())
    }

    /// Removes the row and its index entries; tells whether there was one.
    pub fn delete<R: Rows>(&mut self, rows: &R, key: &R::Key) -> Result<bool, Error> {
        let encoded = encode_key(key);
        let Some(old) = self.raw_get(rows.name(), &encoded)? else { return Ok(false) };
        if !rows.indexes().is_empty() {
            self.index_row(rows, key, Some(&R::Value::from_bytes(&old)?), None)?;
        }
        self.own.set(rows.name(), encoded, None);
        Ok(true)
    }

    /// Removes all rows whose key starts with `prefix`; tells how many there were.
    pub fn delete_prefix<R, P>(&mut self, rows: &R, prefix: &P) -> Result<u64, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        let range = ByteRange::of_prefix(prefix_bytes::<R::Key, P>(prefix));
        let keys = self
            .raw_range(rows.name(), &range, Order::Ascending)?
            .map(|row| decode_key(&row?.0))
            .collect::<Result<Vec<R::Key>, Error>>()?;
        for key in &keys {
            self.delete(rows, key)?;
        }
        Ok(keys.len() as u64)
    }

    /// Brings the indexes of a table in step with its rows, which only what was written without them needs: by a version
    /// that did not have them. Tells how many entries were missing or stale. Walks all rows.
    pub fn reindex<R: Rows>(&mut self, rows: &R) -> Result<u64, Error> {
        let all = self.scan(rows, ..)?;
        let mut changed = 0;
        for index in rows.indexes() {
            let wanted: BTreeSet<_> = all.iter().flat_map(|(key, value)| index.entries(key, value)).collect();
            let range = ByteRange::of_prefix(Vec::new());
            let entries = self.raw_range(index.name(), &range, Order::Ascending)?;
            let found = entries.map(|entry| Ok(entry?.0)).collect::<Result<BTreeSet<_>, Error>>()?;
            for entry in wanted.symmetric_difference(&found) {
                check_size("index key", entry.len(), MAX_KEY_BYTES)?;
                self.own.set(index.name(), entry.clone(), wanted.contains(entry).then(Vec::new));
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn index_row<R: Rows>(
        &mut self,
        rows: &R,
        key: &R::Key,
        old: Option<&R::Value>,
        new: Option<&R::Value>,
    ) -> Result<(), Error> {
        for index in rows.indexes() {
            let entries =
                |value: Option<&R::Value>| value.map(|value| index.entries(key, value)).unwrap_or_default();
            let (stale, fresh) = (entries(old), entries(new));
            for entry in stale.iter().filter(|entry| !fresh.contains(entry)) {
                self.own.set(index.name(), entry.clone(), None);
            }
            for entry in fresh.into_iter().filter(|entry| !stale.contains(entry)) {
                check_size("index key", entry.len(), MAX_KEY_BYTES)?;
                self.own.set(index.name(), entry, Some(Vec::new()));
            }
        }
        Ok(())
    }
}

impl RawRead for Tx<'_> {
    fn raw_get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.own.get(table, key).or_else(|| self.batch.get(table, key)) {
            Some(changed) => Ok(changed.clone()),
            None => self.base.get(table, key),
        }
    }

    fn raw_range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'_>, Error> {
        let base = self.base.range(table, range, order)?;
        let batch = self.batch.over(base, table, range, order);
        Ok(self.own.over(batch, table, range, order))
    }
}

fn check_size(what: &'static str, bytes: usize, limit: usize) -> Result<(), Error> {
    if bytes > limit { Err(Error::TooLarge { what, bytes, limit }) } else { Ok(()) }
}
