//! Object lock and conditional writes through the real dispatcher.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::identity::{ADMIN, BOB};
use support::{Reply, World};

const ON: [(&str, &str); 1] = [("x-amz-bucket-object-lock-enabled", "true")];
const FAR: &str = "2099-01-01T00:00:00Z";
const FARTHER: &str = "2099-06-01T00:00:00Z";

async fn locking() -> World {
    let world = World::new().await;
    world.call(Some(&ADMIN), "PUT", "/bucket", &ON, b"").await.fine();
    world
}

fn version(reply: &Reply) -> String {
    reply.header("x-amz-version-id").to_owned()
}

async fn put(world: &World, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    use base64::Engine as _;
    use md5::Digest as _;
    let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(body));
    let headers: Vec<_> = headers.iter().copied().chain([("content-md5", md5.as_str())]).collect();
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &headers, body).await
}

fn retained<'a>(mode: &'a str, until: &'a str) -> [(&'a str, &'a str); 2] {
    [("x-amz-object-lock-mode", mode), ("x-amz-object-lock-retain-until-date", until)]
}

fn retention(mode: &str, until: &str) -> String {
    format!("<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>")
}

async fn remove(world: &World, id: &str, bypass: bool) -> Reply {
    let headers = [("x-amz-bypass-governance-retention", if bypass { "true" } else { "false" })];
    world.call(Some(&ADMIN), "DELETE", &format!("/bucket/key?versionId={id}"), &headers, b"").await
}

#[tokio::test]
async fn a_bucket_is_made_with_object_lock_or_given_it_later() {
    let world = locking().await;
    assert_eq!(world.get("/bucket?versioning").await.element("Status"), "Enabled");
    let lock = world.get("/bucket?object-lock").await.fine();
    assert_eq!(lock.element("ObjectLockEnabled"), "Enabled");
    let suspend = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", suspend.as_bytes()).await.refused(409, "InvalidBucketState");

    world.put("/other", b"").await.fine();
    let rule = |inner: &str| {
        format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>{inner}\
             </DefaultRetention></Rule></ObjectLockConfiguration>"
        )
    };
    let good = rule("<Mode>GOVERNANCE</Mode><Days>3</Days>");
    world.put("/other?object-lock", good.as_bytes()).await.refused(409, "InvalidBucketState");
    let enable = suspend.replace("Suspended", "Enabled");
    world.put("/other?versioning", enable.as_bytes()).await.fine();
    for (inner, code) in [
        ("<Mode>GOVERNANCE</Mode>", "MalformedXML"),
        ("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", "MalformedXML"),
        ("<Mode>governance</Mode><Days>1</Days>", "MalformedXML"),
        ("<Days>1</Days>", "MalformedXML"),
        ("<Mode>COMPLIANCE</Mode><Days>0</Days>", "InvalidArgument"),
        ("<Mode>COMPLIANCE</Mode><Years>-1</Years>", "InvalidArgument"),
        ("<Mode>COMPLIANCE</Mode><Days>36501</Days>", "InvalidArgument"),
    ] {
        world.put("/other?object-lock", rule(inner).as_bytes()).await.refused(400, code);
    }
    let off = good.replace("Enabled<", "Disabled<");
    world.put("/other?object-lock", off.as_bytes()).await.refused(400, "MalformedXML");
    world.get("/other?object-lock").await.refused(404, "ObjectLockConfigurationNotFoundError");
    world.put("/other?object-lock", good.as_bytes()).await.fine();
    let shown = world.get("/other?object-lock").await.fine();
    assert_eq!((shown.element("Mode").as_str(), shown.element("Days").as_str()), ("GOVERNANCE", "3"));
    // what is put now is retained, and an upload in parts too
    let put = world.put("/other/key", b"x").await.fine();
    let head = world.call(Some(&ADMIN), "HEAD", "/other/key", &[], b"").await.fine();
    assert_eq!(head.header("x-amz-object-lock-mode"), "GOVERNANCE");
    assert!(head.header("x-amz-object-lock-retain-until-date").ends_with('Z'));
    world.delete(&format!("/other/key?versionId={}", version(&put))).await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_retained_version_stays_until_its_date() {
    let world = locking().await;
    let governed = version(&put(&world, &retained("GOVERNANCE", FAR), b"1").await.fine());
    let complied = version(&put(&world, &retained("COMPLIANCE", FAR), b"2").await.fine());
    let free = version(&put(&world, &[], b"3").await.fine());
    for id in [&governed, &complied] {
        remove(&world, id, false).await.refused(403, "AccessDenied");
    }
    // many at once are no way around it
    let many: String = [&governed, &complied, &free]
        .iter()
        .map(|id| format!("<Object><Key>key</Key><VersionId>{id}</VersionId></Object>"))
        .collect();
    let reply = world.post("/bucket?delete", format!("<Delete>{many}</Delete>").as_bytes()).await.fine();
    assert_eq!(reply.elements("Code"), ["AccessDenied", "AccessDenied"]);
    assert_eq!(reply.elements("Deleted").len(), 1);
    // without a version id nothing is removed, so that is always possible
    let marker = version(&world.delete("/bucket/key").await);
    assert_eq!(remove(&world, &marker, false).await.status, 204);
    remove(&world, &complied, true).await.refused(403, "AccessDenied");
    assert_eq!(remove(&world, &governed, true).await.status, 204);
    let got = world.get("/bucket/key").await.fine();
    assert_eq!(got.header("x-amz-object-lock-mode"), "COMPLIANCE");
    assert_eq!(got.header("x-amz-object-lock-retain-until-date"), "2099-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn retention_is_changed_as_its_mode_allows() {
    let world = locking().await;
    let id = version(&put(&world, &[], b"1").await.fine());
    let path = format!("/bucket/key?retention&versionId={id}");
    world.get(&path).await.refused(404, "NoSuchObjectLockConfiguration");
    let set = |mode: &'static str, until: &'static str, bypass: bool| {
        let (world, path) = (&world, &path);
        async move {
            let headers = [("x-amz-bypass-governance-retention", if bypass { "true" } else { "false" })];
            world.call(Some(&ADMIN), "PUT", path, &headers, retention(mode, until).as_bytes()).await
        }
    };
    set("GOVERNANCE", "2001-01-01T00:00:00Z", false).await.refused(400, "InvalidArgument");
    set("GOVERNANCE", "soon", false).await.refused(400, "InvalidArgument");
    set("STRICT", FAR, false).await.refused(400, "MalformedXML");
    set("GOVERNANCE", FARTHER, false).await.fine();
    set("GOVERNANCE", FAR, false).await.refused(403, "AccessDenied");
    set("COMPLIANCE", FARTHER, false).await.refused(403, "AccessDenied");
    set("GOVERNANCE", FAR, true).await.fine();
    assert_eq!(world.get(&path).await.fine().element("RetainUntilDate"), "2099-01-01T00:00:00.000Z");
    world.put(&path, b"<Retention/>").await.refused(403, "AccessDenied");
    set("COMPLIANCE", FAR, true).await.fine();
    set("COMPLIANCE", FARTHER, false).await.fine();
    for (mode, until) in [("COMPLIANCE", FAR), ("GOVERNANCE", FARTHER)] {
        set(mode, until, true).await.refused(403, "AccessDenied");
    }
    let bob = world.call(Some(&BOB), "PUT", &path, &[], retention("GOVERNANCE", FAR).as_bytes()).await;
    bob.refused(403, "AccessDenied");
    world.call(Some(&BOB), "PUT", &path, &[], b"nonsense").await.refused(403, "AccessDenied");
    // a delete marker has no lock, and neither has what is not there
    let marker = version(&world.delete("/bucket/key").await);
    let on_marker = format!("/bucket/key?retention&versionId={marker}");
    world.put(&on_marker, retention("GOVERNANCE", FAR).as_bytes()).await.refused(405, "MethodNotAllowed");
    world.get("/bucket/none?legal-hold").await.refused(404, "NoSuchKey");
    world.put("/plain", b"").await.fine();
    world.put("/plain/key", b"x").await.fine();
    for query in ["retention", "legal-hold"] {
        world.get(&format!("/plain/key?{query}")).await.refused(400, "InvalidRequest");
    }
    world
        .put("/plain/key?retention", retention("GOVERNANCE", FAR).as_bytes())
        .await
        .refused(400, "InvalidRequest");
}

#[tokio::test]
async fn a_legal_hold_has_no_end_but_its_own() {
    let world = locking().await;
    let id = version(&put(&world, &[("x-amz-object-lock-legal-hold", "ON")], b"1").await.fine());
    let path = format!("/bucket/key?legal-hold&versionId={id}");
    remove(&world, &id, true).await.refused(403, "AccessDenied");
    assert_eq!(world.get(&path).await.fine().element("Status"), "ON");
    world.put(&path, b"<LegalHold><Status>on</Status></LegalHold>").await.refused(400, "MalformedXML");
    world.put(&path, b"<LegalHold><Status>OFF</Status></LegalHold>").await.fine();
    assert_eq!(world.get("/bucket/key").await.fine().header("x-amz-object-lock-legal-hold"), "OFF");
    assert_eq!(remove(&world, &id, false).await.status, 204);
}

#[tokio::test]
async fn lock_headers_are_checked_before_anything_is_kept() {
    let world = locking().await;
    for (headers, code) in [
        (vec![("x-amz-object-lock-mode", "GOVERNANCE")], "InvalidArgument"),
        (vec![("x-amz-object-lock-retain-until-date", FAR)], "InvalidArgument"),
        (retained("STRICT", FAR).to_vec(), "InvalidArgument"),
        (retained("GOVERNANCE", "2001-01-01T00:00:00Z").to_vec(), "InvalidArgument"),
        (vec![("x-amz-object-lock-legal-hold", "MAYBE")], "InvalidArgument"),
    ] {
        put(&world, &headers, b"x").await.refused(400, code);
    }
    let bare = retained("GOVERNANCE", FAR);
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &bare, b"x").await.refused(400, "InvalidRequest");
    world.put("/plain", b"").await.fine();
    world.call(Some(&ADMIN), "PUT", "/plain/key", &bare, b"x").await.refused(400, "InvalidRequest");
    world.get("/bucket/key").await.refused(404, "NoSuchKey");
    // copies and uploads in parts take them, and a copy does not inherit its source's
    put(&world, &bare, b"x").await.fine();
    let copy = [("x-amz-copy-source", "bucket/key")];
    world.call(Some(&ADMIN), "PUT", "/bucket/copy", &copy, b"").await.fine();
    assert_eq!(world.get("/bucket/copy").await.header("x-amz-object-lock-mode"), "");
    let both: Vec<_> = copy.into_iter().chain(bare).collect();
    world.call(Some(&ADMIN), "PUT", "/bucket/copy", &both, b"").await.fine();
    assert_eq!(world.get("/bucket/copy").await.header("x-amz-object-lock-mode"), "GOVERNANCE");
    let begun = world.call(Some(&ADMIN), "POST", "/bucket/big?uploads", &bare, b"").await.fine();
    let id = begun.element("UploadId");
    let part = world.put(&format!("/bucket/big?partNumber=1&uploadId={id}"), b"x").await.fine();
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag")
    );
    world.post(&format!("/bucket/big?uploadId={id}"), body.as_bytes()).await.fine();
    assert_eq!(world.get("/bucket/big").await.header("x-amz-object-lock-mode"), "GOVERNANCE");
}

#[tokio::test]
async fn a_policy_may_limit_how_long_is_retained() {
    let world = locking().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
        "Action":["s3:PutObjectRetention","s3:PutObject"],"Resource":"arn:aws:s3:::bucket/*",
        "Condition":{"NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}}}]}"#;
    assert_eq!(world.put("/bucket?policy", policy.as_bytes()).await.status, 204);
    put(&world, &retained("GOVERNANCE", FAR), b"x").await.refused(403, "AccessDenied");
    put(&world, &[], b"x").await.fine();
    let body = retention("GOVERNANCE", FAR);
    world.put("/bucket/key?retention", body.as_bytes()).await.refused(403, "AccessDenied");
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    world.put("/bucket/key?retention", retention("GOVERNANCE", &soon.to_string()).as_bytes()).await.fine();
}

#[tokio::test]
async fn writes_and_deletions_hold_their_conditions_against_the_current_version() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let call = |method: &'static str, headers: Vec<(&'static str, String)>| {
        let world = &world;
        async move {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let body: &[u8] = if method == "PUT" { b"new" } else { b"" };
            world.call(Some(&ADMIN), method, "/bucket/key", &headers, body).await
        }
    };
    let of = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    call("PUT", of("if-match", "\"abc\"")).await.refused(404, "NoSuchKey");
    call("DELETE", of("if-match", "*")).await.refused(404, "NoSuchKey");
    call("PUT", of("if-none-match", "*")).await.fine();
    call("PUT", of("if-none-match", "*")).await.refused(412, "PreconditionFailed");
    call("PUT", of("if-none-match", "\"abc\"")).await.refused(501, "NotImplemented");
    let etag = world.get("/bucket/key").await.header("etag").to_owned();
    call("PUT", of("if-match", &etag)).await.fine();
    call("PUT", of("if-match", "\"abc\"")).await.refused(412, "PreconditionFailed");
    call("DELETE", of("if-match", "\"abc\"")).await.refused(412, "PreconditionFailed");
    // what only directory buckets have
    for name in ["x-amz-if-match-size", "x-amz-if-match-last-modified-time"] {
        call("DELETE", of(name, "3")).await.refused(501, "NotImplemented");
    }
    call("DELETE", of("if-none-match", "*")).await.refused(501, "NotImplemented");
    let many = |terms: &str| format!("<Delete><Object><Key>key</Key>{terms}</Object></Delete>");
    for (terms, code) in [
        ("<ETag>abc</ETag>", "PreconditionFailed"),
        ("<Size>3</Size>", "NotImplemented"),
        ("<LastModifiedTime>2001-01-01T00:00:00Z</LastModifiedTime>", "NotImplemented"),
    ] {
        let reply = world.post("/bucket?delete", many(terms).as_bytes()).await.fine();
        assert_eq!(reply.elements("Code"), [code], "{terms}");
    }
    assert_eq!(call("DELETE", of("if-match", &etag)).await.status, 204);
    // where versions are kept, a delete marker is no object
    let enable = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", enable.as_bytes()).await.fine();
    call("PUT", vec![]).await.fine();
    assert_eq!(call("DELETE", vec![]).await.status, 204);
    call("PUT", of("if-match", "*")).await.refused(404, "NoSuchKey");
    call("DELETE", of("if-match", "*")).await.refused(412, "PreconditionFailed");
    call("PUT", of("if-none-match", "*")).await.fine();
    assert_eq!(world.get("/bucket?versions").await.elements("Version").len(), 2);
}
