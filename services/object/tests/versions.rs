//! Versions through the real dispatcher: what puts, deletes, gets and lists say while versioning is on, suspended,
//! and off.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::identity::{ADMIN, BOB, READER};
use support::{Reply, World};

async fn versioned() -> World {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    set(&world, "Enabled").await.fine();
    world
}

async fn set(world: &World, status: &str) -> Reply {
    let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    world.put("/bucket?versioning", body.as_bytes()).await
}

fn version(reply: &Reply) -> String {
    reply.header("x-amz-version-id").to_owned()
}

#[tokio::test]
async fn versioning_is_set_as_aws_takes_it() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    assert!(!world.get("/bucket?versioning").await.fine().text().contains("Status"));
    for (body, status, code) in [
        ("<VersioningConfiguration/>", 400, "IllegalVersioningConfigurationException"),
        ("<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", 400, "MalformedXML"),
        (
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
            501,
            "NotImplemented",
        ),
        ("", 400, "MissingRequestBodyError"),
    ] {
        world.put("/bucket?versioning", body.as_bytes()).await.refused(status, code);
        assert!(!world.get("/bucket?versioning").await.fine().text().contains("Status"), "{body}");
    }
    world.call(Some(&BOB), "PUT", "/bucket?versioning", &[], b"").await.refused(403, "AccessDenied");
    for status in ["Enabled", "Suspended", "Enabled"] {
        set(&world, status).await.fine();
        assert_eq!(world.get("/bucket?versioning").await.element("Status"), status);
    }
}

#[tokio::test]
async fn every_version_is_kept_and_found_by_its_id() {
    let world = versioned().await;
    let first = version(&world.put("/bucket/key", b"one").await.fine());
    let second = version(&world.put("/bucket/key", &[2u8; 200_000]).await.fine());
    assert_ne!(first, second);
    let get = |id: &str| format!("/bucket/key?versionId={id}");
    assert_eq!(world.get(&get(&first)).await.fine().body, "one");
    assert_eq!(world.get(&get(&second)).await.fine().body.len(), 200_000);
    let now = world.get("/bucket/key").await.fine();
    assert_eq!((version(&now), now.body.len()), (second.clone(), 200_000));
    // what is named wrongly, and what is not there
    world.get(&get("nonsense")).await.refused(400, "InvalidArgument");
    world.get(&get(&"0".repeat(32))).await.refused(404, "NoSuchVersion");
    world.get("/bucket/none?versionId=null").await.refused(404, "NoSuchVersion");
    world.put(&get(&first), b"x").await.refused(400, "InvalidArgument");
    // who may read objects may not read their versions
    world.call(Some(&READER), "GET", &get(&first), &[], b"").await.refused(403, "AccessDenied");
    // the newest of what is left becomes current
    let gone = world.delete(&get(&second)).await;
    assert_eq!((gone.status.as_u16(), version(&gone), gone.header("x-amz-delete-marker")), (204, second, ""));
    assert_eq!(world.get("/bucket/key").await.fine().body, "one");
    world.files_become(0).await;
    assert_eq!(world.delete(&get(&first)).await.status, 204);
    world.get("/bucket/key").await.refused(404, "NoSuchKey");
    assert_eq!(world.delete("/bucket").await.status, 204);
}

#[tokio::test]
async fn a_delete_marker_hides_the_key_until_it_is_removed() {
    let world = versioned().await;
    let first = version(&world.put("/bucket/key", b"one").await.fine());
    let deleted = world.delete("/bucket/key").await;
    let marker = version(&deleted);
    assert_eq!((deleted.status.as_u16(), deleted.header("x-amz-delete-marker")), (204, "true"));
    for method in ["GET", "HEAD"] {
        let hidden = world.call(Some(&ADMIN), method, "/bucket/key", &[], b"").await;
        assert_eq!((hidden.status.as_u16(), version(&hidden)), (404, marker.clone()));
        assert_eq!(hidden.header("x-amz-delete-marker"), "true");
        let by_id = format!("/bucket/key?versionId={marker}");
        let named = world.call(Some(&ADMIN), method, &by_id, &[], b"").await;
        assert_eq!((named.status.as_u16(), named.header("allow")), (405, "DELETE"));
        assert_eq!(named.header("x-amz-delete-marker"), "true");
        assert!(!named.header("last-modified").is_empty());
    }
    world.get("/bucket/key").await.refused(404, "NoSuchKey");
    assert_eq!(world.get("/bucket?list-type=2").await.element("KeyCount"), "0");
    let copy = |source: String| {
        let world = &world;
        async move {
            let headers = [("x-amz-copy-source", source.as_str())];
            world.call(Some(&ADMIN), "PUT", "/bucket/copy", &headers, b"").await
        }
    };
    copy("bucket/key".into()).await.refused(404, "NoSuchKey");
    copy(format!("bucket/key?versionId={marker}")).await.refused(400, "InvalidRequest");
    copy(format!("bucket/key?versionId={}", "0".repeat(32))).await.refused(404, "NoSuchVersion");
    let copied = copy(format!("bucket/key?versionId={first}")).await.fine();
    assert_eq!(copied.header("x-amz-copy-source-version-id"), first);
    assert_eq!(world.get("/bucket/copy").await.fine().body, "one");
    world.delete("/bucket").await.refused(409, "BucketNotEmpty");
    let removed = world.delete(&format!("/bucket/key?versionId={marker}")).await;
    assert_eq!((version(&removed), removed.header("x-amz-delete-marker")), (marker, "true"));
    assert_eq!(world.get("/bucket/key").await.fine().body, "one");
    // a key that never was gets a marker, too
    assert_eq!(world.delete("/bucket/never").await.header("x-amz-delete-marker"), "true");
}

#[tokio::test]
async fn without_versioning_there_is_one_version_and_it_is_null() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    assert_eq!(version(&world.put("/bucket/key", b"old").await.fine()), "");
    assert_eq!(world.get("/bucket/key?versionId=null").await.fine().body, "old");
    set(&world, "Enabled").await.fine();
    assert_eq!(version(&world.get("/bucket/key").await.fine()), "null");
    let new = version(&world.put("/bucket/key", b"new").await.fine());
    assert_eq!(world.get("/bucket/key?versionId=null").await.fine().body, "old");
    set(&world, "Suspended").await.fine();
    // replaces the null version and keeps the other
    assert_eq!(version(&world.put("/bucket/key", b"newest").await.fine()), "null");
    assert_eq!(world.get("/bucket/key?versionId=null").await.fine().body, "newest");
    assert_eq!(world.get(&format!("/bucket/key?versionId={new}")).await.fine().body, "new");
    assert_eq!(world.get("/bucket?versions").await.elements("VersionId"), ["null", new.as_str()]);
    // a deletion removes the null version and leaves a marker in its place
    let deleted = world.delete("/bucket/key").await;
    assert_eq!((version(&deleted).as_str(), deleted.header("x-amz-delete-marker")), ("null", "true"));
    let listed = world.get("/bucket?versions").await;
    assert_eq!((listed.elements("Version").len(), listed.elements("DeleteMarker").len()), (1, 1));
    assert_eq!(world.delete("/bucket/key?versionId=null").await.header("x-amz-delete-marker"), "true");
    assert_eq!(world.get("/bucket/key").await.fine().body, "new");
    // deleting in a bucket without versions leaves nothing
    world.put("/other", b"").await.fine();
    world.put("/other/key", b"x").await.fine();
    let plain = world.delete("/other/key").await;
    assert_eq!((version(&plain).as_str(), plain.header("x-amz-delete-marker")), ("", ""));
    assert_eq!(world.delete("/other").await.status, 204);
}

#[tokio::test]
async fn many_are_deleted_by_key_and_by_version() {
    let world = versioned().await;
    let one = version(&world.put("/bucket/a", b"1").await.fine());
    world.put("/bucket/b", b"2").await.fine();
    let body = format!(
        "<Delete><Object><Key>a</Key><VersionId>{one}</VersionId></Object><Object><Key>b</Key></Object>\
         <Object><Key>c</Key><VersionId>nonsense</VersionId></Object></Delete>"
    );
    let reply = world.post("/bucket?delete", body.as_bytes()).await.fine();
    let marker = reply.element("DeleteMarkerVersionId");
    assert_eq!((marker.len(), reply.elements("DeleteMarker")), (32, vec!["true".to_owned()]));
    assert_eq!(reply.elements("Code"), ["NoSuchVersion"]);
    let body = format!("<Delete><Object><Key>b</Key><VersionId>{marker}</VersionId></Object></Delete>");
    let reply = world.post("/bucket?delete", body.as_bytes()).await.fine();
    assert_eq!(reply.element("DeleteMarkerVersionId"), marker);
    assert_eq!(world.get("/bucket/b").await.fine().body, "2");
}

#[tokio::test]
async fn lists_go_on_behind_versions_that_are_gone() {
    let world = versioned().await;
    let mut ids = Vec::new();
    for n in 0..5u8 {
        ids.insert(0, version(&world.put("/bucket/key", &[n]).await.fine()));
    }
    ids.insert(0, version(&world.delete("/bucket/key").await));
    let page = |marker: String| {
        let world = &world;
        async move {
            let query = format!("/bucket?versions&max-keys=2&key-marker=key&version-id-marker={marker}");
            world.get(&query).await.fine()
        }
    };
    let first = world.get("/bucket?versions&max-keys=2").await.fine();
    assert_eq!(first.element("NextVersionIdMarker"), ids[1]);
    // the page is deleted, which makes the next version current
    for id in &ids[..2] {
        assert_eq!(world.delete(&format!("/bucket/key?versionId={id}")).await.status, 204);
    }
    let second = page(ids[1].clone()).await;
    assert_eq!(second.elements("VersionId"), ids[2..4]);
    assert_eq!(second.elements("IsLatest"), ["true", "false"]);
    assert_eq!(page(ids[3].clone()).await.elements("VersionId"), ids[4..]);
    world.get("/bucket?versions&version-id-marker=null").await.refused(400, "InvalidArgument");
    world.get("/bucket?versions&key-marker=a&version-id-marker=x").await.refused(400, "InvalidArgument");
    assert_eq!(world.get("/bucket?versions&max-keys=0").await.fine().element("IsTruncated"), "false");
}

#[tokio::test]
async fn an_upload_completed_again_names_the_version_it_made() {
    let world = versioned().await;
    let id = world.post("/bucket/big?uploads", b"").await.fine().element("UploadId");
    let etag = world.put(&format!("/bucket/big?partNumber=1&uploadId={id}"), b"x").await.fine();
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        etag.header("etag")
    );
    let complete = format!("/bucket/big?uploadId={id}");
    let done = world.post(&complete, body.as_bytes()).await.fine();
    world.put("/bucket/big", b"newer").await.fine();
    let again = world.post(&complete, body.as_bytes()).await.fine();
    assert_eq!((version(&done).len(), version(&again)), (32, version(&done)));
    assert_eq!(world.get(&format!("/bucket/big?versionId={}", version(&done))).await.fine().body, "x");
}

#[tokio::test]
async fn an_acl_belongs_to_the_version_it_was_put_on() {
    let world = versioned().await;
    let controls =
        "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    world.put("/bucket?ownershipControls", controls.as_bytes()).await.fine();
    world.delete("/bucket?publicAccessBlock").await;
    let first = version(&world.put("/bucket/key", b"one").await.fine());
    world.put("/bucket/key", b"two").await.fine();
    let acl = format!("/bucket/key?acl&versionId={first}");
    world.call(Some(&ADMIN), "PUT", &acl, &[("x-amz-acl", "public-read")], b"").await.fine();
    assert!(world.get(&acl).await.fine().text().contains("AllUsers"));
    assert!(!world.get("/bucket/key?acl").await.fine().text().contains("AllUsers"));
    let anonymous = world.call(None, "GET", &format!("/bucket/key?versionId={first}"), &[], b"").await;
    assert_eq!(anonymous.fine().body, "one");
    world.call(None, "GET", "/bucket/key", &[], b"").await.refused(403, "AccessDenied");
}
