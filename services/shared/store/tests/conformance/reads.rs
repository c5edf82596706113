//! What reads return, in transactions and in snapshots.

use std::ops::Bound;

use store::{All, Error, Page, Read, StartsWith, Store, Table};

use crate::{ITEMS, TOTALS, fill, item, numbers};

pub async fn rows_come_in_key_order_and_ranges_are_honoured(store: Store) {
    fill(&store, "b", 0..3).await;
    fill(&store, "a", 254..258).await;
    let read = store.snapshot().unwrap();
    assert_eq!(numbers(&read.scan(&ITEMS, ..).unwrap()), [254, 255, 256, 257, 0, 1, 2]);
    assert_eq!(numbers(&read.scan(&ITEMS, item("a", 256)..item("b", 1)).unwrap()), [256, 257, 0]);
    assert_eq!(numbers(&read.scan(&ITEMS, ..=item("a", 255)).unwrap()), [254, 255]);
    let behind = (Bound::Excluded(item("b", 0)), Bound::Unbounded);
    assert_eq!(numbers(&read.scan(&ITEMS, behind).unwrap()), [1, 2]);
    assert!(read.scan(&ITEMS, item("b", 0)..item("a", 0)).unwrap().is_empty());
    let nothing = (Bound::Excluded(item("b", 0)), Bound::Excluded(item("b", 0)));
    assert!(read.scan(&ITEMS, nothing).unwrap().is_empty());
    assert_eq!(read.first(&ITEMS).unwrap().unwrap().0, item("a", 254));
    assert_eq!(read.last(&ITEMS).unwrap().unwrap().0, item("b", 2));
    assert_eq!(read.count(&ITEMS).unwrap(), 7);
    assert!(read.contains(&ITEMS, &item("b", 2)).unwrap() && !read.contains(&ITEMS, &item("b", 3)).unwrap());
}

pub async fn prefixes_select_their_own_rows_only(store: Store) {
    for group in ["a", "ab", "a\0", ""] {
        fill(&store, group, 0..2).await;
    }
    let read = store.snapshot().unwrap();
    assert_eq!(read.count_in(&ITEMS, &"a".to_string()).unwrap(), 2);
    assert_eq!(read.scan_prefix(&ITEMS, &"ab".to_string()).unwrap()[1].1, "ab/1");
    assert_eq!(read.first_in(&ITEMS, &"a\0".to_string()).unwrap().unwrap().1, "a\0/0");
    assert_eq!(read.last_in(&ITEMS, &"".to_string()).unwrap().unwrap().1, "/1");
    assert_eq!(read.count_in(&ITEMS, &All).unwrap(), 8);
    store
        .transact(|tx| ["x", "xy", "y"].into_iter().try_for_each(|n| tx.put(&TOTALS, &n.into(), &1)))
        .await
        .unwrap();
    assert_eq!(store.snapshot().unwrap().count_in(&TOTALS, &StartsWith("x")).unwrap(), 2);
}

pub async fn pages_meet_without_gap_or_overlap(store: Store) {
    fill(&store, "a", 0..10).await;
    fill(&store, "b", 0..10).await;
    let read = store.snapshot().unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let Page { items, more } = read.page(&ITEMS, &"a".to_string(), after.as_ref(), 3).unwrap();
        seen.extend(numbers(&items));
        after = items.into_iter().last().map(|(key, _)| key);
        if !more {
            break;
        }
    }
    assert_eq!(seen, Vec::from_iter(0..10));
    let whole = read.page(&ITEMS, &All, None, 20).unwrap();
    assert!(whole.items.len() == 20 && !whole.more);
    // a place before the prefix changes nothing, one behind it leaves nothing
    assert_eq!(read.page(&ITEMS, &"b".to_string(), Some(&item("a", 3)), 3).unwrap().items[0].0, item("b", 0));
    assert!(read.page(&ITEMS, &"a".to_string(), Some(&item("b", 3)), 3).unwrap().items.is_empty());
}

pub async fn an_unknown_table_is_empty(store: Store) {
    const NONE: Table<u64, ()> = Table::new("never_written");
    let read = store.snapshot().unwrap();
    assert_eq!((read.get(&NONE, &1), read.count(&NONE), read.first(&NONE)), (Ok(None), Ok(0), Ok(None)));
    assert_eq!(store.transact(|tx| tx.delete(&NONE, &1)).await, Ok(false));
}

pub async fn a_transaction_sees_its_own_writes_in_every_read(store: Store) {
    fill(&store, "a", 0..6).await;
    let outcome = store.transact(|tx| {
        tx.delete(&ITEMS, &item("a", 0))?;
        tx.delete(&ITEMS, &item("a", 3))?;
        tx.delete(&ITEMS, &item("a", 5))?;
        tx.put(&ITEMS, &item("a", 4), &"new".into())?;
        tx.put(&ITEMS, &item("a", 9), &"last".into())?;
        tx.put(&ITEMS, &item("b", 0), &"other".into())?;
        tx.delete(&ITEMS, &item("b", 0))?;
        assert_eq!(numbers(&tx.scan(&ITEMS, ..)?), [1, 2, 4, 9]);
        assert_eq!(numbers(&tx.scan(&ITEMS, item("a", 2)..item("a", 9))?), [2, 4]);
        assert_eq!(tx.get(&ITEMS, &item("a", 4))?.unwrap(), "new");
        assert_eq!(tx.get(&ITEMS, &item("a", 3))?, None);
        assert_eq!(tx.first(&ITEMS)?.unwrap().0, item("a", 1));
        assert_eq!(tx.last(&ITEMS)?.unwrap().1, "last");
        assert_eq!(tx.count_in(&ITEMS, &"b".to_string())?, 0);
        tx.delete(&ITEMS, &item("a", 9))?;
        assert_eq!(tx.last(&ITEMS)?.unwrap().1, "new");
        Ok::<_, Error>(())
    });
    outcome.await.unwrap();
    assert_eq!(numbers(&store.snapshot().unwrap().scan(&ITEMS, ..).unwrap()), [1, 2, 4]);
}

pub async fn a_snapshot_does_not_move(store: Store) {
    fill(&store, "a", 0..3).await;
    let before = store.snapshot().unwrap();
    let mut lazy = before.iter(&ITEMS, ..).unwrap();
    assert!(lazy.next().is_some());
    store
        .transact(|tx| {
            tx.delete_prefix(&ITEMS, &"a".to_string())?;
            tx.put(&TOTALS, &"new".into(), &1)
        })
        .await
        .unwrap();
    assert_eq!((before.count(&ITEMS), before.count(&TOTALS)), (Ok(3), Ok(0)));
    assert_eq!(lazy.count(), 2);
    let after = store.snapshot().unwrap();
    assert_eq!((after.count(&ITEMS), after.count(&TOTALS)), (Ok(0), Ok(1)));
}

pub async fn a_lazy_scan_seeks_forward_and_never_back(store: Store) {
    for group in ["a", "b", "c", "d"] {
        fill(&store, group, 0..5).await;
    }
    let read = store.snapshot().unwrap();
    let mut scan = read.iter(&ITEMS, item("a", 3)..).unwrap();
    let next = |scan: &mut store::Scan<(String, u64), String>| scan.next().map(|row| row.unwrap().0);
    assert_eq!(next(&mut scan), Some(item("a", 3)));
    scan.seek_past(&"b".to_string()).unwrap();
    assert_eq!(next(&mut scan), Some(item("c", 0)));
    scan.seek(&item("a", 0)).unwrap();
    assert_eq!(next(&mut scan), Some(item("c", 1)));
    scan.seek_after(&item("c", 3)).unwrap();
    assert_eq!(next(&mut scan), Some(item("c", 4)));
    scan.seek(&item("d", 4)).unwrap();
    assert_eq!(next(&mut scan), Some(item("d", 4)));
    assert_eq!(next(&mut scan), None);
    let mut only_b = read.iter_prefix(&ITEMS, &"b".to_string()).unwrap();
    only_b.seek(&item("c", 0)).unwrap();
    assert_eq!(next(&mut only_b), None);
}

pub async fn a_snapshot_never_shows_half_a_transaction(store: Store) {
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 1..=50 {
                let move_one = store.transact(move |tx| {
                    tx.put(&TOTALS, &"left".into(), &n)?;
                    tx.put(&TOTALS, &"right".into(), &(1000 - n))?;
                    tx.put(&ITEMS, &item("n", n), &String::new())
                });
                move_one.await.unwrap();
            }
        }
    });
    let mut looks = 0;
    while !writer.is_finished() || looks == 0 {
        let read = store.snapshot().unwrap();
        let (left, right) = (read.get(&TOTALS, &"left".into()), read.get(&TOTALS, &"right".into()));
        if let (Some(left), Some(right)) = (left.unwrap(), right.unwrap()) {
            assert_eq!(left + right, 1000);
            assert_eq!(read.count(&ITEMS).unwrap(), left);
        }
        looks += 1;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}
