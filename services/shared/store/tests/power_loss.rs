//! Power loss at any moment: what was acknowledged is there, and the whole is consistent.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, too")]

mod medium;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use medium::{Disk, Random};
use store::engine::{LoggedEngine, RedbEngine};
use store::{Error, Read, Store, Table};

const NUMBERS: Table<u64, String> = Table::new("numbers");
const TOTALS: Table<String, u64> = Table::new("totals");

/// Numbers with the moment at which they were acknowledged.
type Acknowledged = Vec<(usize, u64)>;

/// What a store is kept on: its database, and its log if it has one. They lose power together.
#[derive(Clone)]
struct World {
    database: Disk,
    log: Option<Disk>,
}

impl World {
    fn open(&self) -> Result<Store, Error> {
        let redb = RedbEngine::with_backend(self.database.clone())?;
        match &self.log {
            None => Store::with_engine(redb),
            // small, so that it begins again many times
            Some(log) => Store::with_engine(LoggedEngine::with_medium(redb, log.clone(), 64 << 10)?),
        }
    }

    fn moment(&self) -> usize {
        self.database.moment()
    }

    fn after_power_loss(&self, moment: usize, kept: u8, random: &mut Random) -> World {
        let database = Disk::with_content(self.database.lose_power(moment, kept, random));
        let log = self.log.as_ref().map(|log| database.beside(log.lose_power(moment, kept, random)));
        World { database, log }
    }
}

#[test]
fn power_loss_keeps_every_acknowledged_commit() {
    lose_power_often(World { database: Disk::default(), log: None });
}

#[test]
fn power_loss_keeps_every_commit_acknowledged_from_the_log() {
    let database = Disk::default();
    let log = Some(database.beside(Vec::new()));
    lose_power_often(World { database, log });
}

fn lose_power_often(world: World) {
    // creation is apart: on a disk, the file gets its name only when it is complete
    let created = world.open().map(|_closed| world.moment()).unwrap();
    let acknowledged = work(&world, 1..160);
    let mut random = Random(0x5eed);
    for image in 0..60 {
        let moment = created + random.below(world.moment() - created + 1);
        let kept = [0, 64, 128, 230, 255][image % 5];
        let survivor = world.after_power_loss(moment, kept, &mut random);
        let expected = until(&acknowledged, moment);
        check(&survivor, &expected, &format!("image {image} at {moment}, {kept}/256 kept"));
        lose_power_again(&survivor, expected, image, &mut random);
    }
}

/// The survivor works on, from its recovery, and power fails once more.
fn lose_power_again(world: &World, mut expected: BTreeSet<u64>, image: usize, random: &mut Random) {
    let acknowledged = work(world, 1000..1010);
    let moment = random.below(world.moment() + 1);
    let survivor = world.after_power_loss(moment, 128, random);
    expected.extend(until(&acknowledged, moment));
    check(&survivor, &expected, &format!("image {image}, second loss at {moment}"));
}

fn until(acknowledged: &Acknowledged, moment: usize) -> BTreeSet<u64> {
    acknowledged.iter().filter(|(at, _)| *at <= moment).map(|(_, number)| *number).collect()
}

/// Four tasks add the numbers, with rows put, overwritten and deleted on the way.
fn work(world: &World, numbers: std::ops::Range<u64>) -> Acknowledged {
    let store = world.open().unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let queue = Arc::new(Mutex::new(numbers));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (store, queue, acknowledged) = (store.clone(), Arc::clone(&queue), Arc::clone(&acknowledged));
            let world = world.clone();
            tasks.spawn(async move {
                while let Some(number) = { queue.lock().unwrap().next() } {
                    add(&store, number).await.unwrap();
                    acknowledged.lock().unwrap().push((world.moment(), number));
                }
            });
        }
        tasks.join_all().await;
    });
    drop(store);
    Arc::try_unwrap(acknowledged).unwrap().into_inner().unwrap()
}

async fn add(store: &Store, number: u64) -> Result<(), Error> {
    let add = store.transact(move |tx| {
        for (total, by) in [("count", 1), ("sum", number)] {
            let old = tx.get(&TOTALS, &total.into())?.unwrap_or(0);
            tx.put(&TOTALS, &total.into(), &(old + by))?;
        }
        // long values make commits of many pages; those of earlier numbers shrink again
        tx.put(&NUMBERS, &number, &"x".repeat(number as usize * 37 % 9000))?;
        match tx.contains(&NUMBERS, &(number / 2))? {
            true => tx.put(&NUMBERS, &(number / 2), &"short".into()),
            false => Ok(()),
        }
    });
    add.await
}

fn check(world: &World, acknowledged: &BTreeSet<u64>, image: &str) {
    let store = world.open().unwrap_or_else(|error| panic!("{image}: {error}"));
    let read = store.snapshot().unwrap();
    let found: BTreeSet<u64> = read.iter(&NUMBERS, ..).unwrap().map(|row| row.unwrap().0).collect();
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "{image}: acknowledged but gone: {lost:?}");
    let totals = [("count", found.len() as u64), ("sum", found.iter().sum())];
    for (total, expected) in totals {
        assert_eq!(read.get(&TOTALS, &total.into()).unwrap().unwrap_or(0), expected, "{image}: {total}");
    }
}
