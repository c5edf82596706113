//! Checksums through the dispatcher: of copies to another algorithm, of parts, and of what is made of parts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use object::domain::checksum::{Algorithm, Running};
use support::identity::ADMIN;
use support::{Reply, Sealed, World};

const MIB: usize = 1 << 20;
const TLS: (&str, &str) = ("x-murus-secure", "true");
const SSE: &str = "x-amz-server-side-encryption";

fn sum(algorithm: Algorithm, content: &[u8]) -> String {
    let mut running = Running::new(algorithm);
    running.update(content);
    running.finish().base64()
}

async fn world() -> World {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world
}

async fn send(world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    world.call(Some(&ADMIN), method, path, headers, body).await
}

/// The upload's id, and the parts as a completion names them. They bring SHA-256 where the upload asks for it.
async fn upload(world: &World, begin: &[(&str, &str)], parts: &[&[u8]]) -> (String, Vec<(String, String)>) {
    let id = send(world, "POST", "/bucket/key?uploads", begin, b"").await.fine().element("UploadId");
    let mut done = Vec::new();
    for (number, content) in (1..).zip(parts) {
        let path = format!("/bucket/key?partNumber={number}&uploadId={id}");
        let digest = sum(Algorithm::Sha256, content);
        let brings = begin.contains(&("x-amz-checksum-algorithm", "SHA256"));
        let headers = if brings { vec![("x-amz-checksum-sha256", digest.as_str())] } else { vec![] };
        let part = send(world, "PUT", &path, &headers, content).await.fine();
        done.push((part.header("etag").to_owned(), digest));
    }
    (id, done)
}

#[tokio::test]
async fn a_part_brings_the_checksum_of_its_upload_unless_that_is_of_the_whole() {
    let world = world().await;
    let begin = |algorithm, kind| [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", kind)];
    let right = sum(Algorithm::Sha256, b"part");
    for (algorithm, kind, sent, outcome) in [
        ("SHA256", "COMPOSITE", None, Some("sha256, actual checksum Type: null")),
        ("SHA1", "COMPOSITE", None, Some("sha1, actual checksum Type: null")),
        ("CRC32", "COMPOSITE", None, Some("crc32, actual checksum Type: null")),
        ("CRC32", "COMPOSITE", Some(&right), Some("crc32, actual checksum Type: sha256")),
        ("CRC32", "FULL_OBJECT", Some(&right), Some("crc32, actual checksum Type: sha256")),
        ("CRC32", "FULL_OBJECT", None, None),
        ("CRC64NVME", "FULL_OBJECT", None, None),
        ("SHA256", "COMPOSITE", Some(&right), None),
    ] {
        let begun = send(&world, "POST", "/bucket/key?uploads", &begin(algorithm, kind), b"").await.fine();
        let path = format!("/bucket/key?partNumber=1&uploadId={}", begun.element("UploadId"));
        let headers: Vec<_> = sent.map(|sum| ("x-amz-checksum-sha256", sum.as_str())).into_iter().collect();
        let reply = send(&world, "PUT", &path, &headers, b"part").await;
        let listed = world.get(&path.replace("partNumber=1&", "")).await.fine();
        match outcome {
            Some(why) => {
                reply.refused(400, "InvalidRequest");
                let message = format!("Checksum Type mismatch occurred, expected checksum Type: {why}");
                assert!(reply.text().contains(&message), "{}", reply.text());
                assert!(listed.elements("Part").is_empty(), "{algorithm} {kind}");
            }
            None => {
                let known = Algorithm::of(algorithm).unwrap();
                assert_eq!(reply.fine().header(known.header()), sum(known, b"part"), "{algorithm} {kind}");
                assert_eq!(listed.elements("Part").len(), 1);
            }
        }
    }
    // a copied part brings nothing: S3 computes its checksum
    world.put("/bucket/source", b"part").await.fine();
    let begun = send(&world, "POST", "/bucket/key?uploads", &begin("SHA256", "COMPOSITE"), b"").await.fine();
    let path = format!("/bucket/key?partNumber=1&uploadId={}", begun.element("UploadId"));
    let copied = send(&world, "PUT", &path, &[("x-amz-copy-source", "bucket/source")], b"").await.fine();
    assert_eq!(copied.element("ChecksumSHA256"), right);
}

fn etag(content: &[u8]) -> String {
    format!("\"{}\"", auth::sigv4::hex(&Md5::digest(content)))
}

/// Holds an object to be one piece with this content, and a checksum of the whole.
async fn is_one_object(world: &World, path: &str, reading: &[(&str, &str)], content: &[u8], by: Algorithm) {
    let mode = ("x-amz-checksum-mode", "ENABLED");
    let with = |more: &[(&'static str, &'static str)]| [reading, more].concat();
    let got = send(world, "GET", path, &with(&[mode]), b"").await.fine();
    assert_eq!(got.body, content, "{path}");
    assert_eq!(got.header(by.header()), sum(by, content), "{path}");
    assert_eq!(got.header("x-amz-checksum-type"), "FULL_OBJECT");
    for method in ["GET", "HEAD"] {
        let first = send(world, method, &format!("{path}?partNumber=1"), &with(&[mode]), b"").await;
        assert_eq!((first.status.as_u16(), first.header("x-amz-mp-parts-count")), (206, ""), "{path}");
        assert_eq!(first.header("content-length"), content.len().to_string());
        let second = send(world, method, &format!("{path}?partNumber=2"), reading, b"").await;
        assert_eq!(second.status, 416, "{path}");
    }
    let tail = send(world, "GET", path, &with(&[("range", "bytes=5242880-"), mode]), b"").await;
    assert_eq!((tail.body.as_ref(), tail.header(by.header())), (&content[5 * MIB..], ""));
    let wanted = ("x-amz-object-attributes", "ETag,Checksum,ObjectParts,ObjectSize");
    let told = send(world, "GET", &format!("{path}?attributes"), &with(&[wanted]), b"").await.fine();
    assert_eq!(told.element(&format!("Checksum{}", by.as_str())), sum(by, content));
    assert!(!told.text().contains("ObjectParts"), "{}", told.text());
}

fn over_tls(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([TLS]).collect()
}

#[tokio::test]
async fn a_copy_of_parts_is_one_object_and_shares_their_content() {
    let world = world().await;
    let whole = [vec![1u8; 5 * MIB], b"tail".repeat(10_000)].concat();
    let (one, two) = whole.split_at(5 * MIB);
    let begin = [("x-amz-checksum-algorithm", "SHA256")];
    let (id, parts) = upload(&world, &begin, &[one, two]).await;
    world.post(&format!("/bucket/key?uploadId={id}"), completion(&parts, 2).as_bytes()).await.fine();
    let source = ("x-amz-copy-source", "bucket/key");
    for (more, by) in [
        (vec![], Algorithm::Sha256),
        (vec![("x-amz-checksum-algorithm", "CRC32C")], Algorithm::Crc32c),
        (vec![("x-amz-checksum-algorithm", "SHA256")], Algorithm::Sha256),
    ] {
        let copied = send(&world, "PUT", "/bucket/copy", &[&[source][..], &more].concat(), b"").await.fine();
        assert_eq!(copied.element("ETag").replace("&quot;", "\""), etag(&whole));
        assert_eq!(copied.element(&format!("Checksum{}", by.as_str())), sum(by, &whole));
        assert_eq!(copied.element("ChecksumType"), "FULL_OBJECT");
        is_one_object(&world, "/bucket/copy", &[], &whole, by).await;
        world.files_become(2).await;
    }
    // the source is what it was
    let head = send(&world, "HEAD", "/bucket/key?partNumber=2", &[], b"").await;
    assert_eq!((head.status.as_u16(), head.header("x-amz-mp-parts-count")), (206, "2"));
    assert!(head.header("etag").ends_with("-2\""));
    // a copy of the copy, a part of it, and the object copied onto itself
    send(&world, "PUT", "/bucket/again", &[("x-amz-copy-source", "bucket/copy")], b"").await.fine();
    is_one_object(&world, "/bucket/again", &[], &whole, Algorithm::Sha256).await;
    let anew = [source, ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-new", "yes")];
    send(&world, "PUT", "/bucket/key", &anew, b"").await.fine();
    is_one_object(&world, "/bucket/key", &[], &whole, Algorithm::Sha256).await;
    assert_eq!(world.get("/bucket/key").await.header("x-amz-meta-new"), "yes");
    for key in ["key", "copy"] {
        assert_eq!(world.delete(&format!("/bucket/{key}")).await.status, 204);
    }
    assert_eq!(world.get("/bucket/again").await.fine().body, whole);
    assert_eq!(world.delete("/bucket/again").await.status, 204);
    world.files_become(0).await;
}

#[tokio::test]
async fn a_copy_of_parts_is_one_object_from_and_to_every_encryption() {
    let world = world().await;
    let whole = [vec![3u8; 5 * MIB], b"tail".repeat(10_000)].concat();
    for from in Sealed::ALL {
        let writing = from.writing();
        let begun = send(&world, "POST", "/bucket/key?uploads", &over_tls(&writing), b"").await.fine();
        let id = begun.element("UploadId");
        let mut listed = String::new();
        for (number, content) in (1..).zip([&whole[..5 * MIB], &whole[5 * MIB..]]) {
            let path = format!("/bucket/key?partNumber={number}&uploadId={id}");
            let part = send(&world, "PUT", &path, &over_tls(&from.reading()), content).await.fine();
            let etag = part.header("etag");
            listed += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        let document = format!("<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>");
        let path = format!("/bucket/key?uploadId={id}");
        send(&world, "POST", &path, &over_tls(&from.reading()), document.as_bytes()).await.fine();
        for to in Sealed::ALL {
            let mut headers = [to.writing(), from.copying()].concat();
            headers.push(("x-amz-copy-source".into(), "bucket/key".into()));
            let copied = send(&world, "PUT", "/bucket/copy", &over_tls(&headers), b"").await.fine();
            let told = copied.element("ETag").replace("&quot;", "\"");
            assert_eq!(told == etag(&whole), matches!(to, Sealed::Not | Sealed::S3), "{from:?} to {to:?}");
            assert_eq!((told.len(), told.contains('-')), (34, false), "{from:?} to {to:?}: {told}");
            let reading = to.reading();
            is_one_object(&world, "/bucket/copy", &over_tls(&reading), &whole, Algorithm::Crc64Nvme).await;
        }
    }
}

fn completion(parts: &[(String, String)], with_sums: usize) -> String {
    let part = |(number, (etag, sum)): (usize, &(String, String))| {
        let sum = if number <= with_sums {
            format!("<ChecksumSHA256>{sum}</ChecksumSHA256>")
        } else {
            String::new()
        };
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{sum}</Part>")
    };
    let parts: String = (1..).zip(parts).map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

#[tokio::test]
async fn a_copy_gets_the_checksum_it_is_asked_for_and_shares_the_content() {
    let world = world().await;
    for size in [0, 10, 300_000] {
        let content: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        world.put("/bucket/source", &content).await.fine();
        for algorithm in Algorithm::ALL {
            let copy =
                [("x-amz-copy-source", "bucket/source"), ("x-amz-checksum-algorithm", algorithm.as_str())];
            let reply = send(&world, "PUT", "/bucket/copy", &copy, b"").await.fine();
            let element = format!("Checksum{}", algorithm.as_str());
            assert_eq!(reply.element(&element), sum(algorithm, &content), "{element} {size}");
            let head = send(&world, "HEAD", "/bucket/copy", &[("x-amz-checksum-mode", "ENABLED")], b"").await;
            assert_eq!(head.header(algorithm.header()), sum(algorithm, &content));
            assert_eq!(head.header("x-amz-checksum-type"), "FULL_OBJECT");
            assert_eq!(world.get("/bucket/copy").await.body, content);
        }
    }
    world.files_become(1).await;
    let unknown = [("x-amz-copy-source", "bucket/source"), ("x-amz-checksum-algorithm", "CRC7")];
    send(&world, "PUT", "/bucket/copy", &unknown, b"").await.refused(400, "InvalidRequest");
}

#[tokio::test]
async fn a_copy_of_parts_may_have_a_checksum_of_the_whole() {
    let world = world().await;
    let (one, two) = (vec![1u8; 5 * MIB], b"tail".to_vec());
    let (id, parts) = upload(&world, &[("x-amz-checksum-algorithm", "SHA256")], &[&one, &two]).await;
    world.post(&format!("/bucket/key?uploadId={id}"), completion(&parts, 2).as_bytes()).await.fine();
    let copy = |algorithm| {
        [("x-amz-copy-source", "bucket/key"), ("x-amz-checksum-algorithm", algorithm), (SSE, "AES256"), TLS]
    };
    let whole = [one, two].concat();
    for headers in [&copy("SHA256")[..], &copy("SHA256")[..2], &copy("CRC32C")[..]] {
        let reply = send(&world, "PUT", "/bucket/copy", headers, b"").await.fine();
        let algorithm = Algorithm::of(headers[1].1).unwrap();
        assert_eq!(reply.element(&format!("Checksum{}", algorithm.as_str())), sum(algorithm, &whole));
        assert_eq!(world.get("/bucket/copy").await.body, whole);
    }
}

#[tokio::test]
async fn a_checksum_of_checksums_needs_those_of_all_parts() {
    let world = world().await;
    let content = vec![1u8; 5 * MIB];
    let parts: [&[u8]; 2] = [&content, b"tail"];
    let (id, done) = upload(&world, &[("x-amz-checksum-algorithm", "SHA256")], &parts).await;
    let path = format!("/bucket/key?uploadId={id}");
    for given in [0, 1] {
        let reply = world.post(&path, completion(&done, given).as_bytes()).await;
        reply.refused(400, "InvalidRequest");
        let missing = format!("It was missing for part {} in the request.", given + 1);
        assert!(reply.text().contains(&missing), "{}", reply.text());
    }
    let wrong = completion(&[done[0].clone(), (done[1].0.clone(), done[0].1.clone())], 2);
    world.post(&path, wrong.as_bytes()).await.refused(400, "InvalidPart");
    let complete = world.post(&path, completion(&done, 2).as_bytes()).await.fine();
    assert!(complete.element("ChecksumSHA256").ends_with("-2"));
    // nobody who did not ask for it has to
    let full = [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")];
    for begin in [&[][..], &full] {
        let (id, done) = upload(&world, begin, &parts).await;
        world.post(&format!("/bucket/key?uploadId={id}"), completion(&done, 0).as_bytes()).await.fine();
    }
}

#[tokio::test]
async fn a_part_is_told_with_its_own_checksum() {
    let world = world().await;
    let (one, two) = (vec![1u8; 5 * MIB], b"tail".to_vec());
    let (id, parts) = upload(&world, &[("x-amz-checksum-algorithm", "SHA256")], &[&one, &two]).await;
    world.post(&format!("/bucket/key?uploadId={id}"), completion(&parts, 2).as_bytes()).await.fine();
    let mode = ("x-amz-checksum-mode", "ENABLED");
    for method in ["GET", "HEAD"] {
        for (number, content) in [("1", &one), ("2", &two)] {
            let path = format!("/bucket/key?partNumber={number}");
            let part = send(&world, method, &path, &[mode], b"").await.fine();
            assert_eq!(
                part.header("x-amz-checksum-sha256"),
                sum(Algorithm::Sha256, content),
                "{method} {number}"
            );
            assert_eq!(part.header("x-amz-checksum-type"), "COMPOSITE");
            assert_eq!(send(&world, method, &path, &[], b"").await.header("x-amz-checksum-sha256"), "");
        }
    }
    let attributes = [("x-amz-object-attributes", "Checksum")];
    let told = send(&world, "GET", "/bucket/key?attributes", &attributes, b"").await.fine();
    assert_eq!(format!("{}-2", told.element("ChecksumSHA256")), whole_sum(&world).await);
    let range = |text: &'static str| [("range", text), mode];
    let aligned = send(&world, "GET", "/bucket/key", &range("bytes=5242880-"), b"").await.fine();
    assert_eq!(aligned.header("x-amz-checksum-sha256"), sum(Algorithm::Sha256, &two));
    let across = send(&world, "GET", "/bucket/key", &range("bytes=5242879-"), b"").await.fine();
    assert_eq!(across.header("x-amz-checksum-sha256"), "");
    let whole = send(&world, "GET", "/bucket/key", &[mode], b"").await.fine();
    assert!(whole.header("x-amz-checksum-sha256").ends_with("-2"));
}

/// What a HEAD tells of the object.
async fn whole_sum(world: &World) -> String {
    let mode = [("x-amz-checksum-mode", "ENABLED")];
    send(world, "HEAD", "/bucket/key", &mode, b"").await.header("x-amz-checksum-sha256").to_owned()
}

#[tokio::test]
async fn parts_of_an_object_with_a_checksum_of_the_whole_are_told_without_theirs() {
    let world = world().await;
    let (one, two) = (vec![1u8; 5 * MIB], b"tail".to_vec());
    let full = [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let mode = [("x-amz-checksum-mode", "ENABLED")];
    for (parts, told) in
        [(vec![&one[..], &two], String::new()), (vec![&two[..]], sum(Algorithm::Crc32, &two))]
    {
        let (id, done) = upload(&world, &full, &parts).await;
        world.post(&format!("/bucket/key?uploadId={id}"), completion(&done, 0).as_bytes()).await.fine();
        let path = format!("/bucket/key?partNumber={}", parts.len());
        let last = send(&world, "GET", &path, &mode, b"").await.fine();
        assert_eq!((last.body.as_ref(), last.header("x-amz-checksum-crc32")), (&two[..], told.as_str()));
    }
}

fn customer(prefix: &str, key: u8) -> Vec<(String, String)> {
    let digest = STANDARD.encode(Md5::digest([key; 32]));
    let pairs =
        [("algorithm", "AES256".to_owned()), ("key", STANDARD.encode([key; 32])), ("key-md5", digest)];
    pairs.map(|(name, value)| (format!("{prefix}server-side-encryption-customer-{name}"), value)).into()
}

#[tokio::test]
async fn parts_are_copied_from_and_to_every_encryption() {
    let world = world().await;
    let content: Vec<u8> = (0..200_000).map(|n| (n % 251) as u8).collect();
    let method = |name: &str| -> Vec<(String, String)> {
        match name {
            "none" => vec![],
            "customer" => customer("x-amz-", 1),
            method => vec![(SSE.into(), method.into())],
        }
    };
    let call = async |verb: &str, path: &str, headers: &[(String, String)]| {
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(TLS);
        let body: &[u8] = if path == "/bucket/source" && verb == "PUT" { &content } else { b"" };
        send(&world, verb, path, &headers, body).await
    };
    for from in ["none", "AES256", "aws:kms", "customer"] {
        call("PUT", "/bucket/source", &method(from)).await.fine();
        for to in ["none", "AES256", "aws:kms", "customer"] {
            let id = call("POST", "/bucket/target?uploads", &method(to)).await.fine().element("UploadId");
            let path = format!("/bucket/target?partNumber=1&uploadId={id}");
            let mut headers = vec![
                ("x-amz-copy-source".to_owned(), "bucket/source".to_owned()),
                ("x-amz-copy-source-range".to_owned(), "bytes=70000-170000".to_owned()),
            ];
            if to == "customer" {
                headers.extend(customer("x-amz-", 1));
            }
            if from == "customer" {
                call("PUT", &path, &headers).await.refused(400, "InvalidRequest");
                headers.extend(customer("x-amz-copy-source-", 2));
                call("PUT", &path, &headers).await.refused(403, "AccessDenied");
                headers.truncate(headers.len() - 3);
                headers.extend(customer("x-amz-copy-source-", 1));
            }
            let part = call("PUT", &path, &headers).await.fine();
            let etag = part.element("ETag");
            let document = format!(
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
            );
            let md5 = STANDARD.encode(Md5::digest(document.as_bytes()));
            let done = [("content-md5", md5.as_str()), TLS];
            send(&world, "POST", &format!("/bucket/target?uploadId={id}"), &done, document.as_bytes())
                .await
                .fine();
            let key = if to == "customer" { customer("x-amz-", 1) } else { vec![] };
            let got = call("GET", "/bucket/target", &key).await.fine();
            assert_eq!(got.body, content[70_000..170_001], "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn a_bucket_elsewhere_is_told_from_one_nowhere() {
    let world = World::new().await;
    for (location, code) in [
        ("eu-west-1", "IllegalLocationConstraintException"),
        ("us-gov-east-1", "IllegalLocationConstraintException"),
        ("EU", "IllegalLocationConstraintException"),
        ("the-moon", "InvalidLocationConstraint"),
        ("EU-WEST-1", "InvalidLocationConstraint"),
    ] {
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{location}</LocationConstraint></CreateBucketConfiguration>"
        );
        world.put("/elsewhere", body.as_bytes()).await.refused(400, code);
    }
    world.get("/elsewhere").await.refused(404, "NoSuchBucket");
}
