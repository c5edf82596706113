//! Typed reads, the same for a transaction and a snapshot.

use std::ops::RangeBounds;

use crate::engine::{ByteRange, Order, RawRows};
use crate::key::{decode_key, encode_key};
use crate::prefix::prefix_bytes;
use crate::{All, Error, Prefix, Rows, Value};

/// Reads of encoded rows, which [`Read`] builds on.
pub trait RawRead {
    /// The value of an encoded key.
    fn raw_get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
    /// The encoded rows of a range, lazily.
    fn raw_range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'_>, Error>;
}

/// Some rows of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K, V> {
    /// The rows, in key order. The last one's key is where to go on.
    pub items: Vec<(K, V)>,
    /// Whether there are more behind them.
    pub more: bool,
}

type RowsOf<R> = Vec<RowOf<R>>;
type RowOf<R> = (<R as Rows>::Key, <R as Rows>::Value);

/// Typed reads of one consistent state. Write query functions over `&impl Read`, and both a [`Tx`](crate::Tx) and a
/// [`Snapshot`](crate::Snapshot) can call them.
pub trait Read: RawRead {
    /// The value of `key`.
    fn get<R: Rows>(&self, rows: &R, key: &R::Key) -> Result<Option<R::Value>, Error> {
        self.raw_get(rows.name(), &encode_key(key))?.map(|bytes| R::Value::from_bytes(&bytes)).transpose()
    }

    /// Whether there is a row for `key`.
    fn contains<R: Rows>(&self, rows: &R, key: &R::Key) -> Result<bool, Error> {
        Ok(self.raw_get(rows.name(), &encode_key(key))?.is_some())
    }

    /// All rows of a key range (`..` for the whole table), in key order.
    fn scan<R: Rows>(&self, rows: &R, range: impl RangeBounds<R::Key>) -> Result<RowsOf<R>, Error> {
        self.raw_range(rows.name(), &ByteRange::of_keys(&range), Order::Ascending)?
            .map(decode_row::<R>)
            .collect()
    }

    /// All rows whose key starts with `prefix`, in key order.
    fn scan_prefix<R, P>(&self, rows: &R, prefix: &P) -> Result<RowsOf<R>, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        self.raw_range(rows.name(), &prefix_range::<R, P>(prefix), Order::Ascending)?
            .map(decode_row::<R>)
            .collect()
    }

    /// At most `limit` rows whose key starts with `prefix` (`&All` for any), behind `after` if given.
    fn page<R, P>(
        &self,
        rows: &R,
        prefix: &P,
        after: Option<&R::Key>,
        limit: usize,
    ) -> Result<Page<R::Key, R::Value>, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        let mut range = prefix_range::<R, P>(prefix);
        if let Some(after) = after {
            range = range.after(encode_key(after));
        }
        let mut found = self.raw_range(rows.name(), &range, Order::Ascending)?;
        let items = found.by_ref().take(limit).map(decode_row::<R>).collect::<Result<_, _>>()?;
        let more = found.next().transpose()?.is_some();
        Ok(Page { items, more })
    }

    /// The row with the least key.
    fn first<R: Rows>(&self, rows: &R) -> Result<Option<RowOf<R>>, Error> {
        self.first_in(rows, &All)
    }

    /// The row with the greatest key.
    fn last<R: Rows>(&self, rows: &R) -> Result<Option<RowOf<R>>, Error> {
        self.last_in(rows, &All)
    }

    /// The first row whose key starts with `prefix`.
    fn first_in<R, P>(&self, rows: &R, prefix: &P) -> Result<Option<RowOf<R>>, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        let mut found = self.raw_range(rows.name(), &prefix_range::<R, P>(prefix), Order::Ascending)?;
        found.next().map(decode_row::<R>).transpose()
    }

    /// The last row whose key starts with `prefix`.
    fn last_in<R, P>(&self, rows: &R, prefix: &P) -> Result<Option<RowOf<R>>, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        let mut found = self.raw_range(rows.name(), &prefix_range::<R, P>(prefix), Order::Descending)?;
        found.next().map(decode_row::<R>).transpose()
    }

    /// The number of rows. Walks them all, so not for tables without bounds.
    fn count<R: Rows>(&self, rows: &R) -> Result<u64, Error> {
        self.count_in(rows, &All)
    }

    /// The number of rows whose key starts with `prefix`. Walks them.
    fn count_in<R, P>(&self, rows: &R, prefix: &P) -> Result<u64, Error>
    where
        R: Rows,
        P: Prefix<R::Key> + ?Sized,
    {
        let mut found = self.raw_range(rows.name(), &prefix_range::<R, P>(prefix), Order::Ascending)?;
        found.try_fold(0, |count, row| row.map(|_| count + 1))
    }
}

impl<T: RawRead + ?Sized> Read for T {}

pub(crate) fn decode_row<R: Rows>(row: Result<(Vec<u8>, Vec<u8>), Error>) -> Result<RowOf<R>, Error> {
    let (key, value) = row?;
    Ok((decode_key(&key)?, R::Value::from_bytes(&value)?))
}

fn prefix_range<R: Rows, P: Prefix<R::Key> + ?Sized>(prefix: &P) -> ByteRange {
    ByteRange::of_prefix(prefix_bytes(prefix))
}
