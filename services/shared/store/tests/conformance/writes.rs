//! What transactions promise each other.

use store::{Error, MAX_KEY_BYTES, MAX_VALUE_BYTES, Read, Store};
use tokio::task::JoinSet;

use crate::{ITEMS, TOTALS, fill, item, total};

/// A service's own error, as closures return it.
#[derive(Debug, PartialEq)]
enum Refusal {
    Odd,
    Store(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Store(error)
    }
}

pub async fn concurrent_increments_lose_no_update(store: Store) {
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..20 {
                let increment = store.transact(|tx| {
                    let next = tx.get(&TOTALS, &"n".into())?.unwrap_or(0) + 1;
                    tx.put(&TOTALS, &"n".into(), &next)?;
                    Ok::<_, Error>(next)
                });
                increment.await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(total(&store, "n").await, 320);
}

pub async fn readers_of_ranges_are_serialized_too(store: Store) {
    // each adds a row only while there are fewer than ten: with write skew there would be more
    let mut tasks = JoinSet::new();
    for n in 0..40u64 {
        let store = store.clone();
        tasks.spawn(async move {
            let add = store.transact(move |tx| {
                let room = tx.count_in(&ITEMS, &"room".to_string())? < 10;
                if room {
                    tx.put(&ITEMS, &item("room", n), &String::new())?;
                }
                Ok::<_, Error>(room)
            });
            add.await.unwrap()
        });
    }
    let added = tasks.join_all().await.into_iter().filter(|added| *added).count();
    assert_eq!((added, store.snapshot().unwrap().count(&ITEMS)), (10, Ok(10)));
}

pub async fn a_failing_transaction_leaves_nothing(store: Store) {
    let mut tasks = JoinSet::new();
    for n in 0..64u64 {
        let store = store.clone();
        tasks.spawn(async move {
            let add = store.transact(move |tx| {
                tx.put(&ITEMS, &item("n", n), &String::new())?;
                let sum = tx.get(&TOTALS, &"sum".into())?.unwrap_or(0) + n;
                tx.put(&TOTALS, &"sum".into(), &sum)?;
                if n % 2 == 1 { Err(Refusal::Odd) } else { Ok(()) }
            });
            assert_eq!(add.await, if n % 2 == 1 { Err(Refusal::Odd) } else { Ok(()) });
        });
    }
    tasks.join_all().await;
    assert_eq!(total(&store, "sum").await, (0..64).step_by(2).sum::<u64>());
    let rows = store.snapshot().unwrap().scan(&ITEMS, ..).unwrap();
    assert!(rows.len() == 32 && rows.iter().all(|((_, n), _)| n % 2 == 0));
}

pub async fn a_panicking_transaction_fails_alone(store: Store) {
    let mut tasks = JoinSet::new();
    for n in 0..16u64 {
        let store = store.clone();
        tasks.spawn(async move {
            let add = store.transact(move |tx| {
                tx.put(&ITEMS, &item("n", n), &String::new())?;
                assert!(n != 7, "seven is too many");
                Ok::<_, Error>(())
            });
            match add.await {
                Err(Error::Panicked(why)) => assert!(n == 7 && why.contains("seven"), "{n}: {why}"),
                outcome => assert!(n != 7 && outcome.is_ok()),
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.snapshot().unwrap().count(&ITEMS), Ok(15));
    fill(&store, "still working", 0..1).await;
}

pub async fn delete_says_whether_there_was_a_row(store: Store) {
    fill(&store, "a", 0..1).await;
    let twice = store.transact(|tx| {
        Ok::<_, Error>([tx.delete(&ITEMS, &item("a", 0))?, tx.delete(&ITEMS, &item("a", 0))?])
    });
    assert_eq!(twice.await, Ok([true, false]));
    assert_eq!(store.transact(|tx| tx.delete(&ITEMS, &item("a", 0))).await, Ok(false));
}

pub async fn a_whole_prefix_can_be_deleted(store: Store) {
    fill(&store, "a", 0..5).await;
    fill(&store, "b", 0..5).await;
    let deleted = store.transact(|tx| {
        tx.put(&ITEMS, &item("a", 7), &String::new())?;
        tx.delete_prefix(&ITEMS, &"a".to_string())
    });
    assert_eq!(deleted.await, Ok(6));
    let read = store.snapshot().unwrap();
    assert_eq!((read.count(&ITEMS), read.count_in(&ITEMS, &"b".to_string())), (Ok(5), Ok(5)));
}

pub async fn watchers_hear_of_their_table_only(store: Store) {
    let (mut items, totals) = (store.changed(&ITEMS), store.changed(&TOTALS));
    fill(&store, "a", 0..3).await;
    assert!(items.has_changed().unwrap() && !totals.has_changed().unwrap());
    items.mark_unchanged();
    let refused = store.transact(|tx| {
        tx.put(&ITEMS, &item("b", 0), &String::new())?;
        Err::<(), _>(Refusal::Odd)
    });
    assert_eq!(refused.await, Err(Refusal::Odd));
    total(&store, "reading wakes nobody").await;
    assert!(!items.has_changed().unwrap() && !totals.has_changed().unwrap());
    let waiting = tokio::spawn(async move { items.changed().await });
    fill(&store, "b", 0..1).await;
    waiting.await.unwrap().unwrap();
}

pub async fn too_large_a_key_or_value_is_refused(store: Store) {
    let key = "k".repeat(MAX_KEY_BYTES);
    let put = store.transact(move |tx| tx.put(&TOTALS, &key, &1));
    assert!(matches!(put.await, Err(Error::TooLarge { what: "key", .. })));
    let value = "v".repeat(MAX_VALUE_BYTES + 1);
    let put = store.transact(move |tx| tx.put(&ITEMS, &item("a", 0), &value));
    assert!(matches!(put.await, Err(Error::TooLarge { what: "value", .. })));
    fill(&store, "still working", 0..1).await;
}

pub async fn a_store_may_be_dropped_inside_a_transaction(store: Store) {
    let last = store.clone();
    let put = store.transact(move |tx| {
        let _held_until_the_closure_goes = &last;
        tx.put(&TOTALS, &"n".into(), &1)
    });
    assert_eq!(put.await, Ok(()));
    drop(store);
}
