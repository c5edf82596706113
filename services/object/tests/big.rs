//! Uploads of ten thousand parts, and lists of a hundred thousand keys: whole, in order, and not slower for their size.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use md5::{Digest as _, Md5};
use object::domain::bucket::Bucket;
use object::domain::checksum::etag_of_parts;
use object::domain::object::{Data, Object};
use object::store::{BUCKETS, OBJECTS};
use support::{ADMIN, World, config};

const PARTS: usize = 10_000;
/// Bytes of every part but the last; AWS's least is 5 MiB, which would be 50 GB.
const PART: usize = 64;
const CLIENTS: usize = 16;

fn content(number: usize) -> Vec<u8> {
    let size = if number == PARTS { 7 } else { PART };
    (0..size).map(|n| (number * 31 + n) as u8).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_parts_out_of_order_make_one_object() {
    let world = Arc::new(World::with(object::Config { min_part_bytes: PART as u64, ..config() }).await);
    world.put("/bucket", b"").await.fine();
    let id =
        world.call(Some(&ADMIN), "POST", "/bucket/key?uploads", &[], b"").await.fine().element("UploadId");
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (world, id) = (Arc::clone(&world), id.clone());
        clients.spawn(async move {
            for at in (client..PARTS).step_by(CLIENTS) {
                // 7919 has no factor in common with 10,000: every number once, far apart
                let number = at * 7919 % PARTS + 1;
                let path = format!("/bucket/key?partNumber={number}&uploadId={id}");
                if number.is_multiple_of(100) {
                    world.put(&path, b"replaced by what comes next").await.fine();
                }
                world.put(&path, &content(number)).await.fine();
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    let path = format!("/bucket/key?uploadId={id}");
    let mut listed: Vec<(String, String)> = Vec::new();
    let mut marker = String::from("0");
    loop {
        let page = world.get(&format!("{path}&part-number-marker={marker}")).await.fine();
        let found = page.elements("PartNumber").into_iter().zip(page.elements("ETag"));
        assert!(page.elements("PartNumber").len() == 1000);
        listed.extend(found);
        marker = page.element("NextPartNumberMarker");
        if page.element("IsTruncated") == "false" {
            break;
        }
    }
    let numbers: Vec<String> = (1..=PARTS).map(|number| number.to_string()).collect();
    assert_eq!(listed.iter().map(|(number, _)| number.clone()).collect::<Vec<_>>(), numbers);
    let mut document = String::from("<CompleteMultipartUpload>");
    for (number, etag) in &listed {
        write!(document, "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>").unwrap();
    }
    document += "</CompleteMultipartUpload>";
    let done = world.post(&path, document.as_bytes()).await.fine();
    let parts: Vec<Vec<u8>> = (1..=PARTS).map(content).collect();
    let md5s: Vec<[u8; 16]> = parts.iter().map(|part| Md5::digest(part).into()).collect();
    assert_eq!(done.element("ETag").replace("&quot;", ""), etag_of_parts(&md5s));
    let got = world.get("/bucket/key").await.fine();
    assert_eq!(got.body, parts.concat());
    let last = world.get(&format!("/bucket/key?partNumber={PARTS}")).await.fine();
    assert_eq!((last.body.as_ref(), last.header("x-amz-mp-parts-count")), (&*content(PARTS), "10000"));
    let range = [("range", "bytes=319990-320010")];
    let across = world.call(Some(&ADMIN), "GET", "/bucket/key", &range, b"").await.fine();
    assert_eq!(across.body, parts.concat()[319_990..=320_010]);
    world.get("/bucket/key?partNumber=10001").await.refused(416, "InvalidPartNumber");
    assert_eq!(world.delete("/bucket/key").await.status, 204);
}

fn object(bucket: &Bucket) -> Object {
    Object {
        size: 0,
        etag: "d41d8cd98f00b204e9800998ecf8427e".into(),
        modified: bucket.created,
        data: Data::Nothing,
        owner: bucket.owner.clone(),
        account: bucket.account.clone(),
        checksum: None,
        meta: Default::default(),
        acl: None,
        encryption: None,
        version: None,
        lock: Default::default(),
        tags: Default::default(),
        class: Default::default(),
        restored_until: None,
        whole: false,
    }
}

/// A bucket of a hundred folders with so many keys in each, put straight into the index.
async fn fill(root: &Path, name: &'static str, each: usize) {
    let store = store::Store::open_logged(&root.join("store"), 16 << 20).unwrap();
    let bucket = Bucket::new(ADMIN.canonical, ADMIN.account, Timestamp::now());
    for folders in (0..100).collect::<Vec<usize>>().chunks(10) {
        let (folders, bucket) = (folders.to_vec(), bucket.clone());
        store
            .transact(move |tx| {
                tx.put(&BUCKETS, &name.to_owned(), &bucket)?;
                let object = object(&bucket);
                for folder in &folders {
                    for key in 0..each {
                        tx.put(&OBJECTS, &(name.to_owned(), format!("d{folder:02}/k{key:06}")), &object)?;
                    }
                }
                Ok::<_, store::Error>(())
            })
            .await
            .unwrap();
    }
}

/// The quickest of some tries: what else the machine does must not count.
async fn quickest(world: &World, path: &str) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..7 {
        let begun = Instant::now();
        world.get(path).await.fine();
        best = best.min(begun.elapsed());
    }
    best
}

async fn pages(world: &World, bucket: &str, query: &str, element: &str) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/{bucket}?list-type=2&{query}{token}")).await.fine();
        found.extend(page.elements(element));
        if page.element("IsTruncated") == "false" {
            return found;
        }
        let next = page.element("NextContinuationToken").replace('+', "%2B").replace('/', "%2F");
        token = format!("&continuation-token={}", next.replace('=', "%3D"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_keys_are_listed_as_fast_as_ten_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let root = support::context(dir.path()).data_dir();
    std::fs::create_dir_all(&root).unwrap();
    fill(&root, "few", 100).await;
    fill(&root, "many", 1000).await;
    let world = World::at(dir.path()).await;
    let keys = pages(&world, "many", "", "Key").await;
    assert_eq!(keys.len(), 100_000);
    assert!(keys.is_sorted() && keys[99_999] == "d99/k000999");
    let folders: Vec<String> = (0..100).map(|folder| format!("d{folder:02}/")).collect();
    for (bucket, each) in [("few", 100), ("many", 1000)] {
        assert_eq!(pages(&world, bucket, "delimiter=/&max-keys=7", "CommonPrefixes").await.len(), 100);
        assert_eq!(pages(&world, bucket, "delimiter=/&prefix=d42/", "Key").await.len(), each);
        let all = world.get(&format!("/{bucket}?list-type=2&delimiter=/")).await.fine();
        assert_eq!(all.elements("Prefix")[1..], folders);
    }
    for query in [
        "list-type=2&start-after=d50/",
        "list-type=2&delimiter=/",
        "list-type=2&delimiter=/&start-after=d30/k&max-keys=50",
        "versions&delimiter=/",
        "marker=d70/k000050",
    ] {
        let few = quickest(&world, &format!("/few?{query}")).await;
        let many = quickest(&world, &format!("/many?{query}")).await;
        let most = few * 3 + Duration::from_millis(20);
        assert!(
            many < most,
            "{query}: {many:?} for ten times as many keys, {few:?} for as many as there were"
        );
    }
}
