//! Server-side encryption through the dispatcher: what comes back, what is refused, and what lies on disk.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use support::identity::{ADMIN, READER};
use support::{Reply, World};

const TLS: (&str, &str) = ("x-murus-secure", "true");
const SSE: &str = "x-amz-server-side-encryption";

/// Content in which a needle would be found.
fn content(size: usize) -> Vec<u8> {
    b"plain needle in the hay ".iter().copied().cycle().take(size).collect()
}

async fn send(world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    world.call(Some(&ADMIN), method, path, headers, body).await
}

fn holds(path: &Path, needle: &[u8]) -> bool {
    if path.is_dir() {
        return std::fs::read_dir(path).unwrap().any(|entry| holds(&entry.unwrap().path(), needle));
    }
    let bytes = std::fs::read(path).unwrap();
    // a text search is quick where a comparison at every byte is not, in a test's build
    String::from_utf8_lossy(&bytes).contains(std::str::from_utf8(needle).unwrap())
}

/// Whether any file of the service holds the plain content.
fn is_on_disk(world: &World) -> bool {
    holds(world.data.parent().unwrap(), b"needle in the hay plain needle")
}

fn customer(key: u8) -> [(String, String); 3] {
    let prefix = "x-amz-server-side-encryption-customer";
    [
        (format!("{prefix}-algorithm"), "AES256".into()),
        (format!("{prefix}-key"), STANDARD.encode([key; 32])),
        (format!("{prefix}-key-md5"), STANDARD.encode(Md5::digest([key; 32]))),
    ]
}

fn over_tls(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([TLS]).collect()
}

#[tokio::test]
async fn every_method_gives_back_what_was_put_and_keeps_no_plain_text() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let key = customer(1);
    let methods: [(&str, Vec<(&str, &str)>); 3] = [
        ("AES256", vec![(SSE, "AES256"), TLS]),
        ("aws:kms", vec![(SSE, "aws:kms"), TLS]),
        ("", over_tls(&key)),
    ];
    for (name, headers) in &methods {
        let reading: &[(&str, &str)] = if name.is_empty() { headers } else { &[TLS] };
        for size in [0usize, 1, 16 << 10, (64 << 10) + 1, 300_000] {
            let plain = content(size);
            let put = send(&world, "PUT", "/bucket/key", headers, &plain).await.fine();
            assert_eq!(put.header(SSE), *name);
            let got = send(&world, "GET", "/bucket/key", reading, b"").await.fine();
            assert_eq!(got.body, plain, "{name} {size}");
            assert_eq!((got.header(SSE), got.header("etag")), (*name, put.header("etag")));
            let md5 = format!("\"{}\"", auth::sigv4::hex(&Md5::digest(&plain)));
            assert_eq!(put.header("etag") == md5, *name == "AES256", "{name}: an ETag that tells");
            let head = send(&world, "HEAD", "/bucket/key", reading, b"").await.fine();
            assert_eq!(head.header("content-length"), size.to_string());
        }
        let plain = content(300_000);
        for (range, first, last) in
            [("bytes=0-0", 0, 0), ("bytes=65530-65545", 65_530, 65_545), ("bytes=-7", 299_993, 299_999)]
        {
            let headers: Vec<_> = reading.iter().copied().chain([("range", range)]).collect();
            let got = send(&world, "GET", "/bucket/key", &headers, b"").await;
            assert_eq!((got.status.as_u16(), &got.body[..]), (206, &plain[first..=last]), "{name} {range}");
        }
        assert!(!is_on_disk(&world), "{name}");
    }
    world.put("/bucket/plain", &content(300_000)).await.fine();
    assert!(is_on_disk(&world), "the search finds what is there");
}

#[tokio::test]
async fn parts_are_encrypted_under_the_upload() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let key = customer(1);
    for (name, begin, part) in [
        ("AES256", vec![(SSE, "AES256"), TLS], vec![TLS]),
        (
            "aws:kms",
            vec![(SSE, "aws:kms"), ("x-amz-server-side-encryption-bucket-key-enabled", "true"), TLS],
            vec![TLS],
        ),
        ("", over_tls(&key), over_tls(&key)),
    ] {
        let id = send(&world, "POST", "/bucket/parts?uploads", &begin, b"").await.fine().element("UploadId");
        let (one, two) = (content(5 << 20), content(70_000));
        let mut list = String::new();
        for (number, body) in [(1, &one), (2, &two)] {
            let path = format!("/bucket/parts?partNumber={number}&uploadId={id}");
            let etag = send(&world, "PUT", &path, &part, body).await.fine().header("etag").to_owned();
            list.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        }
        let body = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        let done = send(&world, "POST", &format!("/bucket/parts?uploadId={id}"), &part, body.as_bytes())
            .await
            .fine();
        assert_eq!(done.header(SSE), name);
        let whole = [one, two].concat();
        assert_eq!(send(&world, "GET", "/bucket/parts", &part, b"").await.fine().body, whole);
        let headers: Vec<_> = part.iter().copied().chain([("range", "bytes=5242870-5242890")]).collect();
        let got = send(&world, "GET", "/bucket/parts", &headers, b"").await.fine();
        assert_eq!(got.body, whole[5_242_870..=5_242_890], "over the edge of two parts");
        assert!(!is_on_disk(&world), "{name}");
    }
}

#[tokio::test]
async fn copies_go_between_all_encryptions() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let (one, two) = (customer(1), customer(2));
    let plain = content(100_000);
    let md5 = format!("\"{}\"", auth::sigv4::hex(&Md5::digest(&plain)));
    let methods: [(&str, Vec<(&str, &str)>); 4] = [
        ("plain", vec![TLS]),
        ("s3", vec![(SSE, "AES256"), TLS]),
        ("kms", vec![(SSE, "aws:kms"), TLS]),
        ("customer", over_tls(&one)),
    ];
    for (from, put) in &methods {
        send(&world, "PUT", "/bucket/from", put, &plain).await.fine();
        let source: Vec<(String, String)> = one
            .iter()
            .map(|(name, value)| (name.replace("x-amz-", "x-amz-copy-source-"), value.clone()))
            .collect();
        for (to, copy) in &methods {
            let copy: Vec<(&str, &str)> = if *to == "customer" { over_tls(&two) } else { copy.clone() };
            let mut headers = copy.clone();
            headers.push(("x-amz-copy-source", "bucket/from"));
            if *from == "customer" {
                headers.extend(source.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            }
            let copied = send(&world, "PUT", "/bucket/to", &headers, b"").await.fine();
            let reading: &[(&str, &str)] = if *to == "customer" { &copy } else { &[TLS] };
            let got = send(&world, "GET", "/bucket/to", reading, b"").await.fine();
            assert_eq!(got.body, plain, "{from} to {to}");
            let etag = copied.element("ETag").replace("&quot;", "\"");
            assert_eq!(got.header("etag"), etag, "{from} to {to}");
            assert_eq!(etag == md5, ["plain", "s3"].contains(to), "{from} to {to}: {etag}");
        }
    }
}

#[tokio::test]
async fn customer_keys_have_their_rules() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let (right, wrong) = (customer(1), customer(2));
    send(&world, "PUT", "/bucket/key", &over_tls(&right), b"hush").await.fine();
    for method in ["GET", "HEAD"] {
        assert_eq!(send(&world, method, "/bucket/key", &[TLS], b"").await.status, 400, "{method} without");
        assert_eq!(
            send(&world, method, "/bucket/key", &over_tls(&wrong), b"").await.status,
            403,
            "{method} wrong"
        );
    }
    send(&world, "GET", "/bucket/key", &[TLS], b"").await.refused(400, "InvalidRequest");
    send(&world, "GET", "/bucket/key", &over_tls(&wrong), b"").await.refused(403, "AccessDenied");
    let open: Vec<_> = right.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(&world, "GET", "/bucket/key", &open, b"").await.refused(400, "InvalidRequest");
    send(&world, "PUT", "/bucket/other", &open, b"x").await.refused(400, "InvalidRequest");
    for missing in 0..3 {
        let mut some = over_tls(&right);
        some.remove(missing);
        send(&world, "PUT", "/bucket/other", &some, b"x").await.refused(400, "InvalidArgument");
    }
    let mut both = over_tls(&right);
    both.push((SSE, "AES256"));
    send(&world, "PUT", "/bucket/other", &both, b"x").await.refused(400, "InvalidArgument");
    world.put("/bucket/plain", b"x").await.fine();
    send(&world, "GET", "/bucket/plain", &over_tls(&right), b"").await.refused(400, "InvalidRequest");
    send(&world, "GET", "/bucket/other", &[TLS], b"").await.refused(404, "NoSuchKey");
}

#[tokio::test]
async fn kms_decides_for_the_caller_and_the_bucket_has_a_default() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let key = "x-amz-server-side-encryption-aws-kms-key-id";
    let with = |id: &'static str| [(SSE, "aws:kms"), (key, id), TLS];
    send(&world, "PUT", "/bucket/a", &with("alias/none"), b"x").await.refused(400, "KMS.NotFoundException");
    send(&world, "PUT", "/bucket/a", &with("alias/off"), b"x").await.refused(400, "KMS.DisabledException");
    send(&world, "PUT", "/bucket/a", &[(SSE, "AES256"), (key, "x")], b"x")
        .await
        .refused(400, "InvalidArgument");
    send(&world, "PUT", "/bucket/a", &[(SSE, "ROT13")], b"x")
        .await
        .refused(400, "InvalidEncryptionAlgorithmError");
    let put = send(&world, "PUT", "/bucket/a", &with("alias/own"), b"hush").await.fine();
    assert!(put.header(key).ends_with("alias/own"));
    world.call(Some(&READER), "GET", "/bucket/a", &[], b"").await.refused(403, "AccessDenied");
    world.get("/bucket?encryption").await.refused(404, "ServerSideEncryptionConfigurationNotFoundError");
    let rule = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/own</KMSMasterKeyID>\
                </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
                </ServerSideEncryptionConfiguration>";
    send(&world, "PUT", "/bucket?encryption", &[], rule.as_bytes()).await.fine();
    let told = world.get("/bucket?encryption").await.fine();
    assert_eq!(
        (told.element("SSEAlgorithm"), told.element("KMSMasterKeyID")),
        ("aws:kms".into(), "alias/own".into())
    );
    let put = send(&world, "PUT", "/bucket/b", &[], b"hush").await.fine();
    assert_eq!(put.header("x-amz-server-side-encryption-bucket-key-enabled"), "true");
    assert_eq!(world.get("/bucket/b").await.fine().body, "hush");
    assert_eq!(send(&world, "DELETE", "/bucket?encryption", &[], b"").await.status, 204);
    assert_eq!(send(&world, "PUT", "/bucket/c", &[], b"x").await.fine().header(SSE), "");
}
