//! Quotas on volumes, their size, and snapshots.

use calls::volume::{LaunchVolume, LaunchVolumes};

use crate::imports::put;
use crate::world::World;

const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

fn quota(name: &str, limit: u32) -> String {
    format!(
        r#"{ALL},{{"Effect":"Deny","Action":"ec2:*","Resource":"*",
            "Condition":{{"NumericGreaterThan":{{"murus:quota-{name}":"{limit}"}}}}}}"#
    )
}

fn create(size: &str) -> [(&str, &str); 2] {
    [("AvailabilityZone", "us-east-1a"), ("Size", size)]
}

#[tokio::test]
async fn volumes_and_their_size_are_limited_by_what_there_would_be() {
    let world = World::new().await;
    let two = world.key(&quota("volumes", 2));
    world.ask(&two, "CreateVolume", &create("1")).await.unwrap();
    world.ask(&two, "CreateVolume", &create("1")).await.unwrap();
    assert_eq!(world.ask(&two, "CreateVolume", &create("1")).await.unwrap_err().code, "VolumeLimitExceeded");
    let small = world.key(&quota("volume-gib", 5));
    assert_eq!(
        world.ask(&small, "CreateVolume", &create("4")).await.unwrap_err().code,
        "VolumeLimitExceeded"
    );
    world.ask(&small, "CreateVolume", &create("3")).await.unwrap();
}

#[tokio::test]
async fn racing_requests_cannot_both_slip_over() {
    let world = World::new().await;
    let one = world.key(&quota("volumes", 1));
    let size = create("1");
    let asked = (0..5).map(|_| world.ask(&one, "CreateVolume", &size));
    let replies = futures_util::future::join_all(asked).await;
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1);
}

#[tokio::test]
async fn snapshots_are_limited() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let one = world.key(&quota("snapshots", 1));
    let parameters = [("VolumeId", volume.as_str())];
    world.ask(&one, "CreateSnapshot", &parameters).await.unwrap();
    let refused = world.ask(&one, "CreateSnapshot", &parameters).await.unwrap_err();
    assert_eq!(refused.code, "SnapshotLimitExceeded");
    put(&world, "disk", vec![0x77; 1 << 20]);
    let import = [
        ("DiskContainer.Format", "RAW"),
        ("DiskContainer.UserBucket.S3Bucket", "images"),
        ("DiskContainer.UserBucket.S3Key", "disk"),
    ];
    let refused = world.ask(&one, "ImportSnapshot", &import).await.unwrap_err();
    assert_eq!(refused.code, "SnapshotLimitExceeded");
    let two = world.key(&quota("snapshots", 2));
    world.ok("ImportSnapshot", &import).await; // whether it is under way or done, it counts
    let refused = world.ask(&two, "CreateSnapshot", &parameters).await.unwrap_err();
    assert_eq!(refused.code, "SnapshotLimitExceeded");
}

#[tokio::test]
async fn the_disks_of_a_launch_are_held_to_the_quotas_of_who_launches() {
    let world = World::new().await;
    let set = r#"{"principal":{"Root":{"account":"111111111111"}},"policies":{"identity":[{"name":"p","policy":
        "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"ec2:RunInstances\",\"Resource\":\"*\",\"Condition\":{\"NumericGreaterThan\":{\"murus:quota-volume-gib\":\"2\"}}}}"}],
        "boundary":null,"session":[]},"keys":{"entries":[]},"action":"ec2:RunInstances","resource":"*"}"#;
    let disk = |device: &str| LaunchVolume {
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
    };
    let call = LaunchVolumes {
        account_id: "111111111111".into(),
        instance: "i-0123456789abcdef0".parse().unwrap(),
        zone: "us-east-1a".into(),
        volumes: vec![disk("/dev/sda1"), disk("/dev/sdf")],
        creator: None,
        quotas: Some(set.into()),
    };
    assert_eq!(world.call(call.clone()).await.unwrap_err().code.as_str(), "VolumeLimitExceeded");
    let disks = world.call(LaunchVolumes { volumes: vec![disk("/dev/sda1")], ..call }).await.unwrap();
    assert_eq!(disks.len(), 1, "what was refused left nothing behind");
}
