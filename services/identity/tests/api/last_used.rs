//! When roles and passwords were last used, and what the account's summary counts.

use calls::identity::{SignIn, SignedIn};

use crate::support::{READ_ONLY, World, eventually};

const PASSWORD: &str = "Correct-Horse-7-Battery";

fn trust(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_tells_when_and_where_its_permissions_were_last_used() {
    let world = World::with_clock().await;
    let (admin, trust) = (world.admin(), trust(&world.account()));
    let role = [("RoleName", "builder"), ("AssumeRolePolicyDocument", trust.as_str())];
    let made = admin.ok("CreateRole", &role).await;
    assert!(!made.body.contains("LastUsedDate"));
    admin.ok("AttachRolePolicy", &[role[0], ("PolicyArn", READ_ONLY)]).await;
    let shown = admin.ok("GetRole", &role[..1]).await;
    assert!(shown.body.contains("<RoleLastUsed") && !shown.body.contains("LastUsedDate"), "{}", shown.body);

    let session = [("RoleArn", made.field("Arn")), ("RoleSessionName", "first".to_owned())];
    let session: Vec<(&str, &str)> = session.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let builder = admin.session("AssumeRole", &session).await;
    // making a session is no use of it yet
    assert!(!admin.ok("GetRole", &role[..1]).await.body.contains("LastUsedDate"));
    builder.ok("ListUsers", &[]).await;
    eventually("the use is known", || async {
        admin.ok("GetRole", &role[..1]).await.body.contains("<LastUsedDate>")
    })
    .await;
    let used = admin.ok("GetRole", &role[..1]).await;
    assert_eq!(used.field("Region"), "eu-central-1");
    assert_eq!(used.field("LastUsedDate"), made.field("CreateDate"), "the clock stood still");
    let details = admin.ok("GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]).await;
    assert_eq!(details.field("LastUsedDate"), used.field("LastUsedDate"));
    assert!(!admin.ok("ListRoles", &[]).await.body.contains("RoleLastUsed"), "lists leave it out");

    world.context.clock.advance(jiff::SignedDuration::from_hours(24 * 401));
    let late = admin.ok("GetRole", &role[..1]).await;
    assert!(!late.body.contains("LastUsedDate"), "after 400 days it is told no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_tells_when_its_password_was_last_used_even_once_it_has_none() {
    let world = World::new().await;
    let admin = world.admin();
    let (name, password) = (("UserName", "alice"), ("Password", PASSWORD));
    admin.ok("CreateUser", &[name]).await;
    admin.ok("CreateLoginProfile", &[name, password]).await;
    let sign_in = |password: &str| SignIn {
        account: world.account(),
        user_name: "alice".into(),
        password: password.into(),
        mfa_code: None,
        new_password: None,
        source_ip: None,
    };
    let wrong = world.internal(&sign_in("Wrong-Horse-7-Battery")).await.unwrap();
    assert_eq!(wrong, SignedIn::Refused);
    assert!(!admin.ok("GetUser", &[name]).await.body.contains("PasswordLastUsed"), "a wrong one is no use");
    let right = world.internal(&sign_in(PASSWORD)).await.unwrap();
    assert!(matches!(right, SignedIn::As { .. }), "{right:?}");
    let used = admin.ok("GetUser", &[name]).await.field("PasswordLastUsed");
    assert_eq!(admin.ok("ListUsers", &[]).await.fields("PasswordLastUsed"), [used.as_str()]);
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    admin.ok("AddUserToGroup", &[("GroupName", "g"), name]).await;
    let members = admin.ok("GetGroup", &[("GroupName", "g")]).await;
    assert!(!members.body.contains("PasswordLastUsed"), "only GetUser and ListUsers tell it");

    admin.ok("DeleteLoginProfile", &[name]).await;
    assert_eq!(admin.ok("GetUser", &[name]).await.field("PasswordLastUsed"), used);
    admin.ok("CreateLoginProfile", &[name, password]).await;
    assert_eq!(admin.ok("GetUser", &[name]).await.field("PasswordLastUsed"), used);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_counts_what_the_account_has() {
    let world = World::new().await;
    let admin = world.admin();
    let count = |reply: &crate::support::Reply, key: &str| {
        let entry = reply.body.split("<entry>").find(|entry| entry.contains(&format!("<key>{key}</key>")));
        let value = entry.and_then(|entry| entry.split("<value>").nth(1)).unwrap();
        value.split("</value>").next().unwrap().parse::<u32>().unwrap()
    };
    let before = admin.ok("GetAccountSummary", &[]).await;
    for key in ["MFADevices", "MFADevicesInUse", "Providers", "AccountAccessKeysPresent", "AccountMFAEnabled"]
    {
        assert_eq!(count(&before, key), 0, "{key}");
    }
    admin.ok("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    let issuer = [("Url", "https://issuer.example.com"), ("ThumbprintList.member.1", &"a".repeat(40))];
    admin.ok("CreateOpenIDConnectProvider", &issuer).await;
    let after = admin.ok("GetAccountSummary", &[]).await;
    assert_eq!((count(&after, "MFADevices"), count(&after, "MFADevicesInUse")), (1, 0));
    assert_eq!((count(&after, "Providers"), count(&after, "PolicyVersionsInUseQuota")), (1, 7500));
}
