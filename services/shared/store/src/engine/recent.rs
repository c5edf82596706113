//! Rows of commits that are on the medium already and not yet in the tree below: one generation of them.
//!
//! Every version of a row stays for as long as its generation, so that a reader of an earlier commit goes on seeing that
//! one. A generation is small; it is put into the tree whole and then forgotten.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{ByteRange, Changes, Order};

/// What a version counts for beside its key and value: some memory, and the work that it is to the tree, which is that of
/// some hundred bytes however short it is.
const OVERHEAD: usize = 1024;
/// Rows that a walk takes at a time: first and later.
const FEW: usize = 4;
const MANY: usize = 512;

/// A row's key and, unless it was deleted, its value.
pub(super) type Changed = (Vec<u8>, Option<Vec<u8>>);

type Rows = BTreeMap<Vec<u8>, Row>;

struct Row {
    newest: Version,
    /// Oldest first.
    older: Vec<Version>,
}

struct Version {
    commit: u64,
    value: Option<Vec<u8>>,
}

impl Row {
    /// The value as of a commit; none if the row was not changed until then.
    fn at(&self, commit: u64) -> Option<&Option<Vec<u8>>> {
        let mut newest_first = std::iter::once(&self.newest).chain(self.older.iter().rev());
        newest_first.find(|version| version.commit <= commit).map(|version| &version.value)
    }
}

/// A generation. One thread adds commits, each with a greater number; any number of threads read.
#[derive(Default)]
pub(super) struct Recent {
    tables: RwLock<HashMap<&'static str, Rows>>,
    size: AtomicUsize,
}

impl Recent {
    /// Adds what a commit changed. Who reads as of an earlier one sees nothing of it.
    pub fn add(&self, commit: u64, changes: Changes) {
        let mut size = 0;
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        for (table, rows) in changes {
            let known = tables.entry(table).or_default();
            for (key, value) in rows {
                size += key.capacity() + value.as_ref().map_or(0, Vec::capacity) + OVERHEAD;
                let newest = Version { commit, value };
                match known.entry(key) {
                    Entry::Occupied(mut row) => {
                        let row = row.get_mut();
                        row.older.push(std::mem::replace(&mut row.newest, newest));
                    }
                    Entry::Vacant(row) => drop(row.insert(Row { newest, older: Vec::new() })),
                }
            }
        }
        drop(tables);
        self.size.fetch_add(size, Ordering::Relaxed);
    }

    /// Bytes, no fewer than it takes.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// The row as of a commit: none if it was not changed here until then, `Some(None)` if it was deleted.
    pub fn get(&self, table: &str, key: &[u8], commit: u64) -> Option<Option<Vec<u8>>> {
        self.read().get(table)?.get(key)?.at(commit).cloned()
    }

    /// The rows of a range that were changed here, as of a commit.
    pub fn walk(self: &Arc<Self>, table: &'static str, range: &ByteRange, order: Order, commit: u64) -> Walk {
        let rest = (!range.is_empty()).then(|| range.clone());
        let recent = Arc::clone(self);
        Walk { recent, table, order, commit, rest, taken: Vec::new().into_iter(), count: FEW }
    }

    /// Shows `see` each table with the newest version of each row, in key order, until it fails.
    pub fn newest<E>(
        &self,
        mut see: impl FnMut(&'static str, &mut Newest<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (table, rows) in self.read().iter() {
            see(table, &mut rows.iter().map(|(key, row)| (key.as_slice(), row.newest.value.as_deref())))?;
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<&'static str, Rows>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rows in key order: key and, unless it was deleted, value.
pub(super) type Newest<'a> = dyn Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + 'a;

/// A walk over the rows of a range, some at a time, so that nobody who adds waits for who reads.
pub(super) struct Walk {
    recent: Arc<Recent>,
    table: &'static str,
    order: Order,
    commit: u64,
    /// Where more may be.
    rest: Option<ByteRange>,
    taken: std::vec::IntoIter<Changed>,
    /// How many to take next.
    count: usize,
}

impl Walk {
    fn take_more(&mut self) {
        let Some(range) = self.rest.take() else { return };
        let taken = {
            let tables = self.recent.read();
            let Some(rows) = tables.get(self.table) else { return };
            let seen = |(key, row): (&Vec<u8>, &Row)| Some((key.clone(), row.at(self.commit)?.clone()));
            let rows = rows.range::<[u8], _>(range.bounds());
            match self.order {
                Order::Ascending => rows.filter_map(seen).take(self.count).collect::<Vec<_>>(),
                Order::Descending => rows.rev().filter_map(seen).take(self.count).collect(),
            }
        };
        if taken.len() == self.count {
            self.rest = taken.last().map(|(last, _)| range.behind(last.clone(), self.order));
        }
        self.taken = taken.into_iter();
        self.count = MANY;
    }
}

impl Iterator for Walk {
    type Item = Changed;

    fn next(&mut self) -> Option<Changed> {
        if self.taken.len() == 0 {
            self.take_more();
        }
        self.taken.next()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::*;

    fn all() -> ByteRange {
        ByteRange { lower: Bound::Unbounded, upper: Bound::Unbounded }
    }

    fn put(recent: &Recent, commit: u64, key: u16, value: Option<&str>) {
        let mut changes = Changes::default();
        changes.set("t", key.to_be_bytes().to_vec(), value.map(|text| text.as_bytes().to_vec()));
        recent.add(commit, changes);
    }

    #[test]
    fn each_commit_goes_on_seeing_its_own_state() {
        let recent = Recent::default();
        put(&recent, 5, 1, Some("five"));
        put(&recent, 6, 1, None);
        put(&recent, 8, 1, Some("eight"));
        let at = |commit| recent.get("t", &1u16.to_be_bytes(), commit);
        let value = |text: &str| Some(Some(text.as_bytes().to_vec()));
        assert_eq!(
            [at(4), at(5), at(6), at(7), at(9)],
            [None, value("five"), Some(None), Some(None), value("eight")]
        );
        assert_eq!(recent.get("u", &1u16.to_be_bytes(), 9), None);
    }

    #[test]
    fn a_walk_gives_every_row_of_its_commit_once_in_either_order() {
        let recent = Arc::new(Recent::default());
        for key in 0..2000 {
            put(&recent, 1, key, Some("x"));
            put(&recent, 2, key, (key % 3 > 0).then_some("y"));
        }
        put(&recent, 3, 2000, Some("later"));
        let keys = |order, commit| -> Vec<u16> {
            let rows = recent.walk("t", &all(), order, commit);
            rows.map(|(key, _)| u16::from_be_bytes(key.try_into().unwrap())).collect()
        };
        assert_eq!(keys(Order::Ascending, 2), (0..2000).collect::<Vec<_>>());
        assert_eq!(keys(Order::Descending, 1), (0..2000).rev().collect::<Vec<_>>());
        assert_eq!(keys(Order::Ascending, 0), Vec::<u16>::new());
        let deleted =
            recent.walk("t", &all(), Order::Ascending, 2).filter(|(_, value)| value.is_none()).count();
        assert_eq!(deleted, 667);
    }
}
