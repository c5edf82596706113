//! What an earlier process left half done is finished or swept by the next.

use std::os::unix::fs::PermissionsExt;

use calls::node::BackupState;

use crate::imports::put;
use crate::world::{World, first, has_pattern, write_pattern};

#[tokio::test]
async fn work_goes_on_after_a_restart_and_leftovers_are_swept() {
    let mut world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let instance = world.instance("running");
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    world.until("attached", async || world.attachment(&volume).await == "attached").await;
    world.around.facts().backup = Some(BackupState::Copying(10));
    let snapshot = first(&world.ok("CreateSnapshot", &[("VolumeId", &volume)]).await, "snapshotId");
    let target = world.file(&snapshot).with_file_name(format!("{snapshot}.backup.part"));
    world.until("the copy has begun", async || target.exists()).await;
    world.stop().await;
    write_pattern(&target, 0x21);
    let leftovers = [
        "volumes/vol-x.qcow2.part",
        "snapshots/snap-x.qcow2.part",
        "snapshots/snap-y.backup.part",
        "imports/x.part",
    ];
    for leftover in leftovers {
        std::fs::write(world.dir.join("volume").join(leftover), "x").unwrap();
    }
    world.change(&instance, |i| i.obeys = false);
    world.start().await;
    for leftover in leftovers {
        assert!(!world.dir.join("volume").join(leftover).exists(), "{leftover}");
    }
    world.ok("DetachVolume", &[("VolumeId", &volume)]).await;
    world.around.facts().backup = Some(BackupState::Done);
    world.until("completed", async || world.snapshot_status(&snapshot).await == "completed").await;
    assert!(has_pattern(&world.file(&snapshot), 0x21));
    world.stop().await;
    world.change(&instance, |i| i.obeys = true);
    world.start().await;
    world.until("detached", async || world.attachment(&volume).await == "detached").await;
}

#[tokio::test]
async fn an_import_that_was_cut_off_is_done_again() {
    let mut world = World::new().await;
    put(&world, "disk", vec![0x31; 2 << 20]);
    let request = [
        ("DiskContainer.Format", "RAW"),
        ("DiskContainer.UserBucket.S3Bucket", "images"),
        ("DiskContainer.UserBucket.S3Key", "disk"),
    ];
    let task = first(&world.ok("ImportSnapshot", &request).await, "importTaskId");
    world.stop().await;
    world.start().await;
    let describe = async || world.ok("DescribeImportSnapshotTasks", &[("ImportTaskId.1", &task)]).await;
    world.until("completed", async || describe().await.contains("<status>completed</status>")).await;
    assert!(has_pattern(&world.file(&first(&describe().await, "snapshotId")), 0x31));
    assert_eq!(world.files("snapshots").len(), 1);
}

#[tokio::test]
async fn the_store_is_closed_to_the_group_that_opens_disks() {
    let world = World::new().await;
    let mode = |name: &str| {
        let path = world.dir.join("volume").join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    assert_eq!(mode("store") & 0o777, 0o700);
    assert_eq!(mode("volumes"), 0o2770);
    assert_eq!(mode("snapshots"), 0o2770);
}
