//! Lists a bucket of very many keys beside one of few: `cargo run --release -p object --example many_keys -- <dir>
//! [<keys>] [<few>]`, 10 million beside 10 thousand unless said otherwise. Fills the index directly where the buckets are
//! not there yet (some 400 bytes a key), then asks the service for pages of 1,000 keys that begin anywhere, in turn from
//! either bucket, and says what a page of each takes.

#[path = "../tests/support/mod.rs"]
mod support;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use object::store::OBJECTS;
use store::{Read, Store};
use support::World;

/// The allocator that the program uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The page cache of the index, as by default.
const CACHE: usize = 64 << 20;
/// Keys put by one transaction.
const BATCH: u64 = 20_000;
const PAGE: u64 = 1000;
/// Pages asked of each bucket.
const PAGES: u64 = 400;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let mut count = |or: u64| arguments.next().map_or(Ok(or), |text| text.parse());
    let buckets = [("many-keys", count(10_000_000)?), ("few-keys", count(10_000)?)];
    for (bucket, keys) in buckets {
        fill(&directory, bucket, keys).await?;
    }
    let world = World::at(&directory).await;
    let mut took = buckets.map(|_| Vec::new());
    let mut random = 0x5eed_u64;
    for _ in 0..PAGES {
        for ((bucket, keys), took) in buckets.iter().zip(&mut took) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let after = name((random >> 33) % (keys - PAGE));
            let began = Instant::now();
            let page = world.get(&format!("/{bucket}?list-type=2&start-after={after}")).await.fine();
            took.push(began.elapsed());
            assert_eq!(
                (page.element("KeyCount"), page.element("IsTruncated")),
                (PAGE.to_string(), "true".into())
            );
            assert!(page.element("Key") > after, "{} is not behind {after}", page.element("Key"));
        }
    }
    world.stop().await;
    let medians = took.map(|mut took| {
        took.sort();
        took[took.len() / 2]
    });
    for ((_, keys), median) in buckets.iter().zip(medians) {
        println!("{keys:>10} keys: a page of {PAGE} in {:.3} ms (median of {PAGES})", milliseconds(median));
    }
    println!("ratio {:.2}", medians[0].as_secs_f64() / medians[1].as_secs_f64());
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Names sort as their numbers do, and have the length of usual ones.
fn name(number: u64) -> String {
    format!("logs/2026/{number:012}.json")
}

/// Makes the bucket, if it is not there, and puts empty objects, as many as there shall be, into the index.
async fn fill(directory: &Path, bucket: &str, keys: u64) -> Result<(), Box<dyn Error>> {
    let world = World::at(directory).await;
    let there = world.get(&format!("/{bucket}?list-type=2&start-after={}", name(keys - 2))).await;
    let filled = there.element("KeyCount") == "1";
    if !filled {
        world.put(&format!("/{bucket}"), b"").await.fine();
        world.put(&format!("/{bucket}/{}", name(0)), b"").await.fine();
    }
    world.stop().await;
    if filled {
        return Ok(());
    }
    let store = Store::open_logged(&directory.join("object/store"), CACHE)?;
    let began = Instant::now();
    let template =
        store.snapshot()?.get(&OBJECTS, &(bucket.to_owned(), name(0)))?.ok_or("it is not there")?;
    let mut next = 1;
    while next < keys {
        let (bucket, template, end) = (bucket.to_owned(), template.clone(), keys.min(next + BATCH));
        let batch = move |tx: &mut store::Tx<'_>| {
            (next..end).try_for_each(|number| tx.put(&OBJECTS, &(bucket.clone(), name(number)), &template))
        };
        store.transact::<_, store::Error, _>(batch).await?;
        next = end;
    }
    println!("{bucket}: {keys} keys put in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
