//! Quotas on what somebody made: each has its own, whatever the others in the account have.

use calls::volume::{ChangeTags, LaunchVolume, LaunchVolumes, ReleaseInstance, RoomForLaunches, TaggedId};
use store::{All, Read, Store, Table};

use crate::imports::put;
use crate::peers::user_of;
use crate::world::{ACCOUNT, ADMIN, World, first};

/// A key of somebody who may have so many of its own.
fn limited(world: &World, name: &str, limit: u32) -> String {
    world.key(&format!(
        r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny","Action":"ec2:*","Resource":"*",
            "Condition":{{"NumericGreaterThan":{{"murus:quota-own-{name}":"{limit}"}}}}}}"#
    ))
}

/// What becomes of CreateVolume: the volume, or the code of the refusal.
async fn create(world: &World, key: &str, size: &str) -> Result<String, String> {
    let asked = world.ask(key, "CreateVolume", &[("AvailabilityZone", "us-east-1a"), ("Size", size)]).await;
    asked.map(|volume| first(&volume, "volumeId")).map_err(|refusal| refusal.code)
}

async fn take_snapshot(world: &World, key: &str, volume: &str) -> Result<String, String> {
    let asked = world.ask(key, "CreateSnapshot", &[("VolumeId", volume)]).await;
    asked.map(|snapshot| first(&snapshot, "snapshotId")).map_err(|refusal| refusal.code)
}

async fn import(world: &World, key: &str) -> Result<String, String> {
    let request = [
        ("DiskContainer.Format", "RAW"),
        ("DiskContainer.UserBucket.S3Bucket", "images"),
        ("DiskContainer.UserBucket.S3Key", "disk"),
    ];
    let asked = world.ask(key, "ImportSnapshot", &request).await;
    asked.map(|task| first(&task, "importTaskId")).map_err(|refusal| refusal.code)
}

async fn delete(world: &World, volume: &str) {
    world.until("available", async || world.volume_status(volume).await == "available").await;
    world.ok("DeleteVolume", &[("VolumeId", volume)]).await;
    world.until("gone", async || world.volume_status(volume).await == "gone").await;
}

fn refused(code: &str) -> Result<String, String> {
    Err(code.to_owned())
}

#[tokio::test]
async fn each_has_its_own_volumes_and_their_size_over_a_restart_until_they_are_gone() {
    let mut world = World::new().await;
    for _ in 0..3 {
        create(&world, ADMIN, "9").await.unwrap();
    }
    let (two, also_two, small) =
        (limited(&world, "volumes", 2), limited(&world, "volumes", 2), limited(&world, "volume-gib", 5));
    let mine = create(&world, &two, "1").await.unwrap();
    create(&world, &two, "1").await.unwrap();
    world.stop().await;
    world.start().await;
    assert_eq!(create(&world, &two, "1").await, refused("VolumeLimitExceeded"));
    create(&world, &also_two, "1").await.unwrap();
    create(&world, &small, "4").await.unwrap();
    assert_eq!(create(&world, &small, "2").await, refused("VolumeLimitExceeded"));
    create(&world, &small, "1").await.unwrap();
    let tags = ChangeTags {
        account_id: ACCOUNT.into(),
        resources: vec![TaggedId::Volume(mine.parse().unwrap())],
        put: vec![calls::Tag { key: "owner".into(), value: "somebody else".into() }],
        remove: vec![],
        remove_all: false,
        check_only: false,
    };
    world.call(tags).await.unwrap();
    assert_eq!(create(&world, &two, "1").await, refused("VolumeLimitExceeded"), "tags give nothing away");
    delete(&world, &mine).await;
    create(&world, &two, "1").await.unwrap();
    assert_eq!(create(&world, &two, "1").await, refused("VolumeLimitExceeded"));
}

#[tokio::test]
async fn racing_requests_cannot_both_slip_over_what_is_ones_own() {
    let world = World::new().await;
    let keys = [limited(&world, "volumes", 1), limited(&world, "volumes", 1)];
    let asked = (0..8).map(|n| create(&world, &keys[n % 2], "1"));
    let replies = futures_util::future::join_all(asked).await;
    for of_one in [0, 1] {
        assert_eq!(replies.iter().skip(of_one).step_by(2).filter(|reply| reply.is_ok()).count(), 1);
    }
}

fn disk(device: &str) -> LaunchVolume {
    LaunchVolume {
        device: device.into(),
        boot: device == "/dev/sda1",
        snapshot: None,
        size_gib: Some(2),
        volume_type: None,
        iops: None,
        throughput: None,
        encrypted: None,
        delete_on_termination: true,
        tags: vec![],
    }
}

/// The quotas of a launcher, as compute sends them.
fn own_quota(name: &str, limit: u32) -> String {
    let statement = format!(
        r#"{{\"Statement\":{{\"Effect\":\"Deny\",\"Action\":\"ec2:RunInstances\",\"Resource\":\"*\",
            \"Condition\":{{\"NumericGreaterThan\":{{\"murus:quota-own-{name}\":\"{limit}\"}}}}}}}}"#
    );
    let statement = statement.replace('\n', " ");
    format!(
        r#"{{"principal":{{"Root":{{"account":"111122223333"}}}},"policies":{{"identity":[{{"name":"p","policy":"{statement}"}}],
            "boundary":null,"session":[]}},"keys":{{"entries":[]}},"action":"ec2:RunInstances","resource":"*"}}"#
    )
}

fn launch_for(creator: Option<String>, quotas: Option<String>) -> LaunchVolumes {
    LaunchVolumes {
        account_id: ACCOUNT.into(),
        instance: "i-0123456789abcdef0".parse().unwrap(),
        zone: "us-east-1a".into(),
        volumes: vec![disk("/dev/sda1"), disk("/dev/sdf")],
        creator,
        quotas,
    }
}

#[tokio::test]
async fn the_disks_of_a_launch_are_whose_the_instance_is() {
    let world = World::new().await;
    let three = limited(&world, "volumes", 3);
    let call = launch_for(Some(user_of(&three)), None);
    world.call(call.clone()).await.unwrap();
    assert_eq!(world.call(call.clone()).await.unwrap().len(), 2, "asked again it makes nothing");
    create(&world, &three, "1").await.unwrap();
    assert_eq!(create(&world, &three, "1").await, refused("VolumeLimitExceeded"));
    world.call(ReleaseInstance { instance: call.instance }).await.unwrap();
    world.until("they died with it", async || world.files("volumes").len() == 1).await;
    let made = async || create(&world, &three, "1").await.is_ok();
    world.until("and make room", made).await;
}

#[tokio::test]
async fn a_launch_is_held_to_what_its_launcher_may_have_of_its_own() {
    let world = World::new().await;
    let somebody = limited(&world, "volumes", 9);
    create(&world, &somebody, "1").await.unwrap();
    let call = launch_for(Some(user_of(&somebody)), Some(own_quota("volume-gib", 4)));
    assert_eq!(world.call(call).await.unwrap_err().code.as_str(), "VolumeLimitExceeded");
    let others = launch_for(Some("AIDASOMEBODYELSE".into()), Some(own_quota("volume-gib", 4)));
    assert_eq!(world.call(others).await.unwrap().len(), 2);
}

#[tokio::test]
async fn there_is_room_for_as_many_launches_as_the_quotas_and_the_limits_leave() {
    let config = volume::Config { max_volumes: 9, ..volume::Config::default() };
    let world = World::with(config, None).await;
    let somebody = limited(&world, "volumes", 9);
    create(&world, &somebody, "1").await.unwrap();
    let launch = launch_for(Some(user_of(&somebody)), None);
    let room = |creator: &str, quotas: Option<&str>, least: u32| RoomForLaunches {
        account_id: launch.account_id.clone(),
        creator: Some(creator.to_owned()),
        volumes: launch.volumes.clone(),
        least,
        most: 7,
        quotas: quotas.map(str::to_owned),
    };
    let gib_of_its_own = own_quota("volume-gib", 10);
    let own = user_of(&somebody);
    assert_eq!(world.call(room(&own, Some(&gib_of_its_own), 1)).await.unwrap(), 2, "1 + 2 * (2 + 2) GiB");
    assert_eq!(world.call(room("AIDAOTHER", Some(&own_quota("volume-gib", 12)), 1)).await.unwrap(), 3);
    assert_eq!(world.call(room("AIDAOTHER", None, 1)).await.unwrap(), 4, "1 + 4 * 2 volumes");
    for question in [room(&own, Some(&gib_of_its_own), 3), room(&own, None, 5)] {
        assert_eq!(world.call(question).await.unwrap_err().code.as_str(), "VolumeLimitExceeded");
    }
}

#[tokio::test]
async fn each_has_its_own_snapshots_those_that_are_imported_too() {
    let mut world = World::new().await;
    put(&world, "disk", vec![0x77; 1 << 20]);
    let volume = world.volume(&[("Size", "1")]).await;
    let (two, also_two) = (limited(&world, "snapshots", 2), limited(&world, "snapshots", 2));
    for _ in 0..3 {
        take_snapshot(&world, ADMIN, &volume).await.unwrap();
    }
    let snapshot = take_snapshot(&world, &two, &volume).await.unwrap();
    let task = import(&world, &two).await.unwrap();
    assert_eq!(import(&world, &two).await, refused("SnapshotLimitExceeded"));
    assert_eq!(take_snapshot(&world, &two, &volume).await, refused("SnapshotLimitExceeded"));
    let task = [("ImportTaskId.1", task.as_str())];
    let ended = async || world.ok("DescribeImportSnapshotTasks", &task).await.contains("completed");
    world.until("the import ends", ended).await;
    world.stop().await;
    world.start().await;
    assert_eq!(import(&world, &two).await, refused("SnapshotLimitExceeded"));
    take_snapshot(&world, &also_two, &volume).await.unwrap();
    world.until("completed", async || world.snapshot_status(&snapshot).await == "completed").await;
    world.ok("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
    take_snapshot(&world, &two, &volume).await.unwrap();
    assert_eq!(take_snapshot(&world, &two, &volume).await, refused("SnapshotLimitExceeded"));
}

/// Makes the stored rows what an earlier version left, which noted nobody.
async fn forget_creators(world: &World) {
    let store = Store::open(&world.dir.join("volume").join("store")).unwrap();
    let forget = store.transact(|tx| {
        for (table, index) in [("volumes", None), ("snapshots", Some("snapshots_by_creator"))] {
            let rows: Table<String, Vec<u8>> = Table::new(table);
            for (id, bytes) in tx.scan(&rows, ..)? {
                let mut row: serde_json::Value = serde_json::from_slice(&bytes[1..]).unwrap();
                assert!(row.as_object_mut().unwrap().remove("creator").is_some(), "{row}");
                let old = [&bytes[..1], &serde_json::to_vec(&row).unwrap()].concat();
                tx.put(&rows, &id, &old)?;
            }
            if let Some(index) = index {
                assert!(tx.delete_prefix(&Table::<(String, String), ()>::new(index), &All)? > 0);
            }
        }
        assert!(tx.delete_prefix(&Table::<String, Vec<u8>>::new("usage_by_creator"), &All)? > 0);
        Ok::<_, store::Error>(())
    });
    forget.await.unwrap();
}

#[tokio::test]
async fn what_was_made_before_creators_were_noted_counts_for_nobody() {
    let mut world = World::new().await;
    let (one, one_copy) = (limited(&world, "volumes", 1), limited(&world, "snapshots", 1));
    let volume = create(&world, &one, "1").await.unwrap();
    world.until("available", async || world.volume_status(&volume).await == "available").await;
    let snapshot = take_snapshot(&world, &one_copy, &volume).await.unwrap();
    world.until("completed", async || world.snapshot_status(&snapshot).await == "completed").await;
    world.stop().await;
    forget_creators(&world).await;
    world.start().await;
    let newer = create(&world, &one, "1").await.unwrap();
    assert_eq!(create(&world, &one, "1").await, refused("VolumeLimitExceeded"));
    delete(&world, &volume).await; // what is old takes nothing off the count when it goes
    assert_eq!(create(&world, &one, "1").await, refused("VolumeLimitExceeded"));
    take_snapshot(&world, &one_copy, &newer).await.unwrap();
    world.ok("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
    assert_eq!(take_snapshot(&world, &one_copy, &newer).await, refused("SnapshotLimitExceeded"));
}
