//! Snapshots of disks at rest and in use, and how long their data lives.

use std::os::unix::fs::PermissionsExt;

use api_spec::ids::SnapshotId;
use calls::node::BackupState;
use calls::volume::{HoldSnapshots, LookUpSnapshots};

use crate::world::{ACCOUNT, ADMIN, OTHER_ACCOUNT, STRANGER, World, first, has_pattern, tool, write_pattern};

#[tokio::test]
async fn a_snapshot_is_a_copy_that_later_writes_do_not_reach() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    write_pattern(&world.file(&volume), 0x11);
    let made = world.ok("CreateSnapshot", &[("VolumeId", &volume), ("Description", "first")]).await;
    assert_eq!((first(&made, "status"), first(&made, "progress")), ("pending".into(), "0%".into()));
    assert_eq!((first(&made, "ownerId"), first(&made, "volumeSize")), (ACCOUNT.into(), "1".into()));
    let id = first(&made, "snapshotId");
    world.until("completed", async || world.snapshot_status(&id).await == "completed").await;
    write_pattern(&world.file(&volume), 0x22);
    assert!(has_pattern(&world.file(&id), 0x11));
    assert_eq!(std::fs::metadata(world.file(&id)).unwrap().permissions().mode() & 0o777, 0o440);
    let shown = world.ok("DescribeSnapshots", &[("Owner.1", "self")]).await;
    assert_eq!((first(&shown, "progress"), first(&shown, "description")), ("100%".into(), "first".into()));
    assert!(!world.ok("DescribeSnapshots", &[("Owner.1", "amazon")]).await.contains("<item>"));
    assert_eq!(world.refused("DescribeSnapshots", &[("Owner.1", "nobody")]).await.0, "InvalidParameterValue");
    assert!(!world.ask(STRANGER, "DescribeSnapshots", &[]).await.unwrap().contains("<item>"));
    let refusal = world.ask(STRANGER, "DeleteSnapshot", &[("SnapshotId", &id)]).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidSnapshot.NotFound");
}

#[tokio::test]
async fn the_data_of_a_deleted_snapshot_lives_as_long_as_volumes_of_it() {
    let world = World::new().await;
    let origin = world.volume(&[("Size", "1")]).await;
    write_pattern(&world.file(&origin), 0x33);
    let snapshot = world.snapshot(&origin).await;
    let child = world.volume(&[("SnapshotId", &snapshot)]).await;
    world.ok("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
    let gone = world.refused("DescribeSnapshots", &[("SnapshotId.1", &snapshot)]).await;
    assert_eq!(gone.0, "InvalidSnapshot.NotFound");
    assert_eq!(
        world.refused("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await.0,
        "InvalidSnapshot.NotFound"
    );
    let again = [("AvailabilityZone", "us-east-1a"), ("SnapshotId", snapshot.as_str())];
    assert_eq!(world.refused("CreateVolume", &again).await.0, "InvalidSnapshot.NotFound");
    assert!(has_pattern(&world.file(&child), 0x33));
    assert!(world.file(&snapshot).exists());
    world.ok("DeleteVolume", &[("VolumeId", &child)]).await;
    world.until("the data is gone", async || world.files("snapshots").is_empty()).await;
}

#[tokio::test]
async fn a_snapshot_that_an_image_holds_stays() {
    let world = World::new().await;
    let snapshot = world.snapshot(&world.volume(&[("Size", "1")]).await).await;
    let id: SnapshotId = snapshot.parse().unwrap();
    world.call(HoldSnapshots { held: vec![(id.clone(), "ami-0123456789abcdef0".into())] }).await.unwrap();
    let (code, words) = world.refused("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
    assert_eq!(code, "InvalidSnapshot.InUse");
    assert_eq!(words, format!("The snapshot {snapshot} is currently in use by ami-0123456789abcdef0"));
    let look = |account: &str| LookUpSnapshots { account_id: account.into(), snapshots: vec![id.clone()] };
    let found = world.call(look(ACCOUNT)).await.unwrap();
    assert_eq!((found[0].state.as_str(), found[0].size_gib), ("completed", 1));
    assert!(world.call(look(OTHER_ACCOUNT)).await.unwrap().is_empty());
    world.call(HoldSnapshots { held: vec![] }).await.unwrap();
    world.ok("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
}

#[tokio::test]
async fn a_running_instances_disk_is_copied_by_its_node() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    world.until("attached", async || world.attachment(&volume).await == "attached").await;
    world.around.facts().backup = Some(BackupState::Copying(40));
    let id = first(&world.ok("CreateSnapshot", &[("VolumeId", &volume)]).await, "snapshotId");
    world
        .until("progress shows", async || {
            world.ok("DescribeSnapshots", &[("SnapshotId.1", &id)]).await.contains("<progress>40%</progress>")
        })
        .await;
    let target = world.file(&id).with_file_name(format!("{id}.backup.part"));
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o660);
    write_pattern(&target, 0x44);
    world.around.facts().backup = Some(BackupState::Done);
    world.until("completed", async || world.snapshot_status(&id).await == "completed").await;
    assert!(has_pattern(&world.file(&id), 0x44));
    assert_eq!(world.files("snapshots").len(), 1);
}

#[tokio::test]
async fn a_copy_that_the_node_gives_up_is_made_here_when_the_instance_is_off() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    write_pattern(&world.file(&volume), 0x55);
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    world.around.facts().backup = Some(BackupState::Failed("the job was cancelled".into()));
    let parameters = [("VolumeId", volume.as_str())];
    let (made, ()) = tokio::join!(world.ok("CreateSnapshot", &parameters), async {
        world.until("it was tried", async || world.around.facts().backups_asked > 0).await;
        world.around.facts().backup = Some(BackupState::NotRunning);
    });
    let id = first(&made, "snapshotId");
    world.until("completed", async || world.snapshot_status(&id).await == "completed").await;
    assert!(has_pattern(&world.file(&id), 0x55));
}

#[tokio::test]
async fn a_copy_that_keeps_failing_ends_in_error_with_the_reason() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    world.around.facts().backup = Some(BackupState::Failed("No space left on device".into()));
    let id = first(&world.ok("CreateSnapshot", &[("VolumeId", &volume)]).await, "snapshotId");
    world.until("error", async || world.snapshot_status(&id).await == "error").await;
    let shown = world.ok("DescribeSnapshots", &[("SnapshotId.1", &id)]).await;
    assert!(first(&shown, "statusMessage").contains("no space is left"), "{shown}");
    world.ok("DeleteSnapshot", &[("SnapshotId", &id)]).await;
    world.until("nothing is left", async || world.files("snapshots").is_empty()).await;
}

#[tokio::test]
async fn a_disk_of_which_a_snapshot_is_pending_waits_before_it_is_handed_over_or_removed() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let path = world.file(&volume);
    // somebody holds the disk: the copy cannot begin
    let mut holder = hold(&path);
    let id = first(&world.ok("CreateSnapshot", &[("VolumeId", &volume)]).await, "snapshotId");
    let instance = world.instance("running");
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(world.attachment(&volume).await, "attaching");
    assert_eq!(world.snapshot_status(&id).await, "pending");
    assert!(world.around.facts().instances[&instance].told.is_empty());
    drop(holder.stdin.take());
    holder.wait().unwrap();
    world.until("completed", async || world.snapshot_status(&id).await == "completed").await;
    world.until("attached", async || world.attachment(&volume).await == "attached").await;
}

/// A program that has the disk open for writing until its standard input ends.
fn hold(path: &std::path::Path) -> std::process::Child {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let mut child = Command::new("qemu-io")
        .args(["-f", "qcow2", path.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.as_mut().unwrap().write_all(b"length\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    child
}

#[tokio::test]
async fn a_pending_snapshot_can_be_deleted_and_leaves_nothing() {
    let world = World::new().await;
    let (volume, instance) = (world.volume(&[("Size", "1")]).await, world.instance("running"));
    let request = [("VolumeId", volume.as_str()), ("InstanceId", instance.as_str()), ("Device", "/dev/sdf")];
    world.ok("AttachVolume", &request).await;
    world.around.facts().backup = Some(BackupState::Copying(1));
    let id = first(&world.ok("CreateSnapshot", &[("VolumeId", &volume)]).await, "snapshotId");
    let again = [("AvailabilityZone", "us-east-1a"), ("SnapshotId", id.as_str())];
    let (code, words) = world.refused("CreateVolume", &again).await;
    assert_eq!((code.as_str(), words.as_str()), ("IncorrectState", "Snapshot is in invalid state - pending"));
    world.ok("DeleteSnapshot", &[("SnapshotId", &id)]).await;
    world.until("nothing is left", async || world.files("snapshots").is_empty()).await;
}

#[tokio::test]
async fn snapshots_are_found_by_filters() {
    let world = World::new().await;
    let volume = world.volume(&[("Size", "1")]).await;
    let tags = [
        ("VolumeId", volume.as_str()),
        ("TagSpecification.1.ResourceType", "snapshot"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "weekly"),
    ];
    let id = first(&world.ok("CreateSnapshot", &tags).await, "snapshotId");
    world.until("completed", async || world.snapshot_status(&id).await == "completed").await;
    world.snapshot(&volume).await;
    for (name, value, count) in [
        ("tag:Name", "week*", 1),
        ("volume-id", volume.as_str(), 2),
        ("status", "completed", 2),
        ("snapshot-id", id.as_str(), 1),
        ("volume-size", "7", 0),
        ("owner-id", ACCOUNT, 2),
    ] {
        let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
        let text = world.ask(ADMIN, "DescribeSnapshots", &filter).await.unwrap();
        assert_eq!(text.matches("<snapshotId>").count(), count, "{name}");
    }
    assert!(
        tool("qemu-img", &["check", "-f", "qcow2", world.file(&id).to_str().unwrap()]).contains("No errors")
    );
}
