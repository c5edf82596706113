//! Indexes as functions of the value. A table that declares them keeps them in step with every put and delete, in
//! the same transaction; there is no other way to write its rows, so they cannot drift.
//!
//! ```
//! use store::{Error, Index, IndexedTable, Store};
//!
//! // which disk is used by which machine
//! const DISKS: IndexedTable<String, String> = IndexedTable::new("disks", &[&BY_MACHINE]);
//! const BY_MACHINE: Index<String, String, String> =
//!     Index::new("disks_by_machine", |_disk, machine| vec![machine.clone()]);
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let store = Store::in_memory()?;
//! store.transact(|tx| tx.put(&DISKS, &"vol-1".into(), &"i-1".into())).await?;
//! let disks = BY_MACHINE.rows(&store.snapshot()?, &DISKS, &"i-1".to_string())?;
//! assert_eq!(disks, [("vol-1".to_string(), "i-1".to_string())]);
//! # Ok::<_, Error>(()) }).unwrap();
//! ```

use crate::engine::{ByteRange, Order};
use crate::key::{decode_key, encode_key};
use crate::prefix::prefix_bytes;
use crate::{Error, Key, Prefix, Read, Rows, Table, Value};

/// A way to find rows of a table by something in their value. Its entries are `(I, K)`.
pub struct Index<K, V, I> {
    entries: Table<(I, K), ()>,
    of: fn(&K, &V) -> Vec<I>,
}

/// What a table needs to know of its indexes.
pub trait Maintain<K, V>: Sync {
    /// The stored name of the index.
    fn name(&self) -> &'static str;
    /// The encoded entries that the row has.
    fn entries(&self, key: &K, value: &V) -> Vec<Vec<u8>>;
}

impl<K: Key, V: Value, I: Key> Index<K, V, I> {
    /// The index stored as `name`, in which a row is found by each of `of(key, value)`. Adding one to a table that
    /// already has rows needs [`Tx::reindex`](crate::Tx::reindex).
    pub const fn new(name: &'static str, of: fn(&K, &V) -> Vec<I>) -> Self {
        Index { entries: Table::new(name), of }
    }

    /// The keys of the rows found by `by`: a whole `I`, or the first components of it.
    pub fn keys<P>(&self, read: &(impl Read + ?Sized), by: &P) -> Result<Vec<K>, Error>
    where
        P: Prefix<(I, K)> + ?Sized,
    {
        let range = ByteRange::of_prefix(prefix_bytes::<(I, K), P>(by));
        let found = read.raw_range(self.entries.name(), &range, Order::Ascending)?;
        found.map(|row| decode_key::<(I, K)>(&row?.0).map(|(_, key)| key)).collect()
    }

    /// The rows found by `by`, in the index's order.
    pub fn rows<R, P>(&self, read: &(impl Read + ?Sized), rows: &R, by: &P) -> Result<Vec<(K, V)>, Error>
    where
        R: Rows<Key = K, Value = V>,
        P: Prefix<(I, K)> + ?Sized,
    {
        let keys = self.keys(read, by)?.into_iter();
        keys.filter_map(|key| read.get(rows, &key).transpose().map(|value| Ok((key, value?)))).collect()
    }

    /// Whether any row is found by `by`.
    pub fn any<P>(&self, read: &(impl Read + ?Sized), by: &P) -> Result<bool, Error>
    where
        P: Prefix<(I, K)> + ?Sized,
    {
        Ok(read.first_in(&self.entries, by)?.is_some())
    }
}

impl<K: Key, V: Value, I: Key> Maintain<K, V> for Index<K, V, I> {
    fn name(&self) -> &'static str {
        self.entries.name()
    }

    fn entries(&self, key: &K, value: &V) -> Vec<Vec<u8>> {
        let encode = |by: &I| {
            let mut entry = encode_key(by);
            key.encode(&mut entry);
            entry
        };
        (self.of)(key, value).iter().map(encode).collect()
    }
}

/// A table with indexes. Reads and writes take it like a plain [`Table`].
pub struct IndexedTable<K: 'static, V: 'static> {
    table: Table<K, V>,
    indexes: &'static [&'static dyn Maintain<K, V>],
}

impl<K, V> IndexedTable<K, V> {
    /// The table of this name with its indexes.
    pub const fn new(name: &'static str, indexes: &'static [&'static dyn Maintain<K, V>]) -> Self {
        IndexedTable { table: Table::new(name), indexes }
    }
}

impl<K: Key, V: Value> Rows for IndexedTable<K, V> {
    type Key = K;
    type Value = V;
    fn name(&self) -> &'static str {
        self.table.name()
    }
    fn indexes(&self) -> &[&dyn Maintain<K, V>] {
        self.indexes
    }
}
