//! Reports of last accesses, and which policies give access to a service.

use crate::support::{ADMINISTRATOR, Client, Reply, World, eventually, statement};

const READ_S3: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/// A report about this ARN.
async fn job(client: &Client, arn: &str, granularity: &str) -> String {
    let reply =
        client.ok("GenerateServiceLastAccessedDetails", &[("Arn", arn), ("Granularity", granularity)]).await;
    let job = reply.field("JobId");
    assert_eq!(job.len(), 36);
    job
}

async fn report(client: &Client, arn: &str, granularity: &str) -> Reply {
    let job = job(client, arn, granularity).await;
    client.ok("GetServiceLastAccessedDetails", &[("JobId", job.as_str())]).await
}

async fn entities(client: &Client, arn: &str, service: &str) -> Reply {
    let job = job(client, arn, "SERVICE_LEVEL").await;
    let parameters = [("JobId", job.as_str()), ("ServiceNamespace", service)];
    client.ok("GetServiceLastAccessedDetailsWithEntities", &parameters).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_report_lists_the_services_that_its_policies_open_and_their_last_use() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let arn = admin.ok("GetUser", &[("UserName", "alice")]).await.field("Arn");
    let nothing = report(&admin, &arn, "SERVICE_LEVEL").await;
    assert_eq!(nothing.fields("ServiceNamespace"), Vec::<String>::new());

    let document = statement("Allow", "iam:List*", "*");
    let policy = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    admin.ok("PutUserPolicy", &policy).await;
    admin.ok("CreateGroup", &[("GroupName", "readers")]).await;
    admin.ok("AttachGroupPolicy", &[("GroupName", "readers"), ("PolicyArn", READ_S3)]).await;
    admin.ok("AddUserToGroup", &[("GroupName", "readers"), ("UserName", "alice")]).await;
    let unused = report(&admin, &arn, "SERVICE_LEVEL").await;
    assert_eq!(
        (unused.field("JobStatus"), unused.field("JobType")),
        ("COMPLETED".into(), "SERVICE_LEVEL".into())
    );
    assert_eq!(unused.fields("ServiceNamespace"), ["iam", "s3"]);
    assert_eq!(unused.fields("ServiceName"), ["AWS Identity and Access Management", "Amazon S3"]);
    assert!(!unused.body.contains("LastAuthenticated") && !unused.body.contains("TotalAuthenticated"));

    alice.ok("ListUsers", &[]).await;
    // an attempt that is refused is one, too
    alice.refused("CreateUser", &[("UserName", "bob")], "AccessDenied").await;
    eventually("both uses are known", || async {
        let found = report(&admin, &arn, "ACTION_LEVEL").await;
        found.body.contains(">CreateUser<") && found.fields("LastAccessedTime").len() == 2
    })
    .await;
    let used = report(&admin, &arn, "ACTION_LEVEL").await;
    assert_eq!(used.fields("LastAuthenticatedEntity"), [arn.as_str()]);
    assert_eq!(used.fields("LastAuthenticatedRegion"), ["eu-central-1"]);
    assert_eq!(used.fields("TotalAuthenticatedEntities"), ["1"]);
    assert_eq!(used.fields("LastAccessedEntity"), [arn.as_str(), arn.as_str()]);
    let actions = used.fields("ActionName");
    assert!(actions.contains(&"ListRoles".into()) && actions.contains(&"GetObject".into()));
    assert!(!actions.contains(&"DeleteUser".into()) && !actions.contains(&"PutObject".into()));
    let shown = entities(&admin, &arn, "iam").await;
    assert_eq!((shown.field("Type"), shown.field("Name")), ("USER".into(), "alice".into()));
    assert!(shown.body.contains("<LastAuthenticated>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_groups_and_policies_are_about_those_who_have_them() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let mut clients = Vec::new();
    admin.ok("CreateGroup", &[("GroupName", "team")]).await;
    for name in ["alice", "bob", "carol"] {
        clients.push(world.user(name).await);
        admin.ok("AddUserToGroup", &[("GroupName", "team"), ("UserName", name)]).await;
    }
    admin.ok("AttachGroupPolicy", &[("GroupName", "team"), ("PolicyArn", ADMINISTRATOR)]).await;
    let group = format!("arn:aws:iam::{account}:group/team");
    clients[1].ok("ListGroups", &[]).await;
    let known = |arn: String, count: &'static str| {
        let admin = admin.clone();
        async move {
            let found = report(&admin, &arn, "SERVICE_LEVEL").await;
            found.fields("TotalAuthenticatedEntities").first().map(String::as_str) == Some(count)
        }
    };
    eventually("bob's use is known", || known(group.clone(), "1")).await;
    clients[0].ok("ListGroups", &[]).await;
    eventually("alice's use is known", || known(group.clone(), "2")).await;
    let found = report(&admin, &group, "SERVICE_LEVEL").await;
    assert_eq!(found.fields("ServiceNamespace"), ["ec2", "iam", "kms", "s3", "sts"]);
    assert_eq!(found.fields("LastAuthenticatedEntity"), [format!("arn:aws:iam::{account}:user/alice")]);
    let members = entities(&admin, &group, "iam").await;
    assert_eq!(members.fields("Name"), ["alice", "bob", "carol"], "the most recent first");
    assert_eq!(members.fields("LastAuthenticated").len(), 2);
    // through the group, the policy is theirs; the administrator has it, too, and asked for iam last of all
    let holders = entities(&admin, ADMINISTRATOR, "iam").await;
    assert_eq!(holders.fields("Name").len(), 4);
    let unused = entities(&admin, ADMINISTRATOR, "s3").await;
    assert_eq!(unused.fields("Name").len(), 4);
    assert!(!unused.body.contains("<LastAuthenticated>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_and_their_entities_are_paged() {
    let world = World::new().await;
    let admin = world.admin();
    let job = job(&admin, ADMINISTRATOR, "SERVICE_LEVEL").await;
    let first = [("JobId", job.as_str()), ("MaxItems", "2")];
    let page = admin.ok("GetServiceLastAccessedDetails", &first).await;
    assert_eq!(page.fields("ServiceNamespace"), ["ec2", "iam"]);
    assert_eq!(page.field("IsTruncated"), "true");
    let marker = page.field("Marker");
    let rest = admin.ok("GetServiceLastAccessedDetails", &[first[0], ("Marker", marker.as_str())]).await;
    assert_eq!(rest.fields("ServiceNamespace"), ["kms", "s3", "sts"]);
    assert_eq!(rest.field("IsTruncated"), "false");
    admin.refused("GetServiceLastAccessedDetails", &[first[0], ("MaxItems", "0")], "ValidationError").await;
    admin.refused("GetServiceLastAccessedDetails", &[first[0], ("Marker", "?")], "ValidationError").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_seen_by_whoever_asked_for_it_and_ends_after_a_week() {
    let world = World::with_clock().await;
    let (admin, other) = (world.admin(), world.user("other").await);
    admin.ok("AttachUserPolicy", &[("UserName", "other"), ("PolicyArn", ADMINISTRATOR)]).await;
    let arn = format!("arn:aws:iam::{}:user/other", world.account());
    let job = job(&admin, &arn, "SERVICE_LEVEL").await;
    let asked = [("JobId", job.as_str()), ("ServiceNamespace", "s3")];
    admin.ok("GetServiceLastAccessedDetails", &asked[..1]).await;
    other.refused("GetServiceLastAccessedDetails", &asked[..1], "NoSuchEntity").await;
    other.refused("GetServiceLastAccessedDetailsWithEntities", &asked, "NoSuchEntity").await;
    world.context.clock.advance(jiff::SignedDuration::from_hours(24 * 7));
    admin.refused("GetServiceLastAccessedDetails", &asked[..1], "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_keeps_its_newest_hundred_reports() {
    let world = World::new().await;
    let admin = world.admin();
    let mut jobs = Vec::new();
    for _ in 0..102 {
        jobs.push(job(&admin, ADMINISTRATOR, "SERVICE_LEVEL").await);
    }
    let shown = async |job: &str| admin.call("GetServiceLastAccessedDetails", &[("JobId", job)]).await.status;
    for (index, job) in jobs.iter().enumerate() {
        assert_eq!(shown(job).await, if index < 2 { 404 } else { 200 }, "{index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_well_formed_is_refused() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let ask = "GenerateServiceLastAccessedDetails";
    for (kind, code) in
        [("user/x", "NoSuchEntity"), ("policy/x", "NoSuchEntity"), ("mfa/some-device", "InvalidInput")]
    {
        admin.refused(ask, &[("Arn", &format!("arn:aws:iam::{account}:{kind}"))], code).await;
    }
    admin.refused(ask, &[("Arn", "short")], "ValidationError").await;
    admin.refused(ask, &[("Arn", ADMINISTRATOR), ("Granularity", "DAILY")], "ValidationError").await;
    let nobodys = [("JobId", "01234567-89ab-4def-8123-456789abcdef"), ("ServiceNamespace", "s3")];
    admin.refused("GetServiceLastAccessedDetails", &nobodys[..1], "NoSuchEntity").await;
    admin.refused("GetServiceLastAccessedDetails", &[("JobId", "1")], "ValidationError").await;
    let job = job(&admin, "arn:aws:iam::aws:policy/IAMFullAccess", "SERVICE_LEVEL").await;
    let other = [("JobId", job.as_str()), ("ServiceNamespace", "s3")];
    admin.refused("GetServiceLastAccessedDetailsWithEntities", &other, "InvalidInput").await;
    let bad = [other[0], ("ServiceNamespace", "s3:Get")];
    admin.refused("GetServiceLastAccessedDetailsWithEntities", &bad, "ValidationError").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_give_access_are_listed_by_service() {
    let world = World::new().await;
    let admin = world.admin();
    world.user("alice").await;
    let arn = format!("arn:aws:iam::{}:user/alice", world.account());
    let document = statement("Allow", "s3:PutObject", "*");
    let inline = [("UserName", "alice"), ("PolicyName", "put"), ("PolicyDocument", document.as_str())];
    admin.ok("PutUserPolicy", &inline).await;
    admin.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", READ_S3)]).await;
    for group in ["one", "two"] {
        admin.ok("CreateGroup", &[("GroupName", group)]).await;
        admin.ok("AttachGroupPolicy", &[("GroupName", group), ("PolicyArn", READ_S3)]).await;
        admin.ok("AddUserToGroup", &[("GroupName", group), ("UserName", "alice")]).await;
    }
    let iam = statement("Allow", "iam:*", "*");
    let of_group = [("GroupName", "two"), ("PolicyName", "all-iam"), ("PolicyDocument", iam.as_str())];
    admin.ok("PutGroupPolicy", &of_group).await;
    let boundary = [("UserName", "alice"), ("PermissionsBoundary", ADMINISTRATOR)];
    admin.ok("PutUserPermissionsBoundary", &boundary).await;

    let ask = "ListPoliciesGrantingServiceAccess";
    let services = ["s3", "ec2", "iam"];
    let asked: Vec<(String, &str)> =
        (1..).map(|n| format!("ServiceNamespaces.member.{n}")).zip(services).collect();
    let mut parameters: Vec<(&str, &str)> =
        asked.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    parameters.push(("Arn", &arn));
    let found = admin.ok(ask, &parameters).await;
    assert_eq!(found.fields("ServiceNamespace"), services);
    assert_eq!(
        found.fields("PolicyName"),
        ["AmazonS3ReadOnlyAccess", "put", "all-iam"],
        "each once, no boundary"
    );
    assert_eq!(found.fields("PolicyType"), ["MANAGED", "INLINE", "INLINE"]);
    assert_eq!(found.fields("PolicyArn"), [READ_S3]);
    assert_eq!(found.fields("EntityType"), ["USER", "GROUP"]);
    assert_eq!(found.fields("EntityName"), ["alice", "two"]);
    let of_group = format!("arn:aws:iam::{}:group/one", world.account());
    let found = admin.ok(ask, &[("Arn", &of_group), ("ServiceNamespaces.member.1", "s3")]).await;
    assert_eq!(found.fields("PolicyName"), ["AmazonS3ReadOnlyAccess"]);

    admin.refused(ask, &[("Arn", &arn)], "ValidationError").await;
    let nobody = format!("arn:aws:iam::{}:role/nobody", world.account());
    let role = [("Arn", nobody.as_str()), ("ServiceNamespaces.member.1", "s3")];
    admin.refused(ask, &role, "NoSuchEntity").await;
    admin.refused(ask, &[("Arn", READ_S3), role[1]], "InvalidInput").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_is_allowed_beside_its_action_is_told_and_is_not_what_its_key_was_used_for() {
    let world = World::new().await;
    let (admin, other) = (world.admin(), world.user("other").await);
    let may = statement("Allow", "iam:*User", "*");
    let policy = [("UserName", "other"), ("PolicyName", "p"), ("PolicyDocument", may.as_str())];
    admin.ok("PutUserPolicy", &policy).await;
    let tag = [("UserName", "made"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")];
    other.ok("CreateUser", &tag).await;
    let arn = format!("arn:aws:iam::{}:user/other", world.account());
    let used = |body: &str, action: &str| {
        let after = body.split(&format!("<ActionName>{action}</ActionName>")).nth(1).unwrap();
        after.split("</member>").next().unwrap().contains("<LastAccessedTime>")
    };
    eventually("both actions are known", || async {
        let job = job(&admin, &arn, "ACTION_LEVEL").await;
        let report = admin.ok("GetServiceLastAccessedDetails", &[("JobId", job.as_str())]).await;
        assert!(!used(&report.body, "DeleteUser"));
        used(&report.body, "CreateUser") && used(&report.body, "TagUser")
    })
    .await;

    let key = admin.ok("CreateAccessKey", &[("UserName", "made")]).await.field("AccessKeyId");
    let one = |action: &str, beside| calls::identity::Use {
        access_key_id: key.clone(),
        account_id: world.account(),
        principal_id: None,
        action: action.into(),
        beside,
        region: "eu-central-1".into(),
        at: world.context.clock.now(),
    };
    let uses = vec![one("ec2:RunInstances", false), one("iam:PassRole", true)];
    world.internal(&calls::identity::ReportUses { uses }).await.unwrap();
    let last = admin.ok("GetAccessKeyLastUsed", &[("AccessKeyId", key.as_str())]).await;
    assert_eq!(last.field("ServiceName"), "ec2");
}
