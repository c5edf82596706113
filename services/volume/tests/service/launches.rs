//! The volumes of new instances.

use std::sync::Arc;

use api_spec::ErrorCode;
use api_spec::ids::{ImportTaskId, InstanceId, SnapshotId, VolumeId};
use calls::node::DiskSource;
use calls::volume::{HoldSnapshots, LaunchVolume, LaunchVolumes, ReleaseInstance};
use volume::Config;
use volume::backend::{Backend, BackendError, Work};

use crate::world::{ACCOUNT, OTHER_ACCOUNT, World, has_pattern, write_pattern};

fn volume(device: &str, snapshot: Option<&str>) -> LaunchVolume {
    LaunchVolume {
        device: device.into(),
        boot: snapshot.is_some(),
        snapshot: snapshot.map(|id| id.parse().unwrap()),
        size_gib: if snapshot.is_some() { None } else { Some(1) },
        volume_type: None,
        iops: None,
        throughput: None,
        encrypted: None,
        delete_on_termination: snapshot.is_some(),
        tags: vec![],
    }
}

fn launch(instance: u128, volumes: Vec<LaunchVolume>) -> LaunchVolumes {
    LaunchVolumes {
        account_id: ACCOUNT.into(),
        instance: InstanceId::from_random(instance),
        zone: "us-east-1a".into(),
        volumes,
        creator: None,
        quotas: None,
    }
}

async fn snapshot(world: &World) -> String {
    let origin = world.volume(&[("Size", "2")]).await;
    write_pattern(&world.file(&origin), 0x42);
    world.snapshot(&origin).await
}

#[tokio::test]
async fn a_launch_gives_disks_that_are_ready_and_the_same_ones_when_asked_again() {
    let world = World::new().await;
    let source = snapshot(&world).await;
    let call = launch(1, vec![volume("/dev/xvda", Some(&source)), volume("/dev/sdf", None)]);
    let disks = world.call(call.clone()).await.unwrap();
    assert_eq!(disks.len(), 2);
    assert!(disks[0].disk.boot && disks[0].delete_on_termination && disks[0].state == "attached");
    let DiskSource::Qcow2(path) = &disks[0].disk.source;
    assert!(path.exists() && has_pattern(path, 0x42));
    assert_eq!(world.call(call.clone()).await.unwrap(), disks);
    let root = disks[0].disk.volume.to_string();
    assert_eq!(
        (world.volume_status(&root).await, world.attachment(&root).await),
        ("in-use".into(), "attached".into())
    );
    world.call(ReleaseInstance { instance: call.instance.clone() }).await.unwrap();
    world.until("the root volume is gone", async || world.volume_status(&root).await == "gone").await;
    assert_eq!(world.volume_status(disks[1].disk.volume.as_str()).await, "available");
    assert_eq!(world.call(call).await.unwrap_err().code, ErrorCode::InvalidInstanceIdNotFound);
}

#[tokio::test]
async fn a_launch_that_is_wrong_makes_nothing() {
    let world = World::new().await;
    let source = snapshot(&world).await;
    let before = world.files("volumes").len();
    let small = LaunchVolume { size_gib: Some(1), ..volume("/dev/xvda", Some(&source)) };
    let absent = volume("/dev/xvda", Some("snap-0123456789abcdef0"));
    let sealed = LaunchVolume { encrypted: Some(true), ..volume("/dev/sdf", None) };
    for (wrong, code) in [
        (vec![volume("/dev/sdg", None), small], ErrorCode::InvalidBlockDeviceMapping),
        (vec![volume("/dev/sdg", None), absent], ErrorCode::InvalidSnapshotNotFound),
        (vec![volume("/dev/sdg", None), sealed], ErrorCode::UnsupportedOperation),
        (vec![volume("/dev/sdf", None), volume("/dev/xvdf", None)], ErrorCode::InvalidBlockDeviceMapping),
    ] {
        assert_eq!(world.call(launch(2, wrong)).await.unwrap_err().code, code);
    }
    assert_eq!(world.files("volumes").len(), before);
    assert_eq!(world.ok("DescribeVolumes", &[]).await.matches("<volumeId>").count(), 1);
}

#[tokio::test]
async fn another_accounts_snapshot_is_launched_only_through_an_image() {
    let world = World::new().await;
    let source = snapshot(&world).await;
    let call = LaunchVolumes {
        account_id: OTHER_ACCOUNT.into(),
        ..launch(3, vec![volume("/dev/xvda", Some(&source))])
    };
    assert_eq!(world.call(call.clone()).await.unwrap_err().code, ErrorCode::InvalidSnapshotNotFound);
    let held = vec![(source.parse().unwrap(), "ami-0123456789abcdef0".to_owned())];
    world.call(HoldSnapshots { held }).await.unwrap();
    assert_eq!(world.call(call).await.unwrap().len(), 1);
}

/// Disks on a medium without room.
struct Full;

type Progress<'a> = &'a (dyn Fn(u8) + Send + Sync);

fn full<'a, T: Send + 'a>() -> Work<'a, T> {
    Box::pin(async { Err(BackendError::Full("test".into())) })
}

impl Backend for Full {
    fn source(&self, volume: &VolumeId) -> DiskSource {
        DiskSource::Qcow2(volume.as_str().into())
    }
    fn create_volume<'a>(&'a self, _: &'a VolumeId, _: u32, _: Option<&'a SnapshotId>) -> Work<'a, ()> {
        full()
    }
    fn delete_volume<'a>(&'a self, _: &'a VolumeId) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }
    fn copy<'a>(&'a self, _: &'a VolumeId, _: &'a SnapshotId, _: Progress<'a>) -> Work<'a, ()> {
        full()
    }
    fn backup_target<'a>(&'a self, _: &'a SnapshotId, _: u32) -> Work<'a, std::path::PathBuf> {
        full()
    }
    fn adopt_backup<'a>(&'a self, _: &'a SnapshotId) -> Work<'a, ()> {
        full()
    }
    fn discard_backup<'a>(&'a self, _: &'a SnapshotId) -> Work<'a, ()> {
        full()
    }
    fn delete_snapshot<'a>(&'a self, _: &'a SnapshotId) -> Work<'a, ()> {
        full()
    }
    fn import_file<'a>(&'a self, _: &'a ImportTaskId) -> Work<'a, std::path::PathBuf> {
        full()
    }
    fn import<'a>(
        &'a self,
        _: &'a ImportTaskId,
        _: volume::backend::Format,
        _: &'a SnapshotId,
        _: u32,
        _: Progress<'a>,
    ) -> Work<'a, u32> {
        full()
    }
    fn forget_import<'a>(&'a self, _: &'a ImportTaskId) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_full_disk_fails_the_one_thing_and_not_the_service() {
    let world = World::with(Config::default(), Some(Arc::new(Full))).await;
    let error = world.call(launch(4, vec![volume("/dev/sdf", None)])).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InsufficientVolumeCapacity);
    world
        .until("its volume is gone", async || !world.ok("DescribeVolumes", &[]).await.contains("<item>"))
        .await;
    let made = world.ok("CreateVolume", &[("AvailabilityZone", "us-east-1a"), ("Size", "1")]).await;
    let id = crate::world::first(&made, "volumeId");
    world.until("error", async || world.volume_status(&id).await == "error").await;
    let status = world.ok("DescribeVolumeStatus", &[("VolumeId.1", &id)]).await;
    assert!(status.contains("impaired") && status.contains("no space is left"), "{status}");
    world.ok("DeleteVolume", &[("VolumeId", &id)]).await;
    world.until("gone", async || world.volume_status(&id).await == "gone").await;
}
