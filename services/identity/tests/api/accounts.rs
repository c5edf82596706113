//! Several accounts in one installation.

use std::sync::{Arc, Mutex};

use axum::Router;
use calls::Done;
use calls::accounts::{AccountHoldings, ForgetAccount, Holdings};
use kit::{Routes, ServiceName};

use crate::support::{ADMINISTRATOR, Client, World, statement};

/// What services say that accounts own, and what they were told to forget.
#[derive(Clone, Default)]
struct Others {
    buckets: Arc<Mutex<usize>>,
    forgotten: Arc<Mutex<Vec<String>>>,
}

impl Others {
    /// Services that hold so many buckets of everybody.
    fn bind(world: &World) -> Others {
        let others = Others::default();
        for service in [ServiceName::Object, ServiceName::Compute, ServiceName::Volume] {
            let (asked, told) = (others.clone(), others.clone());
            let router = kit::internal::answer(Router::new(), move |_: AccountHoldings| {
                let buckets = if service == ServiceName::Object { *asked.buckets.lock().unwrap() } else { 0 };
                async move { Ok(Holdings::default().and("bucket", buckets)) }
            });
            let router = kit::internal::answer(router, move |call: ForgetAccount| {
                told.forgotten.lock().unwrap().push(call.account_id);
                async { Ok(Done {}) }
            });
            world.context.peers.bind(service, &Routes { internal: router, ..Routes::default() });
        }
        others
    }
}

/// World whose other services are expected in this process before identity looks for them.
async fn world() -> (World, Others) {
    let world = World::new().await;
    let others = Others::bind(&world);
    (world, others)
}

/// A new account: its id and its root.
async fn account(world: &World, name: &str) -> (String, Client) {
    let made = world.admin().ok("CreateMurusAccount", &[("AccountName", name)]).await;
    let root = world.client(&made.field("AccessKeyId"), &made.field("SecretAccessKey"));
    (made.field("AccountId"), root)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_of_a_new_account_may_do_everything_in_it() {
    let (world, _) = world().await;
    let made = world.admin().ok("CreateMurusAccount", &[("AccountName", "research")]).await;
    let id = made.field("AccountId");
    assert_eq!((id.len(), made.field("CanonicalUserId").len()), (12, 64));
    assert_ne!(id, world.account());
    let root = world.client(&made.field("AccessKeyId"), &made.field("SecretAccessKey"));
    let me = root.who_am_i().await;
    assert_eq!(me.field("Arn"), format!("arn:aws:iam::{id}:root"));
    assert_eq!((me.field("Account"), me.field("UserId")), (id.clone(), id.clone()));
    let user = root.ok("CreateUser", &[("UserName", "alice")]).await;
    assert_eq!(user.field("Arn"), format!("arn:aws:iam::{id}:user/alice"));
    root.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", ADMINISTRATOR)]).await;
    let listed = world.admin().ok("ListMurusAccounts", &[]).await;
    assert!(listed.fields("AccountId").contains(&id));
    assert_eq!(listed.fields("AccountName"), ["research"]);
    assert!(!listed.body.contains("Secret"));
    let taken = [("AccountName", "Research")];
    let message = "Account with name Research already exists.";
    world.admin().fails("CreateMurusAccount", &taken, "EntityAlreadyExists", message).await;
    world.admin().refused("CreateMurusAccount", &[("AccountName", "a b")], "ValidationError").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_root_rotate_and_are_two_at_most() {
    let (world, _) = world().await;
    let (_, root) = account(&world, "research").await;
    let second = root.ok("CreateAccessKey", &[]).await;
    let message = "Cannot exceed quota for AccessKeysPerUser: 2";
    root.fails("CreateAccessKey", &[], "LimitExceeded", message).await;
    let rotated = world.client(&second.field("AccessKeyId"), &second.field("SecretAccessKey"));
    rotated.ok("UpdateAccessKey", &[("AccessKeyId", &root.access_key_id), ("Status", "Inactive")]).await;
    assert_eq!(root.who_am_i().await.status, 403);
    rotated.ok("DeleteAccessKey", &[("AccessKeyId", &root.access_key_id)]).await;
    assert_eq!(rotated.ok("ListAccessKeys", &[]).await.fields("AccessKeyId"), [second.field("AccessKeyId")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_account_shows_in_another() {
    let (world, _) = world().await;
    let (one, first) = account(&world, "one").await;
    let (_, second) = account(&world, "two").await;
    let document = statement("Allow", "s3:*", "*");
    first.ok("CreateUser", &[("UserName", "alice")]).await;
    let key = first.ok("CreateAccessKey", &[("UserName", "alice")]).await.field("AccessKeyId");
    first.ok("CreateGroup", &[("GroupName", "staff")]).await;
    first.ok("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    let policy = format!("arn:aws:iam::{one}:policy/p");

    second.refused("GetUser", &[("UserName", "alice")], "NoSuchEntity").await;
    second.refused("GetGroup", &[("GroupName", "staff")], "NoSuchEntity").await;
    second.refused("DeleteAccessKey", &[("AccessKeyId", &key)], "NoSuchEntity").await;
    // whether it is there or not, the same words
    let there = second.refused("GetPolicy", &[("PolicyArn", &policy)], "AccessDenied").await;
    let nowhere = format!("arn:aws:iam::{one}:policy/q");
    let not = second.refused("GetPolicy", &[("PolicyArn", &nowhere)], "AccessDenied").await;
    assert_eq!(there.replace("policy/p", ""), not.replace("policy/q", ""));
    for action in ["ListUsers", "ListGroups", "ListAccountAliases"] {
        assert!(!second.ok(action, &[]).await.body.contains("<member>"), "{action}");
    }
    assert!(!second.ok("ListPolicies", &[("Scope", "Local")]).await.body.contains("<member>"));
    // names are free in each account, and AWS's policies are everybody's
    second.ok("CreateUser", &[("UserName", "alice")]).await;
    second.ok("GetPolicy", &[("PolicyArn", ADMINISTRATOR)]).await;
    // aliases are unique in the installation, as they are at AWS
    first.ok("CreateAccountAlias", &[("AccountAlias", "house")]).await;
    second.refused("CreateAccountAlias", &[("AccountAlias", "house")], "EntityAlreadyExists").await;
    second.refused("DeleteAccountAlias", &[("AccountAlias", "house")], "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_the_operators_affair_alone() {
    let (world, _) = world().await;
    let (id, root) = account(&world, "one").await;
    for (action, parameters) in [
        ("CreateMurusAccount", vec![("AccountName", "two")]),
        ("ListMurusAccounts", vec![]),
        ("DeleteMurusAccount", vec![("AccountId", id.as_str())]),
    ] {
        root.refused(action, &parameters, "AccessDenied").await;
        let alice = world.user(&format!("alice-{action}")).await;
        let name = [("UserName", format!("alice-{action}"))];
        let mut put = vec![("UserName", name[0].1.as_str()), ("PolicyName", "p")];
        let all_of_iam = statement("Allow", "iam:*", "*");
        put.push(("PolicyDocument", &all_of_iam));
        world.admin().ok("PutUserPolicy", &put).await;
        alice.refused(action, &parameters, "AccessDenied").await;
    }
    assert_eq!(root.who_am_i().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_owns_something_stays_and_an_empty_one_goes_whole() {
    let (world, others) = world().await;
    let (id, root) = account(&world, "one").await;
    root.ok("CreateUser", &[("UserName", "alice")]).await;
    root.ok("CreateAccountAlias", &[("AccountAlias", "house")]).await;
    let admin = world.admin();
    *others.buckets.lock().unwrap() = 2;
    let message = format!("The account {id} cannot be deleted while it owns something: bucket (2).");
    admin.fails("DeleteMurusAccount", &[("AccountId", &id)], "DeleteConflict", &message).await;
    assert_eq!(root.who_am_i().await.status, 200);
    assert!(others.forgotten.lock().unwrap().is_empty());

    *others.buckets.lock().unwrap() = 0;
    admin.ok("DeleteMurusAccount", &[("AccountId", &id)]).await;
    assert_eq!(*others.forgotten.lock().unwrap(), vec![id.clone(); 3]);
    assert_eq!(root.who_am_i().await.error().0, "InvalidClientTokenId");
    assert!(!admin.ok("ListMurusAccounts", &[]).await.body.contains(&id));
    admin.refused("DeleteMurusAccount", &[("AccountId", &id)], "NoSuchEntity").await;
    // its alias and its name are free again
    admin.ok("CreateAccountAlias", &[("AccountAlias", "house")]).await;
    account(&world, "one").await;
    let own = world.account();
    let message = "The installation's own account cannot be deleted.";
    admin.fails("DeleteMurusAccount", &[("AccountId", &own)], "DeleteConflict", message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_service_linked_roles_and_reports_stay_in_their_account_and_go_with_it() {
    let (world, _) = world().await;
    let resealed = || async { world.admin().ok("RotateMurusMasterKey", &[]).await.field("Resealed") };
    let before = resealed().await;
    let (one, first) = account(&world, "one").await;
    let certificate = [
        ("ServerCertificateName", "web"),
        ("CertificateBody", include_str!("../certificates/ec.crt")),
        ("PrivateKey", include_str!("../certificates/ec.key")),
    ];
    first.ok("UploadServerCertificate", &certificate).await;
    let service = [("AWSServiceName", "spot.amazonaws.com")];
    let role = first.ok("CreateServiceLinkedRole", &service).await.field("Arn");
    let job = first.ok("GenerateServiceLastAccessedDetails", &[("Arn", &role)]).await.field("JobId");
    first.ok("GetServiceLastAccessedDetails", &[("JobId", &job)]).await;
    let named = [("RoleName", "AWSServiceRoleForEC2Spot")];
    let task = first.ok("DeleteServiceLinkedRole", &named).await.field("DeletionTaskId");
    first.ok("CreateServiceLinkedRole", &service).await;

    let (_, second) = account(&world, "two").await;
    second.refused("GetServerCertificate", &certificate[..1], "NoSuchEntity").await;
    second.refused("DeleteServerCertificate", &certificate[..1], "NoSuchEntity").await;
    second.refused("DeleteServiceLinkedRole", &named, "NoSuchEntity").await;
    second.refused("GetServiceLinkedRoleDeletionStatus", &[("DeletionTaskId", &task)], "NoSuchEntity").await;
    second.refused("GetServiceLastAccessedDetails", &[("JobId", &job)], "NoSuchEntity").await;
    // whether a role of another account is there or not, the same words
    let ask = "GenerateServiceLastAccessedDetails";
    let nowhere = role.replace("Spot", "Spat");
    let there = second.refused(ask, &[("Arn", &role)], "InvalidInput").await;
    let not = second.refused(ask, &[("Arn", &nowhere)], "InvalidInput").await;
    assert_eq!(there.replace("Spot", "Spat"), not);
    // names are each account's own
    second.ok("UploadServerCertificate", &certificate).await;
    second.ok("DeleteServerCertificate", &certificate[..1]).await;

    let two = second.who_am_i().await.field("Account");
    for account in [&one, &two] {
        world.admin().ok("DeleteMurusAccount", &[("AccountId", account)]).await;
    }
    assert_eq!(resealed().await, before, "the private key went with its account");
}
