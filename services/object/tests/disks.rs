//! What is on the disks: rot, several data directories, disks that are full.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use calls::InternalCall;
use calls::object::{Disks, UseDisks};
use http_body_util::BodyExt;
use object::Config;
use object::store::FINDINGS;
use store::{Read, Store};
use support::{ADMIN, Sealed, World, config, request};
use tower::ServiceExt;

const LARGE: usize = 300_000;

fn content(n: usize) -> Vec<u8> {
    (0..LARGE).map(|at| (at * 31 + n) as u8).collect()
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(root).unwrap().map(|shard| shard.unwrap().path());
    let files = shards.filter(|path| path.is_dir()).flat_map(|shard| std::fs::read_dir(shard).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

fn flip(file: &Path, at: u64) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

/// Waits until it holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn content_that_has_rotted_is_not_sent_and_the_scrubber_names_its_object() {
    let dir = tempfile::tempdir().unwrap();
    let eager = Config { scrub_interval_s: 1, scrub_mib_per_s: 64, ..config() };
    let world = World::open(dir.path(), eager).await.unwrap();
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/fine", &content(1)).await.fine();
    let before = files_below(&world.data);
    world.put("/bucket/a%20rotten%20key", &content(2)).await.fine();
    let rotten = files_below(&world.data).into_iter().find(|file| !before.contains(file)).unwrap();
    flip(&rotten, 200_000);

    let get = request(Some(&ADMIN), "GET", "/bucket/a%20rotten%20key", &[], b"");
    let response = world.public.clone().oneshot(get).await.unwrap();
    assert!(
        response.into_body().collect().await.is_err(),
        "wrong bytes must not be sent as if they were right"
    );
    let range = [("range", "bytes=10-19")];
    let part = world.call(Some(&ADMIN), "GET", "/bucket/a%20rotten%20key", &range, b"").await.fine();
    assert_eq!(part.body, content(2)[10..20], "what has not rotted is still there");
    assert_eq!(world.get("/bucket/fine").await.fine().body, content(1));

    let metrics = world.metrics.clone();
    let found = || metrics.render().contains("murus_object_scrub_findings 1");
    until("the scrubber finds it", found).await;
    let store = world.data.with_file_name("store");
    world.stop().await;
    let store = reopened(&store).await;
    let findings = store.snapshot().unwrap().scan(&FINDINGS, ..).unwrap();
    let places: Vec<_> = findings.iter().flat_map(|(_, finding)| finding.places.clone()).collect();
    assert_eq!(places, ["s3://bucket/a rotten key version null"]);
    drop(store);

    // a finding goes with what it was about
    let eager = Config { scrub_interval_s: 1, scrub_mib_per_s: 64, ..config() };
    let world = World::open(dir.path(), eager).await.unwrap();
    assert_eq!(world.delete("/bucket/a%20rotten%20key").await.status, 204);
    let metrics = world.metrics.clone();
    until("the finding goes", || metrics.render().contains("murus_object_scrub_findings 0")).await;
}

#[tokio::test]
async fn encrypted_content_that_has_rotted_is_found_without_its_keys() {
    let dir = tempfile::tempdir().unwrap();
    let eager = Config { scrub_interval_s: 1, scrub_mib_per_s: 64, ..config() };
    let world = World::open(dir.path(), eager).await.unwrap();
    world.put("/bucket", b"").await.fine();
    for (n, sealed) in Sealed::ALL.into_iter().enumerate() {
        let before = files_below(&world.data);
        world.put_sealed(sealed, &format!("/bucket/{n}-fine"), &content(n)).await.fine();
        let fine = files_below(&world.data);
        world.put_sealed(sealed, &format!("/bucket/{n}-rotten"), &content(n)).await.fine();
        let rotten = files_below(&world.data).into_iter().find(|file| !fine.contains(file)).unwrap();
        assert!(fine.len() > before.len());
        flip(&rotten, 200_000);
    }
    let metrics = world.metrics.clone();
    until("the scrubber finds all", || metrics.render().contains("murus_object_scrub_findings 4")).await;
    for (n, sealed) in Sealed::ALL.into_iter().enumerate() {
        assert_eq!(
            world.get_sealed(sealed, &format!("/bucket/{n}-fine")).await.fine().body,
            content(n),
            "{sealed:?}"
        );
        let mut range = sealed.reading();
        range.push(("range".into(), "bytes=10-19".into()));
        let part = world.ask("GET", &format!("/bucket/{n}-rotten"), &range, b"").await.fine();
        assert_eq!(part.body, content(n)[10..20], "{sealed:?}");
    }
    let store = world.data.with_file_name("store");
    world.stop().await;
    let findings = reopened(&store).await.snapshot().unwrap().scan(&FINDINGS, ..).unwrap();
    let mut places: Vec<_> = findings.iter().flat_map(|(_, finding)| finding.places.clone()).collect();
    places.sort();
    let expected: Vec<_> = (0..4).map(|n| format!("s3://bucket/{n}-rotten version null")).collect();
    assert_eq!(places, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_drained_of_encrypted_objects_while_others_are_put() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let on_first = Config { data_dirs: vec![first.clone()], ..config() };
    let world = World::open(dir.path(), on_first).await.unwrap();
    world.put("/bucket", b"").await.fine();
    for n in 0..8 {
        world.put_sealed(Sealed::ALL[n % 4], &format!("/bucket/{n}"), &content(n)).await.fine();
    }
    use_disks(&world, &[&second], &[&first]).await.unwrap();
    let mut n = 8;
    while !files_below(&first).is_empty() {
        assert!(n < 2_000, "{} files are left", files_below(&first).len());
        world.put_sealed(Sealed::ALL[n % 4], &format!("/bucket/{n}"), &content(n)).await.fine();
        n += 1;
    }
    for n in 0..n {
        let got = world.get_sealed(Sealed::ALL[n % 4], &format!("/bucket/{n}")).await.fine();
        assert_eq!(got.body, content(n), "{n}");
    }
    assert_eq!(files_below(&second).len(), n);
    use_disks(&world, &[&second], &[]).await.unwrap();
}

/// A disk of its own, as small as wanted.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one; only root may, as which `tests/run` runs. Others go without these tests.
    fn mount(at: &Path, mib: u64) -> Option<SmallDisk> {
        if !rustix::process::geteuid().is_root() {
            println!("not root: no small disk can be mounted");
            return None;
        }
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mib}m");
        let done =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().unwrap();
        assert!(done.success(), "the small disk cannot be mounted");
        Some(SmallDisk(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Puts objects until one is refused; says how many there are.
async fn fill(world: &World, size: usize) -> usize {
    let body = vec![7; size];
    for n in 0..100_000 {
        let reply = world.put(&format!("/bucket/{n}"), &body).await;
        if !reply.status.is_success() {
            reply.refused(503, "ServiceUnavailable");
            return n;
        }
    }
    panic!("the disk is never full");
}

#[tokio::test]
async fn a_disk_that_is_really_full_refuses_and_takes_again_what_was_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small");
    let Some(_disk) = SmallDisk::mount(&small, 24) else { return };
    // no reserve at all: the last bytes are refused by the disk itself, in the middle of a file
    let on_small = Config { data_dirs: vec![small.clone()], reserve_mib: 0, ..config() };
    let world = World::open(dir.path(), on_small).await.unwrap();
    world.put("/bucket", b"").await.fine();
    for (size, at_least) in [(1 << 20, 20), ((64 << 10) - 16, 1), (20_000, 1)] {
        let count = fill(&world, size).await;
        assert!(count >= at_least, "{count} of {size}");
        for n in 0..count {
            assert_eq!(world.get(&format!("/bucket/{n}")).await.fine().body, vec![7; size]);
        }
        until("what was refused is collected", || files_below(&small).len() == count).await;
        // objects in the index go on
        world.put("/bucket/small", b"small").await.fine();
        for n in 0..count {
            assert_eq!(world.delete(&format!("/bucket/{n}")).await.status, 204);
        }
        until("what was deleted is collected", || files_below(&small).is_empty()).await;
    }
}

#[tokio::test]
async fn a_full_disk_under_everything_keeps_serving_and_can_be_cleared() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("all");
    let Some(_disk) = SmallDisk::mount(&root, 256) else { return };
    let mut count = 0;
    // the second round opens what the first has filled
    for _ in 0..2 {
        let tight = Config { reserve_mib: 32, ..config() };
        let world = World::open(&root, tight).await.unwrap();
        world.put("/bucket", b"").await.fine();
        count = fill(&world, 4 << 20).await.max(count);
        assert!(count > 5, "{count}");
        for (n, size) in [(0, 4 << 20), (count - 1, 4 << 20)] {
            assert_eq!(world.get(&format!("/bucket/{n}")).await.fine().body.len(), size);
        }
        world.put("/bucket/new", &vec![1; 4 << 20]).await.refused(503, "ServiceUnavailable");
        world.stop().await;
    }
    let world = World::open(&root, Config { reserve_mib: 32, ..config() }).await.unwrap();
    for n in 0..count {
        assert_eq!(world.delete(&format!("/bucket/{n}")).await.status, 204);
    }
    world.files_become(0).await;
    world.put("/bucket/new", &content(1)).await.fine();
    assert_eq!(world.get("/bucket/new").await.fine().body, content(1));
}

/// The store of a world that was stopped; its last tasks may still hold it for a moment.
async fn reopened(path: &Path) -> Store {
    for _ in 0..200 {
        if let Ok(store) = Store::open_logged(path, 16 << 20) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Store::open_logged(path, 16 << 20).unwrap()
}

async fn use_disks(world: &World, data: &[&Path], drain: &[&Path]) -> Result<Disks, String> {
    let texts = |paths: &[&Path]| paths.iter().map(|path| path.display().to_string()).collect();
    let call = UseDisks { data_dirs: texts(data), drain_dirs: texts(drain) };
    let body = Body::from(serde_json::to_vec(&call).unwrap());
    let request = Request::post(format!("/internal/{}", UseDisks::PATH)).body(body).unwrap();
    let response = world.internal.clone().oneshot(request).await.unwrap();
    let fine = response.status().is_success();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    match fine {
        true => Ok(serde_json::from_slice(&body).unwrap()),
        false => Err(String::from_utf8_lossy(&body).into_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_added_and_another_drained_while_objects_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let on_first = Config { data_dirs: vec![first.clone()], ..config() };
    let world = World::open(dir.path(), on_first).await.unwrap();
    world.put("/bucket", b"").await.fine();
    for n in 0..8 {
        world.put(&format!("/bucket/{n}"), &content(n)).await.fine();
    }
    assert_eq!((files_below(&first).len(), world.files()), (8, 0), "the own directory takes nothing new");

    let disks = use_disks(&world, &[&second], &[&first]).await.unwrap().disks;
    assert_eq!(disks.iter().map(|disk| disk.draining).collect::<Vec<_>>(), [true, false, true]);
    for round in 0.. {
        let n = round % 8;
        assert_eq!(world.get(&format!("/bucket/{n}")).await.fine().body, content(n));
        if files_below(&first).is_empty() && n == 7 {
            break;
        }
        assert!(round < 5_000, "{} files are left", files_below(&first).len());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(files_below(&second).len(), 8);
    // empty, it may be left out; the other may not
    use_disks(&world, &[&second], &[]).await.unwrap();
    let refused = use_disks(&world, &[], &[]).await.unwrap_err();
    assert!(refused.contains("drain it first"), "{refused}");
    let refused = use_disks(&world, &[&second], &[&second]).await.unwrap_err();
    assert!(refused.contains("being drained"), "{refused}");
    assert_eq!(world.delete("/bucket/3").await.status, 204);
    until("the file of a deleted object goes", || files_below(&second).len() == 7).await;
    world.stop().await;

    // not mounted: the folder is there, the disk is not
    std::fs::rename(&second, dir.path().join("elsewhere")).unwrap();
    std::fs::create_dir(&second).unwrap();
    let on_second = Config { data_dirs: vec![second.clone()], ..config() };
    let refused = World::open(dir.path(), on_second.clone()).await.err().expect("refused").to_string();
    assert!(refused.contains("is it mounted?"), "{refused}");
    std::fs::remove_dir(&second).unwrap();
    std::fs::rename(dir.path().join("elsewhere"), &second).unwrap();
    let world = World::open(dir.path(), on_second).await.unwrap();
    assert_eq!(world.get("/bucket/7").await.fine().body, content(7));
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_goes_on_to_read_and_delete() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::at(dir.path()).await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/large", &content(1)).await.fine();
    world.put("/bucket/small", b"small").await.fine();
    world.stop().await;
    let full = Config { reserve_mib: 1 << 40, ..config() };
    let world = World::open(dir.path(), full).await.unwrap();
    for (key, body) in [("large", content(2)), ("new", content(3)), ("small", b"other".to_vec())] {
        world.put(&format!("/bucket/{key}"), &body).await.refused(503, "ServiceUnavailable");
    }
    assert_eq!(world.get("/bucket/large").await.fine().body, content(1), "what was there stays");
    assert_eq!(world.get("/bucket/small").await.fine().body, "small");
    assert_eq!(world.delete("/bucket/large").await.status, 204);
    world.files_become(0).await;
    world.get("/bucket/large").await.refused(404, "NoSuchKey");
}
