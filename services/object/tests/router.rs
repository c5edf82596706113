//! Requests through the real dispatcher: signatures, permissions, and what S3 answers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::identity::{ADMIN, BOB, EVE, FRUGAL, LOCAL, READER};
use support::{World, request};

#[tokio::test]
async fn an_object_is_put_got_and_deleted() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    for size in [0usize, 1, 16 << 10, (16 << 10) + 1, 300_000, 3 << 20] {
        let content: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let put = world.put("/bucket/a%20key", &content).await.fine();
        let got = world.get("/bucket/a%20key").await.fine();
        assert_eq!(got.body, content, "{size}");
        assert_eq!(got.header("etag"), put.header("etag"));
        assert_eq!(got.header("content-length"), size.to_string());
        let head = world.call(Some(&ADMIN), "HEAD", "/bucket/a%20key", &[], b"").await.fine();
        assert_eq!((head.header("content-length"), head.body.len()), (size.to_string().as_str(), 0));
        assert!(!head.header("last-modified").is_empty() && !head.header("x-amz-request-id").is_empty());
    }
    world.files_become(1).await;
    assert_eq!(world.delete("/bucket/a%20key").await.status, 204);
    assert_eq!(world.delete("/bucket/a%20key").await.status, 204);
    world.get("/bucket/a%20key").await.refused(404, "NoSuchKey");
    world.files_become(0).await;
    assert_eq!(world.delete("/bucket").await.status, 204);
    world.get("/bucket/a%20key").await.refused(404, "NoSuchBucket");
}

#[tokio::test]
async fn who_may_not_is_refused_before_anything_happens() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/key", b"kept").await.fine();
    for (who, status) in [(Some(&BOB), 403), (Some(&EVE), 403), (None, 403)] {
        for (method, path) in [
            ("GET", "/bucket/key"),
            ("PUT", "/bucket/key"),
            ("DELETE", "/bucket/key"),
            ("DELETE", "/bucket"),
            ("GET", "/bucket"),
            ("GET", "/bucket?acl"),
            ("PUT", "/bucket?policy"),
            ("GET", "/bucket/key?uploadId=none"),
            ("POST", "/bucket/key?uploads"),
            ("PUT", "/bucket/key?partNumber=0&uploadId=none"),
        ] {
            let reply = world.call(who, method, path, &[], b"").await;
            assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        }
    }
    world.call(Some(&BOB), "PUT", "/other", &[], b"").await.refused(403, "AccessDenied");
    world.call(Some(&EVE), "PUT", "/bucket", &[], b"").await.refused(409, "BucketAlreadyExists");
    world.call(None, "GET", "/", &[], b"").await.refused(403, "AccessDenied");
    assert_eq!(world.get("/bucket/key").await.body, "kept");
    let reply = world.call(Some(&BOB), "GET", "/bucket/key", &[], b"").await;
    assert!(reply.text().contains("user/bob is not authorized to perform: s3:GetObject"), "{}", reply.text());
    // who may read but not list does not learn which keys there are
    world.call(Some(&READER), "GET", "/bucket/key", &[], b"").await.fine();
    world.call(Some(&READER), "GET", "/bucket/none", &[], b"").await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_body_must_be_what_was_signed_and_declared() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    for size in [100usize, 200_000] {
        let content = vec![7u8; size];
        let mut altered = request(Some(&ADMIN), "PUT", "/bucket/key", &[], &content);
        *altered.body_mut() = axum::body::Body::from(vec![8u8; size]);
        world.send(altered).await.refused(400, "XAmzContentSHA256Mismatch");
        let mut short = request(Some(&ADMIN), "PUT", "/bucket/key", &[], &content);
        *short.body_mut() = axum::body::Body::from(vec![7u8; size - 1]);
        world.send(short).await.refused(400, "IncompleteBody");
        let mut long = request(Some(&ADMIN), "PUT", "/bucket/key", &[], &content);
        *long.body_mut() = axum::body::Body::from(vec![7u8; size + 1]);
        world.send(long).await.refused(400, "IncompleteBody");
        let digest = [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];
        world.call(Some(&ADMIN), "PUT", "/bucket/key", &digest, &content).await.refused(400, "BadDigest");
        let sum = [("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
        world.call(Some(&ADMIN), "PUT", "/bucket/key", &sum, &content).await.refused(400, "BadDigest");
    }
    world.get("/bucket/key").await.refused(404, "NoSuchKey");
    world.files_become(0).await;
    let mut no_length = request(Some(&ADMIN), "PUT", "/bucket/key", &[], b"x");
    no_length.headers_mut().remove("content-length");
    world.send(no_length).await.refused(411, "MissingContentLength");
    let huge = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let mut huge = request(Some(&ADMIN), "PUT", "/bucket/key", &huge, b"x");
    huge.headers_mut().insert("content-length", "5368709121".parse().unwrap());
    world.send(huge).await.refused(400, "EntityTooLarge");
    let unsigned = request(Some(&ADMIN), "PUT", "/bucket/key", &[], b"x");
    let (mut parts, body) = unsigned.into_parts();
    parts.headers.remove("x-amz-content-sha256");
    world.send(axum::http::Request::from_parts(parts, body)).await.refused(400, "InvalidRequest");
}

#[tokio::test]
async fn what_is_not_offered_is_told_and_what_no_bucket_has_is_absent() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    for query in ["website", "replication", "notification"] {
        world.put(&format!("/bucket?{query}"), b"<x/>").await.refused(501, "NotImplemented");
    }
    for (query, code) in [
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("analytics&id=x", "NoSuchConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("object-lock", "ObjectLockConfigurationNotFoundError"),
        ("policy", "NoSuchBucketPolicy"),
    ] {
        world.get(&format!("/bucket?{query}")).await.refused(404, code);
    }
    for query in ["versioning", "requestPayment", "logging", "notification", "accelerate", "location"] {
        world.get(&format!("/bucket?{query}")).await.fine();
    }
    assert!(world.get("/bucket?location").await.text().ends_with("</LocationConstraint>"));
}

#[tokio::test]
async fn acls_and_policies_count_as_ownership_and_block_say() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/key", b"public").await.fine();
    let acl = |value: &'static str| [("x-amz-acl", value)];
    let set = |value| {
        let world = &world;
        async move { world.call(Some(&ADMIN), "PUT", "/bucket/key?acl", &acl(value), b"").await }
    };
    let anonymous = || world.call(None, "GET", "/bucket/key", &[], b"");
    set("public-read").await.refused(400, "AccessControlListNotSupported");
    let controls = |ownership: &str| {
        format!(
            "<OwnershipControls><Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule></OwnershipControls>"
        )
    };
    world.put("/bucket?ownershipControls", controls("ObjectWriter").as_bytes()).await.fine();
    set("public-read").await.refused(403, "AccessDenied");
    assert_eq!(world.delete("/bucket?publicAccessBlock").await.status, 204);
    assert_eq!(anonymous().await.status, 403);
    set("public-read").await.fine();
    assert_eq!(anonymous().await.fine().body, "public");
    world.call(Some(&BOB), "GET", "/bucket/key", &[], b"").await.fine();
    let listed = world.get("/bucket/key?acl").await.fine().text();
    assert!(
        listed.contains("global/AllUsers") && listed.contains("<Permission>READ</Permission>"),
        "{listed}"
    );
    // the same list, read and written back as XML
    world.put("/bucket/key?acl", listed.as_bytes()).await.fine();
    assert_eq!(anonymous().await.status, 200);
    let ignore = b"<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>";
    world.put("/bucket?publicAccessBlock", ignore).await.fine();
    assert_eq!(anonymous().await.status, 403);
    world.delete("/bucket?publicAccessBlock").await;
    world.put("/bucket?ownershipControls", controls("BucketOwnerEnforced").as_bytes()).await.fine();
    assert_eq!(anonymous().await.status, 403);

    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"},
        {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000001:user/bob"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}"#;
    assert_eq!(world.put("/bucket?policy", policy.as_bytes()).await.status, 204);
    assert_eq!(world.get("/bucket?policy").await.fine().body, policy);
    assert!(world.get("/bucket?policyStatus").await.text().contains("<IsPublic>true</IsPublic>"));
    assert_eq!(anonymous().await.status, 200);
    world.call(Some(&EVE), "GET", "/bucket/key", &[], b"").await.fine();
    world.call(Some(&BOB), "GET", "/bucket/key", &[], b"").await.refused(403, "AccessDenied");
    let restrict = b"<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
    world.put("/bucket?publicAccessBlock", restrict).await.fine();
    assert_eq!(anonymous().await.status, 403);
    world.call(Some(&EVE), "GET", "/bucket/key", &[], b"").await.refused(403, "AccessDenied");
    let block = b"<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>";
    world.put("/bucket?publicAccessBlock", block).await.fine();
    world.put("/bucket?policy", policy.as_bytes()).await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object_and_answers_the_same_again() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let id = world.post("/bucket/big?uploads", b"").await.fine().element("UploadId");
    let part = |n: u32| format!("/bucket/big?partNumber={n}&uploadId={id}");
    let (first, second) = (vec![1u8; 5 << 20], vec![2u8; 1000]);
    let two = world.put(&part(9), &second).await.fine().header("etag").to_owned();
    let one = world.put(&part(4), &first).await.fine().header("etag").to_owned();
    let parts = |list: &[(u32, &str)]| {
        let parts: String = list
            .iter()
            .map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        format!("<CompleteMultipartUpload xmlns=\"x\">{parts}</CompleteMultipartUpload>").into_bytes()
    };
    let complete = format!("/bucket/big?uploadId={id}");
    world.post(&complete, &parts(&[(9, &two), (4, &one)])).await.refused(400, "InvalidPartOrder");
    world.post(&complete, &parts(&[(4, &two), (9, &two)])).await.refused(400, "InvalidPart");
    world.post(&complete, &parts(&[])).await.refused(400, "MalformedXML");
    assert_eq!(world.get(&complete).await.fine().elements("PartNumber"), ["4", "9"]);
    assert_eq!(world.get("/bucket?uploads").await.fine().elements("UploadId"), std::slice::from_ref(&id));
    let done = world.post(&complete, &parts(&[(4, &one), (9, &two)])).await.fine();
    assert!(done.element("ETag").ends_with("-2&quot;"), "{}", done.text());
    let again = world.post(&complete, &parts(&[(4, &one), (9, &two)])).await.fine();
    assert_eq!(done.element("ETag"), again.element("ETag"));
    let got = world.get("/bucket/big").await.fine();
    assert_eq!(got.body, [first.clone(), second.clone()].concat());
    let range = [("range", "bytes=5242878-5242881")];
    let across = world.call(Some(&ADMIN), "GET", "/bucket/big", &range, b"").await;
    assert_eq!((across.status.as_u16(), &across.body[..]), (206, &[1u8, 1, 2, 2][..]));
    let part_two = world.get("/bucket/big?partNumber=2").await;
    assert_eq!((part_two.status.as_u16(), part_two.header("x-amz-mp-parts-count")), (206, "2"));
    // a copy shares the parts and outlives the original
    let copy = [("x-amz-copy-source", "bucket/big")];
    world.call(Some(&ADMIN), "PUT", "/bucket/copy", &copy, b"").await.fine();
    world.delete("/bucket/big").await;
    assert_eq!(world.get("/bucket/copy").await.fine().body.len(), first.len() + second.len());
    world.delete("/bucket/copy").await;
    world.files_become(0).await;
    // given up, an upload leaves nothing
    let id = world.post("/bucket/big?uploads", b"").await.fine().element("UploadId");
    world.put(&format!("/bucket/big?partNumber=1&uploadId={id}"), &first).await.fine();
    assert_eq!(world.delete(&format!("/bucket/big?uploadId={id}")).await.status, 204);
    world.delete(&format!("/bucket/big?uploadId={id}")).await.refused(404, "NoSuchUpload");
    world.files_become(0).await;
}

#[tokio::test]
async fn another_service_reads_for_a_caller_what_that_caller_may_read() {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let content = vec![5u8; 700_000];
    world.put("/bucket/image", &content).await.fine();
    let read = |key: &'static str, offset: u64, object: &'static str| {
        let call = serde_json::json!({
            "bucket": "bucket", "key": object, "offset": offset, "access_key_id": key, "session_token": null,
        });
        let request =
            axum::http::Request::post("/internal/read-object").body(Body::from(call.to_string())).unwrap();
        world.internal.clone().oneshot(request)
    };
    let response = read(ADMIN.access_key_id, 100, "image").await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-length"].to_str().unwrap()),
        (200, "699900")
    );
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), &content[100..]);
    for (key, object, status) in [
        (BOB.access_key_id, "image", 403),
        ("AKIANOBODYNOBODYNOBO", "image", 403),
        (ADMIN.access_key_id, "none", 404),
    ] {
        assert_eq!(read(key, 0, object).await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn the_audit_trail_is_delivered_only_where_the_buckets_policy_lets_it_in() {
    let world = World::new().await;
    world.put("/trail", b"").await.fine();
    let call = calls::object::PutLog {
        bucket: "trail".into(),
        key: "AWSLogs/000000000001/CloudTrail/us-east-1/2026/01/02/x.json.gz".into(),
        content: "H4sIAAAAAAAAAw==".into(),
    };
    let peer = kit::peer::Peer::of_router(world.internal.clone());
    assert_eq!(peer.call(&call).await.unwrap_err().code.as_str(), "AccessDenied");
    let policy = br#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::trail/AWSLogs/*"}]}"#;
    assert_eq!(world.put("/trail?policy", policy).await.status, 204);
    peer.call(&call).await.unwrap();
    let got = world.get(&format!("/trail/{}", call.key)).await.fine();
    assert_eq!((got.header("content-encoding"), got.body.len()), ("gzip", 10));
    let elsewhere = calls::object::PutLog { key: "elsewhere".into(), ..call };
    assert_eq!(peer.call(&elsewhere).await.unwrap_err().code.as_str(), "AccessDenied");
}

#[tokio::test]
async fn a_bucket_is_made_only_where_the_policy_says() {
    let world = World::new().await;
    let here = b"<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>";
    world.call(Some(&LOCAL), "PUT", "/somewhere", &[], b"").await.refused(403, "AccessDenied");
    world.call(Some(&LOCAL), "PUT", "/here", &[], here).await.fine();
    world.call(None, "PUT", "/nobody", &[], here).await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_bucket_is_held_to_its_quotas_whatever_was_written_or_removed_before() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/before", &[0; 40]).await.fine();
    let put = |key: &'static str, size: usize| {
        let body = vec![1; size];
        let world = &world;
        async move { world.call(Some(&FRUGAL), "PUT", key, &[], &body).await }
    };
    put("/bucket/a", 60).await.fine();
    put("/bucket/b", 1).await.refused(403, "QuotaExceeded");
    world.get("/bucket/b").await.refused(404, "NoSuchKey");
    put("/bucket/a", 50).await.fine(); // what is replaced does not count
    put("/bucket/b", 10).await.fine();
    put("/bucket/c", 0).await.refused(403, "QuotaExceeded");
    world.put("/bucket/c", &[0; 1000]).await.fine(); // the quota is one user's, what others write counts
    world.delete("/bucket/c").await;
    world.delete("/bucket/before").await;
    put("/bucket/c", 40).await.fine();
    let copied = [("x-amz-copy-source", "bucket/c")];
    world.call(Some(&FRUGAL), "PUT", "/bucket/d", &copied, b"").await.refused(403, "QuotaExceeded");

    let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", on).await.fine();
    world.delete("/bucket/a").await; // a marker: the version behind it still counts
    put("/bucket/e", 0).await.refused(403, "QuotaExceeded");
    world.delete("/bucket/a?versionId=null").await;
    put("/bucket/e", 0).await.fine();
}

#[tokio::test]
async fn racing_writes_cannot_both_slip_over_a_buckets_quota() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let writes = (0..8).map(|n| {
        let world = &world;
        async move { world.call(Some(&FRUGAL), "PUT", &format!("/bucket/{n}"), &[], b"x").await.status }
    });
    let statuses = futures_util::future::join_all(writes).await;
    assert_eq!(statuses.iter().filter(|status| status.as_u16() == 200).count(), 3, "{statuses:?}");
}
