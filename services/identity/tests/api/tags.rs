//! Tags of users, roles, policies and instance profiles.

use crate::roles::for_instances;
use crate::support::{ADMINISTRATOR, World, statement};

/// The kind of a thing in the names of actions, and what names one.
async fn things(world: &World) -> Vec<(&'static str, (&'static str, String))> {
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "u")]).await;
    admin.ok("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &for_instances())]).await;
    admin.ok("CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
    let document = statement("Allow", "s3:*", "*");
    let policy = admin.ok("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    vec![
        ("User", ("UserName", "u".into())),
        ("Role", ("RoleName", "r".into())),
        ("InstanceProfile", ("InstanceProfileName", "i".into())),
        ("Policy", ("PolicyArn", policy.field("Arn"))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_may_have_tags_takes_shows_and_loses_them() {
    let world = World::new().await;
    let admin = world.admin();
    for (kind, (field, name)) in things(&world).await {
        let on = (field, name.as_str());
        let (tag, untag, list) = (format!("Tag{kind}"), format!("Untag{kind}"), format!("List{kind}Tags"));
        let tags = [
            on,
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "red"),
            ("Tags.member.2.Key", "a"),
            ("Tags.member.2.Value", ""),
        ];
        admin.ok(&tag, &tags).await;
        admin.ok(&tag, &[on, ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "blue")]).await;
        let listed = admin.ok(&list, &[on]).await;
        assert_eq!(listed.fields("Key"), ["Team", "a"], "{kind}: in order, one whatever its case");
        assert_eq!(listed.fields("Value")[0], "blue");
        let first = admin.ok(&list, &[on, ("MaxItems", "1")]).await;
        assert_eq!((first.fields("Key").len(), first.field("IsTruncated")), (1, "true".into()));
        let shown = admin.ok(&format!("Get{kind}"), &[on]).await;
        assert!(shown.fields("Key").contains(&"Team".to_owned()), "{kind}: {}", shown.body);

        let key = ("Tags.member.1.Key", "aws:x");
        admin.refused(&tag, &[on, key, ("Tags.member.1.Value", "")], "InvalidInput").await;
        let many: Vec<_> = (1..=49).map(|n| (format!("Tags.member.{n}.Key"), format!("k{n}"))).collect();
        let values: Vec<_> = (1..=49).map(|n| format!("Tags.member.{n}.Value")).collect();
        let mut asked = vec![on];
        asked.extend(many.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        asked.extend(values.iter().map(|name| (name.as_str(), "")));
        admin.refused(&tag, &asked, "LimitExceeded").await;
        assert_eq!(admin.ok(&list, &[on]).await.fields("Key").len(), 2, "{kind}: all or nothing");

        admin.ok(&untag, &[on, ("TagKeys.member.1", "TEAM"), ("TagKeys.member.2", "nothing")]).await;
        assert_eq!(admin.ok(&list, &[on]).await.fields("Key"), ["a"]);
        let missing = if kind == "Policy" { "arn:aws:iam::999999999999:policy/x" } else { "missing" };
        let code = if kind == "Policy" { "AccessDenied" } else { "NoSuchEntity" };
        admin.refused(&untag, &[(field, missing), ("TagKeys.member.1", "a")], code).await;
    }
    let aws = [("PolicyArn", ADMINISTRATOR), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "")];
    admin.refused("TagPolicy", &aws, "AccessDenied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_decide_who_may_change_what() {
    let world = World::new().await;
    let (admin, bob) = (world.admin(), world.user("bob").await);
    let things = things(&world).await;
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iam:TagUser","iam:TagRole","iam:TagPolicy","iam:TagInstanceProfile"],"Resource":"*",
         "Condition":{"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}},
        {"Effect":"Allow","Action":["iam:UntagUser","iam:UntagRole","iam:UntagPolicy","iam:UntagInstanceProfile"],
         "Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"},
         "ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}]}"#;
    admin
        .ok("PutUserPolicy", &[("UserName", "bob"), ("PolicyName", "p"), ("PolicyDocument", document)])
        .await;
    for (kind, (field, name)) in &things {
        let on = (*field, name.as_str());
        let (tag, untag) = (format!("Tag{kind}"), format!("Untag{kind}"));
        let with = |key: &'static str, value: &'static str| {
            [on, ("Tags.member.1.Key", key), ("Tags.member.1.Value", value)]
        };
        bob.refused(&tag, &with("team", "blue"), "AccessDenied").await;
        bob.refused(&tag, &with("other", "red"), "AccessDenied").await;
        bob.refused(&untag, &[on, ("TagKeys.member.1", "team")], "AccessDenied").await;
        bob.ok(&tag, &with("team", "red")).await;
        bob.refused(&untag, &[on, ("TagKeys.member.1", "other")], "AccessDenied").await;
        bob.ok(&untag, &[on, ("TagKeys.member.1", "team")]).await;
    }
}
