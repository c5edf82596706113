//! Walking keys in order: prefix, delimiter, marker. A folded prefix is stepped over in one seek, however many keys
//! it has.

use std::ops::ControlFlow;

use store::{Error, Scan, StartsWith};

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// Keys must start with it.
    pub prefix: String,
    /// Keys are folded at it.
    pub delimiter: Option<String>,
    /// Where to begin: behind this.
    pub after: Option<String>,
    /// At most so many entries.
    pub limit: usize,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<T, N = String> {
    /// A key and what is stored under it.
    Row(N, T),
    /// Keys folded into one.
    Folded(N),
}

impl<T, N: AsRef<str>> Entry<T, N> {
    /// What the entry sorts by, and where the next page goes on.
    pub fn name(&self) -> &str {
        match self {
            Entry::Row(name, _) | Entry::Folded(name) => name.as_ref(),
        }
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Found<T> {
    /// The entries, in order.
    pub entries: Vec<Entry<T>>,
    /// Whether there are more.
    pub truncated: bool,
}

impl Walk {
    /// What `key` is folded into, if it is.
    pub fn fold<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
        let rest = key.get(self.prefix.len()..)?;
        rest.find(delimiter).and_then(|at| key.get(..self.prefix.len() + at + delimiter.len()))
    }

    /// Walks the rows of a bucket; `scan` begins at the prefix.
    pub fn run<T: store::Value>(
        &self,
        bucket: &str,
        mut scan: Scan<(String, String), T>,
    ) -> Result<Found<T>, Error> {
        self.begin(bucket, &mut scan)?;
        let mut entries = Vec::with_capacity(self.limit.min(1000));
        while entries.len() < self.limit {
            let Some(row) = scan.next() else { return Ok(Found { entries, truncated: false }) };
            let ((_, key), value) = row?;
            match self.fold(&key) {
                Some(folded) => {
                    scan.seek_past(&(bucket.to_owned(), StartsWith(folded)))?;
                    entries.push(Entry::Folded(folded.to_owned()));
                }
                None => entries.push(Entry::Row(key, value)),
            }
        }
        let truncated = self.limit > 0 && scan.next().transpose()?.is_some();
        Ok(Found { entries, truncated })
    }

    /// The same, but each entry is shown to `see` where it lies, its value as it is stored. Says whether there are more.
    pub fn visit<T: store::Value>(
        &self,
        bucket: &str,
        mut scan: Scan<(String, String), T>,
        mut see: impl FnMut(Entry<&[u8], &str>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        self.begin(bucket, &mut scan)?;
        let before_key = store::encode_key(&bucket.to_owned()).len();
        let mut count = 0;
        loop {
            let (mut folded, mut truncated, mut failed) = (None, false, None);
            scan.visit(|key, value| {
                if count == self.limit {
                    truncated = self.limit > 0;
                    return ControlFlow::Break(());
                }
                count += 1;
                let seen = store::text_of_key(&key[before_key..]).and_then(|name| match self.fold(&name) {
                    Some(all) => {
                        folded = Some(all.to_owned());
                        see(Entry::Folded(all))
                    }
                    None => see(Entry::Row(&name, value)),
                });
                failed = seen.err();
                match failed.is_some() || folded.is_some() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            })?;
            match (failed, folded) {
                (Some(error), _) => return Err(error),
                (None, Some(folded)) => scan.seek_past(&(bucket.to_owned(), StartsWith(&folded)))?,
                (None, None) => return Ok(truncated),
            }
        }
    }

    /// Jumps behind the page before.
    fn begin<T: store::Value>(
        &self,
        bucket: &str,
        scan: &mut Scan<(String, String), T>,
    ) -> Result<(), Error> {
        let Some(after) = &self.after else { return Ok(()) };
        match self.fold(after) {
            // the page before ended with a folded prefix: all that it stands for is behind us
            Some(folded) if folded == after => scan.seek_past(&(bucket.to_owned(), StartsWith(after))),
            _ => scan.seek_after(&(bucket.to_owned(), after.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use store::{Store, Table, Value};

    use super::*;

    const ROWS: Table<(String, String), u64> = Table::new("rows");

    fn keys() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[ab/ä]{1,5}", 0..30)
    }

    /// What a list must be, the slow way.
    fn model(keys: &BTreeSet<String>, walk: &Walk) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for key in keys.iter().filter(|key| key.starts_with(&walk.prefix)) {
            let name = walk.fold(key).unwrap_or(key).to_owned();
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pages_of_any_size_together_are_the_whole_list(
            keys in keys(), prefix in "[a/]{0,2}", delimiter in proptest::option::of("[/a]"), limit in 1usize..7,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let store = Store::in_memory().unwrap();
            let rows = keys.clone();
            runtime.block_on(store.transact(move |tx| {
                for bucket in ["a", "b", "c"] {
                    for key in &rows {
                        tx.put(&ROWS, &(bucket.to_owned(), key.clone()), &1)?;
                    }
                }
                Ok::<_, Error>(())
            })).unwrap();
            let mut walk = Walk { prefix, delimiter, after: None, limit };
            let expected = model(&keys, &walk);
            let mut found = Vec::new();
            loop {
                let snapshot = store.snapshot().unwrap();
                let scan = snapshot.iter_prefix(&ROWS, &("b".to_owned(), StartsWith(&walk.prefix))).unwrap();
                let page = walk.run("b", scan).unwrap();
                let scan = snapshot.iter_prefix(&ROWS, &("b".to_owned(), StartsWith(&walk.prefix))).unwrap();
                let mut visited = Vec::new();
                let truncated = walk.visit("b", scan, |entry| {
                    visited.push(match entry {
                        Entry::Row(key, value) => Entry::Row(key.to_owned(), u64::from_bytes(value)?),
                        Entry::Folded(name) => Entry::Folded(name.to_owned()),
                    });
                    Ok(())
                }).unwrap();
                prop_assert_eq!((&visited, truncated), (&page.entries, page.truncated));
                prop_assert!(page.entries.len() <= limit);
                found.extend(page.entries.iter().map(|entry| entry.name().to_owned()));
                if !page.truncated {
                    break;
                }
                walk.after = found.last().cloned();
            }
            prop_assert_eq!(found, expected);
        }
    }
}
