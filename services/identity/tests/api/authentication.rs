//! Who gets in: the right key, the right time, nothing altered.

use std::time::{Duration, SystemTime};

use crate::support::{ADMINISTRATOR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_an_unknown_key_and_no_signature_are_refused() {
    let world = World::new().await;
    let mut admin = world.admin();
    let unsigned = http::Request::post("/").body(b"Action=ListUsers&Version=2010-05-08".to_vec()).unwrap();
    assert_eq!(admin.send(unsigned).await.error().0, "MissingAuthenticationToken");
    admin.secret = "x".repeat(40);
    admin.refused("ListUsers", &[], "SignatureDoesNotMatch").await;
    admin.access_key_id = "AKIAAAAAAAAAAAAAAAAA".into();
    admin
        .fails(
            "ListUsers",
            &[],
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skewed_clock_is_refused() {
    let world = World::new().await;
    let mut admin = world.admin();
    for skewed in
        [SystemTime::now() - Duration::from_secs(16 * 60), SystemTime::now() + Duration::from_secs(16 * 60)]
    {
        admin.signed_at = Some(skewed);
        admin.refused("ListUsers", &[], "SignatureDoesNotMatch").await;
    }
    admin.signed_at = Some(SystemTime::now() - Duration::from_secs(14 * 60));
    admin.ok("ListUsers", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_body_or_header_is_refused() {
    let world = World::new().await;
    let admin = world.admin();
    let version = world.version().await;
    let mut altered = admin.request("iam", "CreateUser", &[("UserName", "alice")]);
    *altered.body_mut() = b"Action=CreateUser&Version=2010-05-08&UserName=mallory".to_vec();
    assert_eq!(admin.send(altered).await.error().0, "SignatureDoesNotMatch");
    let mut altered = admin.request("iam", "CreateUser", &[("UserName", "alice")]);
    altered.headers_mut().insert("host", "elsewhere.test".parse().unwrap());
    assert_eq!(admin.send(altered).await.error().0, "SignatureDoesNotMatch");
    assert_eq!(world.version().await, version);
}

#[tokio::test(flavor = "multi_thread")]
async fn inactive_and_deleted_keys_stop_working_and_an_active_one_works_again() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", ADMINISTRATOR)]).await;
    alice.ok("ListUsers", &[]).await;
    let key = [("UserName", "alice"), ("AccessKeyId", alice.access_key_id.as_str())];
    let set = |status: &'static str| [key[0], key[1], ("Status", status)];
    let works = || async { alice.call("ListUsers", &[]).await.status == 200 };

    admin.ok("UpdateAccessKey", &set("Inactive")).await;
    assert!(!works().await, "an inactive key is refused");
    alice.refused("ListUsers", &[], "InvalidClientTokenId").await;
    admin.ok("UpdateAccessKey", &set("Active")).await;
    assert!(works().await, "an active key works");
    admin.ok("DeleteAccessKey", &key).await;
    assert!(!works().await, "a deleted key is refused");
    alice.refused("ListUsers", &[], "InvalidClientTokenId").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_chosen_by_the_gateway_or_by_the_scope() {
    let world = World::new().await;
    let admin = world.admin();
    assert_eq!(admin.who_am_i().await.status, 200);
    let mut other = admin.request("iam", "GetCallerIdentity", &[]);
    other.headers_mut().insert("x-murus-api", "sts".parse().unwrap());
    // the gateway's word goes, and a signature for another API does not pass there
    assert_eq!(admin.send(other).await.error().0, "SignatureDoesNotMatch");
    let message = admin.refused("GetCallerIdentity", &[], "InvalidAction").await;
    assert_eq!(message, "The action GetCallerIdentity is not valid for this web service.");
}
