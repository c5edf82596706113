//! What every engine must give, run on each: redb on a disk, redb behind a log, and behind one so small that a few
//! commits fill a half, redb in memory, a plain map, and the map with a second writer in its way so that batches
//! conflict and run again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, too")]

mod map_engine;
mod reads;
mod snapshots;
mod values;
mod writes;

use std::future::Future;

use store::engine::{LoggedEngine, RedbEngine};
use store::{Error, Read, Store, Table};

const ITEMS: Table<(String, u64), String> = Table::new("items");
const TOTALS: Table<String, u64> = Table::new("totals");

/// Runs a test's future on a runtime of its own, with a deadline.
fn on_runtime<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let deadline = std::time::Duration::from_secs(60);
    runtime.block_on(async { tokio::time::timeout(deadline, test).await.expect("within the deadline") })
}

fn item(group: &str, number: u64) -> (String, u64) {
    (group.to_string(), number)
}

/// Puts `number -> "group/number"` for each of them.
async fn fill(store: &Store, group: &'static str, numbers: std::ops::Range<u64>) {
    let put = store.transact(move |tx| {
        numbers.clone().try_for_each(|n| tx.put(&ITEMS, &item(group, n), &format!("{group}/{n}")))
    });
    put.await.unwrap();
}

fn numbers(rows: &[((String, u64), String)]) -> Vec<u64> {
    rows.iter().map(|((_, number), _)| *number).collect()
}

async fn total(store: &Store, name: &str) -> u64 {
    let name = name.to_string();
    store.transact(move |tx| Ok::<_, Error>(tx.get(&TOTALS, &name)?.unwrap_or(0))).await.unwrap()
}

/// Each named test, on each engine.
macro_rules! on_every_engine {
    ($($module:ident::$name:ident),+ $(,)?) => {
        on_every_engine!(@engine redb_on_disk, crate::on_disk; $($module::$name),+);
        on_every_engine!(@engine logged, crate::logged; $($module::$name),+);
        on_every_engine!(@engine small_log, crate::small_log; $($module::$name),+);
        on_every_engine!(@engine redb_in_memory, crate::in_memory; $($module::$name),+);
        on_every_engine!(@engine map, crate::map_engine::quiet; $($module::$name),+);
        on_every_engine!(@engine contended_map, crate::map_engine::contended; $($module::$name),+);
    };
    (@engine $engine:ident, $open:path; $($module:ident::$name:ident),+) => {
        mod $engine {
            $(#[test]
            fn $name() {
                let (store, _world) = $open();
                crate::on_runtime(crate::$module::$name(store));
            })+
        }
    };
}

fn on_disk() -> (Store, Option<tempfile::TempDir>) {
    let directory = tempfile::tempdir().unwrap();
    (Store::open(&directory.path().join("state")).unwrap(), Some(directory))
}

fn logged() -> (Store, Option<tempfile::TempDir>) {
    let directory = tempfile::tempdir().unwrap();
    (Store::open_logged(&directory.path().join("state"), 16 << 20).unwrap(), Some(directory))
}

fn small_log() -> (Store, Option<tempfile::TempDir>) {
    let log = tempfile::tempfile().unwrap();
    let engine = LoggedEngine::with_medium(RedbEngine::in_memory().unwrap(), log, 32 << 10).unwrap();
    (Store::with_engine(engine).unwrap(), None)
}

fn in_memory() -> (Store, Option<tempfile::TempDir>) {
    (Store::in_memory().unwrap(), None)
}

on_every_engine!(
    reads::rows_come_in_key_order_and_ranges_are_honoured,
    reads::prefixes_select_their_own_rows_only,
    reads::pages_meet_without_gap_or_overlap,
    reads::an_unknown_table_is_empty,
    reads::a_transaction_sees_its_own_writes_in_every_read,
    reads::a_snapshot_does_not_move,
    reads::a_lazy_scan_seeks_forward_and_never_back,
    reads::a_snapshot_never_shows_half_a_transaction,
    writes::concurrent_increments_lose_no_update,
    writes::readers_of_ranges_are_serialized_too,
    writes::a_failing_transaction_leaves_nothing,
    writes::a_panicking_transaction_fails_alone,
    writes::delete_says_whether_there_was_a_row,
    writes::a_whole_prefix_can_be_deleted,
    writes::watchers_hear_of_their_table_only,
    writes::too_large_a_key_or_value_is_refused,
    writes::a_store_may_be_dropped_inside_a_transaction,
    values::indexes_follow_every_write,
    values::an_index_of_tuples_is_asked_by_first_components,
    values::an_unknown_format_version_is_an_error,
    values::an_old_format_version_is_converted,
);

#[test]
fn a_directory_is_opened_again_with_all_that_was_committed() {
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=5 {
        let store = Store::open(directory.path()).unwrap();
        on_runtime(fill(&store, "a", 0..round));
        assert_eq!(store.snapshot().unwrap().count(&ITEMS).unwrap(), round);
    }
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.snapshot().unwrap().count(&ITEMS).unwrap(), 5);
}

#[test]
fn a_directory_is_opened_by_one_store_at_a_time_and_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert!(matches!(Store::open(directory.path()), Err(Error::Open { .. })));
    let file = std::fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0);
    drop(store);
    Store::open(directory.path()).unwrap();
}

#[test]
fn a_creation_cut_short_is_started_over() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("store.new"), b"half a store").unwrap();
    let store = Store::open(directory.path()).unwrap();
    on_runtime(fill(&store, "a", 0..1));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    std::fs::write(&path, b"something else entirely").unwrap();
    assert!(matches!(Store::open(directory.path()), Err(Error::Open { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"something else entirely");
}
