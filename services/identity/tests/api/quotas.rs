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
async fn a_quota_on_roles_is_a_limit_of_iam() {
    let world = World::new().await;
    let (admin, boss) = (world.admin(), world.user("boss").await);
    let allow = crate::support::statement("Allow", "iam:*", "*");
    for (name, document) in [("all", allow), ("few", quota("iam:CreateRole", "roles", 1))] {
        let parameters = [("UserName", "boss"), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        admin.ok("PutUserPolicy", &parameters).await;
    }
    let trust = crate::roles::for_instances();
    let role = |name: &'static str| [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    boss.ok("CreateRole", &role("one")).await;
    let refused = boss.refused("CreateRole", &role("two"), "LimitExceeded").await;
    assert!(refused.contains("RolesPerAccount"), "{refused}");
    admin.ok("CreateRole", &role("two")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_a_quota_that_allows_is_refused_saying_where() {
    let world = World::new().await;
    let document = quota("iam:*", "users", 3).replace("Deny", "Allow");
    let parameters = [("UserName", "admin"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    let why = world.admin().refused("PutUserPolicy", &parameters, "MalformedPolicyDocument").await;
    assert!(why.contains("Statement[0].Condition"), "{why}");
}
