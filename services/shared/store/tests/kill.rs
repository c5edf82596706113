//! `kill -9` loses nothing acknowledged and leaves nothing half-done.
//!
//! The test starts its own binary again as the writer, which commits numbers and prints each once it is
//! acknowledged; kills it; and looks.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, too")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::engine::{LoggedEngine, RedbEngine};
use store::{Error, Read, Store, Table};

const NUMBERS: Table<u64, String> = Table::new("numbers");
const TOTALS: Table<String, u64> = Table::new("totals");
/// Set for the writer: the first number and the directory.
const WRITER: &str = "STORE_KILL_TEST_WRITER";

/// How a store is opened.
type Open = fn(&Path) -> Result<Store, Error>;

#[test]
fn kill_minus_nine_loses_nothing_acknowledged() {
    kill_often("kill_minus_nine_loses_nothing_acknowledged", Store::open);
}

#[test]
fn kill_minus_nine_loses_nothing_that_only_the_log_has() {
    kill_often("kill_minus_nine_loses_nothing_that_only_the_log_has", |path| {
        Store::open_logged(path, 16 << 20)
    });
}

#[test]
fn kill_minus_nine_loses_nothing_while_halves_of_the_log_are_written_in_turn() {
    kill_often("kill_minus_nine_loses_nothing_while_halves_of_the_log_are_written_in_turn", |path| {
        let redb = RedbEngine::open(path)?;
        let log =
            File::options().create(true).truncate(false).read(true).write(true).open(path.join("small.log"));
        Store::with_engine(LoggedEngine::with_medium(redb, log.unwrap(), 128 << 10)?)
    });
}

fn kill_often(test: &str, open: Open) {
    if let Ok(order) = std::env::var(WRITER) {
        let (first, directory) = order.split_once(' ').unwrap();
        write_until_killed(open(Path::new(directory)).unwrap(), first.parse().unwrap());
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..10 {
        acknowledged.extend(run_and_kill(
            test,
            directory.path(),
            round * 1_000_000,
            20 + round as usize * 37,
        ));
        check(open(directory.path()).unwrap(), &acknowledged);
    }
    assert!(acknowledged.len() > 1000);
}

/// Lets a writer run until it has acknowledged `enough`, kills it, and returns all that it acknowledged.
fn run_and_kill(test: &str, directory: &Path, first: u64, enough: usize) -> Vec<u64> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(WRITER, format!("{first} {}", directory.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut next = || lines.find_map(|line| line.unwrap().strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let mut acknowledged: Vec<u64> = (0..enough).map(|_| next().expect("the writer goes on")).collect();
    writer.kill().unwrap();
    acknowledged.extend(std::iter::from_fn(next));
    assert!(!writer.wait().unwrap().success());
    acknowledged
}

fn check(store: Store, acknowledged: &BTreeSet<u64>) {
    let read = store.snapshot().unwrap();
    let found: BTreeSet<u64> = read.iter(&NUMBERS, ..).unwrap().map(|row| row.unwrap().0).collect();
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged but gone: {lost:?}");
    assert_eq!(read.get(&TOTALS, &"count".into()), Ok(Some(found.len() as u64)));
    assert_eq!(read.get(&TOTALS, &"sum".into()), Ok(Some(found.iter().sum())));
}

fn write_until_killed(store: Store, first: u64) -> ! {
    let next = Arc::new(AtomicU64::new(first));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, next) = (store.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    add(&store, number).await.unwrap();
                    // one write a line: a kill cuts between lines
                    std::io::stdout().write_all(format!("\nacknowledged {number}\n").as_bytes()).unwrap();
                }
            });
        }
        tasks.join_next().await;
    });
    unreachable!("the writer ends by being killed")
}

async fn add(store: &Store, number: u64) -> Result<(), Error> {
    let add = store.transact(move |tx| {
        for (total, by) in [("count", 1), ("sum", number)] {
            let old = tx.get(&TOTALS, &total.into())?.unwrap_or(0);
            tx.put(&TOTALS, &total.into(), &(old + by))?;
        }
        tx.put(&NUMBERS, &number, &"x".repeat(number as usize % 700))
    });
    add.await
}
