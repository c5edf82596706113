//! One process at a time has a store open; who comes a moment too early waits for the other to be gone.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use store::Store;

/// What a process that was killed leaves for a moment in the copy of itself that it had begun to make.
fn leftover_lock(directory: &Path) -> File {
    let file = OpenOptions::new().read(true).write(true).open(directory.join("store.redb")).unwrap();
    file.try_lock().unwrap();
    file
}

#[test]
fn a_lock_that_is_about_to_go_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path()).unwrap());
    let lock = leftover_lock(directory.path());
    let opening = std::thread::spawn({
        let directory = directory.path().to_owned();
        move || Store::open(&directory).map(drop)
    });
    // whether or not `open` has come to the lock by now, it must succeed
    std::thread::sleep(Duration::from_millis(50));
    drop(lock);
    opening.join().unwrap().unwrap();
}

#[test]
fn a_store_that_stays_open_elsewhere_is_not_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = Store::open(directory.path()).unwrap();
    let second = Store::open(directory.path()).err().unwrap();
    assert!(second.to_string().contains("already open"), "{second}");
    drop(first);
    Store::open(directory.path()).unwrap();
}
