//! Groups and who is in them.

use crate::support::{READ_ONLY, World};

#[tokio::test(flavor = "multi_thread")]
async fn membership_shows_from_both_sides() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin.ok("CreateGroup", &[("GroupName", "Wheel"), ("Path", "/ops/")]).await;
    assert_eq!(made.field("Arn"), format!("arn:aws:iam::{account}:group/ops/Wheel"));
    assert!(made.field("GroupId").starts_with("AGPA") && made.field("GroupId").len() == 21);
    for name in ["bob", "alice"] {
        admin.ok("CreateUser", &[("UserName", name)]).await;
        admin.ok("AddUserToGroup", &[("GroupName", "Wheel"), ("UserName", name)]).await;
    }
    // once more changes nothing
    admin.ok("AddUserToGroup", &[("GroupName", "Wheel"), ("UserName", "bob")]).await;
    let group = admin.ok("GetGroup", &[("GroupName", "Wheel")]).await;
    assert_eq!(group.fields("UserName"), ["alice", "bob"]);
    admin.ok("UpdateGroup", &[("GroupName", "Wheel"), ("NewGroupName", "Roue")]).await;
    let groups = admin.ok("ListGroupsForUser", &[("UserName", "bob")]).await;
    assert_eq!(groups.fields("GroupName"), ["Roue"]);
    admin.ok("RemoveUserFromGroup", &[("GroupName", "Roue"), ("UserName", "bob")]).await;
    admin.refused("RemoveUserFromGroup", &[("GroupName", "Roue"), ("UserName", "bob")], "NoSuchEntity").await;
    assert_eq!(admin.ok("GetGroup", &[("GroupName", "Roue")]).await.fields("UserName"), ["alice"]);
    assert_eq!(admin.ok("ListGroups", &[("PathPrefix", "/ops/")]).await.fields("GroupName"), ["Roue"]);
    assert!(admin.ok("ListGroups", &[("PathPrefix", "/x/")]).await.fields("GroupName").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_with_users_or_policies_cannot_be_deleted() {
    let world = World::new().await;
    let admin = world.admin();
    let group = ("GroupName", "g");
    admin.ok("CreateGroup", &[group]).await;
    admin.refused("CreateGroup", &[("GroupName", "G")], "EntityAlreadyExists").await;
    admin.ok("AddUserToGroup", &[group, ("UserName", "admin")]).await;
    admin.ok("AttachGroupPolicy", &[group, ("PolicyArn", READ_ONLY)]).await;
    let message = "Cannot delete entity, must remove users from group first.";
    admin.fails("DeleteGroup", &[group], "DeleteConflict", message).await;
    admin.ok("RemoveUserFromGroup", &[group, ("UserName", "admin")]).await;
    let message = "Cannot delete entity, must detach all policies first.";
    admin.fails("DeleteGroup", &[group], "DeleteConflict", message).await;
    admin.ok("DetachGroupPolicy", &[group, ("PolicyArn", READ_ONLY)]).await;
    admin.ok("DeleteGroup", &[group]).await;
    let message = "The group with name g cannot be found.";
    admin.fails("GetGroup", &[group], "NoSuchEntity", message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_be_in_ten_groups() {
    let world = World::new().await;
    let admin = world.admin();
    for n in 0..11 {
        admin.ok("CreateGroup", &[("GroupName", &format!("g{n}"))]).await;
        let member = [("UserName", "admin"), ("GroupName", &*format!("g{n}"))];
        if n < 10 {
            admin.ok("AddUserToGroup", &member).await;
        } else {
            let message = "Cannot exceed quota for GroupsPerUser: 10";
            admin.fails("AddUserToGroup", &member, "LimitExceeded", message).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_one_alias_and_shares_it_with_none() {
    let world = World::new().await;
    let admin = world.admin();
    assert!(!admin.ok("ListAccountAliases", &[]).await.body.contains("<member>"));
    admin.ok("CreateAccountAlias", &[("AccountAlias", "my-house")]).await;
    admin.refused("CreateAccountAlias", &[("AccountAlias", "my-house")], "EntityAlreadyExists").await;
    admin.ok("CreateAccountAlias", &[("AccountAlias", "our-house")]).await;
    assert_eq!(admin.ok("ListAccountAliases", &[]).await.fields("member"), ["our-house"]);
    admin.refused("DeleteAccountAlias", &[("AccountAlias", "my-house")], "NoSuchEntity").await;
    admin.ok("DeleteAccountAlias", &[("AccountAlias", "our-house")]).await;
    assert!(admin.ok("ListAccountAliases", &[]).await.fields("member").is_empty());
}
