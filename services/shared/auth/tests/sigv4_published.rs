//! AWS's published vectors: the signing test suite and the examples of the S3 and IAM documentation.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use auth::sigv4::{self, ChunkVerifier, Payload, Scope, SigError, SigningKey};
use support::{Owned, S3_SECRET, SUITE_SECRET};

#[test]
fn the_whole_signing_suite_verifies() {
    let suite = include_str!("vectors/signing-suite.txt");
    let mut count = 0;
    for case in suite.split("### ").skip(1) {
        let (name, request) = case.split_once('\n').unwrap();
        let result = Owned::parse(request.trim_end_matches('\n')).verify(SUITE_SECRET);
        assert!(result.is_ok(), "{name}: {result:#?}");
        count += 1;
    }
    assert!(count >= 55, "only {count} cases");
}

#[test]
fn signing_keys_are_the_published_ones() {
    let scope = |date: &str| Scope { date: date.into(), region: "us-east-1".into(), service: "iam".into() };
    let key = |date| sigv4::hex(SigningKey::derive(SUITE_SECRET, &scope(date)).as_bytes());
    assert_eq!(key("20120215"), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    assert_eq!(key("20150830"), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

#[test]
fn iam_list_users_example() {
    let request = "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\n\
        Host: iam.amazonaws.com\n\
        Content-Type: application/x-www-form-urlencoded; charset=utf-8\n\
        X-Amz-Date: 20150830T123600Z\n\
        Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    assert!(Owned::parse(request).verify(SUITE_SECRET).is_ok());
}

const S3_CREDENTIAL: &str = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";

fn s3(target: &str, headers: &str, sha256: &str, signed: &str, signature: &str) -> Owned {
    Owned::parse(&format!(
        "{target} HTTP/1.1\n{headers}x-amz-content-sha256: {sha256}\nx-amz-date: 20130524T000000Z\n\
         Authorization: AWS4-HMAC-SHA256 {S3_CREDENTIAL},SignedHeaders={signed},Signature={signature}"
    ))
}

const BUCKET: &str = "Host: examplebucket.s3.amazonaws.com\n";

#[test]
fn s3_get_object_example() {
    let request = s3(
        "GET /test.txt",
        &format!("{BUCKET}Range: bytes=0-9\n"),
        sigv4::EMPTY_SHA256,
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    assert!(request.verify(S3_SECRET).is_ok());
}

#[test]
fn s3_put_object_example_with_a_dollar_in_the_key() {
    let digest = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    assert_eq!(sigv4::sha256_hex(b"Welcome to Amazon S3."), digest);
    // The documentation signs %24; clients send the key plain or encoded.
    for path in ["/test$file.text", "/test%24file.text"] {
        let request = s3(
            &format!("PUT {path}"),
            &format!(
                "{BUCKET}Date: Fri, 24 May 2013 00:00:00 GMT\nx-amz-storage-class: REDUCED_REDUNDANCY\n"
            ),
            digest,
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        );
        assert!(request.verify(S3_SECRET).is_ok(), "{path}");
    }
}

#[test]
fn s3_get_bucket_lifecycle_example() {
    let request = s3(
        "GET /?lifecycle",
        BUCKET,
        sigv4::EMPTY_SHA256,
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    assert!(request.verify(S3_SECRET).is_ok());
}

#[test]
fn s3_list_objects_example() {
    let request = s3(
        "GET /?max-keys=2&prefix=J",
        BUCKET,
        sigv4::EMPTY_SHA256,
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
    assert!(request.verify(S3_SECRET).is_ok());
}

#[test]
fn s3_presigned_example_lives_a_day() {
    let request = Owned::parse(&format!(
        "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\n{BUCKET}"
    ));
    assert_eq!(request.presented().unwrap().payload, Payload::Unsigned);
    assert!(request.verify(S3_SECRET).is_ok());
    let last = "2013-05-25T00:00:00Z".parse().unwrap();
    assert_eq!(request.verify_at(S3_SECRET, last).unwrap().expires_at, Some(last));
    let after = "2013-05-25T00:00:01Z".parse().unwrap();
    assert!(matches!(request.verify_at(S3_SECRET, after), Err(SigError::Expired { expires_s: 86_400, .. })));
}

fn chunked(sha256: &str, extra: &str, signed: &str, signature: &str) -> Owned {
    s3(
        "PUT /examplebucket/chunkObject.txt",
        &format!(
            "Host: s3.amazonaws.com\nx-amz-storage-class: REDUCED_REDUNDANCY\nContent-Encoding: aws-chunked\n\
             x-amz-decoded-content-length: 66560\n{extra}"
        ),
        sha256,
        signed,
        signature,
    )
}

fn verifier(request: &Owned) -> ChunkVerifier {
    let sig = request.presented().unwrap();
    ChunkVerifier::new(&sig, &SigningKey::derive(S3_SECRET, &sig.scope))
}

#[test]
fn s3_chunked_upload_example() {
    let request = chunked(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "Content-Length: 66824\n",
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    assert!(request.verify(S3_SECRET).is_ok());
    let mut chain = verifier(&request);
    let chunks = [
        (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ];
    for (length, signature) in chunks {
        let data = vec![b'a'; length];
        assert_eq!(chain.verify_chunk(signature, &sigv4::sha256(&data)), Ok(()), "{length}");
    }
}

#[test]
fn a_chunk_altered_moved_or_repeated_is_refused() {
    let request = chunked(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "",
        "host",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    let first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
    let second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
    let data = sigv4::sha256(&vec![b'a'; 65_536]);
    let refused = Err(SigError::ChunkSignatureMismatch);
    assert_eq!(verifier(&request).verify_chunk(first, &sigv4::sha256(&vec![b'b'; 65_536])), refused);
    assert_eq!(verifier(&request).verify_chunk(second, &sigv4::sha256(&vec![b'a'; 1_024])), refused);
    assert_eq!(verifier(&request).verify_chunk("", &data), refused);
    let mut chain = verifier(&request);
    assert_eq!(chain.verify_chunk(first, &data), Ok(()));
    assert_eq!(chain.verify_chunk(first, &data), refused);
}

#[test]
fn s3_chunked_upload_with_trailer_example() {
    let request = chunked(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-trailer: x-amz-checksum-crc32c\n",
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    );
    assert!(request.verify(S3_SECRET).is_ok());
    let mut chain = verifier(&request);
    let chunks = [
        (65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (1_024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
        (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
    ];
    for (length, signature) in chunks {
        assert_eq!(chain.verify_chunk(signature, &sigv4::sha256(&vec![b'a'; length])), Ok(()), "{length}");
    }
    let trailer = sigv4::canonical_trailer(&[("X-Amz-Checksum-Crc32c", " sOO8/Q== ")]);
    assert_eq!(trailer, b"x-amz-checksum-crc32c:sOO8/Q==\n");
    let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    assert_eq!(chain.verify_trailer(signature, &sigv4::sha256(&trailer)), Ok(()));
}
