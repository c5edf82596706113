//! Storage classes, asking content back from the archive, attributes, metadata, and what new buckets begin with.

use object::config::NewBucketDefaults;
use object::domain::checksum::{Algorithm, Running};

use crate::support::identity::{ADMIN, READER};
use crate::support::{World, config};

#[tokio::test]
async fn a_class_is_kept_and_told() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let class = |word: &'static str| [("x-amz-storage-class", word)];
    world.call(Some(&ADMIN), "PUT", "/bucket/cold", &class("STANDARD_IA"), b"x").await.fine();
    world.put("/bucket/warm", b"x").await.fine();
    assert_eq!(world.get("/bucket/cold").await.fine().header("x-amz-storage-class"), "STANDARD_IA");
    assert_eq!(world.get("/bucket/warm").await.fine().header("x-amz-storage-class"), "");
    assert_eq!(world.get("/bucket").await.fine().elements("StorageClass"), ["STANDARD_IA", "STANDARD"]);
    let made_up = world.call(Some(&ADMIN), "PUT", "/bucket/x", &class("MADE_UP"), b"x").await;
    made_up.refused(400, "InvalidStorageClass");
    // the class of a copy is its own; a copy onto itself may change nothing else
    let itself = [("x-amz-copy-source", "bucket/cold"), ("x-amz-storage-class", "GLACIER_IR")];
    world.call(Some(&ADMIN), "PUT", "/bucket/cold", &itself, b"").await.fine();
    assert_eq!(world.get("/bucket/cold").await.fine().header("x-amz-storage-class"), "GLACIER_IR");
    let copy = [("x-amz-copy-source", "bucket/cold")];
    world.call(Some(&ADMIN), "PUT", "/bucket/copy", &copy, b"").await.fine();
    assert_eq!(world.get("/bucket/copy").await.fine().header("x-amz-storage-class"), "");
}

#[tokio::test]
async fn archived_content_is_read_once_it_was_asked_back() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/warm", b"x").await.fine();
    let class = [("x-amz-storage-class", "DEEP_ARCHIVE")];
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &class, b"content").await.fine();
    world.get("/bucket/key").await.refused(403, "InvalidObjectState");
    let copy = [("x-amz-copy-source", "bucket/key")];
    world.call(Some(&ADMIN), "PUT", "/bucket/copy", &copy, b"").await.refused(403, "InvalidObjectState");
    let head = world.call(Some(&ADMIN), "HEAD", "/bucket/key", &[], b"").await.fine();
    assert_eq!(head.header("x-amz-storage-class"), "DEEP_ARCHIVE");
    let ask = |days: &str, tier: &str| {
        format!(
            "<RestoreRequest><Days>{days}</Days><GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>"
        )
    };
    world.post("/bucket/warm?restore", ask("1", "Bulk").as_bytes()).await.refused(403, "InvalidObjectState");
    world.post("/bucket/key?restore", ask("0", "Bulk").as_bytes()).await.refused(400, "InvalidArgument");
    world.post("/bucket/key?restore", ask("1", "Expedited").as_bytes()).await.refused(400, "InvalidArgument");
    world.post("/bucket/key?restore", b"<RestoreRequest/>").await.refused(400, "MalformedXML");
    world.get("/bucket/key").await.refused(403, "InvalidObjectState");
    assert_eq!(world.post("/bucket/key?restore", ask("1", "Bulk").as_bytes()).await.status, 202);
    assert_eq!(world.post("/bucket/key?restore", ask("3", "Standard").as_bytes()).await.status, 200);
    let got = world.get("/bucket/key").await.fine();
    assert_eq!(got.body, "content");
    assert!(got.header("x-amz-restore").starts_with("ongoing-request=\"false\", expiry-date="));
    let optional = [("x-amz-optional-object-attributes", "RestoreStatus")];
    let listed = world.call(Some(&ADMIN), "GET", "/bucket?list-type=2", &optional, b"").await.fine();
    assert_eq!(listed.elements("IsRestoreInProgress"), ["false"]);
}

#[tokio::test]
async fn attributes_are_told_as_asked() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let begin = [("x-amz-checksum-algorithm", "SHA256")];
    let id =
        world.call(Some(&ADMIN), "POST", "/bucket/key?uploads", &begin, b"").await.fine().element("UploadId");
    let mut parts = String::new();
    for (number, content) in [(2, vec![1u8; 5 << 20]), (7, vec![2u8; 10])] {
        let path = format!("/bucket/key?partNumber={number}&uploadId={id}");
        let mut running = Running::new(Algorithm::Sha256);
        running.update(&content);
        let sum = running.finish().base64();
        let brought = [("x-amz-checksum-sha256", sum.as_str())];
        let part = world.call(Some(&ADMIN), "PUT", &path, &brought, &content).await.fine();
        let etag = part.header("etag");
        parts += &format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><ChecksumSHA256>{sum}</ChecksumSHA256></Part>"
        );
    }
    let parts = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    world.post(&format!("/bucket/key?uploadId={id}"), parts.as_bytes()).await.fine();
    let ask = |what: &'static str, more: Vec<(&'static str, &'static str)>| {
        let world = &world;
        async move {
            let headers = [vec![("x-amz-object-attributes", what)], more].concat();
            world.call(Some(&ADMIN), "GET", "/bucket/key?attributes", &headers, b"").await
        }
    };
    let all = ask("ETag,Checksum,ObjectParts,StorageClass,ObjectSize", vec![]).await.fine();
    assert_eq!(all.element("ObjectSize"), ((5 << 20) + 10).to_string());
    assert!(all.element("ETag").ends_with("-2"), "{}", all.text());
    assert_eq!(
        (all.element("ChecksumType"), all.element("StorageClass")),
        ("COMPOSITE".into(), "STANDARD".into())
    );
    assert_eq!(
        (all.element("PartsCount"), all.elements("PartNumber")),
        ("2".into(), vec!["1".into(), "2".into()])
    );
    assert_eq!(all.elements("ChecksumSHA256").len(), 3);
    let page =
        ask("ObjectParts", vec![("x-amz-max-parts", "1"), ("x-amz-part-number-marker", "1")]).await.fine();
    assert_eq!(
        (page.elements("PartNumber"), page.element("IsTruncated")),
        (vec!["2".into()], "false".into())
    );
    assert_eq!(page.element("ETag"), "");
    ask("Colour", vec![]).await.refused(400, "InvalidArgument");
    world.get("/bucket/key?attributes").await.refused(400, "InvalidRequest");
    // to read is not enough
    let attributes = [("x-amz-object-attributes", "ETag")];
    let reader = world.call(Some(&READER), "GET", "/bucket/key?attributes", &attributes, b"").await;
    reader.refused(403, "AccessDenied");
}

#[tokio::test]
async fn metadata_beyond_ascii_goes_out_encoded() {
    use axum::http::HeaderValue;

    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let mut request = crate::support::request(Some(&ADMIN), "PUT", "/bucket/key", &[], b"x");
    request.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    world.send(request).await.fine();
    assert_eq!(world.get("/bucket/key").await.fine().header("cache-control"), "no-store");
    let long = "x".repeat(2100);
    let system = [("content-disposition", long.as_str())];
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &system, b"x").await.refused(400, "MetadataTooLarge");
}

#[tokio::test]
async fn new_buckets_can_begin_as_they_did_before_2023() {
    let classic = object::Config { new_bucket_defaults: NewBucketDefaults::Classic, ..config() };
    let world = World::with(classic).await;
    world.put("/bucket", b"").await.fine();
    world.get("/bucket?ownershipControls").await.refused(404, "OwnershipControlsNotFoundError");
    world.get("/bucket?publicAccessBlock").await.refused(404, "NoSuchPublicAccessBlockConfiguration");
    let public = [("x-amz-acl", "public-read")];
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &public, b"x").await.fine();
    assert_eq!(world.call(None, "GET", "/bucket/key", &[], b"").await.fine().body, "x");
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    assert_eq!(
        world.get("/bucket?ownershipControls").await.fine().element("ObjectOwnership"),
        "BucketOwnerEnforced"
    );
    world
        .call(Some(&ADMIN), "PUT", "/bucket/key", &public, b"x")
        .await
        .refused(400, "AccessControlListNotSupported");
}
