//! Service-linked roles: made by name of the service, changed by nobody, deleted by a task.

use crate::support::{READ_ONLY, World, statement};

const CREATE: &str = "CreateServiceLinkedRole";
const SPOT: (&str, &str) = ("AWSServiceName", "spot.amazonaws.com");
const SCALING: (&str, &str) = ("AWSServiceName", "autoscaling.amazonaws.com");
const SPOT_ROLE: (&str, &str) = ("RoleName", "AWSServiceRoleForEC2Spot");
const SPOT_POLICY: &str = "arn:aws:iam::aws:policy/aws-service-role/AWSEC2SpotServiceRolePolicy";

#[tokio::test(flavor = "multi_thread")]
async fn a_services_role_has_its_name_path_trust_and_policy() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin.ok(CREATE, &[SPOT]).await;
    let arn =
        format!("arn:aws:iam::{account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot");
    assert_eq!(
        (made.field("Arn"), made.field("Path")),
        (arn, "/aws-service-role/spot.amazonaws.com/".into())
    );
    assert!(made.field("AssumeRolePolicyDocument").contains("spot.amazonaws.com"));
    assert_eq!(made.field("Description"), "Default EC2 Spot Service Linked Role");
    assert_eq!(admin.ok("ListAttachedRolePolicies", &[SPOT_ROLE]).await.fields("PolicyArn"), [SPOT_POLICY]);
    let listed = admin.ok("ListRoles", &[("PathPrefix", "/aws-service-role/")]).await;
    assert_eq!(listed.fields("RoleName"), [SPOT_ROLE.1]);
    let shown = admin.ok("GetPolicy", &[("PolicyArn", SPOT_POLICY)]).await;
    assert_eq!((shown.field("IsAttachable"), shown.field("AttachmentCount")), ("false".into(), "1".into()));
    let taken = "Service role name AWSServiceRoleForEC2Spot has been taken in this account, please try a different suffix.";
    admin.fails(CREATE, &[SPOT], "InvalidInput", taken).await;
    // nobody but the service may take it on
    let assumed = [("RoleArn", made.field("Arn")), ("RoleSessionName", "mine".to_owned())];
    let assumed: Vec<(&str, &str)> = assumed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(admin.sts_fails("AssumeRole", &assumed).await.0, "AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn suffixes_tell_several_roles_of_a_service_apart_where_it_knows_that() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok(CREATE, &[SCALING]).await;
    for suffix in ["one", "two"] {
        let made = admin.ok(CREATE, &[SCALING, ("CustomSuffix", suffix), ("Description", suffix)]).await;
        assert_eq!(made.field("RoleName"), format!("AWSServiceRoleForAutoScaling_{suffix}"));
        assert_eq!(made.field("Description"), suffix);
    }
    let message = "Custom suffix is not allowed for spot.amazonaws.com";
    admin.fails(CREATE, &[SPOT, ("CustomSuffix", "one")], "InvalidInput", message).await;
    let long = "x".repeat(65);
    for bad in ["", "a b", long.as_str()] {
        admin.refused(CREATE, &[SCALING, ("CustomSuffix", bad)], "ValidationError").await;
    }
    admin.refused(CREATE, &[("AWSServiceName", "toaster.amazonaws.com")], "NoSuchEntity").await;
    admin.refused(CREATE, &[("AWSServiceName", "no service")], "ValidationError").await;
    assert_eq!(admin.ok("ListRoles", &[]).await.fields("RoleName").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_a_services_role_but_for_its_description_and_tags() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    admin.ok(CREATE, &[SPOT]).await;
    let before = admin.ok("GetRole", &[SPOT_ROLE]).await.field("AssumeRolePolicyDocument");
    admin.ok("CreateInstanceProfile", &[("InstanceProfileName", "p")]).await;
    let document = statement("Allow", "s3:*", "*");
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let (name, policy) = (("PolicyName", "p"), ("PolicyDocument", document.as_str()));
    let changes: [(&str, Vec<(&str, &str)>); 11] = [
        ("AttachRolePolicy", vec![("PolicyArn", READ_ONLY)]),
        ("DetachRolePolicy", vec![("PolicyArn", SPOT_POLICY)]),
        ("PutRolePolicy", vec![name, policy]),
        ("DeleteRolePolicy", vec![name]),
        ("PutRolePermissionsBoundary", vec![("PermissionsBoundary", READ_ONLY)]),
        ("DeleteRolePermissionsBoundary", vec![]),
        ("UpdateAssumeRolePolicy", vec![("PolicyDocument", trust.as_str())]),
        ("UpdateRole", vec![("MaxSessionDuration", "7200")]),
        ("UpdateRole", vec![("MaxSessionDuration", "7200"), ("Description", "mine")]),
        ("AddRoleToInstanceProfile", vec![("InstanceProfileName", "p")]),
        ("DeleteRole", vec![]),
    ];
    let message = "Cannot perform the operation on the protected role 'AWSServiceRoleForEC2Spot' - this role is only modifiable by AWS";
    for (action, mut parameters) in changes {
        parameters.push(SPOT_ROLE);
        admin.fails(action, &parameters, "UnmodifiableEntity", message).await;
    }
    let after = admin.ok("GetRole", &[SPOT_ROLE]).await;
    assert_eq!(after.field("AssumeRolePolicyDocument"), before);
    assert_eq!(after.field("MaxSessionDuration"), "3600");
    assert_eq!(admin.ok("ListAttachedRolePolicies", &[SPOT_ROLE]).await.fields("PolicyArn"), [SPOT_POLICY]);
    assert!(admin.ok("ListRolePolicies", &[SPOT_ROLE]).await.fields("member").is_empty());

    admin.ok("UpdateRole", &[SPOT_ROLE, ("Description", "ours")]).await;
    assert_eq!(admin.ok("GetRole", &[SPOT_ROLE]).await.field("Description"), "ours");
    admin.ok("UpdateRoleDescription", &[SPOT_ROLE, ("Description", "theirs")]).await;
    assert_eq!(admin.ok("GetRole", &[SPOT_ROLE]).await.field("Description"), "theirs");
    admin.ok("TagRole", &[SPOT_ROLE, ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_policy_and_its_path_are_for_services_alone() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    let policy = ("PolicyArn", SPOT_POLICY);
    admin.refused("AttachUserPolicy", &[("UserName", "alice"), policy], "PolicyNotAttachable").await;
    admin.refused("AttachGroupPolicy", &[("GroupName", "g"), policy], "PolicyNotAttachable").await;
    let boundary = [("UserName", "alice"), ("PermissionsBoundary", SPOT_POLICY)];
    admin.refused("PutUserPermissionsBoundary", &boundary, "PolicyNotAttachable").await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = [("RoleName", "r"), ("AssumeRolePolicyDocument", trust)];
    let there = [role[0], role[1], ("Path", "/aws-service-role/spot.amazonaws.com/")];
    admin.refused("CreateRole", &there, "InvalidInput").await;
    admin.ok("CreateRole", &role).await;
    admin.refused("AttachRolePolicy", &[role[0], policy], "PolicyNotAttachable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_a_task_that_can_be_asked_about() {
    let world = World::new().await;
    let admin = world.admin();
    let status = "GetServiceLinkedRoleDeletionStatus";
    admin.ok(CREATE, &[SPOT]).await;
    let task = admin.ok("DeleteServiceLinkedRole", &[SPOT_ROLE]).await.field("DeletionTaskId");
    let start = "task/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot/";
    assert!(task.starts_with(start) && task.len() == start.len() + 36, "{task}");
    assert_eq!(admin.ok(status, &[("DeletionTaskId", &task)]).await.field("Status"), "SUCCEEDED");
    admin.refused("GetRole", &[SPOT_ROLE], "NoSuchEntity").await;
    admin.refused("DeleteServiceLinkedRole", &[SPOT_ROLE], "NoSuchEntity").await;
    admin.ok(CREATE, &[SPOT]).await;

    let unknown = format!("{start}01234567-89ab-4def-8123-456789abcdef");
    admin.refused(status, &[("DeletionTaskId", &unknown)], "NoSuchEntity").await;
    admin.refused(status, &[("DeletionTaskId", "task/1")], "InvalidInput").await;
    admin.refused(status, &[("DeletionTaskId", "")], "ValidationError").await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    admin.ok("CreateRole", &[("RoleName", "mine"), ("AssumeRolePolicyDocument", trust)]).await;
    admin.refused("DeleteServiceLinkedRole", &[("RoleName", "mine")], "NoSuchEntity").await;
    admin.ok("GetRole", &[("RoleName", "mine")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_say_for_which_services_roles_are_made() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole",
        "Resource":"arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/*",
        "Condition":{"StringLike":{"iam:AWSServiceName":"spot.amazonaws.com"}}}]}"#;
    let policy = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", document)];
    admin.ok("PutUserPolicy", &policy).await;
    alice.refused(CREATE, &[SCALING], "AccessDenied").await;
    alice.ok(CREATE, &[SPOT]).await;
    alice.refused("DeleteServiceLinkedRole", &[SPOT_ROLE], "AccessDenied").await;
}
