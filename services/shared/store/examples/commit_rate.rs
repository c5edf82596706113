//! How fast this disk lets the store commit, against the least that durability costs on it: appending the same bytes
//! to a file and syncing it. `cargo run --release -p store --example commit_rate -- <directory on the disk>`

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use store::{Read, Store, Table};

const RECORDS: Table<u64, String> = Table::new("records");
const OWNERS: Table<(u64, u64), ()> = Table::new("owners");
const FILLED: u64 = 100_000;
const WINDOW: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("name a directory to keep the store in")?;
    let directory = Path::new(&directory);
    let store = opened(directory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(fill(&store))?;
    println!("appends with fdatasync: {:.0}/s", append_rate(directory)?);
    for tasks in [1, 16, 64] {
        println!("commits, {tasks} tasks: {:.0}/s", runtime.block_on(commit_rate(&store, tasks))?);
    }
    let started = Instant::now();
    let rows = store.snapshot()?.scan(&RECORDS, 50_000..51_000)?.len();
    println!("scan of {rows} rows: {:.2} ms", started.elapsed().as_secs_f64() * 1e3);
    drop(store);
    opened(directory)?;
    Ok(())
}

fn opened(directory: &Path) -> Result<Store, store::Error> {
    let started = Instant::now();
    let store = Store::open(directory)?;
    println!("open: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    Ok(store)
}

async fn fill(store: &Store) -> Result<(), store::Error> {
    for start in (0..FILLED).step_by(10_000) {
        let fill = store.transact(move |tx| {
            (start..start + 10_000).try_for_each(|n| tx.put(&RECORDS, &n, &record(n)))?;
            Ok::<_, store::Error>(())
        });
        fill.await?;
    }
    Ok(())
}

fn record(number: u64) -> String {
    format!("{number:0300}")
}

fn append_rate(directory: &Path) -> std::io::Result<f64> {
    let path = directory.join("appends");
    let mut file = std::fs::File::create(&path)?;
    let (started, mut count) = (Instant::now(), 0);
    while started.elapsed() < WINDOW {
        file.write_all(record(count).as_bytes())?;
        file.sync_data()?;
        count += 1;
    }
    std::fs::remove_file(path)?;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// Each commit reads two rows and puts three in two tables.
async fn commit_rate(store: &Store, tasks: u64) -> Result<f64, store::Error> {
    let mut running = tokio::task::JoinSet::new();
    let started = Instant::now();
    for task in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let mut count = 0u64;
            while started.elapsed() < WINDOW {
                let at = (task * 7919 + count * 104_729) % FILLED;
                let commit = store.transact(move |tx| {
                    tx.get(&RECORDS, &at)?;
                    tx.get(&RECORDS, &(at / 2))?;
                    tx.put(&RECORDS, &at, &record(count))?;
                    tx.put(&RECORDS, &(at / 2), &record(count))?;
                    tx.put(&OWNERS, &(task, at), &())
                });
                commit.await?;
                count += 1;
            }
            Ok::<_, store::Error>(count)
        });
    }
    let mut total = 0;
    for count in running.join_all().await {
        total += count?;
    }
    Ok(total as f64 / started.elapsed().as_secs_f64())
}
