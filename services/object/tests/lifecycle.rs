//! Lifecycles through the real dispatcher, on days of a second.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use object::Config;
use support::identity::{ADMIN, BOB};
use support::{Reply, World, config};

async fn hurried() -> World {
    let world = World::with(Config { lifecycle_day_seconds: 1, ..config() }).await;
    world.put("/bucket", b"").await.fine();
    world
}

fn move_to(class: &str, when: &str) -> String {
    format!("<Transition>{when}<StorageClass>{class}</StorageClass></Transition>")
}

fn noncurrent(class: &str, days: i64) -> String {
    format!(
        "<NoncurrentVersionTransition><NoncurrentDays>{days}</NoncurrentDays><StorageClass>{class}</StorageClass>\
         </NoncurrentVersionTransition>"
    )
}

fn days(number: i64) -> String {
    format!("<Days>{number}</Days>")
}

async fn set(world: &World, rules: &str) -> Reply {
    let body = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    world.put("/bucket?lifecycle", body.as_bytes()).await
}

async fn enable(world: &World) {
    let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", body.as_bytes()).await.fine();
}

fn rule(filter: &str, actions: &str) -> String {
    format!("<Rule>{filter}<Status>Enabled</Status>{actions}</Rule>")
}

/// Waits until the bucket's list of versions reads like this: `key`, or `-key` for a delete marker, newest first.
async fn becomes(world: &World, expected: &[&str]) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let listed = world.get("/bucket?versions").await.fine();
        let keys = |name: &str, sign: &str| -> Vec<String> {
            let rows = listed.elements(name);
            rows.iter()
                .map(|row| format!("{sign}{}", row.split("<Key>").nth(1).unwrap().split('<').next().unwrap()))
                .collect()
        };
        let found = [keys("Version", ""), keys("DeleteMarker", "-")].concat();
        if found == expected {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{found:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_configuration_is_checked_kept_and_given_back() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.get("/bucket?lifecycle").await.refused(404, "NoSuchLifecycleConfiguration");
    let days = "<Expiration><Days>3</Days></Expiration>";
    let all = "<Filter/>";
    let long = "x".repeat(256);
    for (rules, status, code) in [
        (String::new(), 400, "MalformedXML"),
        (rule("", days), 400, "MalformedXML"),
        (rule("<Prefix>a</Prefix><Filter/>", days), 400, "MalformedXML"),
        (rule(all, ""), 400, "InvalidRequest"),
        (rule(all, days).replace("Enabled", "On"), 400, "MalformedXML"),
        (rule(&format!("<ID>{long}</ID>{all}"), days), 400, "InvalidArgument"),
        (rule("<ID>a</ID><Filter/>", days).repeat(2), 400, "InvalidArgument"),
        (rule(all, "<Expiration><Days>0</Days></Expiration>"), 400, "InvalidArgument"),
        (rule(all, "<Expiration/>"), 400, "MalformedXML"),
        (
            rule(all, "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
            400,
            "MalformedXML",
        ),
        (rule(all, "<Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>"), 400, "InvalidArgument"),
        (rule(all, "<Expiration><Date>soon</Date></Expiration>"), 400, "MalformedXML"),
        (
            rule("<Filter><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>", days),
            400,
            "MalformedXML",
        ),
        (rule("<Filter><And><Prefix>a</Prefix></And></Filter>", days), 400, "MalformedXML"),
        (
            rule(
                "<Filter><And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And></Filter>",
                days,
            ),
            400,
            "InvalidRequest",
        ),
        (
            rule(
                "<Filter><And><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>2</Value></Tag></And></Filter>",
                days,
            ),
            400,
            "InvalidRequest",
        ),
        (
            rule(
                "<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter>",
                "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            ),
            400,
            "InvalidRequest",
        ),
        (
            rule(
                "<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter>",
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
            ),
            400,
            "InvalidRequest",
        ),
        (
            rule(
                all,
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>0</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
            ),
            400,
            "InvalidArgument",
        ),
        (
            rule(
                all,
                "<NoncurrentVersionExpiration><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
            ),
            400,
            "MalformedXML",
        ),
        (
            rule(
                all,
                "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>101</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
            ),
            400,
            "InvalidArgument",
        ),
    ] {
        set(&world, &rules).await.refused(status, code);
        world.get("/bucket?lifecycle").await.refused(404, "NoSuchLifecycleConfiguration");
    }
    let good = [
        rule("<ID>one</ID><Filter><Prefix>a/</Prefix></Filter>", days),
        rule("<Prefix>b/</Prefix>", "<Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>"),
        rule(
            "<ID>three</ID><Filter><And><Prefix>c/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><ObjectSizeGreaterThan>7</ObjectSizeGreaterThan></And></Filter>",
            "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
        ),
        rule(
            "<ID>four</ID><Filter></Filter>",
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
        ),
    ]
    .concat();
    let put = set(&world, &good).await.fine();
    assert_eq!(put.header("x-amz-transition-default-minimum-object-size"), "all_storage_classes_128K");
    let got = world.get("/bucket?lifecycle").await.fine();
    assert_eq!(got.elements("ID").len(), 4);
    assert_eq!(got.elements("Prefix"), ["a/", "b/", "c/"]);
    assert_eq!(got.element("And").matches("<Tag>").count(), 1);
    assert_eq!(got.element("Date"), "2030-01-01T00:00:00.000Z");
    // what was given is taken again
    let inner = got.text();
    let inner = inner
        .split_once("/\">")
        .map_or(inner.as_str(), |(_, rest)| rest)
        .replace("</LifecycleConfiguration>", "");
    set(&world, &inner).await.fine();
    assert_eq!(world.get("/bucket?lifecycle").await.text(), got.text());
    // and replies tell what will be
    let told = world.put("/bucket/a/1", b"x").await.fine();
    assert!(told.header("x-amz-expiration").ends_with("GMT\", rule-id=\"one\""), "{told:?}");
    assert_eq!(world.get("/bucket/a/1").await.header("x-amz-expiration"), told.header("x-amz-expiration"));
    let dated = "expiry-date=\"Tue, 01 Jan 2030 00:00:00 GMT\", rule-id=";
    assert!(world.put("/bucket/b/1", b"x").await.header("x-amz-expiration").starts_with(dated));
    assert_eq!(world.put("/bucket/d", b"x").await.header("x-amz-expiration"), "");
    let begun = world.post("/bucket/d?uploads", b"").await.fine();
    assert_eq!(begun.header("x-amz-abort-rule-id"), "four");
    assert!(begun.header("x-amz-abort-date").ends_with("00:00:00 GMT"));
    let id = begun.element("UploadId");
    let listed = world.get(&format!("/bucket/d?uploadId={id}")).await.fine();
    assert_eq!(listed.header("x-amz-abort-date"), begun.header("x-amz-abort-date"));
    for method in ["GET", "PUT", "DELETE"] {
        world.call(Some(&BOB), method, "/bucket?lifecycle", &[], b"").await.refused(403, "AccessDenied");
    }
    assert_eq!(world.delete("/bucket?lifecycle").await.status, 204);
    world.get("/bucket?lifecycle").await.refused(404, "NoSuchLifecycleConfiguration");
    assert_eq!(world.get("/bucket/a/1").await.header("x-amz-expiration"), "");
}

#[tokio::test]
async fn objects_expire_and_their_content_is_freed() {
    let world = hurried().await;
    world.put("/bucket/a/1", &[1u8; 100_000]).await.fine();
    world.put("/bucket/a/small", b"x").await.fine();
    world.put("/bucket/b", b"stays").await.fine();
    let filter =
        "<Filter><And><Prefix>a/</Prefix><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></And></Filter>";
    set(&world, &rule(filter, "<Expiration><Days>1</Days></Expiration>")).await.fine();
    becomes(&world, &["a/small", "b"]).await;
    world.files_become(0).await;
    // a rule that is off does nothing, one of the past at once
    let off = rule("<Filter/>", "<Expiration><Days>1</Days></Expiration>").replace("Enabled", "Disabled");
    set(&world, &off).await.fine();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    becomes(&world, &["a/small", "b"]).await;
    let past = rule("<Filter/>", "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>");
    set(&world, &past).await.fine();
    becomes(&world, &[]).await;
}

#[tokio::test]
async fn versions_expire_one_after_the_other_and_the_last_marker_goes() {
    let world = hurried().await;
    enable(&world).await;
    for n in 0..4u8 {
        world.put("/bucket/key", &[n]).await.fine();
    }
    let kept = "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>";
    set(&world, &rule("<Filter/>", kept)).await.fine();
    becomes(&world, &["key", "key", "key"]).await;
    assert_eq!(world.get("/bucket/key").await.fine().body, &[3u8][..]);
    // the current object expires by being marked as deleted
    set(&world, &rule("<Filter/>", &format!("<Expiration><Days>1</Days></Expiration>{kept}"))).await.fine();
    becomes(&world, &["key", "key", "-key"]).await;
    let none =
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>";
    set(&world, &rule("<Filter/>", none)).await.fine();
    becomes(&world, &["-key"]).await;
    let markers = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
    set(&world, &rule("<Filter/>", markers)).await.fine();
    becomes(&world, &[]).await;
    world.files_become(0).await;
}

#[tokio::test]
async fn a_walk_that_loses_its_place_keeps_what_is_to_be_kept() {
    let world = hurried().await;
    // the oldest version, `null`, ends the first page of the walk and is removed with it
    world.put("/bucket/key", b"null").await.fine();
    world.put("/bucket/last", b"x").await.fine();
    enable(&world).await;
    for n in 0..499u32 {
        world.put("/bucket/key", &n.to_be_bytes()).await.fine();
    }
    let keep = "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration>";
    // all of them are noncurrent for a day before the rule is there
    tokio::time::sleep(Duration::from_millis(2100)).await;
    set(&world, &rule("<Filter/>", keep)).await.fine();
    becomes(&world, &["key", "key", "key", "key", "last"]).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    becomes(&world, &["key", "key", "key", "key", "last"]).await;
}

#[tokio::test]
async fn a_locked_version_outlives_its_lifecycle() {
    let world = World::with(Config { lifecycle_day_seconds: 1, ..config() }).await;
    let on = [("x-amz-bucket-object-lock-enabled", "true")];
    world.call(Some(&ADMIN), "PUT", "/bucket", &on, b"").await.fine();
    for key in ["free", "held"] {
        world.put(&format!("/bucket/{key}"), b"1").await.fine();
    }
    world.put("/bucket/held?legal-hold", b"<LegalHold><Status>ON</Status></LegalHold>").await.fine();
    for key in ["free", "held"] {
        world.put(&format!("/bucket/{key}"), b"2").await.fine();
    }
    let none =
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>";
    set(&world, &rule("<Filter/>", none)).await.fine();
    becomes(&world, &["free", "held", "held"]).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    becomes(&world, &["free", "held", "held"]).await;
}

#[tokio::test]
async fn uploads_that_nobody_completes_are_given_up() {
    let world = hurried().await;
    let id = world.post("/bucket/a/big?uploads", b"").await.fine().element("UploadId");
    world.put(&format!("/bucket/a/big?partNumber=1&uploadId={id}"), &[7u8; 100_000]).await.fine();
    world.post("/bucket/b?uploads", b"").await.fine();
    let abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
    set(&world, &rule("<Filter><Prefix>a/</Prefix></Filter>", abort)).await.fine();
    world.files_become(0).await;
    assert_eq!(world.get("/bucket?uploads").await.elements("Key"), ["b"]);
    world.get(&format!("/bucket/a/big?uploadId={id}")).await.refused(404, "NoSuchUpload");
}

/// Waits until the versions of the bucket have these classes, as they are listed.
async fn classes_become(world: &World, expected: &[&str]) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let found = world.get("/bucket?versions").await.fine().elements("StorageClass");
        if found == expected {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{found:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn transitions_are_held_to_what_aws_takes() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let filter = "<Filter><Prefix>a/</Prefix></Filter>";
    let date = "<Date>2030-01-01T00:00:00Z</Date>";
    let ends = |when: &str| format!("<Expiration>{when}</Expiration>");
    let last = |days: i64| {
        format!(
            "<NoncurrentVersionExpiration><NoncurrentDays>{days}</NoncurrentDays></NoncurrentVersionExpiration>"
        )
    };
    for (actions, code, message) in [
        (move_to("STANDARD", &days(1)), "MalformedXML", ""),
        (move_to("REDUCED_REDUNDANCY", &days(1)), "MalformedXML", ""),
        (move_to("NOWHERE", &days(1)), "MalformedXML", ""),
        (move_to("GLACIER", ""), "MalformedXML", ""),
        (move_to("GLACIER", &format!("{}{date}", days(1))), "MalformedXML", ""),
        (move_to("GLACIER", "<Date>2030-01-01T01:00:00Z</Date>"), "InvalidArgument", "at midnight GMT"),
        (move_to("GLACIER", &days(-1)), "InvalidArgument", "'Days' in Transition action must be nonnegative"),
        (
            move_to("STANDARD_IA", &days(29)),
            "InvalidArgument",
            "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        ),
        (
            noncurrent("ONEZONE_IA", 29),
            "InvalidArgument",
            "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30 for \
             storageClass 'ONEZONE_IA'",
        ),
        (
            move_to("GLACIER", &days(1)) + &move_to("GLACIER", &days(2)),
            "InvalidRequest",
            "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=a/)'",
        ),
        (
            move_to("GLACIER", &days(1)) + &move_to("DEEP_ARCHIVE", date),
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for filter '(prefix=a/)'",
        ),
        (
            move_to("DEEP_ARCHIVE", &days(60)) + &move_to("GLACIER", &days(60)),
            "InvalidArgument",
            "'Days' in the 'Transition' action for StorageClass 'DEEP_ARCHIVE' for filter '(prefix=a/)' must be \
             greater than 'Days' in the 'Transition' action for StorageClass 'GLACIER' for filter '(prefix=a/)'",
        ),
        (
            move_to("GLACIER", &days(5)) + &ends(&days(5)),
            "InvalidArgument",
            "'Days' in the Expiration action for filter '(prefix=a/)' must be greater than 'Days' in the Transition \
             action",
        ),
        (
            move_to("GLACIER", date) + &ends(&days(5)),
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter \
             '(prefix=a/)'",
        ),
        (
            noncurrent("GLACIER", 7) + &last(7),
            "InvalidArgument",
            "'NoncurrentDays' in the NoncurrentVersionExpiration action for filter '(prefix=a/)' must be greater \
             than 'NoncurrentDays' in the NoncurrentVersionTransition action",
        ),
        (
            noncurrent("GLACIER", 0)
                .replace("<Storage", "<NewerNoncurrentVersions>0</NewerNoncurrentVersions><Storage"),
            "InvalidArgument",
            "'NewerNoncurrentVersions' for NoncurrentVersionTransition action must be an integer between 1 and 100",
        ),
    ] {
        let reply = set(&world, &rule(filter, &actions)).await;
        reply.refused(400, code);
        assert!(reply.text().replace("&apos;", "'").contains(message), "{}", reply.text());
        world.get("/bucket?lifecycle").await.refused(404, "NoSuchLifecycleConfiguration");
    }
    let all = [
        rule(
            filter,
            &(move_to("STANDARD_IA", &days(30)) + &move_to("DEEP_ARCHIVE", &days(180)) + &ends(&days(181))),
        ),
        rule("<Prefix>b</Prefix>", &(move_to("GLACIER_IR", date) + &noncurrent("GLACIER", 0) + &last(1))),
    ];
    set(&world, &all.concat()).await.fine();
    let got = world.get("/bucket?lifecycle").await.fine();
    assert_eq!(got.elements("Transition").len(), 3);
    assert!(got.text().contains("2030-01-01T00:00:00"), "{}", got.text());
    assert!(got.text().contains(&noncurrent("GLACIER", 0)), "{}", got.text());
}

#[tokio::test]
async fn objects_go_to_the_classes_of_their_rules_and_stay_what_they_are() {
    let world = hurried().await;
    let (large, small) = (vec![7u8; 128 << 10], vec![7u8; (128 << 10) - 1]);
    let put = world.put("/bucket/a/large", &large).await.fine();
    let modified = world.get("/bucket/a/large").await.header("last-modified").to_owned();
    world.put("/bucket/a/small", &small).await.fine();
    world.put("/bucket/b/large", &large).await.fine();
    let class = [("x-amz-storage-class", "DEEP_ARCHIVE")];
    world.call(Some(&ADMIN), "PUT", "/bucket/a/zero", &class, &large).await.fine();
    let down = move_to("INTELLIGENT_TIERING", &days(0)) + &move_to("GLACIER_IR", &days(1));
    set(&world, &rule("<Filter><Prefix>a/</Prefix></Filter>", &down)).await.fine();
    classes_become(&world, &["GLACIER_IR", "STANDARD", "DEEP_ARCHIVE", "STANDARD"]).await;
    let got = world.get("/bucket/a/large").await.fine();
    assert_eq!((got.header("etag"), got.header("last-modified")), (put.header("etag"), modified.as_str()));
    assert_eq!((got.header("x-amz-storage-class"), &got.body[..]), ("GLACIER_IR", &large[..]));
    // into the archive goes also what is small, where the bucket says so, and is asked back from there
    let archive = format!(
        "<LifecycleConfiguration>{}</LifecycleConfiguration>",
        rule(
            "<Filter><Prefix>a/</Prefix></Filter>",
            &move_to("GLACIER", "<Date>2020-01-01T00:00:00Z</Date>")
        )
    );
    let varies = [("x-amz-transition-default-minimum-object-size", "varies_by_storage_class")];
    world.call(Some(&ADMIN), "PUT", "/bucket?lifecycle", &varies, archive.as_bytes()).await.fine();
    classes_become(&world, &["GLACIER", "GLACIER", "DEEP_ARCHIVE", "STANDARD"]).await;
    world.get("/bucket/a/small").await.refused(403, "InvalidObjectState");
    let back = b"<RestoreRequest><Days>1</Days></RestoreRequest>";
    assert_eq!(world.post("/bucket/a/small?restore", back).await.status, 202);
    assert_eq!(world.get("/bucket/a/small").await.fine().body, small);
}

#[tokio::test]
async fn versions_go_when_they_are_noncurrent_and_a_transition_comes_before_a_marker() {
    let world = hurried().await;
    enable(&world).await;
    let body = vec![1u8; 128 << 10];
    for _ in 0..3 {
        world.put("/bucket/key", &body).await.fine();
    }
    let kept = noncurrent("GLACIER", 1)
        .replace("<Storage", "<NewerNoncurrentVersions>1</NewerNoncurrentVersions><Storage");
    set(&world, &rule("<Filter/>", &kept)).await.fine();
    classes_become(&world, &["STANDARD", "STANDARD", "GLACIER"]).await;
    // both are due at once: the object is in its class when it is hidden
    let both = [
        rule("<Filter/>", &move_to("GLACIER_IR", &days(0))),
        rule("<Filter/>", "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>"),
    ];
    set(&world, &both.concat()).await.fine();
    becomes(&world, &["key", "key", "key", "-key"]).await;
    classes_become(&world, &["GLACIER_IR", "STANDARD", "GLACIER"]).await;
}
