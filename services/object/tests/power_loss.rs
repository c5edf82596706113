//! Power loss under the object files: what was acknowledged reads as it was written from every image of the disk that a
//! power loss may leave.
//!
//! A run is recorded by watching the data directory from outside: after each acknowledgement a copy of what is there is
//! the least that survives, because a file is synced before it is acknowledged. From then on the index may refer only
//! to what the copy has. An image is the copy and, of files that came later and were not acknowledged, any pages or none;
//! what power loss does to the log of commits is shown where the store is tested.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use support::{Sealed, World};

const IMAGES: usize = 10;
const KEYS: usize = 6;
const PAGE: usize = 4096;
/// More than a run writes to the log.
const LOG_BYTES: u64 = 4 << 20;

/// Repeatable randomness (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn content(n: u64) -> Vec<u8> {
    let size = [700, 15_000, 40_000, 400_000][(n % 4) as usize];
    (0..size as u64).map(|at| at.wrapping_mul(n + 3).wrapping_add(n >> 3) as u8).collect()
}

/// Each key's objects are encrypted in another way.
fn sealed(key: usize) -> Sealed {
    Sealed::ALL[key % Sealed::ALL.len()]
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_tree(&entry.path(), &target),
            // most of it is reserved and never written here
            false if entry.file_name() == "store.log" => {
                let mut head = Vec::new();
                let log = std::fs::File::open(entry.path()).unwrap();
                log.take(LOG_BYTES).read_to_end(&mut head).unwrap();
                std::fs::write(target, head).unwrap();
            }
            // a file may be removed while we look
            false => drop(std::fs::copy(entry.path(), target)),
        }
    }
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files_below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

/// Of what was written after the copy was made: whole pages of new files, in any choice.
fn tear(image: &Path, later: &Path, random: &mut Random) {
    for file in files_below(&later.join("object/data")) {
        let target = image.join(file.strip_prefix(later).unwrap());
        if target.exists() {
            continue;
        }
        let mut bytes = match std::fs::read(&file) {
            // overwritten meanwhile, and collected since we looked
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.unwrap(),
        };
        match random.next() % 4 {
            // the directory had not got it
            0 => continue,
            1 => bytes.clear(),
            _ => {}
        }
        for page in bytes.chunks_mut(PAGE) {
            if random.next().is_multiple_of(2) {
                page.fill(0);
            }
        }
        std::fs::write(target, bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_reads_from_any_image_that_a_power_loss_leaves() {
    let images = std::env::var("MURUS_POWER_LOSS_IMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(IMAGES);
    let mut random = Random(0x0b1ec7);
    let base = tempfile::tempdir().unwrap();
    let mut known: HashMap<usize, u64> = HashMap::new();
    let world = World::at(base.path()).await;
    world.put("/bucket", b"").await.fine();
    world.stop().await;
    for image in 0..images as u64 {
        // the run: some writes, then a moment, then more writes that power loss cuts into
        let world = World::at(base.path()).await;
        for n in 0..1 + random.next() % 6 {
            let (key, number) = ((random.next() % KEYS as u64) as usize, image * 100 + n);
            world.put_sealed(sealed(key), &format!("/bucket/{key}"), &content(number)).await.fine();
            known.insert(key, number);
        }
        let moment = tempfile::tempdir().unwrap();
        copy_tree(base.path(), moment.path());
        let mut after = known.clone();
        for n in 50..50 + random.next() % 4 {
            let (key, number) = ((random.next() % KEYS as u64) as usize, image * 100 + n);
            world.put_sealed(sealed(key), &format!("/bucket/{key}"), &content(number)).await.fine();
            after.insert(key, number);
        }
        tear(moment.path(), base.path(), &mut random);
        world.stop().await;
        check(moment.path(), &known, image).await;
        known = after;
    }
    check(base.path(), &known, u64::MAX).await;
}

async fn check(root: &Path, known: &HashMap<usize, u64>, image: u64) {
    let world = World::at(root).await;
    let mut large = 0;
    for (key, number) in known {
        let body = world.get_sealed(sealed(*key), &format!("/bucket/{key}")).await.fine().body;
        assert!(body == content(*number), "image {image}: {key} is not content {number}");
        large += usize::from(body.len() > 16 << 10);
    }
    // what the torn files were is nobody's
    world.files_become(large).await;
    world.stop().await;
}
