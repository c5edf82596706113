//! Random sequences of operations, with restarts in between, against a map in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use support::World;
use support::identity::ADMIN;

const KEYS: [&str; 7] = ["a", "a/b", "a/c", "b", "b//", "z/y/x", "ä"];
const SIZES: [usize; 7] = [0, 1, 500, 16 << 10, (16 << 10) + 1, 70_000, 600_000];

#[derive(Clone, Debug)]
enum Step {
    Put {
        key: usize,
        size: usize,
        seed: u8,
    },
    Copy {
        from: usize,
        to: usize,
    },
    Delete {
        key: usize,
    },
    DeleteMany {
        keys: Vec<usize>,
    },
    /// The sizes of the parts behind a first one of 5 MiB, if there is more than one.
    Multipart {
        key: usize,
        parts: usize,
        seed: u8,
    },
    Abandon {
        key: usize,
        size: usize,
    },
    Range {
        key: usize,
        first: u64,
        length: u64,
    },
    List {
        prefix: &'static str,
        delimiter: bool,
        page: usize,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    let size = || proptest::sample::select(SIZES.to_vec());
    prop_oneof![
        6 => (key(), size(), any::<u8>()).prop_map(|(key, size, seed)| Step::Put { key, size, seed }),
        4 => (key(), key()).prop_map(|(from, to)| Step::Copy { from, to }),
        2 => key().prop_map(|key| Step::Delete { key }),
        1 => proptest::collection::vec(key(), 1..4).prop_map(|keys| Step::DeleteMany { keys }),
        2 => (key(), 1usize..3, any::<u8>()).prop_map(|(key, parts, seed)| Step::Multipart { key, parts, seed }),
        1 => (key(), size()).prop_map(|(key, size)| Step::Abandon { key, size }),
        3 => (key(), 0u64..80_000, 1u64..6_000_000).prop_map(|(key, first, length)| Step::Range { key, first, length }),
        2 => (proptest::sample::select(vec!["", "a", "a/", "b/"]), any::<bool>(), 1usize..4)
            .prop_map(|(prefix, delimiter, page)| Step::List { prefix, delimiter, page }),
        1 => Just(Step::Restart),
    ]
}

fn content(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed).collect()
}

fn path(key: &str) -> String {
    format!("/bucket/{}", key.replace('ä', "%C3%A4"))
}

type Model = BTreeMap<&'static str, Vec<u8>>;

async fn run(steps: &[Step]) {
    let mut world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let mut model = Model::new();
    for step in steps {
        if let Step::Restart = step {
            let dir = world.stop().await.unwrap();
            world = World::at(dir.path()).await;
            world.keep(dir);
        } else {
            take(&world, &mut model, step).await;
        }
    }
    for (key, expected) in &model {
        assert_eq!(world.get(&path(key)).await.fine().body, *expected, "{key}");
    }
    for key in model.keys() {
        world.delete(&path(key)).await;
    }
    world.files_become(0).await;
    assert_eq!(world.delete("/bucket").await.status, 204);
}

async fn take(world: &World, model: &mut Model, step: &Step) {
    match step {
        Step::Put { key, size, seed } => {
            let body = content(*size, *seed);
            world.put(&path(KEYS[*key]), &body).await.fine();
            model.insert(KEYS[*key], body);
        }
        Step::Copy { from, to } => copy(world, model, KEYS[*from], KEYS[*to]).await,
        Step::Delete { key } => {
            assert_eq!(world.delete(&path(KEYS[*key])).await.status, 204);
            model.remove(KEYS[*key]);
        }
        Step::DeleteMany { keys } => {
            let objects: String =
                keys.iter().map(|k| format!("<Object><Key>{}</Key></Object>", KEYS[*k])).collect();
            world.post("/bucket?delete", format!("<Delete>{objects}</Delete>").as_bytes()).await.fine();
            keys.iter().for_each(|key| drop(model.remove(KEYS[*key])));
        }
        Step::Multipart { key, parts, seed } => multipart(world, model, KEYS[*key], *parts, *seed).await,
        Step::Abandon { key, size } => {
            let id =
                world.post(&format!("{}?uploads", path(KEYS[*key])), b"").await.fine().element("UploadId");
            let part = format!("{}?partNumber=3&uploadId={id}", path(KEYS[*key]));
            world.put(&part, &content(*size, 1)).await.fine();
            let abort = format!("{}?uploadId={id}", path(KEYS[*key]));
            assert_eq!(world.delete(&abort).await.status, 204);
        }
        Step::Range { key, first, length } => range(world, model, KEYS[*key], *first, *length).await,
        Step::List { prefix, delimiter, page } => list(world, model, prefix, *delimiter, *page).await,
        Step::Restart => {}
    }
}

async fn copy(world: &World, model: &mut Model, from: &'static str, to: &'static str) {
    let headers = [("x-amz-copy-source", &path(from)[1..]), ("x-amz-metadata-directive", "REPLACE")];
    let reply = world.call(Some(&ADMIN), "PUT", &path(to), &headers, b"").await;
    match model.get(from).cloned() {
        Some(body) => {
            reply.fine();
            model.insert(to, body);
        }
        None => reply.refused(404, "NoSuchKey"),
    }
}

async fn multipart(world: &World, model: &mut Model, key: &'static str, parts: usize, seed: u8) {
    let id = world.post(&format!("{}?uploads", path(key)), b"").await.fine().element("UploadId");
    let (mut whole, mut listed) = (Vec::new(), String::new());
    for number in 1..=parts {
        let size = if number < parts { 5 << 20 } else { 40_000 * usize::from(seed % 2) + 1 };
        let body = content(size, seed.wrapping_add(number as u8));
        let part = format!("{}?partNumber={number}&uploadId={id}", path(key));
        let etag = world.put(&part, &body).await.fine().header("etag").to_owned();
        whole.extend(body);
        listed += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    let body = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    world.post(&format!("{}?uploadId={id}", path(key)), body.as_bytes()).await.fine();
    model.insert(key, whole);
}

async fn range(world: &World, model: &Model, key: &str, first: u64, length: u64) {
    let headers = [("range", &*format!("bytes={first}-{}", first + length - 1))];
    let reply = world.call(Some(&ADMIN), "GET", &path(key), &headers, b"").await;
    match model.get(key) {
        None => reply.refused(404, "NoSuchKey"),
        Some(body) if first >= body.len() as u64 => reply.refused(416, "InvalidRange"),
        Some(body) => {
            let end = (first + length).min(body.len() as u64) as usize;
            assert_eq!(reply.fine().body, body[first as usize..end]);
        }
    }
}

async fn list(world: &World, model: &Model, prefix: &str, delimiter: bool, page: usize) {
    let fold = |key: &str| match key[prefix.len()..].find('/') {
        Some(at) if delimiter => key[..prefix.len() + at + 1].to_owned(),
        _ => key.to_owned(),
    };
    let expected: BTreeSet<String> =
        model.keys().filter(|key| key.starts_with(prefix)).map(|key| fold(key)).collect();
    let mut found = BTreeSet::new();
    let mut token = String::new();
    loop {
        let by = if delimiter { "&delimiter=%2F" } else { "" };
        let query =
            format!("/bucket?list-type=2&max-keys={page}&prefix={}{by}{token}", prefix.replace('/', "%2F"));
        let reply = world.get(&query).await.fine();
        let folded = reply.elements("CommonPrefixes");
        let folded: Vec<String> =
            folded.iter().map(|inner| inner.replace("<Prefix>", "").replace("</Prefix>", "")).collect();
        let keys = reply.elements("Key");
        assert!(keys.len() + folded.len() <= page);
        found.extend(keys);
        found.extend(folded);
        if reply.element("IsTruncated") == "false" {
            break;
        }
        token = format!("&continuation-token={}", reply.element("NextContinuationToken"));
    }
    assert_eq!(found, expected);
}

#[test]
fn any_sequence_of_operations_leaves_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Cases { cases: 12, failure_persistence: None, ..Cases::default() });
    runner
        .run(&proptest::collection::vec(step(), 1..30), |steps| {
            runtime.block_on(run(&steps));
            Ok(())
        })
        .unwrap();
}
