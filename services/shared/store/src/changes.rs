//! Byte ranges, and the overlay of uncommitted changes that a transaction reads through.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, RangeBounds};

use crate::engine::{Order, RawRows};
use crate::key::encode_key;
use crate::{Error, Key};

/// A range of encoded keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteRange {
    /// Where it begins.
    pub lower: Bound<Vec<u8>>,
    /// Where it ends.
    pub upper: Bound<Vec<u8>>,
}

impl ByteRange {
    /// The encodings of the keys in `range`.
    pub(crate) fn of_keys<K: Key>(range: &impl RangeBounds<K>) -> Self {
        ByteRange { lower: range.start_bound().map(encode_key), upper: range.end_bound().map(encode_key) }
    }

    /// All byte strings that start with `prefix`.
    pub(crate) fn of_prefix(prefix: Vec<u8>) -> Self {
        let upper = after_prefix(&prefix);
        ByteRange { lower: Bound::Included(prefix), upper }
    }

    /// The part behind `key`.
    pub(crate) fn after(self, key: Vec<u8>) -> Self {
        self.from(Bound::Excluded(key))
    }

    /// The part that comes after `key`, one of the range's, in this order.
    pub(crate) fn behind(self, key: Vec<u8>, order: Order) -> Self {
        match order {
            Order::Ascending => ByteRange { lower: Bound::Excluded(key), ..self },
            Order::Descending => ByteRange { upper: Bound::Excluded(key), ..self },
        }
    }

    /// The part that also satisfies the lower bound `from`; never more than before.
    pub(crate) fn from(self, from: Bound<Vec<u8>>) -> Self {
        let lower = if starts_later(&from, &self.lower) { from } else { self.lower };
        ByteRange { lower, upper: self.upper }
    }

    /// Whether no key can lie in it. Engines need not cope with inverted ranges.
    pub fn is_empty(&self) -> bool {
        match (&self.lower, &self.upper) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(low), Bound::Included(high)) => low > high,
            (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => {
                low >= high
            }
        }
    }

    /// The bounds as borrowed slices.
    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.lower.as_ref().map(Vec::as_slice), self.upper.as_ref().map(Vec::as_slice))
    }
}

/// The end of the range that starts with `prefix`: the least byte string greater than all of them.
pub(crate) fn after_prefix(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

fn starts_later(a: &Bound<Vec<u8>>, b: &Bound<Vec<u8>>) -> bool {
    match (a, b) {
        (Bound::Unbounded, _) => false,
        (_, Bound::Unbounded) => true,
        (Bound::Excluded(a), Bound::Included(b)) => a >= b,
        (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a > b,
    }
}

type TableChanges = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Rows put (`Some`) and deleted (`None`), by table and encoded key.
#[derive(Debug, Default)]
pub struct Changes {
    tables: BTreeMap<&'static str, TableChanges>,
}

impl Changes {
    /// The tables changed.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.tables.keys().copied()
    }

    /// All changes, by table.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &TableChanges)> + '_ {
        self.tables.iter().map(|(table, rows)| (*table, rows))
    }

    pub(crate) fn set(&mut self, table: &'static str, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.tables.entry(table).or_default().insert(key, value);
    }

    /// The changed row: `None` if untouched here, `Some(None)` if deleted here.
    pub(crate) fn get(&self, table: &str, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.tables.get(table)?.get(key)
    }

    /// Takes over the later changes of `newer`.
    pub(crate) fn absorb(&mut self, newer: Changes) {
        for (table, rows) in newer.tables {
            self.tables.entry(table).or_default().extend(rows);
        }
    }

    /// `under` as it looks with these changes applied.
    pub(crate) fn over<'a>(
        &'a self,
        under: RawRows<'a>,
        table: &str,
        range: &ByteRange,
        order: Order,
    ) -> RawRows<'a> {
        let Some(rows) = self.tables.get(table) else { return under };
        if range.is_empty() {
            return under;
        }
        let rows = rows
            .range::<[u8], _>(range.bounds())
            .map(|(key, value)| (Cow::Borrowed(key), value.as_ref().map(Cow::Borrowed)));
        match order {
            Order::Ascending => merged(rows, under, order),
            Order::Descending => merged(rows.rev(), under, order),
        }
    }
}

impl IntoIterator for Changes {
    type Item = (&'static str, TableChanges);
    type IntoIter = std::collections::btree_map::IntoIter<&'static str, TableChanges>;

    fn into_iter(self) -> Self::IntoIter {
        self.tables.into_iter()
    }
}

/// A changed row's key and, unless it was deleted, its value.
type ChangedRow<'a> = (Cow<'a, Vec<u8>>, Option<Cow<'a, Vec<u8>>>);

/// Changed rows over those that they change, both in `order`: where both have a key, the changed row counts.
pub(crate) fn merged<'a>(
    over: impl Iterator<Item = ChangedRow<'a>> + Send + 'a,
    under: RawRows<'a>,
    order: Order,
) -> RawRows<'a> {
    Box::new(Merge { over: over.peekable(), under: under.peekable(), order })
}

struct Merge<'a, O: Iterator> {
    over: Peekable<O>,
    under: Peekable<RawRows<'a>>,
    order: Order,
}

impl<'a, O: Iterator<Item = ChangedRow<'a>>> Iterator for Merge<'a, O> {
    type Item = Result<(Vec<u8>, Vec<u8>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((changed, _)) = self.over.peek() else { return self.under.next() };
            let turn = match self.under.peek() {
                Some(Err(_)) => return self.under.next(),
                Some(Ok((key, _))) => self.order.compare(changed, key),
                None => std::cmp::Ordering::Less,
            };
            if turn.is_gt() {
                return self.under.next();
            }
            if turn.is_eq() {
                self.under.next();
            }
            if let Some((key, Some(value))) = self.over.next() {
                return Some(Ok((key.into_owned(), value.into_owned())));
            }
        }
    }
}
