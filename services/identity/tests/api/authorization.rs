//! What policies allow and refuse, for identity's own actions.

use api_spec::shape::Shape;

use crate::support::{ADMINISTRATOR, READ_ONLY, World, statement};

/// Values that let every action's request be read.
fn value(member: &str) -> Option<String> {
    Some(match member {
        "UserName" | "GroupName" | "RoleName" | "PolicyName" | "InstanceProfileName" | "Description" => {
            "admin".into()
        }
        "Name" | "RoleSessionName" | "EncodedMessage" => "bob".into(),
        "RoleArn" => "arn:aws:iam::000000000000:role/never".into(),
        "PolicyArn" | "PermissionsBoundary" => ADMINISTRATOR.into(),
        "OpenIDConnectProviderArn" => "arn:aws:iam::000000000000:oidc-provider/never.test".into(),
        "Url" => "https://never.test".into(),
        "ClientID" => "never".into(),
        "PolicySourceArn" => "arn:aws:iam::000000000000:user/admin".into(),
        "PolicyDocument" => statement("Allow", "*", "*"),
        "AssumeRolePolicyDocument" => crate::roles::for_instances(),
        "VersionId" => "v1".into(),
        "AccessKeyId" => "AKIAAAAAAAAAAAAAAAAA".into(),
        "Status" => "Inactive".into(),
        "AccountAlias" => "my-house".into(),
        "VirtualMFADeviceName" => "phone".into(),
        "SerialNumber" => "arn:aws:iam::123456789012:mfa/phone".into(),
        "AuthenticationCode1" | "AuthenticationCode2" => "123456".into(),
        "Password" | "OldPassword" | "NewPassword" => "Correct-horse-1".into(),
        "SSHPublicKeyId" | "CertificateId" => "APKAAAAAAAAAAAAAAAAAAAAA".into(),
        "SSHPublicKeyBody" | "CertificateBody" | "PrivateKey" => "text".into(),
        "Encoding" => "SSH".into(),
        "ServerCertificateName" => "site".into(),
        "JobId" => "00000000-0000-0000-0000-000000000000".into(),
        "ServiceNamespace" => "s3".into(),
        "AWSServiceName" => "spot.amazonaws.com".into(),
        "DeletionTaskId" => "task/aws-service-role/spot.amazonaws.com/never/1".into(),
        "Arn" => ADMINISTRATOR.into(),
        _ => return None,
    })
}

/// Lists that an action must be given: the parameter that gives one, and its value.
fn list(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "ActionNames" => ("ActionNames.member.1", "s3:GetObject"),
        "PolicyInputList" => ("PolicyInputList.member.1", "{}"),
        "ServiceNamespaces" => ("ServiceNamespaces.member.1", "s3"),
        "TagKeys" => ("TagKeys.member.1", "team"),
        "Tags" => ("Tags", ""),
        "ThumbprintList" => ("ThumbprintList.member.1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_policy_is_refused_every_action_but_those_that_prove_who_it_is() {
    let world = World::new().await;
    let nobody = world.user("nobody").await;
    let (version, account) = (world.version().await, world.account());
    let shapes = identity::shapes().unwrap();
    assert!(shapes.len() > 40);
    // KMS speaks JSON; `kms` asks the same of it
    for shape in shapes.into_iter().filter(|shape| shape.service != "kms") {
        let Shape::Structure { members } = shape.input else { panic!("{}", shape.operation) };
        let given: Vec<(String, String)> = members
            .into_iter()
            .filter_map(|(name, _)| match list(&name) {
                Some((element, value)) => Some((element.to_owned(), value.to_owned())),
                None => value(&name).map(|value| (name, value)),
            })
            .collect();
        // a session without a device of the user's needs no code
        let given: Vec<_> =
            given.into_iter().filter(|(name, _)| shape.service != "sts" || name != "SerialNumber").collect();
        let given: Vec<_> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = nobody.send(nobody.request(shape.service, shape.operation, &given)).await;
        if ["GetCallerIdentity", "GetSessionToken"].contains(&shape.operation) {
            assert_eq!(reply.status, 200);
            continue;
        }
        let (code, message) = reply.error();
        if shape.operation == "AssumeRoleWithWebIdentity" {
            assert_eq!(code, "ValidationError", "the proof is missing");
            continue;
        }
        assert_eq!((code.as_str(), reply.status), ("AccessDenied", 403), "{}: {message}", shape.operation);
        let start = format!(
            "User: arn:aws:iam::{account}:user/nobody is not authorized to perform: {}:{} on resource: ",
            shape.service, shape.operation
        );
        assert!(message.starts_with(&start), "{message}");
    }
    assert_eq!(world.version().await, version, "a refused request changed something");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrator_may_do_all_of_it() {
    let world = World::new().await;
    let admin = world.admin();
    for action in
        ["ListUsers", "ListGroups", "ListPolicies", "ListAccountAliases", "ListAccessKeys", "GetUser"]
    {
        admin.ok(action, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_works_at_once_and_covers_exactly_what_it_says() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("CreateUser", &[("UserName", "bob"), ("Path", "/staff/")]).await;
    let document = statement("Allow", "iam:GetUser", "arn:aws:iam::*:user/staff/*");
    admin
        .ok("PutUserPolicy", &[("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;
    alice.ok("GetUser", &[("UserName", "bob")]).await;
    alice.refused("GetUser", &[], "AccessDenied").await;
    alice.refused("DeleteUser", &[("UserName", "bob")], "AccessDenied").await;
    // the path is of the user that is there, not of what the caller would like it to be
    alice.refused("GetUser", &[("UserName", "admin")], "AccessDenied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deny_wins_over_any_allow_and_a_group_gives_and_takes() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("CreateGroup", &[("GroupName", "Wheel")]).await;
    admin.ok("AttachGroupPolicy", &[("GroupName", "Wheel"), ("PolicyArn", ADMINISTRATOR)]).await;
    alice.refused("ListUsers", &[], "AccessDenied").await;
    let member = [("GroupName", "Wheel"), ("UserName", "alice")];
    admin.ok("AddUserToGroup", &member).await;
    alice.ok("ListUsers", &[]).await;

    let document = statement("Deny", "iam:ListUsers", "*");
    let policy = [("UserName", "alice"), ("PolicyName", "no")];
    admin.ok("PutUserPolicy", &[policy[0], policy[1], ("PolicyDocument", &document)]).await;
    let refused = || async { alice.call("ListUsers", &[]).await.status == 403 };
    assert!(refused().await, "an explicit deny wins");
    let message = alice.refused("ListUsers", &[], "AccessDenied").await;
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
    alice.ok("ListGroups", &[]).await;

    admin.ok("DeleteUserPolicy", &policy).await;
    alice.ok("ListUsers", &[]).await;
    admin.ok("RemoveUserFromGroup", &member).await;
    assert!(refused().await, "who left the group has lost its permissions");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_manage_their_own_keys_by_the_username_variable() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let document = statement("Allow", "iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}");
    admin
        .ok("PutUserPolicy", &[("UserName", "alice"), ("PolicyName", "own"), ("PolicyDocument", &document)])
        .await;
    let key = alice.ok("CreateAccessKey", &[]).await;
    assert_eq!(key.field("UserName"), "alice");
    assert_eq!(alice.ok("ListAccessKeys", &[("UserName", "alice")]).await.fields("AccessKeyId").len(), 2);
    alice.refused("CreateAccessKey", &[("UserName", "admin")], "AccessDenied").await;
    alice.refused("ListAccessKeys", &[("UserName", "admin")], "AccessDenied").await;
    alice.ok("DeleteAccessKey", &[("AccessKeyId", &key.field("AccessKeyId"))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_default_version_of_a_policy_decides() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let allow = statement("Allow", "iam:ListUsers", "*");
    let made = admin.ok("CreatePolicy", &[("PolicyName", "lists"), ("PolicyDocument", &allow)]).await;
    let arn = made.field("Arn");
    admin.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", &arn)]).await;
    alice.ok("ListUsers", &[]).await;
    let other = statement("Allow", "iam:ListGroups", "*");
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", &other), ("SetAsDefault", "true")];
    admin.ok("CreatePolicyVersion", &version).await;
    alice.ok("ListGroups", &[]).await;
    assert_eq!(alice.call("ListUsers", &[]).await.status, 403, "the old version counts no more");
    admin.ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]).await;
    alice.ok("ListUsers", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attaching_may_be_limited_to_certain_policies_and_making_to_certain_tags() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*",
              "Condition":{{"ArnEquals":{{"iam:PolicyARN":"{READ_ONLY}"}}}}}},
            {{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"}}]}}"#
    );
    admin
        .ok("PutUserPolicy", &[("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;
    alice.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", READ_ONLY)]).await;
    let escalation = [("UserName", "alice"), ("PolicyArn", ADMINISTRATOR)];
    alice.refused("AttachUserPolicy", &escalation, "AccessDenied").await;
    alice.ok("CreateUser", &[("UserName", "bob")]).await;
    let tagged = [("UserName", "carol"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "x")];
    let message = alice.refused("CreateUser", &tagged, "AccessDenied").await;
    assert!(message.contains("iam:TagUser"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_the_policies_that_aws_manages() {
    let world = World::new().await;
    let (admin, version) = (world.admin(), world.version().await);
    let document = statement("Allow", "*", "*");
    admin
        .refused(
            "CreatePolicyVersion",
            &[("PolicyArn", READ_ONLY), ("PolicyDocument", &document)],
            "AccessDenied",
        )
        .await;
    admin.refused("DeletePolicy", &[("PolicyArn", READ_ONLY)], "AccessDenied").await;
    let foreign = "arn:aws:iam::999999999999:policy/theirs";
    admin.refused("GetPolicy", &[("PolicyArn", foreign)], "AccessDenied").await;
    assert_eq!(world.version().await, version);
}
