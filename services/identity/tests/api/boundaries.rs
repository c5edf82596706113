//! Permissions boundaries: what they leave, and who may change what under one.

use crate::roles::for_instances;
use crate::support::{ADMINISTRATOR, READ_ONLY, World, statement};

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_works_at_once_and_goes_at_once() {
    let world = World::new().await;
    let (admin, bob) = (world.admin(), world.user("bob").await);
    let user = ("UserName", "bob");
    admin.ok("AttachUserPolicy", &[user, ("PolicyArn", ADMINISTRATOR)]).await;
    bob.ok("CreateGroup", &[("GroupName", "one")]).await;
    admin.ok("PutUserPermissionsBoundary", &[user, ("PermissionsBoundary", READ_ONLY)]).await;
    bob.refused("CreateGroup", &[("GroupName", "two")], "AccessDenied").await;
    let shown = bob.ok("GetUser", &[]).await;
    assert_eq!(shown.field("PermissionsBoundaryType"), "PermissionsBoundaryPolicy");
    assert_eq!(shown.field("PermissionsBoundaryArn"), READ_ONLY);
    assert!(!bob.ok("ListUsers", &[]).await.body.contains("PermissionsBoundary"));
    admin.ok("DeleteUserPermissionsBoundary", &[user]).await;
    bob.ok("CreateGroup", &[("GroupName", "two")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_must_be_a_policy_that_is_there() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &for_instances())]).await;
    let put = |arn: &'static str, code: &'static str| {
        let admin = admin.clone();
        async move {
            let asked = [("RoleName", "r"), ("PermissionsBoundary", arn)];
            admin.refused("PutRolePermissionsBoundary", &asked, code).await
        }
    };
    put("arn:aws:iam::aws:policy/NoSuchThing", "NoSuchEntity").await;
    put("arn:aws:iam::999999999999:policy/somebody-elses", "NoSuchEntity").await;
    put("arn:aws:s3:::not-a-policy-at-all", "InvalidInput").await;
    let gone = [("UserName", "nobody"), ("PermissionsBoundary", READ_ONLY)];
    admin.refused("PutUserPermissionsBoundary", &gone, "NoSuchEntity").await;
    let shown = admin.ok("GetRole", &[("RoleName", "r")]).await;
    assert!(!shown.body.contains("PermissionsBoundary"));
}

/// The delegation of AWS's documentation: somebody may make users and give them policies, but only users within the
/// boundary, and may not take the boundary away.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_may_be_let_manage_only_users_within_a_boundary() {
    let world = World::new().await;
    let (admin, zhang) = (world.admin(), world.user("zhang").await);
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Resource":"*","Action":["iam:CreateUser","iam:AttachUserPolicy","iam:DetachUserPolicy",
              "iam:PutUserPolicy","iam:DeleteUserPolicy","iam:PutUserPermissionsBoundary","iam:CreateRole","iam:PutRolePolicy"],
              "Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{READ_ONLY}"}}}}}},
            {{"Effect":"Allow","Resource":"*","Action":"iam:DeleteUserPermissionsBoundary",
              "Condition":{{"StringNotEquals":{{"iam:PermissionsBoundary":"{READ_ONLY}"}}}}}}]}}"#
    );
    let inline = [("UserName", "zhang"), ("PolicyName", "p"), ("PolicyDocument", &document)];
    admin.ok("PutUserPolicy", &inline).await;
    let boundary = ("PermissionsBoundary", READ_ONLY);
    let new = ("UserName", "new");
    zhang.refused("CreateUser", &[new], "AccessDenied").await;
    zhang.refused("CreateUser", &[new, ("PermissionsBoundary", ADMINISTRATOR)], "AccessDenied").await;
    zhang.ok("CreateUser", &[new, boundary]).await;
    zhang.ok("AttachUserPolicy", &[new, ("PolicyArn", ADMINISTRATOR)]).await;
    let s3 = statement("Allow", "s3:*", "*");
    zhang.ok("PutUserPolicy", &[new, ("PolicyName", "p"), ("PolicyDocument", &s3)]).await;
    zhang.refused("DeleteUserPermissionsBoundary", &[new], "AccessDenied").await;
    let wider = [new, ("PermissionsBoundary", ADMINISTRATOR)];
    zhang.refused("PutUserPermissionsBoundary", &wider, "AccessDenied").await;
    zhang
        .refused("AttachUserPolicy", &[("UserName", "zhang"), ("PolicyArn", ADMINISTRATOR)], "AccessDenied")
        .await;

    let role = [("RoleName", "r"), ("AssumeRolePolicyDocument", &for_instances())];
    zhang.refused("CreateRole", &role, "AccessDenied").await;
    zhang.ok("CreateRole", &[role[0], role[1], boundary]).await;
    zhang.ok("PutRolePolicy", &[role[0], ("PolicyName", "p"), ("PolicyDocument", &s3)]).await;
    admin.ok("DeleteRolePermissionsBoundary", &[role[0]]).await;
    zhang
        .refused("PutRolePolicy", &[role[0], ("PolicyName", "q"), ("PolicyDocument", &s3)], "AccessDenied")
        .await;
}
