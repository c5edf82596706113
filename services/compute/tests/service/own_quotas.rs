//! Quotas on what somebody made: each has its own, whatever the others in the account have.

use api_spec::ids::InstanceId;
use store::{All, Read, Store, Table};

use crate::fakes::{ADMIN, ALICE, BOB, Person};
use crate::world::{Reply, World, eventually};

async fn launch(world: &World, who: Person, image: &str, kind: &str, (min, max): (&str, &str)) -> Reply {
    let parameters = [("ImageId", image), ("InstanceType", kind), ("MinCount", min), ("MaxCount", max)];
    world.call(who, "RunInstances", &parameters).await
}

async fn stopped(world: &World, id: &str) {
    world.until_state(id, "running").await;
    world.ok("StopInstances", &[("InstanceId.1", id)]).await;
    world.until_state(id, "stopped").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_own_instances_and_what_is_ended_makes_room() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let others = launch(&world, ADMIN, &image, "t2.nano", ("3", "3")).await;
    assert_eq!(others.status, 200, "{}", others.body);
    let three = launch(&world, ALICE, &image, "t2.nano", ("3", "3")).await;
    assert_eq!(three.all("Code"), ["InstanceLimitExceeded"], "{}", three.body);
    let mine = launch(&world, ALICE, &image, "t2.nano", ("1", "9")).await.all("instanceId");
    assert_eq!(mine.len(), 2, "as many as the quota lets there be");
    let more = launch(&world, ALICE, &image, "t2.nano", ("1", "1")).await;
    assert_eq!(more.all("Code"), ["InstanceLimitExceeded"], "{}", more.body);
    let bobs = launch(&world, BOB, &image, "t2.nano", ("1", "1")).await;
    assert_eq!(bobs.status, 200, "what alice has is not bob's: {}", bobs.body);
    world.ok("TerminateInstances", &[("InstanceId.1", &mine[0])]).await;
    world.until_state(&mine[0], "terminated").await;
    let large = launch(&world, ALICE, &image, "t2.xlarge", ("1", "1")).await;
    assert_eq!(large.all("Code"), ["VcpuLimitExceeded"], "{}", large.body);
    assert_eq!(launch(&world, ALICE, &image, "t2.nano", ("1", "1")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_launches_cannot_both_slip_over_what_is_ones_own() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let all = (0..10).map(|n| {
        let who = if n % 2 == 0 { ALICE } else { BOB };
        launch(&world, who, &image, "t2.nano", ("1", "1"))
    });
    let replies = futures_util::future::join_all(all).await;
    for of_one in [0, 1] {
        let own = replies.iter().skip(of_one).step_by(2);
        assert_eq!(own.filter(|reply| reply.status == 200).count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_type_counts_for_whoever_launched_the_instance() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let alices = launch(&world, ALICE, &image, "t2.nano", ("1", "1")).await.one("instanceId");
    stopped(&world, &alices).await;
    let change = |kind: &'static str| [("InstanceId", alices.as_str()), ("InstanceType.Value", kind)];
    // not even together can two have more than each may: bob's limit holds for what alice would have
    for who in [ALICE, BOB] {
        let refused = world.call(who, "ModifyInstanceAttribute", &change("t2.xlarge")).await;
        assert_eq!(refused.all("Code"), ["VcpuLimitExceeded"], "{}: {}", who.name, refused.body);
    }
    assert_eq!(world.call(BOB, "ModifyInstanceAttribute", &change("t2.large")).await.status, 200);
    let two_more = launch(&world, ALICE, &image, "t2.large", ("1", "1")).await;
    assert_eq!(
        two_more.all("Code"),
        ["VcpuLimitExceeded"],
        "bob enlarged what is alice's: {}",
        two_more.body
    );
    assert_eq!(launch(&world, BOB, &image, "t2.nano", ("1", "1")).await.status, 200);
    world.ok("ModifyInstanceAttribute", &change("t2.xlarge")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_own_addresses_and_keeps_the_count_over_a_restart() {
    let mut world = World::new().await;
    for _ in 0..2 {
        world.ok("AllocateAddress", &[]).await;
    }
    let mine = world.call(ALICE, "AllocateAddress", &[]).await.one("allocationId");
    world.restart().await;
    assert_eq!(world.call(ALICE, "AllocateAddress", &[]).await.all("Code"), ["AddressLimitExceeded"]);
    assert_eq!(world.call(BOB, "AllocateAddress", &[]).await.status, 200);
    let id = world.run(&[]).await;
    world.until_state(&id, "running").await;
    world.ok("AssociateAddress", &[("AllocationId", &mine), ("InstanceId", &id)]).await;
    let tag = [("ResourceId.1", mine.as_str()), ("Tag.1.Key", "owner"), ("Tag.1.Value", "bob")];
    world.ok("CreateTags", &tag).await;
    assert_eq!(world.call(ALICE, "AllocateAddress", &[]).await.all("Code"), ["AddressLimitExceeded"]);
    let association = world.ok("DescribeAddresses", &[("AllocationId.1", &mine)]).await.one("associationId");
    world.ok("DisassociateAddress", &[("AssociationId", &association)]).await;
    world.ok("ReleaseAddress", &[("AllocationId", &mine)]).await;
    assert_eq!(world.call(ALICE, "AllocateAddress", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disks_of_a_launch_are_whose_the_instance_is_also_when_they_are_made_later() {
    let mut world = World::new().await;
    let image = world.image("tiny").await;
    let now = launch(&world, ALICE, &image, "t2.nano", ("1", "1")).await.one("instanceId");
    let creator_of = |world: &World, id: &str| {
        let id: InstanceId = id.parse().unwrap();
        world.volume.lock().creators.get(&id).cloned()
    };
    assert_eq!(creator_of(&world, &now), Some(Some(ALICE.id())));
    world.volume.lock().refuse = Some(api_spec::ErrorCode::ServiceUnavailable);
    let later = launch(&world, BOB, &image, "t2.nano", ("1", "1")).await.one("instanceId");
    world.volume.lock().refuse = None;
    world.restart().await;
    eventually("the disks are made", || async { creator_of(&world, &later).is_some() }).await;
    assert_eq!(creator_of(&world, &later), Some(Some(BOB.id())));
}

/// Makes the stored rows what an earlier version left, which noted nobody.
async fn forget_creators(world: &World, table: &'static str, index: &'static str) {
    let store = Store::open(&world.dir.path().join("compute").join("store")).unwrap();
    let rows: Table<String, Vec<u8>> = Table::new(table);
    let entries: Table<(String, String), ()> = Table::new(index);
    let forgotten = store
        .transact(move |tx| {
            let all = tx.scan(&rows, ..)?;
            for (id, bytes) in &all {
                let mut row: serde_json::Value = serde_json::from_slice(&bytes[1..]).unwrap();
                assert!(row.as_object_mut().unwrap().remove("creator").is_some(), "{row}");
                let old = [&bytes[..1], &serde_json::to_vec(&row).unwrap()].concat();
                tx.put(&rows, id, &old)?;
            }
            tx.delete_prefix(&entries, &All)?;
            Ok::<_, store::Error>(all.len())
        })
        .await
        .unwrap();
    assert!(forgotten > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_before_creators_were_noted_counts_for_nobody() {
    let mut world = World::new().await;
    let image = world.image("tiny").await;
    let old = launch(&world, ALICE, &image, "t2.nano", ("2", "2")).await.all("instanceId");
    for id in &old {
        world.until_state(id, "running").await;
    }
    let address = world.call(ALICE, "AllocateAddress", &[]).await.one("allocationId");
    world.stop().await;
    forget_creators(&world, "instances", "instances_by_creator").await;
    forget_creators(&world, "addresses", "addresses_by_creator").await;
    world.start().await;
    assert_eq!(launch(&world, ALICE, &image, "t2.nano", ("2", "2")).await.status, 200);
    let more = launch(&world, ALICE, &image, "t2.nano", ("1", "1")).await;
    assert_eq!(more.all("Code"), ["InstanceLimitExceeded"], "{}", more.body);
    assert_eq!(world.call(ALICE, "AllocateAddress", &[]).await.status, 200);
    world.ok("TerminateInstances", &[("InstanceId.1", &old[0])]).await;
    world.until_state(&old[0], "terminated").await;
    world.ok("ReleaseAddress", &[("AllocationId", &address)]).await;
    stopped(&world, &old[1]).await;
    let change = [("InstanceId", old[1].as_str()), ("InstanceType.Value", "t2.large")];
    assert_eq!(world.call(ALICE, "ModifyInstanceAttribute", &change).await.status, 200);
}
