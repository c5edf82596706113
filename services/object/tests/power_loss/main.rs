//! Power loss under the object service: objects, encrypted or not, uploads in parts and copies that share content. What
//! was acknowledged reads as it was written from every image of the disk that a power loss may leave, what was not is
//! there whole or not at all, and what nobody refers to is collected, and nothing else.
//!
//! A run is recorded by watching the data directory from outside, see `image.rs`; what must be there is in `load.rs`.
//! What power loss does to the database behind the log of commits is shown where the store is tested.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod image;
mod load;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use image::{Moment, copy_tree, image_of};
use load::{Load, State};
use object::Config;
use support::World;

/// So many images, unless the environment says otherwise.
const IMAGES: u64 = 10;
const IMAGES_VARIABLE: &str = "MURUS_POWER_LOSS_IMAGES";

/// Repeatable randomness (splitmix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

async fn world(root: &Path) -> World {
    World::open(root, Config { min_part_bytes: 1, ..support::config() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_reads_from_any_image_that_a_power_loss_leaves() {
    let images = std::env::var(IMAGES_VARIABLE).ok().and_then(|n| n.parse().ok()).unwrap_or(IMAGES);
    let mut random = Random(0x0b1ec7);
    let base = tempfile::tempdir().unwrap();
    let first = world(base.path()).await;
    first.put("/bucket", b"").await.fine();
    first.stop().await;
    let mut load = Load::default();
    for number in 0..images {
        // the run: some requests, then, one by one, those that power loss cuts into
        let running = world(base.path()).await;
        for _ in 0..1 + random.below(12) {
            load.step(&running, &mut random).await;
        }
        let image = tempfile::tempdir().unwrap();
        copy_tree(base.path(), image.path());
        let mut moments = vec![Moment::of(base.path())];
        let mut states = vec![load.state.clone()];
        for _ in 0..1 + random.below(5) {
            load.step(&running, &mut random).await;
            moments.push(Moment::of(base.path()));
            states.push(load.state.clone());
        }
        running.stop().await;
        let last = random.below(moments.len());
        image_of(image.path(), &moments, last, &mut random);
        let allowed = &states[last..states.len().min(last + 2)];
        check(image.path(), allowed, &load, number).await;
    }
    check(base.path(), std::slice::from_ref(&load.state), &load, u64::MAX).await;
}

/// What is found is one of the states that may be: all of what was acknowledged, with or without what came next.
async fn check(root: &Path, allowed: &[State], load: &Load, image: u64) {
    let world = world(root).await;
    let found = load::observe(&world).await;
    let state = allowed.iter().find(|state| state.shows() == found);
    let Some(state) = state else {
        let all: Vec<_> = allowed.iter().map(State::shows).collect();
        panic!("image {image}: {found:?} is none of {all:?}");
    };
    // what was torn is nobody's
    world.files_become(state.files()).await;
    assert!(load::observe(&world).await == found, "image {image}: something was collected that was in use");
    give_up(&world, &mut load.at(state)).await;
    world.stop().await;
}

/// The survivor works on: uploads are completed or aborted, sources and copies deleted, until nothing is left.
async fn give_up(world: &World, load: &mut Load) {
    for (n, id) in load.state.upload_ids().into_iter().enumerate() {
        match n % 2 {
            0 if load.state.has_parts(&id) => load.complete(world, &id, None).await,
            _ => load.abort(world, &id).await,
        }
    }
    for rest in [1, 0] {
        for key in load.state.keys().into_iter().filter(|key| key % 2 == rest) {
            load.delete(world, key).await;
        }
        world.files_become(load.state.files()).await;
        assert_eq!(load::observe(world).await, load.state.shows());
    }
    assert_eq!(load.state.files(), 0);
}
