//! Simulations say what the engine would decide, and why.

use crate::roles::for_instances;
use crate::support::{READ_ONLY, World, statement};

const BUCKET: &str = "arn:aws:s3:::b/key";

#[tokio::test(flavor = "multi_thread")]
async fn policies_of_a_request_are_decided_with_their_statements() {
    let world = World::new().await;
    let admin = world.admin();
    let document = "{\"Version\":\"2012-10-17\",\"Statement\":[\n {\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},\n \
                    {\"Effect\":\"Deny\",\"Action\":\"s3:DeleteObject\",\"Resource\":\"*\"}]}";
    let reply = admin
        .ok(
            "SimulateCustomPolicy",
            &[
                ("PolicyInputList.member.1", document),
                ("ActionNames.member.1", "s3:GetObject"),
                ("ActionNames.member.2", "s3:DeleteObject"),
                ("ActionNames.member.3", "ec2:RunInstances"),
                ("ResourceArns.member.1", BUCKET),
            ],
        )
        .await;
    assert_eq!(reply.fields("EvalDecision"), ["allowed", "explicitDeny", "implicitDeny"]);
    assert_eq!(reply.fields("EvalResourceName"), [BUCKET; 3]);
    assert_eq!(reply.fields("SourcePolicyId"), ["PolicyInputList.1"; 2]);
    assert_eq!(reply.fields("Line"), ["2", "2", "3", "3"]);
    assert_eq!(reply.fields("Column")[0], "2");
    let paged = admin
        .ok(
            "SimulateCustomPolicy",
            &[
                ("PolicyInputList.member.1", document),
                ("ActionNames.member.1", "s3:GetObject"),
                ("ActionNames.member.2", "s3:DeleteObject"),
                ("MaxItems", "1"),
            ],
        )
        .await;
    assert_eq!((paged.fields("EvalDecision").len(), paged.field("IsTruncated")), (1, "true".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_decided_by_the_context_that_is_given() {
    let world = World::new().await;
    let admin = world.admin();
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*",
        "Condition":{"StringLike":{"s3:prefix":"${aws:username}/*"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}"#;
    let asked = [("PolicyInputList.member.1", document), ("ActionNames.member.1", "s3:ListBucket")];
    let without = admin.ok("SimulateCustomPolicy", &asked).await;
    assert_eq!(without.field("EvalDecision"), "implicitDeny");
    let missing = without.field("MissingContextValues");
    assert_eq!(
        missing,
        "<member>aws:SourceIp</member><member>aws:username</member><member>s3:prefix</member>"
    );
    let entries = |address: &'static str| {
        [
            ("ContextEntries.member.1.ContextKeyName", "s3:prefix"),
            ("ContextEntries.member.1.ContextKeyType", "string"),
            ("ContextEntries.member.1.ContextKeyValues.member.1", "alice/x"),
            ("ContextEntries.member.2.ContextKeyName", "aws:SourceIp"),
            ("ContextEntries.member.2.ContextKeyType", "ip"),
            ("ContextEntries.member.2.ContextKeyValues.member.1", address),
            ("CallerArn", "arn:aws:iam::123456789012:user/alice"),
        ]
    };
    let inside = admin.ok("SimulateCustomPolicy", &[&asked[..], &entries("10.1.2.3")].concat()).await;
    assert_eq!(inside.field("EvalDecision"), "allowed");
    let outside = admin.ok("SimulateCustomPolicy", &[&asked[..], &entries("192.0.2.1")].concat()).await;
    assert_eq!(outside.field("EvalDecision"), "implicitDeny");
    let keys = admin.ok("GetContextKeysForCustomPolicy", &asked[..1]).await;
    assert_eq!(keys.field("ContextKeyNames"), missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_groups_boundary_and_the_resources_policy_count() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    admin.ok("CreateUser", &[("UserName", "bob")]).await;
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    admin.ok("AddUserToGroup", &[("UserName", "bob"), ("GroupName", "g")]).await;
    let s3 = statement("Allow", "s3:*", "*");
    admin.ok("PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &s3)]).await;
    let arn = format!("arn:aws:iam::{account}:user/bob");
    let asked = [
        ("PolicySourceArn", arn.as_str()),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ResourceArns.member.1", BUCKET),
    ];
    let allowed = admin.ok("SimulatePrincipalPolicy", &asked).await;
    assert_eq!(allowed.field("EvalDecision"), "allowed");
    assert_eq!(allowed.field("SourcePolicyId"), "group_g_p");
    assert_eq!(allowed.field("SourcePolicyType"), "group");
    assert!(!allowed.body.contains("PermissionsBoundaryDecisionDetail"));

    admin.ok("PutUserPermissionsBoundary", &[("UserName", "bob"), ("PermissionsBoundary", READ_ONLY)]).await;
    let limited = admin.ok("SimulatePrincipalPolicy", &asked).await;
    assert_eq!(limited.field("EvalDecision"), "implicitDeny");
    assert_eq!(limited.field("AllowedByPermissionsBoundary"), "false");
    let wider = [&asked[..], &[("PermissionsBoundaryPolicyInputList.member.1", s3.as_str())]].concat();
    assert_eq!(admin.ok("SimulatePrincipalPolicy", &wider).await.field("EvalDecision"), "allowed");

    let theirs = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Principal":{{"AWS":"{arn}"}},"Action":"s3:*","Resource":"{BUCKET}"}}}}"#
    );
    let denied = [&wider[..], &[("ResourcePolicy", theirs.as_str())]].concat();
    let denied = admin.ok("SimulatePrincipalPolicy", &denied).await;
    assert_eq!(
        (denied.field("EvalDecision"), denied.field("SourcePolicyType")),
        ("explicitDeny".into(), "resource".into())
    );
    let foreign = [&wider[..], &[("ResourceOwner", "999999999999")]].concat();
    let foreign = admin.ok("SimulatePrincipalPolicy", &foreign).await;
    assert_eq!(foreign.field("EvalDecision"), "implicitDeny", "the other account says nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_of_nonsense_is_refused() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let s3 = statement("Allow", "s3:*", "*");
    let document = ("PolicyInputList.member.1", s3.as_str());
    let action = ("ActionNames.member.1", "s3:GetObject");
    let custom = |more: Vec<(&'static str, &'static str)>| {
        let admin = admin.clone();
        async move {
            admin
                .refused("SimulateCustomPolicy", &[&[document, action], &more[..]].concat(), "InvalidInput")
                .await
        }
    };
    custom(vec![("CallerArn", "arn:aws:iam::123456789012:role/r")]).await;
    custom(vec![("ResourcePolicy", "{}")]).await;
    custom(vec![("ResourceOwner", "me")]).await;
    custom(vec![("ResourceHandlingOption", "EC2-VPC-InstanceStore")]).await;
    admin
        .refused("SimulateCustomPolicy", &[("PolicyInputList.member.1", "{}"), action], "InvalidInput")
        .await;
    admin
        .refused("SimulateCustomPolicy", &[document, ("ActionNames.member.1", "s3:*")], "InvalidInput")
        .await;
    let nobody = format!("arn:aws:iam::{account}:user/nobody");
    admin.refused("SimulatePrincipalPolicy", &[("PolicySourceArn", &nobody), action], "NoSuchEntity").await;
    admin.refused("SimulatePrincipalPolicy", &[("PolicySourceArn", READ_ONLY), action], "InvalidInput").await;
    let keys = [("PolicySourceArn", "arn:aws:iam::999999999999:user/admin")];
    admin.refused("GetContextKeysForPrincipalPolicy", &keys, "InvalidInput").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_counted_and_shown_whole() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let before = admin.ok("GetAccountSummary", &[]).await;
    assert!(before.body.contains("<entry><key>Users</key><value>1</value></entry>"), "{}", before.body);
    assert!(before.body.contains("<key>VersionsPerPolicyQuota</key><value>5</value>"));
    let (role, document) = (("RoleName", "r"), statement("Allow", "s3:*", "*"));
    admin.ok("CreateRole", &[role, ("AssumeRolePolicyDocument", &for_instances())]).await;
    admin.ok("PutRolePolicy", &[role, ("PolicyName", "inside"), ("PolicyDocument", &document)]).await;
    admin.ok("CreateInstanceProfile", &[("InstanceProfileName", "web")]).await;
    admin.ok("AddRoleToInstanceProfile", &[("InstanceProfileName", "web"), role]).await;
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    admin.ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "admin")]).await;
    admin.ok("CreatePolicy", &[("PolicyName", "own"), ("PolicyDocument", &document)]).await;
    let after = admin.ok("GetAccountSummary", &[]).await;
    for name in ["Roles", "Groups", "InstanceProfiles", "Policies", "PolicyVersionsInUse"] {
        assert!(after.body.contains(&format!("<key>{name}</key><value>1</value>")), "{name}");
    }

    let all = admin.ok("GetAccountAuthorizationDetails", &[]).await;
    assert_eq!(all.fields("UserName"), ["admin"]);
    assert!(all.body.contains("<GroupList><member>g</member></GroupList>"));
    assert!(all.body.contains(&format!("<Arn>arn:aws:iam::{account}:instance-profile/web</Arn>")));
    assert!(all.body.contains("<PolicyName>inside</PolicyName>"));
    assert_eq!(all.fields("PolicyId").len(), 2, "own, and AWS's that the administrator has");
    assert_eq!(all.fields("Document").len(), 2);
    let groups = admin.ok("GetAccountAuthorizationDetails", &[("Filter.member.1", "Group")]).await;
    assert_eq!(groups.fields("GroupName"), ["g"]);
    assert!(groups.fields("UserName").is_empty() && groups.fields("RoleName").is_empty());
    let (mut seen, mut marker) = (0, None::<String>);
    loop {
        let mut asked = vec![("MaxItems", "2")];
        asked.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = admin.ok("GetAccountAuthorizationDetails", &asked).await;
        seen += page.fields("CreateDate").len();
        if page.field("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.field("Marker"));
    }
    assert_eq!(seen, all.fields("CreateDate").len());
    admin.refused("GetAccountAuthorizationDetails", &[("Filter.member.1", "Dog")], "ValidationError").await;
}
