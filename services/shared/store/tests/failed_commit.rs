//! What happens around the commit itself: it is shared, and when it fails nobody is told otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, too")]

mod medium;

use std::sync::mpsc;

use medium::Disk;
use store::engine::{LoggedEngine, RedbEngine};
use store::{Error, Read, Store, Table};
use tokio::task::JoinHandle;

const NUMBERS: Table<u64, u64> = Table::new("numbers");

fn open(disk: &Disk) -> Store {
    Store::with_engine(RedbEngine::with_backend(disk.clone()).unwrap()).unwrap()
}

async fn put(store: &Store, number: u64) -> Result<(), Error> {
    store.transact(move |tx| tx.put(&NUMBERS, &number, &number)).await
}

/// Holds the commit thread inside a transaction until the sender is used or dropped.
async fn hold(store: &Store) -> (mpsc::Sender<()>, JoinHandle<Result<(), Error>>) {
    let (release, released) = mpsc::channel::<()>();
    let (entered, entering) = tokio::sync::oneshot::channel();
    let store = store.clone();
    let mut entered = Some(entered);
    let held = tokio::spawn(async move {
        let hold = store.transact(move |_| {
            if let Some(entered) = entered.take() {
                let _ = entered.send(());
                let _ = released.recv();
            }
            Ok(())
        });
        hold.await
    });
    entering.await.unwrap();
    (release, held)
}

/// Queues a transaction for each number behind a held one, so that they share a batch, then lets go.
async fn put_together(store: &Store, numbers: std::ops::Range<u64>) -> Vec<Result<(), Error>> {
    let (release, held) = hold(store).await;
    let mut waiting: Vec<_> = numbers.map(|number| Box::pin(put(store, number))).collect();
    for transaction in &mut waiting {
        // the first poll queues it
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(transaction.as_mut().poll(cx)));
        assert!(polled.await.is_pending());
    }
    drop(release);
    held.await.unwrap().unwrap();
    let mut outcomes = Vec::new();
    for transaction in waiting {
        outcomes.push(transaction.await);
    }
    outcomes
}

#[tokio::test]
async fn what_has_queued_shares_one_commit() {
    let disk = Disk::default();
    let store = open(&disk);
    put(&store, 0).await.unwrap();
    let before = disk.syncs();
    put(&store, 1).await.unwrap();
    let alone = disk.syncs() - before;
    assert!(alone > 0);
    let before = disk.syncs();
    assert!(put_together(&store, 10..110).await.iter().all(Result::is_ok));
    assert_eq!(disk.syncs() - before, alone);
    assert_eq!(store.snapshot().unwrap().count(&NUMBERS), Ok(102));
}

#[tokio::test]
async fn reading_and_failing_transactions_cost_no_sync() {
    let disk = Disk::default();
    let store = open(&disk);
    let before = disk.syncs();
    store.transact(|tx| tx.get(&NUMBERS, &1)).await.unwrap();
    let failed = store.transact(|tx| tx.put(&NUMBERS, &1, &1).and(Err::<(), _>(Error::Conflict)));
    assert_eq!(failed.await, Err(Error::Conflict));
    assert_eq!(disk.syncs(), before);
}

#[tokio::test]
async fn a_failed_commit_is_told_to_all_and_stops_all_later_writes() {
    let disk = Disk::default();
    let store = open(&disk);
    put(&store, 0).await.unwrap();
    let watch = store.changed(&NUMBERS);
    disk.fail_syncs();
    let outcomes = put_together(&store, 1..20).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Error::Commit(_)))), "{outcomes:?}");
    assert!(!watch.has_changed().unwrap());
    let later = put(&store, 99).await;
    assert!(matches!(&later, Err(Error::Poisoned(why)) if why.contains("disk is gone")), "{later:?}");
    drop(store);
}

#[tokio::test]
async fn what_the_log_has_is_neither_lost_nor_hidden_when_the_database_fails() {
    let database = Disk::default();
    let log = database.beside(Vec::new());
    let open = || {
        let redb = RedbEngine::with_backend(database.clone())?;
        Store::with_engine(LoggedEngine::with_medium(redb, log.clone(), 64 << 10)?)
    };
    let store = open().unwrap();
    put(&store, 0).await.unwrap();
    database.fail_syncs();
    let mut acknowledged = 0;
    let refused = loop {
        match put(&store, acknowledged + 1).await {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000, "no checkpoint was ever tried");
    };
    // a half of the log at the least went on without the database
    assert!(acknowledged >= 8, "{acknowledged}");
    assert!(matches!(&refused, Error::Commit(why) if why.contains("disk is gone")), "{refused:?}");
    assert!(matches!(put(&store, 99_999).await, Err(Error::Poisoned(_))));
    assert_eq!(store.snapshot().unwrap().count(&NUMBERS), Ok(acknowledged + 1));
    drop(store);
    database.heal();
    assert_eq!(open().unwrap().snapshot().unwrap().count(&NUMBERS), Ok(acknowledged + 1));
}
