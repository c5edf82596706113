//! Instance profiles and the role in each.

use crate::roles::for_instances;
use crate::support::World;

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
