//! Instance profiles and the role in each.

use calls::identity::{AssumeInstanceRole, InstanceRole, LookUpInstanceProfile};
use kit::ServiceName;

use crate::roles::for_instances;
use crate::support::{READ_ONLY, World};

const PROFILE: (&str, &str) = ("InstanceProfileName", "web");

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_profile_holds_one_role() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin.ok("CreateInstanceProfile", &[PROFILE, ("Path", "/apps/")]).await;
    assert_eq!(made.field("Arn"), format!("arn:aws:iam::{account}:instance-profile/apps/web"));
    assert!(made.field("InstanceProfileId").starts_with("AIPA"));
    for role in ["r", "other"] {
        let asked = [("RoleName", role), ("AssumeRolePolicyDocument", &for_instances())];
        admin.ok("CreateRole", &asked).await;
    }
    let (role, other) = (("RoleName", "r"), ("RoleName", "other"));
    admin.ok("AddRoleToInstanceProfile", &[PROFILE, role]).await;
    admin
        .fails(
            "AddRoleToInstanceProfile",
            &[PROFILE, other],
            "LimitExceeded",
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        )
        .await;
    let shown = admin.ok("GetInstanceProfile", &[PROFILE]).await;
    assert_eq!(shown.field("RoleName"), "r");
    let of_role = admin.ok("ListInstanceProfilesForRole", &[role]).await;
    assert_eq!(of_role.fields("InstanceProfileName"), ["web"]);
    assert!(admin.ok("ListInstanceProfilesForRole", &[other]).await.fields("InstanceProfileName").is_empty());
    let listed = admin.ok("ListInstanceProfiles", &[("PathPrefix", "/apps/")]).await;
    assert_eq!(listed.fields("InstanceProfileName"), ["web"]);

    let first = "Cannot delete entity, must remove roles from instance profile first.";
    admin.fails("DeleteInstanceProfile", &[PROFILE], "DeleteConflict", first).await;
    admin.fails("DeleteRole", &[role], "DeleteConflict", first).await;
    admin.refused("RemoveRoleFromInstanceProfile", &[PROFILE, other], "NoSuchEntity").await;
    admin.ok("RemoveRoleFromInstanceProfile", &[PROFILE, role]).await;
    admin.ok("DeleteRole", &[role]).await;
    admin.ok("DeleteInstanceProfile", &[PROFILE]).await;
    admin
        .fails("GetInstanceProfile", &[PROFILE], "NoSuchEntity", "Instance Profile web cannot be found.")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_instance_profiles_are_taken_whatever_their_case() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateInstanceProfile", &[PROFILE]).await;
    let again = [("InstanceProfileName", "WEB")];
    admin
        .fails("CreateInstanceProfile", &again, "EntityAlreadyExists", "Instance Profile WEB already exists.")
        .await;
    admin.refused("GetInstanceProfile", &again, "NoSuchEntity").await;
    admin.refused("CreateInstanceProfile", &[("InstanceProfileName", "a b")], "ValidationError").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_a_role_into_a_profile_needs_the_permission_to_pass_it() {
    let world = World::new().await;
    let (admin, bob) = (world.admin(), world.user("bob").await);
    admin.ok("CreateInstanceProfile", &[PROFILE]).await;
    admin.ok("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &for_instances())]).await;
    let put = |document: String| {
        let admin = admin.clone();
        async move {
            let asked = [("UserName", "bob"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
            admin.ok("PutUserPolicy", &asked).await;
        }
    };
    let pass = |service: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[
                {{"Effect":"Allow","Action":"iam:AddRoleToInstanceProfile","Resource":"*"}},
                {{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/r",
                  "Condition":{{"StringEquals":{{"iam:PassedToService":"{service}"}}}}}}]}}"#
        )
    };
    let add = [PROFILE, ("RoleName", "r")];
    put(pass("lambda.amazonaws.com")).await;
    let message = bob.refused("AddRoleToInstanceProfile", &add, "AccessDenied").await;
    assert!(message.contains("iam:PassRole on resource: arn:aws:iam::"), "{message}");
    put(pass("ec2.amazonaws.com")).await;
    bob.ok("AddRoleToInstanceProfile", &add).await;
}

async fn assume(world: &World, profile: &str, has: Option<String>) -> InstanceRole {
    let question = AssumeInstanceRole {
        account_id: world.account(),
        profile_id: profile.to_owned(),
        instance: "i-0123456789abcdef0".parse().unwrap(),
        has,
    };
    world.context.peers.internal(ServiceName::Identity).call(&question).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gets_the_role_of_its_profile_and_loses_it_with_the_role() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let made = admin.ok("CreateInstanceProfile", &[PROFILE]).await;
    let id = made.field("InstanceProfileId");
    assert!(matches!(assume(&world, &id, None).await, InstanceRole::None));
    let root = crate::roles::trust(&format!(r#"{{"AWS":"{account}"}}"#));
    let role = ("RoleName", "r");
    admin.ok("CreateRole", &[role, ("AssumeRolePolicyDocument", &root)]).await;
    admin.ok("AddRoleToInstanceProfile", &[PROFILE, role]).await;
    assert!(matches!(assume(&world, &id, None).await, InstanceRole::Untrusting { role } if role == "r"));
    admin.ok("UpdateAssumeRolePolicy", &[role, ("PolicyDocument", &for_instances())]).await;
    admin.ok("AttachRolePolicy", &[role, ("PolicyArn", READ_ONLY)]).await;
    let InstanceRole::Assumed(made) = assume(&world, &id, None).await else { panic!("no credentials") };
    assert_eq!(made.expires.duration_since(made.issued).as_hours(), 6);
    assert!(!format!("{made:?}").contains(&made.secret_access_key));
    assert!(matches!(assume(&world, &id, Some(made.role_id.clone())).await, InstanceRole::Same));
    assert!(matches!(assume(&world, "AIPAUNKNOWN", None).await, InstanceRole::None));

    let mut instance = world.client(&made.access_key_id, &made.secret_access_key);
    instance.session_token = Some(made.token);
    let arn = instance.who_am_i().await.field("Arn");
    assert_eq!(arn, format!("arn:aws:sts::{account}:assumed-role/r/i-0123456789abcdef0"));
    instance.ok("ListUsers", &[]).await;
    instance.refused("CreateUser", &[("UserName", "x")], "AccessDenied").await;
    admin.ok("DetachRolePolicy", &[role, ("PolicyArn", READ_ONLY)]).await;
    instance.refused("ListUsers", &[], "AccessDenied").await;

    admin.ok("RemoveRoleFromInstanceProfile", &[PROFILE, role]).await;
    admin.ok("DeleteRole", &[role]).await;
    assert_eq!(instance.who_am_i().await.error().0, "InvalidClientTokenId");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_found_by_name_or_arn_in_its_own_account_only() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let arn = admin.ok("CreateInstanceProfile", &[PROFILE, ("Path", "/apps/")]).await.field("Arn");
    let find = |account: &str, name: Option<&str>, arn: Option<&str>| {
        let peer = world.context.peers.internal(ServiceName::Identity);
        let (name, arn) = (name.map(str::to_owned), arn.map(str::to_owned));
        let question = LookUpInstanceProfile { account_id: account.to_owned(), name, arn };
        async move { peer.call(&question).await.unwrap().profile.map(|profile| profile.arn) }
    };
    assert_eq!(find(&account, Some("web"), None).await.as_ref(), Some(&arn));
    assert_eq!(find(&account, None, Some(&arn)).await.as_ref(), Some(&arn));
    assert_eq!(find(&account, None, Some(&arn.replace("/apps/", "/"))).await, None);
    assert_eq!(find("999999999999", Some("web"), None).await, None);
}
