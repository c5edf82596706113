//! Quotas of users and of whole accounts.

use calls::identity::{GetAccountQuotas, SetAccountQuotas};

use crate::support::{World, eventually};

fn quota(action: &str, name: &str, limit: u64) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{action}","Resource":"*",
            "Condition":{{"NumericGreaterThan":{{"murus:quota-{name}":"{limit}"}}}}}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_quotas_hold_for_everybody_in_it_until_they_are_taken_away() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let set = |document: Option<String>| SetAccountQuotas { account_id: account.clone(), document };
    let users = 1 + 1; // the administrator and one more
    world.internal(&set(Some(quota("iam:CreateUser", "users", users)))).await.unwrap();
    admin.ok("CreateUser", &[("UserName", "one")]).await;
    eventually("the quota holds", || async {
        let reply = admin.call("CreateUser", &[("UserName", "two")]).await;
        if reply.status == 200 {
            admin.ok("DeleteUser", &[("UserName", "two")]).await;
        }
        reply.status == 409 && reply.error().0 == "LimitExceeded"
    })
    .await;
    admin.ok("CreateGroup", &[("GroupName", "one")]).await;
    let shown = world.internal(&GetAccountQuotas { account_id: account.clone() }).await.unwrap();
    assert!(shown.document.unwrap().contains("murus:quota-users"));
    world.internal(&set(None)).await.unwrap();
    eventually("the quota is gone", || async {
        admin.call("CreateUser", &[("UserName", "two")]).await.status == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_of_an_account_can_do_nothing_but_limit() {
    let world = World::new().await;
    let account_id = world.account();
    for document in [
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#,
        "nonsense",
    ] {
        let call = SetAccountQuotas { account_id: account_id.clone(), document: Some(document.into()) };
        let refused = world.internal(&call).await.unwrap_err();
        assert_eq!(refused.code.as_str(), "MalformedPolicyDocument", "{document}");
    }
    let nowhere = SetAccountQuotas { account_id: "999999999999".into(), document: None };
    assert_eq!(world.internal(&nowhere).await.unwrap_err().code.as_str(), "NoSuchEntity");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_on_roles_or_groups_is_a_limit_of_iam() {
    let world = World::new().await;
    let (admin, boss) = (world.admin(), world.user("boss").await);
    let allow = crate::support::statement("Allow", "iam:*", "*");
    let groups = quota("iam:CreateGroup", "groups", 1);
    for (name, document) in [("all", allow), ("few", quota("iam:CreateRole", "roles", 1)), ("one", groups)] {
        let parameters = [("UserName", "boss"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        admin.ok("PutUserPolicy", &parameters).await;
    }
    let trust = crate::roles::for_instances();
    let role = |name: &'static str| [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    boss.ok("CreateRole", &role("one")).await;
    let refused = boss.refused("CreateRole", &role("two"), "LimitExceeded").await;
    assert!(refused.contains("RolesPerAccount"), "{refused}");
    admin.ok("CreateRole", &role("two")).await;
    admin.ok("CreateGroup", &[("GroupName", "one")]).await;
    let refused = boss.refused("CreateGroup", &[("GroupName", "two")], "LimitExceeded").await;
    assert!(refused.contains("GroupsPerAccount"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_a_quota_that_allows_is_refused_saying_where() {
    let world = World::new().await;
    let document = quota("iam:*", "users", 3).replace("Deny", "Allow");
    let parameters = [("UserName", "admin"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    let why = world.admin().refused("PutUserPolicy", &parameters, "MalformedPolicyDocument").await;
    assert!(why.contains("Statement[0].Condition"), "{why}");
}

/// Somebody who may do all of IAM, and have one of each of its own.
async fn one_of_each(world: &World, name: &str) -> crate::support::Client {
    let somebody = world.user(name).await;
    let allow = crate::support::statement("Allow", "*", "*");
    for (policy, document) in [
        ("all", allow),
        ("users", quota("iam:CreateUser", "own-users", 1)),
        ("groups", quota("iam:CreateGroup", "own-groups", 1)),
        ("roles", quota("iam:CreateRole", "own-roles", 1)),
    ] {
        let parameters = [("UserName", name), ("PolicyName", policy), ("PolicyDocument", document.as_str())];
        world.admin().ok("PutUserPolicy", &parameters).await;
    }
    somebody
}

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_own_users_groups_and_roles_over_a_restart_until_they_are_deleted() {
    let world = World::new().await;
    let (alice, bob) = (one_of_each(&world, "alice").await, one_of_each(&world, "bob").await);
    let trust = crate::roles::for_instances();
    let role = |name: &'static str| [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    for (who, [user, group, of]) in
        [(&alice, ["a-user", "a-group", "a-role"]), (&bob, ["b-user", "b-group", "b-role"])]
    {
        who.ok("CreateUser", &[("UserName", user)]).await;
        who.ok("CreateGroup", &[("GroupName", group)]).await;
        who.ok("CreateRole", &role(of)).await;
    }
    let keys = (alice.access_key_id.clone(), alice.secret.clone());
    drop((alice, bob));
    let world = world.reopen().await.unwrap();
    let alice = world.client(&keys.0, &keys.1);
    let why = alice.refused("CreateUser", &[("UserName", "more")], "LimitExceeded").await;
    assert_eq!(why, "Cannot exceed quota for UsersPerCreator: there would be 2");
    alice.refused("CreateGroup", &[("GroupName", "more")], "LimitExceeded").await;
    alice.refused("CreateRole", &role("more"), "LimitExceeded").await;
    let linked = [("AWSServiceName", "spot.amazonaws.com")];
    alice.refused("CreateServiceLinkedRole", &linked, "LimitExceeded").await;
    // renamed it is still the same, and one that others delete makes room too
    alice.ok("UpdateUser", &[("UserName", "a-user"), ("NewUserName", "renamed")]).await;
    alice.refused("CreateUser", &[("UserName", "more")], "LimitExceeded").await;
    world.admin().ok("DeleteUser", &[("UserName", "renamed")]).await;
    alice.ok("DeleteGroup", &[("GroupName", "a-group")]).await;
    alice.ok("DeleteRole", &[("RoleName", "a-role")]).await;
    alice.ok("CreateUser", &[("UserName", "more")]).await;
    alice.ok("CreateGroup", &[("GroupName", "more")]).await;
    alice.ok("CreateServiceLinkedRole", &linked).await;
    alice.refused("CreateRole", &role("more"), "LimitExceeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_one_role_have_its_own_together_and_a_document_of_the_account_is_for_each() {
    let world = World::new().await;
    let (admin, account) = (world.admin(), world.account());
    let alice = world.user("alice").await;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{{"AWS":"arn:aws:iam::{account}:user/alice"}}}}]}}"#
    );
    let role = [("RoleName", "maker"), ("AssumeRolePolicyDocument", trust.as_str())];
    let arn = admin.ok("CreateRole", &role).await.field("Arn");
    let allow = crate::support::statement("Allow", "iam:*", "*");
    for (action, name) in [("PutRolePolicy", "RoleName"), ("PutUserPolicy", "UserName")] {
        let who = if name == "RoleName" { "maker" } else { "alice" };
        let parameters = [(name, who), ("PolicyName", "p"), ("PolicyDocument", allow.as_str())];
        admin.ok(action, &parameters).await;
    }
    let document = Some(quota("iam:CreateGroup", "own-groups", 2));
    world.internal(&SetAccountQuotas { account_id: account.clone(), document }).await.unwrap();
    let session = |name: &'static str| {
        let (alice, arn) = (alice.clone(), arn.clone());
        async move { alice.session("AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", name)]).await }
    };
    let (one, two) = (session("one").await, session("two").await);
    one.ok("CreateGroup", &[("GroupName", "of-the-role")]).await;
    two.ok("CreateGroup", &[("GroupName", "of-the-role-too")]).await;
    for session in [&one, &two] {
        session.refused("CreateGroup", &[("GroupName", "more")], "LimitExceeded").await;
    }
    for (who, names) in [(&alice, ["a1", "a2"]), (&admin, ["b1", "b2"])] {
        for name in names {
            who.ok("CreateGroup", &[("GroupName", name)]).await;
        }
        who.refused("CreateGroup", &[("GroupName", "more")], "LimitExceeded").await;
    }
}
