//! Bad input gets AWS's own code, and changes nothing.

use crate::support::{World, statement};

/// Action, parameters, code.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_and_changes_nothing() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let version = world.version().await;
    let long = "x".repeat(1025);
    let document = statement("Allow", "*", "*");
    let cases: &[Case<'_>] = &[
        ("CreateUser", &[], "ValidationError"),
        ("CreateUser", &[("UserName", "")], "ValidationError"),
        ("CreateUser", &[("UserName", "a/../b")], "ValidationError"),
        ("CreateUser", &[("UserName", "%2e%2e/")], "ValidationError"),
        ("CreateUser", &[("UserName", "a\0b")], "MalformedQueryString"),
        ("CreateUser", &[("UserName", &long)], "ValidationError"),
        ("CreateUser", &[("UserName", "b"), ("Path", "no-slash")], "ValidationError"),
        ("CreateUser", &[("UserName", "b"), ("Nonsense", "1")], "UnknownParameter"),
        ("CreateUser", &[("UserName", "b"), ("UserName", "c")], "InvalidParameterCombination"),
        (
            "CreateUser",
            &[("UserName", "b"), ("PermissionsBoundary", "arn:aws:iam::aws:policy/NoSuchThing")],
            "NoSuchEntity",
        ),
        (
            "CreateUser",
            &[("UserName", "b"), ("Tags.member.2.Key", "k"), ("Tags.member.2.Value", "v")],
            "InvalidParameterValue",
        ),
        ("CreateUser", &[("UserName", "b"), ("Tags.member.1.Key", "k")], "ValidationError"),
        ("CreateGroup", &[("GroupName", "a b")], "ValidationError"),
        ("CreateAccessKey", &[("UserName", "nobody")], "NoSuchEntity"),
        ("AddUserToGroup", &[("GroupName", "none"), ("UserName", "alice")], "NoSuchEntity"),
        ("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", "short")], "ValidationError"),
        (
            "AttachUserPolicy",
            &[("UserName", "alice"), ("PolicyArn", "arn:aws:s3:::a-bucket-not-a-policy")],
            "InvalidInput",
        ),
        ("GetPolicy", &[("PolicyArn", "arn:aws:s3:::a-bucket-not-a-policy")], "InvalidInput"),
        ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", "{}")], "MalformedPolicyDocument"),
        ("CreatePolicy", &[("PolicyName", "p q"), ("PolicyDocument", &document)], "ValidationError"),
        (
            "PutUserPolicy",
            &[("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", "")],
            "ValidationError",
        ),
        ("ListUsers", &[("MaxItems", "1001")], "ValidationError"),
        ("ListUsers", &[("MaxItems", "many")], "InvalidParameterValue"),
        ("ListUsers", &[("PathPrefix", "x")], "ValidationError"),
        ("ListPolicies", &[("Scope", "Everything")], "ValidationError"),
        ("CreateAccountAlias", &[("AccountAlias", "Not An Alias")], "ValidationError"),
        ("DoSomethingElse", &[], "InvalidAction"),
        ("CreateSAMLProvider", &[], "InvalidAction"),
        ("", &[], "MissingAction"),
    ];
    for (action, parameters, code) in cases {
        admin.refused(action, parameters, code).await;
    }
    assert_eq!(world.version().await, version);
}

#[tokio::test(flavor = "multi_thread")]
async fn dots_are_a_name_like_any_other() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "..")]).await;
    let arn = admin.ok("GetUser", &[("UserName", "..")]).await.field("Arn");
    assert_eq!(arn, format!("arn:aws:iam::{}:user/..", world.account()));
}
