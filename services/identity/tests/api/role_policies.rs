//! Inline and attached policies of roles, and who has a policy.

use crate::roles::for_instances;
use crate::support::{Client, READ_ONLY, World, statement};

const ROLE: (&str, &str) = ("RoleName", "r");

async fn make_role(admin: &Client) {
    admin.ok("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", &for_instances())]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_holds_inline_and_attached_policies() {
    let world = World::new().await;
    let admin = world.admin();
    make_role(&admin).await;
    let (name, document) = (("PolicyName", "p"), statement("Allow", "s3:*", "*"));
    admin.ok("PutRolePolicy", &[ROLE, name, ("PolicyDocument", &document)]).await;
    let shown = admin.ok("GetRolePolicy", &[ROLE, name]).await;
    assert_eq!((shown.field("RoleName"), shown.field("PolicyName")), ("r".into(), "p".into()));
    assert!(shown.field("PolicyDocument").starts_with("%7B%22Version"));
    assert!(admin.ok("ListRolePolicies", &[ROLE]).await.body.contains("<member>p</member>"));
    admin.ok("AttachRolePolicy", &[ROLE, ("PolicyArn", READ_ONLY)]).await;
    let attached = admin.ok("ListAttachedRolePolicies", &[ROLE]).await;
    assert_eq!(attached.fields("PolicyName"), ["IAMReadOnlyAccess"]);

    let cannot = |message: &'static str| {
        let admin = admin.clone();
        async move { admin.fails("DeleteRole", &[ROLE], "DeleteConflict", message).await }
    };
    cannot("Cannot delete entity, must detach all policies first.").await;
    admin.ok("DetachRolePolicy", &[ROLE, ("PolicyArn", READ_ONLY)]).await;
    cannot("Cannot delete entity, must delete policies first.").await;
    admin.ok("DeleteRolePolicy", &[ROLE, name]).await;
    admin
        .fails("GetRolePolicy", &[ROLE, name], "NoSuchEntity", "The role policy with name p cannot be found.")
        .await;
    admin.ok("DeleteRole", &[ROLE]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_has_its_own_allowances() {
    let world = World::new().await;
    let admin = world.admin();
    make_role(&admin).await;
    let long = statement("Allow", "s3:*", &format!("arn:aws:s3:::{}", "x".repeat(10_000)));
    admin.ok("PutRolePolicy", &[ROLE, ("PolicyName", "a"), ("PolicyDocument", &long)]).await;
    admin
        .fails(
            "PutRolePolicy",
            &[ROLE, ("PolicyName", "b"), ("PolicyDocument", &long)],
            "LimitExceeded",
            "Maximum policy size of 10240 bytes exceeded for role r",
        )
        .await;
    let document = statement("Allow", "s3:*", "*");
    for n in 0..11 {
        let name = format!("p{n}");
        let made = admin.ok("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &document)]).await;
        let attach = [ROLE, ("PolicyArn", &made.field("Arn"))];
        match n {
            10 => {
                let message = admin.refused("AttachRolePolicy", &attach, "LimitExceeded").await;
                assert_eq!(message, "Cannot exceed quota for PoliciesPerRole: 10");
            }
            _ => drop(admin.ok("AttachRolePolicy", &attach).await),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_tells_who_has_it_and_whom_it_limits() {
    let world = World::new().await;
    let admin = world.admin();
    make_role(&admin).await;
    admin.ok("CreateUser", &[("UserName", "bob"), ("Path", "/staff/")]).await;
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    let policy = ("PolicyArn", READ_ONLY);
    admin.ok("AttachRolePolicy", &[ROLE, policy]).await;
    admin.ok("AttachGroupPolicy", &[("GroupName", "g"), policy]).await;
    admin.ok("PutUserPermissionsBoundary", &[("UserName", "bob"), ("PermissionsBoundary", READ_ONLY)]).await;
    admin.ok("PutRolePermissionsBoundary", &[ROLE, ("PermissionsBoundary", READ_ONLY)]).await;

    let names = |reply: &crate::support::Reply| {
        (reply.fields("GroupName"), reply.fields("RoleName"), reply.fields("UserName"))
    };
    let list = |more: &'static [(&'static str, &'static str)]| {
        let admin = admin.clone();
        async move { admin.ok("ListEntitiesForPolicy", &[&[policy], more].concat()).await }
    };
    let found = |groups: &[&str], roles: &[&str], users: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        (owned(groups), owned(roles), owned(users))
    };
    assert_eq!(names(&list(&[]).await), found(&["g"], &["r"], &["bob"]));
    assert_eq!(names(&list(&[("EntityFilter", "User")]).await), found(&[], &[], &["bob"]));
    assert_eq!(names(&list(&[("PathPrefix", "/staff/")]).await), found(&[], &[], &["bob"]));
    let permissions = list(&[("PolicyUsageFilter", "PermissionsPolicy")]).await;
    assert_eq!(names(&permissions), found(&["g"], &["r"], &[]));
    let boundaries = list(&[("PolicyUsageFilter", "PermissionsBoundary")]).await;
    assert_eq!(names(&boundaries), found(&[], &["r"], &["bob"]));
    let first = list(&[("MaxItems", "2")]).await;
    assert_eq!(names(&first), found(&["g"], &["r"], &[]));
    let rest = admin.ok("ListEntitiesForPolicy", &[policy, ("Marker", &first.field("Marker"))]).await;
    assert_eq!(names(&rest), found(&[], &[], &["bob"]));

    let shown = admin.ok("GetPolicy", &[policy]).await;
    assert_eq!(shown.field("AttachmentCount"), "2");
    assert_eq!(shown.field("PermissionsBoundaryUsageCount"), "2");
    let used = |filter: &'static str| {
        let admin = admin.clone();
        async move { admin.ok("ListPolicies", &[("PolicyUsageFilter", filter)]).await.fields("PolicyName") }
    };
    assert_eq!(used("PermissionsBoundary").await, ["IAMReadOnlyAccess"]);
    assert_eq!(used("PermissionsPolicy").await, ["AdministratorAccess", "IAMReadOnlyAccess"]);
    let missing = [("PolicyArn", "arn:aws:iam::aws:policy/NoSuchThing")];
    admin.refused("ListEntitiesForPolicy", &missing, "NoSuchEntity").await;
    admin.refused("ListEntitiesForPolicy", &[policy, ("EntityFilter", "Dog")], "ValidationError").await;
}
