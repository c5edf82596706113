//! Quotas on how many buckets there are, in the account and of somebody's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::World;
use support::identity::{CAROL, DAVE, EVE, MODEST, Somebody};

async fn create(world: &World, who: &Somebody, name: &str) -> support::Reply {
    world.call(Some(who), "PUT", &format!("/{name}"), &[], b"").await
}

#[tokio::test]
async fn an_account_has_as_many_buckets_as_the_quota_says_whoever_made_them() {
    let world = World::new().await;
    create(&world, &EVE, "in-another-account").await.fine();
    world.put("/one", b"").await.fine();
    world.put("/two", b"").await.fine();
    create(&world, &MODEST, "three").await.fine();
    create(&world, &MODEST, "four").await.refused(400, "TooManyBuckets");
    create(&world, &MODEST, "three").await.fine(); // it is there already
    world.put("/four", b"").await.fine(); // the quota is one user's
    assert_eq!(world.delete("/one").await.status, 204);
    create(&world, &MODEST, "five").await.refused(400, "TooManyBuckets");
    assert_eq!(world.delete("/two").await.status, 204);
    create(&world, &MODEST, "five").await.fine();
}

#[tokio::test]
async fn each_has_its_own_buckets_and_what_is_deleted_makes_room() {
    let world = World::new().await;
    for name in ["one", "two", "three"] {
        world.put(&format!("/{name}"), b"").await.fine();
    }
    create(&world, &CAROL, "carols-first").await.fine();
    create(&world, &CAROL, "carols-second").await.fine();
    create(&world, &CAROL, "carols-third").await.refused(400, "TooManyBuckets");
    create(&world, &CAROL, "carols-first").await.fine(); // it is there already
    create(&world, &CAROL, "one").await.fine(); // as is what another of the account made
    create(&world, &DAVE, "daves-first").await.fine();
    let versions = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let changed = world.call(Some(&DAVE), "PUT", "/carols-first?versioning", &[], versions).await;
    changed.fine(); // whoever changes it, it stays carol's
    create(&world, &CAROL, "carols-third").await.refused(400, "TooManyBuckets");
    create(&world, &DAVE, "daves-second").await.fine();
    create(&world, &DAVE, "daves-third").await.refused(400, "TooManyBuckets");
    assert_eq!(world.delete("/one").await.status, 204);
    create(&world, &CAROL, "carols-third").await.refused(400, "TooManyBuckets");
    assert_eq!(world.delete("/carols-first").await.status, 204);
    create(&world, &CAROL, "carols-third").await.fine();
}

#[tokio::test]
async fn racing_requests_cannot_both_slip_over_what_is_ones_own() {
    let world = World::new().await;
    let names: Vec<String> = (0..8).map(|n| format!("bucket-{n}")).collect();
    let made = names.iter().map(|name| create(&world, &CAROL, name));
    let replies = futures_util::future::join_all(made).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 2);
}
