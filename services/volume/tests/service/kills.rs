//! `kill -9` at any moment: what was acknowledged is there, nothing stays half done, nothing is left over.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::imports::put;
use crate::world::{World, first, tool};

const DIRECTORY: &str = "VOLUME_KILL_TEST_DIRECTORY";

/// The service that is killed: a process of its own, which works until then and says what was acknowledged.
#[test]
#[ignore = "runs as the child of the test below"]
fn victim() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::at(PathBuf::from(dir), neighbours).await;
        loop {
            work(&world).await;
        }
    });
}

fn neighbours(world: &World) {
    put(world, "disk", vec![0x13; 6 << 20]);
}

async fn work(world: &World) {
    let zone = ("AvailabilityZone", "us-east-1a");
    let volume = first(&world.ok("CreateVolume", &[zone, ("Size", "1")]).await, "volumeId");
    println!("made {volume}");
    let doomed = world.volume(&[("Size", "1")]).await;
    let snapshot = first(&world.ok("CreateSnapshot", &[("VolumeId", &doomed)]).await, "snapshotId");
    println!("made {snapshot}");
    println!("doomed {doomed}");
    world.ok("DeleteVolume", &[("VolumeId", &doomed)]).await;
    let request = [
        ("DiskContainer.Format", "RAW"),
        ("DiskContainer.UserBucket.S3Bucket", "images"),
        ("DiskContainer.UserBucket.S3Key", "disk"),
    ];
    println!("made {}", first(&world.ok("ImportSnapshot", &request).await, "importTaskId"));
    world.until("completed", async || world.snapshot_status(&snapshot).await == "completed").await;
    let child = first(&world.ok("CreateVolume", &[zone, ("SnapshotId", &snapshot)]).await, "volumeId");
    println!("made {child}");
    println!("doomed {snapshot}");
    world.ok("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await;
}

/// Runs the victim for so long; what it said was made, and what may be gone again.
fn run_and_kill(dir: &std::path::Path, after: Duration) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kills::victim", "--exact", "--ignored", "--nocapture"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (said, hear) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        output.lines().map_while(Result::ok).for_each(|line| said.send(line).unwrap());
    });
    // it lives so long from its first word on, however slowly it came to that
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.starts_with("made")) {
        lines.push(hear.recv_timeout(Duration::from_secs(20)).unwrap());
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    lines.extend(hear.try_iter());
    let those = |mark: &str| {
        lines.iter().filter_map(|line| line.split_once(mark)).map(|(_, id)| id.to_owned()).collect()
    };
    (those("made "), those("doomed "))
}

async fn settled(world: &World) {
    let busy = async |action: &str, states: &[&str]| {
        let text = world.ok(action, &[]).await;
        states.iter().any(|state| text.contains(&format!("<status>{state}</status>")))
    };
    world.until("volumes settle", async || !busy("DescribeVolumes", &["creating", "deleting"]).await).await;
    world.until("snapshots settle", async || !busy("DescribeSnapshots", &["pending"]).await).await;
    world.until("imports settle", async || !busy("DescribeImportSnapshotTasks", &["active"]).await).await;
    world.until("objects are gone", async || world.files("imports").is_empty()).await;
}

/// Every text of an element of this name.
fn all(xml: &str, name: &str) -> BTreeSet<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
}

fn ids_of(world: &World, folder: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for name in world.files(folder) {
        let id = name.strip_suffix(".qcow2").unwrap_or_else(|| panic!("{name} was left over"));
        ids.insert(id.to_owned());
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_keeps_what_it_acknowledged_and_leaves_nothing_half_done() {
    let own = tempfile::tempdir().unwrap();
    let (mut made, mut doomed) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..5u64 {
        let (dir, after) = (own.path().to_owned(), Duration::from_millis(40 + 170 * round));
        let killed = tokio::task::spawn_blocking(move || run_and_kill(&dir, after)).await.unwrap();
        made.extend(killed.0);
        doomed.extend(killed.1);
    }
    assert!(made.len() > 5, "the victim did next to nothing: {made:?}");
    let mut world = World::at(own.path().to_owned(), neighbours).await;
    settled(&world).await;
    let volumes = world.ok("DescribeVolumes", &[]).await;
    let snapshots = all(&world.ok("DescribeSnapshots", &[]).await, "snapshotId");
    let tasks = world.ok("DescribeImportSnapshotTasks", &[]).await;
    let known: BTreeSet<_> = all(&volumes, "volumeId")
        .into_iter()
        .chain(snapshots.clone())
        .chain(all(&tasks, "importTaskId"))
        .collect();
    for id in made.difference(&doomed) {
        assert!(known.contains(id), "{id} was acknowledged and is gone");
    }
    assert!(!volumes.contains("<status>error</status>"), "{volumes}");
    assert!(!tasks.contains("<status>deleted</status>"), "{tasks}");
    assert_eq!(ids_of(&world, "volumes"), all(&volumes, "volumeId"));
    let kept: BTreeSet<_> =
        all(&volumes, "snapshotId").union(&snapshots).filter(|id| !id.is_empty()).cloned().collect();
    let there = async || ids_of(&world, "snapshots") == kept;
    world.until("no data is there that nothing needs", there).await;
    for id in ids_of(&world, "volumes").union(&kept) {
        tool("qemu-img", &["check", "-q", "-f", "qcow2", world.file(id).to_str().unwrap()]);
    }
    world.stop().await;
}
