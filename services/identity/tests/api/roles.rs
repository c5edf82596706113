//! Roles and who may assume them.

use percent_encoding::percent_decode_str;

use crate::support::{Client, World, statement};

/// A trust policy that names this principal.
pub fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#
    )
}

/// A trust policy for instances.
pub fn for_instances() -> String {
    trust(r#"{"Service":"ec2.amazonaws.com"}"#)
}

async fn shown_trust(admin: &Client, role: &str) -> String {
    let shown = admin.ok("GetRole", &[("RoleName", role)]).await.field("AssumeRolePolicyDocument");
    percent_decode_str(&shown).decode_utf8().unwrap().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_shown_listed_changed_and_deleted() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin
        .ok(
            "CreateRole",
            &[
                ("RoleName", "builder"),
                ("Path", "/ci/"),
                ("AssumeRolePolicyDocument", &for_instances()),
                ("Description", "builds"),
                ("MaxSessionDuration", "7200"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "red"),
            ],
        )
        .await;
    assert_eq!(made.field("Arn"), format!("arn:aws:iam::{account}:role/ci/builder"));
    assert!(made.field("RoleId").starts_with("AROA") && made.field("RoleId").len() == 21);
    let role = ("RoleName", "builder");
    let shown = admin.ok("GetRole", &[role]).await;
    for (name, text) in
        [("MaxSessionDuration", "7200"), ("Description", "builds"), ("Key", "team"), ("Value", "red")]
    {
        assert_eq!(shown.field(name), text);
    }
    assert_eq!(shown_trust(&admin, "builder").await, for_instances());
    let listed = admin.ok("ListRoles", &[("PathPrefix", "/ci/")]).await;
    assert_eq!(listed.fields("RoleName"), ["builder"]);
    assert!(!listed.body.contains("<Tags>"));
    assert!(admin.ok("ListRoles", &[("PathPrefix", "/other/")]).await.fields("RoleName").is_empty());

    admin.ok("UpdateRole", &[role]).await;
    let shown = admin.ok("GetRole", &[role]).await;
    assert_eq!(shown.field("MaxSessionDuration"), "3600", "AWS's default when it is left out");
    assert_eq!(shown.field("Description"), "builds");
    let described = admin.ok("UpdateRoleDescription", &[role, ("Description", "")]).await;
    assert!(!described.body.contains("<Description>"));
    let root = trust(&format!(r#"{{"AWS":"{account}"}}"#));
    admin.ok("UpdateAssumeRolePolicy", &[role, ("PolicyDocument", &root)]).await;
    assert_eq!(shown_trust(&admin, "builder").await, root);

    admin.ok("DeleteRole", &[role]).await;
    admin.fails("GetRole", &[role], "NoSuchEntity", "The role with name builder cannot be found.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_breaks_a_rule_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let admin = world.admin();
    let (name, good) = (("RoleName", "r"), for_instances());
    let document = ("AssumeRolePolicyDocument", good.as_str());
    let identity = statement("Allow", "sts:AssumeRole", "*");
    let other_action = good.replace("sts:AssumeRole", "s3:GetObject");
    for bad in [&identity, &other_action, "{}", "no json"] {
        let asked = [name, ("AssumeRolePolicyDocument", bad)];
        admin.refused("CreateRole", &asked, "MalformedPolicyDocument").await;
    }
    for (field, bad) in [
        ("MaxSessionDuration", "3599"),
        ("MaxSessionDuration", "43201"),
        ("Path", "ci"),
        ("Description", "\u{7f}"),
    ] {
        admin.refused("CreateRole", &[name, document, (field, bad)], "ValidationError").await;
    }
    let long = "r".repeat(65);
    admin.refused("CreateRole", &[("RoleName", &long), document], "ValidationError").await;
    let boundary = ("PermissionsBoundary", "arn:aws:iam::aws:policy/NoSuchThing");
    admin
        .fails(
            "CreateRole",
            &[name, document, boundary],
            "NoSuchEntity",
            "Scope ARN: arn:aws:iam::aws:policy/NoSuchThing does not exist or is not attachable.",
        )
        .await;
    assert!(admin.ok("ListRoles", &[]).await.fields("RoleName").is_empty());

    admin.ok("CreateRole", &[name, document]).await;
    admin
        .fails(
            "CreateRole",
            &[("RoleName", "R"), document],
            "EntityAlreadyExists",
            "Role with name R already exists.",
        )
        .await;
    for action in ["UpdateRole", "DeleteRole", "GetRole"] {
        admin.refused(action, &[("RoleName", "nobody")], "NoSuchEntity").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trust_policy_means_the_user_that_was_there_when_it_was_set() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let user = |path: &str, name: &str| format!("arn:aws:iam::{account}:user{path}{name}");
    let document = trust(&format!(r#"{{"AWS":"{}"}}"#, user("/", "alice")));
    let asked = [("RoleName", "r"), ("AssumeRolePolicyDocument", document.as_str())];
    let message = admin.refused("CreateRole", &asked, "MalformedPolicyDocument").await;
    assert_eq!(message, format!("Invalid principal in policy: \"AWS\":\"{}\"", user("/", "alice")));

    let id = admin.ok("CreateUser", &[("UserName", "alice")]).await.field("UserId");
    admin.ok("CreateRole", &asked).await;
    assert_eq!(shown_trust(&admin, "r").await, document);
    let moved = [("UserName", "alice"), ("NewUserName", "anna"), ("NewPath", "/staff/")];
    admin.ok("UpdateUser", &moved).await;
    assert!(shown_trust(&admin, "r").await.contains(&user("/staff/", "anna")));
    admin.ok("DeleteUser", &[("UserName", "anna")]).await;
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let shown = shown_trust(&admin, "r").await;
    assert!(shown.contains(&format!("\"{id}\"")) && !shown.contains("alice"), "{shown}");

    // what another account has cannot be learned here
    let elsewhere = trust(r#"{"AWS":"arn:aws:iam::999999999999:user/nobody"}"#);
    admin.ok("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &elsewhere)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_limits_what_a_new_user_may_do() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let document = statement("Allow", "iam:GetUser", "*");
    admin.ok("CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", &document)]).await;
    let limit = format!("arn:aws:iam::{account}:policy/limit");
    let made = admin.ok("CreateUser", &[("UserName", "bob"), ("PermissionsBoundary", &limit)]).await;
    assert_eq!(made.field("PermissionsBoundaryArn"), limit);
    admin.ok("AttachUserPolicy", &[("UserName", "bob"), ("PolicyArn", crate::support::ADMINISTRATOR)]).await;
    let key = admin.ok("CreateAccessKey", &[("UserName", "bob")]).await;
    let bob = world.client(&key.field("AccessKeyId"), &key.field("SecretAccessKey"));
    bob.ok("GetUser", &[]).await;
    let message = bob.refused("ListUsers", &[], "AccessDenied").await;
    assert!(
        message.ends_with("because no permissions boundary allows the iam:ListUsers action"),
        "{message}"
    );
    assert_eq!(
        admin.ok("GetPolicy", &[("PolicyArn", &limit)]).await.field("PermissionsBoundaryUsageCount"),
        "1"
    );
    admin.refused("DeletePolicy", &[("PolicyArn", &limit)], "DeleteConflict").await;
}
