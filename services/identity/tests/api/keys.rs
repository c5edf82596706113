//! Access keys.

use crate::support::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_shown_once_and_there_are_two_keys_at_most() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let second = admin.ok("CreateAccessKey", &[("UserName", "alice")]).await;
    assert_eq!((second.field("AccessKeyId").len(), second.field("SecretAccessKey").len()), (20, 40));
    assert_eq!(second.field("Status"), "Active");
    let message = "Cannot exceed quota for AccessKeysPerUser: 2";
    admin.fails("CreateAccessKey", &[("UserName", "alice")], "LimitExceeded", message).await;
    let listed = admin.ok("ListAccessKeys", &[("UserName", "alice")]).await;
    let mut expected = vec![alice.access_key_id.clone(), second.field("AccessKeyId")];
    expected.sort();
    assert_eq!(listed.fields("AccessKeyId"), expected);
    assert!(!listed.body.contains("Secret") && !listed.body.contains(&alice.secret));
    let with_second = world.client(&second.field("AccessKeyId"), &second.field("SecretAccessKey"));
    assert!(with_second.who_am_i().await.field("Arn").ends_with(":user/alice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_changed_only_through_its_own_user() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("CreateUser", &[("UserName", "bob")]).await;
    let wrong = [("UserName", "bob"), ("AccessKeyId", alice.access_key_id.as_str())];
    let message = format!("The Access Key with id {} cannot be found.", alice.access_key_id);
    admin.fails("DeleteAccessKey", &wrong, "NoSuchEntity", &message).await;
    // without a user it is the caller's own key that is meant
    admin.fails("DeleteAccessKey", &wrong[1..], "NoSuchEntity", &message).await;
    let status = [wrong[0], wrong[1], ("Status", "Inactive")];
    admin.refused("UpdateAccessKey", &status, "NoSuchEntity").await;
    let status = [("UserName", "alice"), wrong[1], ("Status", "Off")];
    let message = admin.refused("UpdateAccessKey", &status, "ValidationError").await;
    assert_eq!(
        message,
        "1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: \
         Member must satisfy enum value set: [Active, Inactive, Expired]"
    );
    assert_eq!(alice.who_am_i().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_at_once_do_not_make_a_third_key() {
    let world = World::new().await;
    let admin = world.admin();
    world.user("alice").await;
    let attempts = (0..6).map(|_| {
        let admin = admin.clone();
        tokio::spawn(async move { admin.call("CreateAccessKey", &[("UserName", "alice")]).await.status })
    });
    let mut made = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        made += usize::from(attempt.await.unwrap() == 200);
    }
    assert_eq!(made, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_tells_when_and_for_what_it_was_last_used() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let key = [("AccessKeyId", alice.access_key_id.as_str())];
    let never = admin.ok("GetAccessKeyLastUsed", &key).await;
    assert_eq!((never.field("UserName"), never.field("ServiceName")), ("alice".into(), "N/A".into()));
    assert!(!never.body.contains("LastUsedDate"));
    alice.refused("ListUsers", &[], "AccessDenied").await;
    eventually("the use is known", || async {
        admin.ok("GetAccessKeyLastUsed", &key).await.body.contains("<LastUsedDate>")
    })
    .await;
    let used = admin.ok("GetAccessKeyLastUsed", &key).await;
    assert_eq!((used.field("ServiceName"), used.field("Region")), ("iam".into(), "eu-central-1".into()));
    admin.refused("GetAccessKeyLastUsed", &[("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA")], "NoSuchEntity").await;
}
