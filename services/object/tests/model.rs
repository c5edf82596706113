//! Random sequences of operations, with versions and restarts in between, against a map in memory; in turn with each way
//! to encrypt objects. What was uploaded in parts is told apart from what was put or copied.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest as _, Md5};
use object::domain::checksum::{Algorithm, Running};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use support::{Reply, Sealed, World};

/// So many sequences for each way to encrypt, unless the environment says otherwise (`PROPTEST_CASES`).
const CASES: u32 = 5;
const KEYS: [&str; 7] = ["a", "a/b", "a/c", "b", "b//", "z/y/x", "ä"];
const SIZES: [usize; 7] = [0, 1, 500, 16 << 10, (16 << 10) + 1, 70_000, 600_000];

#[derive(Clone, Debug)]
enum Step {
    Put {
        key: usize,
        size: usize,
        seed: u8,
    },
    /// A copy of the version that a key has, the current one first, with the checksum asked for.
    Copy {
        from: usize,
        nth: usize,
        to: usize,
        sum: Option<Algorithm>,
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
        begun: Begun,
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
    ListVersions {
        prefix: &'static str,
        delimiter: bool,
        page: usize,
    },
    /// Get, or delete, one of the versions that a key has.
    GetVersion {
        key: usize,
        nth: usize,
    },
    DeleteVersion {
        key: usize,
        nth: usize,
    },
    Versioning {
        on: bool,
    },
    Restart,
}

/// The checksum that an upload is begun with: none, one of the whole, or one of the parts' checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    Bare,
    Whole,
    Composite,
}

impl Begun {
    fn sum(self) -> Algorithm {
        match self {
            Begun::Bare => Algorithm::Crc64Nvme,
            Begun::Whole => Algorithm::Crc32c,
            Begun::Composite => Algorithm::Sha256,
        }
    }

    fn headers(self) -> Vec<(String, String)> {
        let kind = match self {
            Begun::Bare => return vec![],
            Begun::Whole => "FULL_OBJECT",
            Begun::Composite => "COMPOSITE",
        };
        vec![
            ("x-amz-checksum-algorithm".into(), self.sum().as_str().into()),
            ("x-amz-checksum-type".into(), kind.into()),
        ]
    }
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    let size = || proptest::sample::select(SIZES.to_vec());
    prop_oneof![
        6 => (key(), size(), any::<u8>()).prop_map(|(key, size, seed)| Step::Put { key, size, seed }),
        5 => (key(), 0usize..3, key(), proptest::option::of(proptest::sample::select(Algorithm::ALL.to_vec())))
            .prop_map(|(from, nth, to, sum)| Step::Copy { from, nth, to, sum }),
        2 => key().prop_map(|key| Step::Delete { key }),
        1 => proptest::collection::vec(key(), 1..4).prop_map(|keys| Step::DeleteMany { keys }),
        3 => (key(), 1usize..3, any::<u8>(),
                proptest::sample::select(vec![Begun::Bare, Begun::Whole, Begun::Composite]))
            .prop_map(|(key, parts, seed, begun)| Step::Multipart { key, parts, seed, begun }),
        1 => (key(), size()).prop_map(|(key, size)| Step::Abandon { key, size }),
        3 => (key(), 0u64..80_000, 1u64..6_000_000).prop_map(|(key, first, length)| Step::Range { key, first, length }),
        2 => (proptest::sample::select(vec!["", "a", "a/", "b/"]), any::<bool>(), 1usize..4)
            .prop_map(|(prefix, delimiter, page)| Step::List { prefix, delimiter, page }),
        2 => (proptest::sample::select(vec!["", "a", "a/", "b/"]), any::<bool>(), 1usize..4)
            .prop_map(|(prefix, delimiter, page)| Step::ListVersions { prefix, delimiter, page }),
        2 => (key(), any::<usize>()).prop_map(|(key, nth)| Step::GetVersion { key, nth }),
        3 => (key(), any::<usize>()).prop_map(|(key, nth)| Step::DeleteVersion { key, nth }),
        2 => any::<bool>().prop_map(|on| Step::Versioning { on }),
        1 => Just(Step::Restart),
    ]
}

fn content(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed).collect()
}

fn path(key: &str) -> String {
    format!("/bucket/{}", key.replace('ä', "%C3%A4"))
}

/// A version as it must be: its id, and what it holds unless it is a delete marker.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    id: String,
    content: Option<Content>,
}

/// What an object holds, and how it is told.
#[derive(Clone, Debug, PartialEq)]
struct Content {
    body: Vec<u8>,
    /// Of an object uploaded in parts; none of others.
    parts: usize,
    sum: Algorithm,
    composite: bool,
}

impl Content {
    fn put(body: Vec<u8>) -> Self {
        Content { body, parts: 0, sum: Algorithm::Crc64Nvme, composite: false }
    }
}

fn digest(algorithm: Algorithm, body: &[u8]) -> String {
    let mut running = Running::new(algorithm);
    running.update(body);
    running.finish().base64()
}

#[derive(Default)]
struct Model {
    /// Enabled, suspended, or never mentioned.
    versioning: Option<bool>,
    /// Newest last.
    keys: BTreeMap<&'static str, Vec<Kept>>,
    /// How all objects are encrypted.
    sealed: Sealed,
}

impl Model {
    fn current(&self, key: &str) -> Option<&Content> {
        self.keys.get(key)?.last()?.content.as_ref()
    }

    fn objects(&self) -> impl Iterator<Item = (&'static str, &Content)> {
        self.keys.iter().filter_map(|(key, kept)| Some((*key, kept.last()?.content.as_ref()?)))
    }

    /// What a reply to a write must say, and what it makes.
    fn write(&mut self, key: &'static str, content: Option<Content>, reply: &Reply) {
        let id = match self.versioning {
            Some(true) => reply.header("x-amz-version-id").to_owned(),
            _ => "null".to_owned(),
        };
        assert!(self.versioning != Some(true) || id.len() == 32, "{id}");
        self.says(reply, &id, content.is_none());
        self.add(key, content, id);
    }

    fn add(&mut self, key: &'static str, content: Option<Content>, id: String) {
        let kept = self.keys.entry(key).or_default();
        kept.retain(|version| version.id != id);
        if content.is_some() || self.versioning.is_some() {
            kept.push(Kept { id, content });
        }
    }

    fn says(&self, reply: &Reply, id: &str, marker: bool) {
        let version = if self.versioning.is_some() { id } else { "" };
        assert_eq!(reply.header("x-amz-version-id"), version);
        assert_eq!(reply.header("x-amz-delete-marker") == "true", marker && self.versioning.is_some());
    }

    fn nth(&self, key: &str, nth: usize) -> Option<Kept> {
        let kept = self.keys.get(key).filter(|kept| !kept.is_empty())?;
        Some(kept[nth % kept.len()].clone())
    }
}

async fn run(sealed: Sealed, steps: &[Step]) {
    let mut world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let mut model = Model { sealed, ..Model::default() };
    for step in steps {
        if let Step::Restart = step {
            let dir = world.stop().await.unwrap();
            world = World::at(dir.path()).await;
            world.keep(dir);
        } else {
            take(&world, &mut model, step).await;
        }
    }
    for (key, expected) in model.objects() {
        is_told(&world, sealed, &path(key), expected).await;
    }
    list_versions(&world, &model, "", false, 1000).await;
    let left: Vec<(&str, Kept)> =
        model.keys.iter().flat_map(|(key, kept)| kept.iter().map(|one| (*key, one.clone()))).collect();
    if !left.is_empty() {
        world.delete("/bucket").await.refused(409, "BucketNotEmpty");
    }
    for (key, version) in left {
        assert_eq!(world.delete(&format!("{}?versionId={}", path(key), version.id)).await.status, 204);
    }
    world.files_become(0).await;
    assert_eq!(world.delete("/bucket").await.status, 204);
    // what goes on in its background has hundreds of directories open
    world.stop().await;
}

async fn take(world: &World, model: &mut Model, step: &Step) {
    match step {
        Step::Put { key, size, seed } => {
            let body = content(*size, *seed);
            let reply = world.put_sealed(model.sealed, &path(KEYS[*key]), &body).await.fine();
            model.write(KEYS[*key], Some(Content::put(body)), &reply);
        }
        Step::Copy { from, nth, to, sum } => copy(world, model, (KEYS[*from], *nth), KEYS[*to], *sum).await,
        Step::Delete { key } => {
            let reply = world.delete(&path(KEYS[*key])).await;
            assert_eq!(reply.status, 204);
            model.write(KEYS[*key], None, &reply);
        }
        Step::DeleteMany { keys } => delete_many(world, model, keys).await,
        Step::Multipart { key, parts, seed, begun } => {
            multipart(world, model, KEYS[*key], *parts, *seed, *begun).await;
        }
        Step::Abandon { key, size } => {
            let id = begin(world, model, KEYS[*key], Begun::Bare).await;
            let part = format!("{}?partNumber=3&uploadId={id}", path(KEYS[*key]));
            world.ask("PUT", &part, &model.sealed.reading(), &content(*size, 1)).await.fine();
            let abort = format!("{}?uploadId={id}", path(KEYS[*key]));
            assert_eq!(world.delete(&abort).await.status, 204);
        }
        Step::Range { key, first, length } => range(world, model, KEYS[*key], *first, *length).await,
        Step::List { prefix, delimiter, page } => list(world, model, prefix, *delimiter, *page).await,
        Step::ListVersions { prefix, delimiter, page } => {
            list_versions(world, model, prefix, *delimiter, *page).await;
        }
        Step::GetVersion { key, nth } => get_version(world, model, KEYS[*key], *nth).await,
        Step::DeleteVersion { key, nth } => delete_version(world, model, KEYS[*key], *nth).await,
        Step::Versioning { on } => {
            let status = if *on { "Enabled" } else { "Suspended" };
            let body =
                format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
            world.put("/bucket?versioning", body.as_bytes()).await.fine();
            assert_eq!(world.get("/bucket?versioning").await.fine().element("Status"), status);
            model.versioning = Some(*on);
        }
        Step::Restart => {}
    }
}

async fn copy(
    world: &World,
    model: &mut Model,
    (from, nth): (&'static str, usize),
    to: &'static str,
    sum: Option<Algorithm>,
) {
    let mut headers = [model.sealed.writing(), model.sealed.copying()].concat();
    let version = model.keys.get(from).and_then(|kept| kept.iter().rev().nth(nth)).filter(|_| nth > 0);
    let source = match version {
        Some(version) => format!("{}?versionId={}", &path(from)[1..], version.id),
        None => path(from)[1..].to_owned(),
    };
    headers.push(("x-amz-copy-source".into(), source));
    headers.push(("x-amz-metadata-directive".into(), "REPLACE".into()));
    headers.extend(sum.map(|sum| ("x-amz-checksum-algorithm".into(), sum.as_str().into())));
    let content = match version {
        Some(version) => version.content.clone(),
        None => model.current(from).cloned(),
    };
    let (named, reply) = (version.is_some(), world.ask("PUT", &path(to), &headers, b"").await);
    match content {
        Some(Content { body, sum: kept, .. }) => {
            let (reply, sum) = (reply.fine(), sum.unwrap_or(kept));
            assert_eq!(reply.element(&format!("Checksum{}", sum.as_str())), digest(sum, &body));
            model.write(to, Some(Content { sum, ..Content::put(body) }), &reply);
        }
        None if named => reply.refused(400, "InvalidRequest"),
        None => reply.refused(404, "NoSuchKey"),
    }
}

async fn delete_many(world: &World, model: &mut Model, keys: &[usize]) {
    let objects: String = keys.iter().map(|k| format!("<Object><Key>{}</Key></Object>", KEYS[*k])).collect();
    let reply = world.post("/bucket?delete", format!("<Delete>{objects}</Delete>").as_bytes()).await.fine();
    assert_eq!(reply.elements("Key").len(), keys.len(), "{}", reply.text());
    let markers = reply.elements("DeleteMarkerVersionId");
    assert_eq!(markers.len(), if model.versioning.is_some() { keys.len() } else { 0 });
    for (at, key) in keys.iter().enumerate() {
        model.add(KEYS[*key], None, markers.get(at).cloned().unwrap_or_else(|| "null".into()));
    }
}

async fn get_version(world: &World, model: &Model, key: &str, nth: usize) {
    let Some(version) = model.nth(key, nth) else {
        let nobody = format!("{}?versionId={:032x}", path(key), nth);
        return world.get(&nobody).await.refused(404, "NoSuchVersion");
    };
    let reply = world.get_sealed(model.sealed, &format!("{}?versionId={}", path(key), version.id)).await;
    model.says(&reply, &version.id, version.content.is_none());
    match version.content {
        Some(content) => {
            assert_eq!(reply.fine().body, content.body);
            let path = format!("{}?versionId={}", path(key), version.id);
            is_told(world, model.sealed, &path, &content).await;
        }
        None => reply.refused(405, "MethodNotAllowed"),
    }
}

async fn delete_version(world: &World, model: &mut Model, key: &'static str, nth: usize) {
    let Some(version) = model.nth(key, nth) else { return };
    let reply = world.delete(&format!("{}?versionId={}", path(key), version.id)).await;
    assert_eq!(reply.status, 204);
    model.says(&reply, &version.id, version.content.is_none());
    model.keys.entry(key).or_default().retain(|kept| kept.id != version.id);
    // once more changes nothing
    assert_eq!(world.delete(&format!("{}?versionId={}", path(key), version.id)).await.status, 204);
}

async fn begin(world: &World, model: &Model, key: &str, begun: Begun) -> String {
    let headers = [model.sealed.writing(), begun.headers()].concat();
    let reply = world.ask("POST", &format!("{}?uploads", path(key)), &headers, b"").await;
    reply.fine().element("UploadId")
}

async fn multipart(
    world: &World,
    model: &mut Model,
    key: &'static str,
    parts: usize,
    seed: u8,
    begun: Begun,
) {
    let (id, composite) = (begin(world, model, key, begun).await, begun == Begun::Composite);
    let (mut whole, mut listed) = (Vec::new(), String::new());
    for number in 1..=parts {
        let size = if number < parts { 5 << 20 } else { 40_000 * usize::from(seed % 2) + 1 };
        let body = content(size, seed.wrapping_add(number as u8));
        let part = format!("{}?partNumber={number}&uploadId={id}", path(key));
        let (mut headers, sum) = (model.sealed.reading(), digest(begun.sum(), &body));
        if composite {
            world.ask("PUT", &part, &headers, &body).await.refused(400, "InvalidRequest");
            headers.push((begun.sum().header().into(), sum.clone()));
        }
        let reply = world.ask("PUT", &part, &headers, &body).await;
        let etag = reply.fine().header("etag").to_owned();
        whole.extend(body);
        let sum = if composite { format!("<ChecksumSHA256>{sum}</ChecksumSHA256>") } else { String::new() };
        listed += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{sum}</Part>");
    }
    let body = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
    let complete = format!("{}?uploadId={id}", path(key));
    let reply = world.ask("POST", &complete, &model.sealed.reading(), body.as_bytes()).await.fine();
    model.write(key, Some(Content { body: whole, parts, sum: begun.sum(), composite }), &reply);
}

/// Holds what is told of an object to what it holds.
async fn is_told(world: &World, sealed: Sealed, path: &str, content: &Content) {
    let mut headers = sealed.reading();
    headers.push(("x-amz-checksum-mode".into(), "ENABLED".into()));
    let got = world.ask("GET", path, &headers, b"").await.fine();
    assert_eq!(got.body, content.body, "{path}");
    let told = got.header(content.sum.header());
    let kind = if content.composite { "COMPOSITE" } else { "FULL_OBJECT" };
    assert_eq!(got.header("x-amz-checksum-type"), kind, "{path}");
    match content.composite {
        true => assert!(told.ends_with(&format!("-{}", content.parts)), "{path}: {told}"),
        false => assert_eq!(told, digest(content.sum, &content.body), "{path}"),
    }
    let etag = got.header("etag");
    let md5 = format!("\"{}\"", auth::sigv4::hex(&Md5::digest(&content.body)));
    match (content.parts, sealed) {
        (0, Sealed::Not | Sealed::S3) => assert_eq!(etag, md5, "{path}"),
        (0, Sealed::Kms | Sealed::Customer) => assert!(etag != md5 && !etag.contains('-'), "{path}: {etag}"),
        (parts, _) => assert!(etag.ends_with(&format!("-{parts}\"")), "{path}: {etag}"),
    }
    let by = if path.contains('?') { '&' } else { '?' };
    let first = world.ask("HEAD", &format!("{path}{by}partNumber=1"), &headers, b"").await.fine();
    let parts = if content.parts > 0 { content.parts.to_string() } else { String::new() };
    assert_eq!(first.header("x-amz-mp-parts-count"), parts, "{path}");
}

async fn range(world: &World, model: &Model, key: &str, first: u64, length: u64) {
    let mut headers = model.sealed.reading();
    headers.push(("range".into(), format!("bytes={first}-{}", first + length - 1)));
    let reply = world.ask("GET", &path(key), &headers, b"").await;
    match model.current(key) {
        None => reply.refused(404, "NoSuchKey"),
        Some(Content { body, .. }) if first >= body.len() as u64 => reply.refused(416, "InvalidRange"),
        Some(Content { body, .. }) => {
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
        model.objects().map(|(key, _)| key).filter(|key| key.starts_with(prefix)).map(fold).collect();
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

/// A page's rows: key, version id, whether it is the latest, whether it is a delete marker.
type Rows = BTreeSet<(String, String, bool, bool)>;

async fn list_versions(world: &World, model: &Model, prefix: &str, delimiter: bool, page: usize) {
    let folded = |key: &str| match key[prefix.len()..].find('/') {
        Some(at) if delimiter => Some(key[..prefix.len() + at + 1].to_owned()),
        _ => None,
    };
    let (mut expected, mut prefixes) = (Rows::new(), BTreeSet::new());
    for (key, kept) in model.keys.iter().filter(|(key, _)| key.starts_with(prefix)) {
        for (at, version) in kept.iter().enumerate() {
            match folded(key) {
                Some(folded) => drop(prefixes.insert(folded)),
                None => drop(expected.insert((
                    (*key).to_owned(),
                    version.id.clone(),
                    at + 1 == kept.len(),
                    version.content.is_none(),
                ))),
            }
        }
    }
    let (mut found, mut count, mut markers) = (Rows::new(), 0, String::new());
    let mut found_prefixes = BTreeSet::new();
    loop {
        let by = if delimiter { "&delimiter=%2F" } else { "" };
        let prefix = prefix.replace('/', "%2F");
        let query = format!("/bucket?versions&max-keys={page}&prefix={prefix}{by}{markers}");
        let reply = world.get(&query).await.fine();
        let mut on_page = 0;
        for (name, is_marker) in [("Version", false), ("DeleteMarker", true)] {
            for row in reply.elements(name) {
                let of = |name: &str| {
                    let inner = row.split(&format!("<{name}>")).nth(1).unwrap();
                    inner.split('<').next().unwrap().to_owned()
                };
                found.insert((of("Key"), of("VersionId"), of("IsLatest") == "true", is_marker));
                on_page += 1;
            }
        }
        count += on_page;
        let inner = reply.elements("CommonPrefixes");
        on_page += inner.len();
        found_prefixes
            .extend(inner.iter().map(|inner| inner.replace("<Prefix>", "").replace("</Prefix>", "")));
        assert!(on_page <= page);
        if reply.element("IsTruncated") == "false" {
            break;
        }
        assert_eq!(on_page, page);
        let key = reply.element("NextKeyMarker").replace('/', "%2F").replace('ä', "%C3%A4");
        markers = format!("&key-marker={key}&version-id-marker={}", reply.element("NextVersionIdMarker"));
    }
    assert_eq!((found, found_prefixes), (expected, prefixes));
    assert_eq!(
        count,
        model
            .keys
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && folded(key).is_none())
            .map(|(_, kept)| kept.len())
            .sum::<usize>()
    );
}

#[test]
fn any_sequence_of_operations_leaves_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    for sealed in Sealed::ALL {
        let mut runner = TestRunner::new(Cases { cases, failure_persistence: None, ..Cases::default() });
        runner
            .run(&proptest::collection::vec(step(), 1..30), |steps| {
                runtime.block_on(run(sealed, &steps));
                Ok(())
            })
            .unwrap();
    }
}
