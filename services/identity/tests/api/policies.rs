//! Managed policies, their versions, and inline policies.

use crate::support::{ADMINISTRATOR, READ_ONLY, World, statement};

fn url_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_aws_manages_are_there_by_arn() {
    let world = World::new().await;
    let admin = world.admin();
    let shown = admin.ok("GetPolicy", &[("PolicyArn", ADMINISTRATOR)]).await;
    assert_eq!(
        (shown.field("PolicyName"), shown.field("AttachmentCount")),
        ("AdministratorAccess".into(), "1".into())
    );
    let version = [("PolicyArn", ADMINISTRATOR), ("VersionId", &*shown.field("DefaultVersionId"))];
    let document = admin.ok("GetPolicyVersion", &version).await.field("Document");
    assert!(document.starts_with("%7B") && !document.contains(['{', '"', ' ']), "{document}");
    let names = admin.ok("ListPolicies", &[("Scope", "AWS")]).await.fields("PolicyName");
    for name in [
        "AdministratorAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "AmazonEC2FullAccess",
        "AmazonS3FullAccess",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    let attached = admin.ok("ListPolicies", &[("OnlyAttached", "true")]).await;
    assert_eq!(attached.fields("PolicyName"), ["AdministratorAccess"]);
    assert!(admin.ok("ListPolicies", &[("Scope", "Local")]).await.fields("Arn").is_empty());
    let missing = "arn:aws:iam::aws:policy/NoSuchThing";
    let message = format!("Policy {missing} was not found.");
    admin.fails("GetPolicy", &[("PolicyArn", missing)], "NoSuchEntity", &message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_policy_lives_from_its_first_version_to_its_last() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let document = statement("Allow", "s3:*", "*");
    let made = admin
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("Path", "/x/"), ("PolicyDocument", &document), ("Description", "why")],
        )
        .await;
    let arn = made.field("Arn");
    assert_eq!(arn, format!("arn:aws:iam::{account}:policy/x/p"));
    let again = [("PolicyName", "P"), ("PolicyDocument", &*document)];
    admin
        .fails(
            "CreatePolicy",
            &again,
            "EntityAlreadyExists",
            "A policy called P already exists. Duplicate names are not allowed.",
        )
        .await;
    let policy = ("PolicyArn", arn.as_str());
    for n in 2..=5 {
        let version = admin.ok("CreatePolicyVersion", &[policy, ("PolicyDocument", &document)]).await;
        assert_eq!(version.field("VersionId"), format!("v{n}"));
    }
    admin.refused("CreatePolicyVersion", &[policy, ("PolicyDocument", &document)], "LimitExceeded").await;
    let versions = admin.ok("ListPolicyVersions", &[policy]).await;
    assert_eq!(versions.fields("VersionId"), ["v5", "v4", "v3", "v2", "v1"]);
    assert!(!versions.body.contains("<Document>"));
    let page = admin.ok("ListPolicyVersions", &[policy, ("MaxItems", "2")]).await;
    let next = admin.ok("ListPolicyVersions", &[policy, ("Marker", &page.field("Marker"))]).await;
    assert_eq!(next.fields("VersionId"), ["v3", "v2", "v1"]);
    let shown = admin.ok("GetPolicyVersion", &[policy, ("VersionId", "v3")]).await;
    assert_eq!(shown.field("Document"), url_encoded(&document));
    admin.refused("DeletePolicyVersion", &[policy, ("VersionId", "v1")], "DeleteConflict").await;
    admin.refused("DeletePolicy", &[policy], "DeleteConflict").await;
    for n in 2..=5 {
        admin.ok("DeletePolicyVersion", &[policy, ("VersionId", &format!("v{n}"))]).await;
    }
    admin.refused("GetPolicyVersion", &[policy, ("VersionId", "v3")], "NoSuchEntity").await;
    admin.ok("AttachUserPolicy", &[("UserName", "admin"), policy]).await;
    let message = "Cannot delete a policy attached to entities.";
    admin.fails("DeletePolicy", &[policy], "DeleteConflict", message).await;
    admin.ok("DetachUserPolicy", &[("UserName", "admin"), policy]).await;
    admin.ok("DeletePolicy", &[policy]).await;
    admin.refused("GetPolicy", &[policy], "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attached_policies_are_listed_for_users_and_groups() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    for (kind, name) in [("User", "admin"), ("Group", "g")] {
        let field = format!("{kind}Name");
        let holder = (field.as_str(), name);
        let list = format!("ListAttached{kind}Policies");
        admin.ok(&format!("Attach{kind}Policy"), &[holder, ("PolicyArn", READ_ONLY)]).await;
        admin.ok(&format!("Attach{kind}Policy"), &[holder, ("PolicyArn", READ_ONLY)]).await;
        let listed = admin.ok(&list, &[holder]).await.fields("PolicyArn");
        assert_eq!(listed.iter().filter(|arn| *arn == READ_ONLY).count(), 1);
        assert!(admin.ok(&list, &[holder, ("PathPrefix", "/job/")]).await.fields("PolicyArn").is_empty());
        admin.ok(&format!("Detach{kind}Policy"), &[holder, ("PolicyArn", READ_ONLY)]).await;
        let message = format!("Policy {READ_ONLY} was not found.");
        admin
            .fails(
                &format!("Detach{kind}Policy"),
                &[holder, ("PolicyArn", READ_ONLY)],
                "NoSuchEntity",
                &message,
            )
            .await;
        let missing = "arn:aws:iam::aws:policy/NoSuchThing";
        let message = format!("Policy {missing} does not exist or is not attachable.");
        admin
            .fails(
                &format!("Attach{kind}Policy"),
                &[holder, ("PolicyArn", missing)],
                "NoSuchEntity",
                &message,
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inline_policies_of_users_and_groups_come_back_url_encoded() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    let document = statement("Allow", "s3:*", "arn:aws:s3:::a b/*");
    for (kind, name) in [("User", "admin"), ("Group", "g")] {
        let field = format!("{kind}Name");
        let (holder, policy) = ((field.as_str(), name), ("PolicyName", "p"));
        let put = format!("Put{kind}Policy");
        admin.ok(&put, &[holder, policy, ("PolicyDocument", &document)]).await;
        let shown = admin.ok(&format!("Get{kind}Policy"), &[holder, policy]).await;
        assert_eq!(shown.field("PolicyDocument"), url_encoded(&document));
        assert_eq!((shown.field(&field), shown.field("PolicyName")), (name.into(), "p".into()));
        let listed = admin.ok(&format!("List{kind}Policies"), &[holder]).await;
        assert_eq!(listed.fields("member"), ["p"]);
        admin.ok(&format!("Delete{kind}Policy"), &[holder, policy]).await;
        let message = format!("The {} policy with name p cannot be found.", kind.to_lowercase());
        admin.fails(&format!("Get{kind}Policy"), &[holder, policy], "NoSuchEntity", &message).await;
        let bad = [holder, policy, ("PolicyDocument", r#"{"Statement":[{"Effect":"Maybe"}]}"#)];
        admin.refused(&put, &bad, "MalformedPolicyDocument").await;
        let long = statement("Allow", "s3:*", &format!("arn:aws:s3:::{}/*", "x".repeat(6000)));
        admin.refused(&put, &[holder, policy, ("PolicyDocument", &long)], "LimitExceeded").await;
        assert!(admin.ok(&format!("List{kind}Policies"), &[holder]).await.fields("member").is_empty());
    }
}
