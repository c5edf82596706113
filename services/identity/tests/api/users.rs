//! Users.

use crate::support::{READ_ONLY, World, statement};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_shown_listed_renamed_and_deleted() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin
        .ok(
            "CreateUser",
            &[
                ("UserName", "alice"),
                ("Path", "/staff/"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "red + blue"),
            ],
        )
        .await;
    assert_eq!(made.field("Arn"), format!("arn:aws:iam::{account}:user/staff/alice"));
    let shown = admin.ok("GetUser", &[("UserName", "alice")]).await;
    assert_eq!(shown.field("UserId"), made.field("UserId"));
    assert_eq!((shown.field("Key"), shown.field("Value")), ("team".into(), "red + blue".into()));
    assert!(shown.field("CreateDate").ends_with('Z'));

    let listed = admin.ok("ListUsers", &[("PathPrefix", "/staff/")]).await;
    assert_eq!(listed.fields("UserName"), ["alice"]);
    assert_eq!(listed.field("IsTruncated"), "false");
    assert!(!listed.body.contains("<Tags>"));

    let renamed = [("UserName", "alice"), ("NewUserName", "Alice"), ("NewPath", "/")];
    admin.ok("UpdateUser", &renamed).await;
    let shown = admin.ok("GetUser", &[("UserName", "Alice")]).await;
    assert_eq!(shown.field("UserId"), made.field("UserId"));
    assert_eq!(shown.field("Arn"), format!("arn:aws:iam::{account}:user/Alice"));

    admin.ok("DeleteUser", &[("UserName", "Alice")]).await;
    admin
        .fails(
            "GetUser",
            &[("UserName", "Alice")],
            "NoSuchEntity",
            "The user with name Alice cannot be found.",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_taken_whatever_their_case() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    admin.ok("CreateUser", &[("UserName", "bob")]).await;
    admin
        .fails(
            "CreateUser",
            &[("UserName", "ALICE")],
            "EntityAlreadyExists",
            "User with name ALICE already exists.",
        )
        .await;
    let taken = [("UserName", "bob"), ("NewUserName", "Alice")];
    admin.refused("UpdateUser", &taken, "EntityAlreadyExists").await;
    admin.refused("GetUser", &[("UserName", "ALICE")], "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_has_something_cannot_be_deleted() {
    let world = World::new().await;
    let admin = world.admin();
    let alice = world.user("alice").await;
    let (user, document) = (("UserName", "alice"), statement("Allow", "s3:*", "*"));
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    admin.ok("AddUserToGroup", &[user, ("GroupName", "g")]).await;
    admin.ok("AttachUserPolicy", &[user, ("PolicyArn", READ_ONLY)]).await;
    admin.ok("PutUserPolicy", &[user, ("PolicyName", "p"), ("PolicyDocument", &document)]).await;

    let conflict = |message: &'static str| {
        let admin = admin.clone();
        async move { admin.fails("DeleteUser", &[user], "DeleteConflict", message).await }
    };
    conflict("Cannot delete entity, must delete access keys first.").await;
    admin.ok("DeleteAccessKey", &[user, ("AccessKeyId", &alice.access_key_id)]).await;
    conflict("Cannot delete entity, must detach all policies first.").await;
    admin.ok("DetachUserPolicy", &[user, ("PolicyArn", READ_ONLY)]).await;
    conflict("Cannot delete entity, must delete policies first.").await;
    admin.ok("DeleteUserPolicy", &[user, ("PolicyName", "p")]).await;
    conflict("Cannot delete entity, must remove users from group first.").await;
    admin.ok("RemoveUserFromGroup", &[user, ("GroupName", "g")]).await;
    admin.ok("DeleteUser", &[user]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_again_under_its_name_is_another() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("DeleteAccessKey", &[("UserName", "alice"), ("AccessKeyId", &alice.access_key_id)]).await;
    let before = admin.ok("GetUser", &[("UserName", "alice")]).await.field("UserId");
    admin.ok("DeleteUser", &[("UserName", "alice")]).await;
    let after = admin.ok("CreateUser", &[("UserName", "alice")]).await.field("UserId");
    assert_ne!(before, after);
    assert_eq!(alice.who_am_i().await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another() {
    let world = World::new().await;
    let admin = world.admin();
    for n in 0..5 {
        admin.ok("CreateUser", &[("UserName", &format!("u{n}"))]).await;
    }
    let (mut all, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut asked = vec![("MaxItems", "2")];
        asked.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = admin.ok("ListUsers", &asked).await;
        all.extend(page.fields("UserName"));
        if page.field("IsTruncated") == "false" {
            assert!(!page.body.contains("<Marker>"));
            break;
        }
        marker = Some(page.field("Marker"));
    }
    assert_eq!(all, ["admin", "u0", "u1", "u2", "u3", "u4"]);
    admin.refused("ListUsers", &[("MaxItems", "0")], "ValidationError").await;
    admin.refused("ListUsers", &[("Marker", "%%%")], "ValidationError").await;
}
