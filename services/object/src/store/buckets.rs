//! Buckets as transactions look at them, and by whose they are: counting and listing cost by what an account has, never by
//! what there is.
//!
//! The indexes follow every write of a bucket by themselves. What a version wrote that did not have them is entered when the
//! service starts.

use std::cell::RefCell;
use std::sync::Arc;

use store::{Error, RawRead, Read, Rows, StartsWith, Store, Tx, Value};

use super::{BUCKETS, BUCKETS_BY_ACCOUNT, BUCKETS_BY_CREATOR};
use crate::domain::bucket::Bucket;

/// A bucket's row, and what it says.
type Decoded = (Vec<u8>, Arc<Bucket>);

thread_local! {
    /// What this thread decoded last. Nearly every transaction looks at a bucket, most at the one of the transaction before,
    /// and they run on one thread.
    static LAST: RefCell<Option<Decoded>> = const { RefCell::new(None) };
}

/// A bucket; decoded again only when its row is another than that of the last one.
pub fn find(tx: &Tx<'_>, name: &str) -> Result<Option<Arc<Bucket>>, Error> {
    let Some(row) = tx.raw_get(BUCKETS.name(), &store::encode_key(&name.to_owned()))? else {
        return Ok(None);
    };
    LAST.with_borrow_mut(|last| match last {
        Some((known, bucket)) if *known == row => Ok(Some(Arc::clone(bucket))),
        _ => {
            let bucket = Arc::new(Bucket::from_bytes(&row)?);
            *last = Some((row, Arc::clone(&bucket)));
            Ok(Some(bucket))
        }
    })
}

/// The names of an account's buckets that begin so, in order.
pub fn names(read: &impl Read, account: &str, prefix: &str) -> Result<Vec<String>, Error> {
    BUCKETS_BY_ACCOUNT.keys(read, &(account.to_owned(), StartsWith(prefix)))
}

/// How many buckets an account has.
pub fn count(read: &impl Read, account: &str) -> Result<usize, Error> {
    names(read, account, "").map(|names| names.len())
}

/// How many buckets the account of a new one has, and how many of those its maker made.
pub fn counts_for(tx: &Tx<'_>, new: &Bucket) -> Result<(usize, Option<usize>), Error> {
    let made = |creator: &String| BUCKETS_BY_CREATOR.keys(tx, &(new.account.clone(), creator.clone()));
    let own = new.creator.as_ref().map(made).transpose()?;
    Ok((count(tx, &new.account)?, own.map(|own| own.len())))
}

/// Enters buckets that are not in the indexes.
pub async fn index(store: &Store) -> Result<(), Error> {
    let entered = store.transact(|tx| tx.reindex(&BUCKETS)).await?;
    if entered > 0 {
        tracing::info!(entries = entered, "indexed the buckets by account");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use store::Table;

    use super::*;

    const ONE: &str = "000000000001";
    const TWO: &str = "000000000002";

    fn bucket(account: &str, creator: Option<&str>) -> Bucket {
        let creator = creator.map(str::to_owned);
        Bucket { creator, ..Bucket::new("owner", account, Timestamp::UNIX_EPOCH) }
    }

    #[tokio::test]
    async fn a_transaction_sees_what_its_own_bucket_is_now() {
        let store = Store::in_memory().unwrap();
        let seen = store.transact(|tx| {
            let mut seen = Vec::new();
            for (name, account) in [("a", ONE), ("b", ONE), ("a", TWO)] {
                tx.put(&BUCKETS, &name.into(), &bucket(account, None))?;
                let account = |name| Ok::<_, Error>(find(tx, name)?.map(|bucket| bucket.account.clone()));
                seen.push((account("a")?, account("b")?, account("c")?));
            }
            Ok::<_, Error>(seen)
        });
        let (one, two) = (Some(ONE.to_owned()), Some(TWO.to_owned()));
        let expected = [(one.clone(), None, None), (one.clone(), one.clone(), None), (two, one, None)];
        assert_eq!(seen.await.unwrap(), expected);
    }

    #[tokio::test]
    async fn buckets_of_an_earlier_version_are_counted_and_listed() {
        /// As that version wrote them.
        const BEFORE: Table<String, Bucket> = Table::new("buckets");
        let store = Store::in_memory().unwrap();
        let put = store.transact(|tx| {
            tx.put(&BUCKETS, &"gone".into(), &bucket(ONE, None))?;
            tx.delete(&BEFORE, &"gone".into())?;
            tx.put(&BEFORE, &"b-one".into(), &bucket(ONE, None))?;
            tx.put(&BEFORE, &"a-one".into(), &bucket(ONE, Some("AIDA1")))?;
            tx.put(&BEFORE, &"two".into(), &bucket(TWO, Some("AIDA1")))
        });
        put.await.unwrap();
        for _ in 0..2 {
            index(&store).await.unwrap();
            let snapshot = store.snapshot().unwrap();
            assert_eq!(names(&snapshot, ONE, "").unwrap(), ["a-one", "b-one"]);
            assert_eq!(names(&snapshot, ONE, "b").unwrap(), ["b-one"]);
            assert_eq!(count(&snapshot, TWO).unwrap(), 1);
        }
        let counts = |new| store.transact(move |tx| counts_for(tx, &new));
        assert_eq!(counts(bucket(ONE, Some("AIDA1"))).await.unwrap(), (2, Some(1)));
        assert_eq!(counts(bucket(ONE, None)).await.unwrap(), (2, None));
        store.transact(|tx| tx.delete(&BUCKETS, &"a-one".into())).await.unwrap();
        assert_eq!(counts(bucket(ONE, Some("AIDA1"))).await.unwrap(), (1, Some(0)));
    }
}
