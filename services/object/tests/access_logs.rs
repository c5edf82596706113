//! Server access logging through the real dispatcher, delivered every second.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use object::Config;
use support::World;
use support::identity::{ADMIN, BOB, EVE};

const LOGS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*",
    "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"},"StringEquals":{"aws:SourceAccount":"000000000001"}}}]}"#;

fn hurried() -> Config {
    Config { access_log_interval_s: 1, lifecycle_day_seconds: 1, ..support::config() }
}

async fn logged() -> World {
    let world = World::with(hurried()).await;
    for bucket in ["/bucket", "/other", "/logs"] {
        world.put(bucket, b"").await.fine();
    }
    world.put("/logs?policy", LOGS.as_bytes()).await.fine();
    switch_on(&world, "bucket").await;
    world
}

fn status(format: &str) -> String {
    format!(
        "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>log/</TargetPrefix>\
         {format}</LoggingEnabled></BucketLoggingStatus>"
    )
}

async fn switch_on(world: &World, bucket: &str) {
    world.put(&format!("/{bucket}?logging"), status("").as_bytes()).await.fine();
}

/// All lines that were delivered.
async fn lines(world: &World) -> Vec<String> {
    let listed = world.get("/logs?list-type=2").await.fine();
    let mut lines = Vec::new();
    for key in listed.elements("Key") {
        let log = world.get(&format!("/logs/{key}")).await.fine();
        assert!(log.text().ends_with('\n'), "a log object is whole lines");
        lines.extend(log.text().lines().map(str::to_owned));
    }
    lines
}

/// The line that has all of these, once it was delivered.
async fn line_with(world: &World, parts: &[&str]) -> String {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let all = lines(world).await;
        if let Some(line) = all.iter().find(|line| parts.iter().all(|part| line.contains(part))) {
            return line.clone();
        }
        assert!(tokio::time::Instant::now() < deadline, "no line with {parts:?} in {all:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn requests_become_lines_in_awss_format() {
    let world = logged().await;
    world.put("/bucket/a%20key", b"hello").await.fine();
    let got =
        world.call(Some(&ADMIN), "GET", "/bucket/a%20key", &[("user-agent", "a \"b\"")], b"").await.fine();
    let id = got.header("x-amz-request-id").to_owned();
    world.call(None, "GET", "/bucket/nothing?versionId=null", &[], b"").await.refused(403, "AccessDenied");
    let line = line_with(&world, &[&id]).await;
    let fields: Vec<&str> = line.split(' ').collect();
    assert_eq!(fields[0], ADMIN.canonical);
    assert_eq!(fields[1], "bucket");
    assert!(fields[2].starts_with('[') && fields[3] == "+0000]", "{line}");
    assert_eq!(
        fields[4..9],
        ["-", "arn:aws:iam::000000000001:user/admin", &id, "REST.GET.OBJECT", "a%20key"]
    );
    assert_eq!(fields[9..12], ["\"GET", "/bucket/a%20key", "HTTP/1.1\""]);
    assert_eq!(fields[12..16], ["200", "-", "5", "5"]);
    assert!(fields[16].parse::<u64>().is_ok() && fields[17].parse::<u64>().is_ok(), "{line}");
    assert_eq!(fields[18..22], ["\"-\"", "\"a", "%22b%22\"", "-"]);
    assert_eq!(fields[22..], [&id, "SigV4", "-", "AuthHeader", "127.0.0.1:8773", "-", "-", "-"]);
    let put = line_with(&world, &["REST.PUT.OBJECT a%20key"]).await;
    assert!(put.contains("\"PUT /bucket/a%20key HTTP/1.1\" 200 - - 5 "), "{put}");
    let refused = line_with(&world, &["REST.GET.OBJECT nothing"]).await;
    assert!(refused.contains(" - - ") && refused.contains(" 403 AccessDenied "), "{refused}");
    assert!(refused.contains(" null ") && refused.ends_with(" - - - 127.0.0.1:8773 - - -"), "{refused}");
}

#[tokio::test]
async fn requests_that_prove_nothing_are_logged_without_a_requester() {
    let world = logged().await;
    let wrong = support::Somebody { secret: "wrong", ..BOB };
    world.call(Some(&wrong), "DELETE", "/bucket/k", &[], b"").await.refused(403, "SignatureDoesNotMatch");
    let line = line_with(&world, &["REST.DELETE.OBJECT k"]).await;
    assert!(line.contains("+0000] - - ") && line.contains(" 403 SignatureDoesNotMatch "), "{line}");
}

#[tokio::test]
async fn keys_of_a_multi_delete_and_sources_of_copies_have_lines_of_their_own() {
    let world = logged().await;
    world.put("/bucket/from", b"12345678").await.fine();
    let source = [("x-amz-copy-source", "bucket/from")];
    world.call(Some(&ADMIN), "PUT", "/other/to", &source, b"").await.fine();
    let read = line_with(&world, &["REST.COPY.OBJECT_GET from"]).await;
    assert!(read.contains("\"PUT /other/to HTTP/1.1\" 200 - - 8 "), "{read}");
    let body = b"<Delete><Object><Key>from</Key></Object><Object><Key>x y</Key></Object></Delete>";
    let id = world.post("/bucket?delete", body).await.fine().header("x-amz-request-id").to_owned();
    line_with(&world, &["REST.POST.MULTI_OBJECT_DELETE - \"POST /bucket?delete HTTP/1.1\" 200"]).await;
    let one = line_with(&world, &["BATCH.DELETE.OBJECT x%20y", &id]).await;
    assert!(one.contains("BATCH.DELETE.OBJECT x%20y - 204 - - - - - - - - "), "{one}");
    let other = line_with(&world, &["BATCH.DELETE.OBJECT from", &id]).await;
    assert!(other.contains("BATCH.DELETE.OBJECT from - 204 - - 8 - - - - - "), "{other}");
    // what a marker hides, a version, and a marker
    let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", on).await.fine();
    let version = world.put("/bucket/from", b"123").await.fine().header("x-amz-version-id").to_owned();
    let marker =
        world.post("/bucket?delete", b"<Delete><Object><Key>from</Key></Object></Delete>").await.fine();
    line_with(&world, &["BATCH.DELETE.OBJECT from - 204 - - 3 - - - - - "]).await;
    for (version, size) in [(version, "3"), (marker.element("DeleteMarkerVersionId"), "-")] {
        let body =
            format!("<Delete><Object><Key>from</Key><VersionId>{version}</VersionId></Object></Delete>");
        world.post("/bucket?delete", body.as_bytes()).await.fine();
        line_with(&world, &[&format!("BATCH.DELETE.OBJECT from - 204 - - {size} - - - - {version} ")]).await;
    }
}

#[tokio::test]
async fn a_full_disk_serves_reads_and_keeps_the_lines_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Config { access_log_interval_s: 86_400, ..support::config() };
    let world = World::open(dir.path(), slow).await.unwrap();
    for bucket in ["/bucket", "/logs"] {
        world.put(bucket, b"").await.fine();
    }
    world.put("/logs?policy", LOGS.as_bytes()).await.fine();
    switch_on(&world, "bucket").await;
    world.put("/bucket/key", b"content").await.fine();
    world.stop().await;
    // what is left of any disk is less than this reserve
    let world = World::open(dir.path(), Config { reserve_mib: 1 << 40, ..hurried() }).await.unwrap();
    for n in 0..20 {
        assert_eq!(world.get(&format!("/bucket/key?n={n}")).await.fine().body, "content");
    }
    world.put("/bucket/more", b"x").await.refused(503, "ServiceUnavailable");
    let failed = r#"reconciler="object-access-log-delivery",outcome="failed""#;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !world.metrics.render().lines().any(|line| line.contains(failed) && !line.ends_with(" 0")) {
        assert!(tokio::time::Instant::now() < deadline, "{}", world.metrics.render());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.get("/bucket/key").await.fine().body, "content");
    assert_eq!(world.delete("/bucket/nothing").await.status, 204);
    assert!(!world.metrics.render().contains("murus_object_access_log_dropped_bytes_total"));
    world.stop().await;
    let world = World::open(dir.path(), hurried()).await.unwrap();
    line_with(&world, &["REST.PUT.OBJECT key"]).await;
    let all = lines(&world).await;
    assert_eq!(all.iter().filter(|line| line.contains("REST.PUT.OBJECT key")).count(), 1);
}

#[tokio::test]
async fn what_a_lifecycle_does_is_logged() {
    let world = logged().await;
    world.put("/bucket/old", b"123").await.fine();
    let rule = "<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>\
                </Rule></LifecycleConfiguration>";
    world.put("/bucket?lifecycle", rule.as_bytes()).await.fine();
    let down = "<LifecycleConfiguration><Rule><Filter><And><Prefix>cold</Prefix><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status><Transition><Days>0</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition></Rule></LifecycleConfiguration>";
    let line = line_with(&world, &["S3.EXPIRE.OBJECT old"]).await;
    world.put("/bucket/cold", b"1234").await.fine();
    world.put("/bucket?lifecycle", down.as_bytes()).await.fine();
    let cold = line_with(&world, &["S3.TRANSITION_GDA.OBJECT cold"]).await;
    assert!(cold.contains(" AmazonS3 ") && cold.contains(" cold - - - - 4 - - - - - "), "{cold}");
    assert!(line.contains("+0000] - AmazonS3 ") && line.contains(" old - - - - 3 - - - - - "), "{line}");
}

#[tokio::test]
async fn a_stop_loses_nothing_and_what_waits_is_delivered_after_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Config { access_log_interval_s: 86_400, ..support::config() };
    let world = World::open(dir.path(), slow).await.unwrap();
    for bucket in ["/bucket", "/logs"] {
        world.put(bucket, b"").await.fine();
    }
    world.put("/logs?policy", LOGS.as_bytes()).await.fine();
    switch_on(&world, "bucket").await;
    for n in 0..20 {
        world.put(&format!("/bucket/{n}-key"), b"x").await.fine();
    }
    world.stop().await;
    let world = World::open(dir.path(), hurried()).await.unwrap();
    line_with(&world, &["REST.PUT.OBJECT 19-key"]).await;
    let puts = lines(&world).await.iter().filter(|line| line.contains(" REST.PUT.OBJECT ")).count();
    assert_eq!(puts, 20);
}

#[tokio::test]
async fn the_target_must_be_there_ones_own_and_let_the_logs_in() {
    let world = World::with(hurried()).await;
    for bucket in ["/bucket", "/logs"] {
        world.put(bucket, b"").await.fine();
    }
    let refused = "InvalidTargetBucketForLogging";
    let to = |target: &str| status("").replace(">logs<", &format!(">{target}<"));
    world.put("/bucket?logging", to("nowhere").as_bytes()).await.refused(400, refused);
    world.call(Some(&EVE), "PUT", "/theirs", &[], b"").await.fine();
    world.put("/bucket?logging", to("theirs").as_bytes()).await.refused(400, refused);
    let grants = "<TargetGrants><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI>\
                  </Grantee><Permission>READ</Permission></Grant></TargetGrants>";
    world
        .put("/bucket?logging", status(grants).as_bytes())
        .await
        .refused(400, "AccessControlListNotSupported");
    world
        .call(Some(&BOB), "PUT", "/bucket?logging", &[], status("").as_bytes())
        .await
        .refused(403, "AccessDenied");
    assert!(!world.get("/bucket?logging").await.fine().text().contains("LoggingEnabled"));
    // with ACLs on the target must have let the logs in before
    let writer = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    world.put("/logs?ownershipControls", writer).await.fine();
    world.delete("/logs?publicAccessBlock").await.fine();
    world.put("/bucket?logging", to("logs").as_bytes()).await.refused(400, refused);
    let canned = [("x-amz-acl", "log-delivery-write")];
    world.call(Some(&ADMIN), "PUT", "/logs?acl", &canned, b"").await.fine();
    world.put("/bucket?logging", status(grants).as_bytes()).await.fine();
    let shown = world.get("/bucket?logging").await.fine();
    assert_eq!(shown.element("TargetBucket"), "logs");
    assert_eq!(shown.element("Permission"), "READ");
    world.put("/bucket/k", b"x").await.fine();
    line_with(&world, &["REST.PUT.OBJECT k"]).await;
    // the log objects are the log service's, and granted as asked
    let key = world.get("/logs?list-type=2").await.fine().element("Key");
    let acl = world.get(&format!("/logs/{key}?acl")).await.fine().text();
    assert!(acl.contains("<Permission>FULL_CONTROL</Permission>") && acl.contains(ADMIN.canonical), "{acl}");
    assert!(acl.contains("AuthenticatedUsers") && acl.contains("<Permission>READ</Permission>"), "{acl}");
    world.call(Some(&EVE), "GET", &format!("/logs/{key}"), &[], b"").await.fine();
    world.call(None, "GET", &format!("/logs/{key}"), &[], b"").await.refused(403, "AccessDenied");
    // off again
    world.put("/bucket?logging", b"<BucketLoggingStatus/>").await.fine();
    assert!(!world.get("/bucket?logging").await.fine().text().contains("LoggingEnabled"));
}

#[tokio::test]
async fn a_target_that_refuses_loses_its_logs_and_nothing_else() {
    let world = World::with(hurried()).await;
    for bucket in ["/bucket", "/logs"] {
        world.put(bucket, b"").await.fine();
    }
    switch_on(&world, "bucket").await;
    world.put("/bucket/k", b"x").await.fine();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !world.metrics.render().contains("murus_object_access_logs_refused_total 1") {
        assert!(tokio::time::Instant::now() < deadline, "{}", world.metrics.render());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.put("/logs?policy", LOGS.as_bytes()).await.fine();
    world.put("/bucket/later", b"x").await.fine();
    line_with(&world, &["REST.PUT.OBJECT later"]).await;
    assert!(lines(&world).await.iter().all(|line| !line.contains("REST.PUT.OBJECT k ")));
}

#[tokio::test]
async fn signatures_in_the_query_are_not_given_to_readers_of_the_log() {
    let world = logged().await;
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0123&X-Amz-Security-Token=abcd";
    world.call(None, "GET", &format!("/bucket/signed?{query}"), &[], b"").await;
    let line = line_with(&world, &["REST.GET.OBJECT signed"]).await;
    assert!(line.contains("X-Amz-Signature=REDACTED&X-Amz-Security-Token=REDACTED HTTP/1.1\""), "{line}");
}
