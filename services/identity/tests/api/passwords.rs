//! Login profiles, the account's rules for passwords, and signing in.

use calls::identity::{SignIn, SignedIn};
use jiff::SignedDuration;
use kit::ServiceName;

use crate::mfa::{device, enable};
use crate::support::{Client, World, eventually, statement};

const PASSWORD: &str = "Correct-horse-1";
const OTHER: &str = "Battery-staple-2";

async fn try_sign_in(world: &World, call: SignIn) -> SignedIn {
    world.context.peers.internal(ServiceName::Identity).call(&call).await.unwrap()
}

fn as_alice(world: &World, password: &str) -> SignIn {
    SignIn {
        account: world.account(),
        user_name: "alice".into(),
        password: password.into(),
        new_password: None,
        mfa_code: None,
        source_ip: Some("192.0.2.1".into()),
    }
}

async fn alices_key(world: &World) -> Client {
    let key = world.admin().ok("CreateAccessKey", &[("UserName", "alice")]).await;
    world.client(&key.field("AccessKeyId"), &key.field("SecretAccessKey"))
}

async fn with_alice() -> World {
    with_alice_in(World::new().await).await
}

async fn with_alice_in(world: World) -> World {
    world.user("alice").await;
    world.admin().ok("CreateLoginProfile", &[("UserName", "alice"), ("Password", PASSWORD)]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_profile_is_made_shown_changed_and_deleted() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let alice = ("UserName", "alice");
    let message = "Login Profile for User alice cannot be found.";
    admin.fails("GetLoginProfile", &[alice], "NoSuchEntity", message).await;
    let parameters = [alice, ("Password", PASSWORD), ("PasswordResetRequired", "true")];
    let made = admin.ok("CreateLoginProfile", &parameters).await;
    assert_eq!(
        (made.field("UserName"), made.field("PasswordResetRequired")),
        ("alice".into(), "true".into())
    );
    assert!(!made.body.contains(PASSWORD));
    let message = "Login Profile for user alice already exists.";
    admin.fails("CreateLoginProfile", &parameters, "EntityAlreadyExists", message).await;
    admin.ok("UpdateLoginProfile", &[alice, ("PasswordResetRequired", "false")]).await;
    let shown = admin.ok("GetLoginProfile", &[alice]).await;
    assert_eq!(
        (shown.field("PasswordResetRequired"), shown.field("CreateDate")),
        ("false".into(), made.field("CreateDate"))
    );
    admin.refused("DeleteUser", &[alice], "DeleteConflict").await;
    admin.ok("DeleteLoginProfile", &[alice]).await;
    admin.refused("UpdateLoginProfile", &[alice, ("Password", OTHER)], "NoSuchEntity").await;
    admin.ok("DeleteUser", &[alice]).await;
    admin
        .refused("CreateLoginProfile", &[("UserName", "nobody"), ("Password", PASSWORD)], "NoSuchEntity")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_rules_are_set_held_and_removed() {
    let world = World::new().await;
    let admin = world.admin();
    admin.ok("CreateUser", &[("UserName", "alice")]).await;
    let account = world.account();
    let message = format!("The Password Policy with domain name {account} cannot be found.");
    admin.fails("GetAccountPasswordPolicy", &[], "NoSuchEntity", &message).await;
    let create = |password: &'static str| [("UserName", "alice"), ("Password", password)];
    // without rules of the account's own AWS's hold
    admin.refused("CreateLoginProfile", &create("password"), "PasswordPolicyViolation").await;
    let rules = [
        ("MinimumPasswordLength", "12"),
        ("RequireSymbols", "true"),
        ("RequireNumbers", "true"),
        ("MaxPasswordAge", "90"),
        ("PasswordReusePrevention", "2"),
    ];
    admin.ok("UpdateAccountPasswordPolicy", &rules).await;
    let shown = admin.ok("GetAccountPasswordPolicy", &[]).await;
    assert_eq!(
        (shown.field("MinimumPasswordLength"), shown.field("ExpirePasswords")),
        ("12".into(), "true".into())
    );
    assert_eq!(
        (shown.field("RequireUppercaseCharacters"), shown.field("HardExpiry")),
        ("false".into(), "false".into())
    );
    let message = "Password should have a minimum length of 12";
    admin.fails("CreateLoginProfile", &create("Short-1"), "PasswordPolicyViolation", message).await;
    admin
        .fails(
            "CreateLoginProfile",
            &create("no-number-here"),
            "PasswordPolicyViolation",
            "Password should have at least one number",
        )
        .await;
    for (name, bad) in
        [("MinimumPasswordLength", "5"), ("MaxPasswordAge", "1096"), ("PasswordReusePrevention", "25")]
    {
        admin.refused("UpdateAccountPasswordPolicy", &[(name, bad)], "ValidationError").await;
    }
    admin.ok("CreateLoginProfile", &create(PASSWORD)).await;
    let message = "Policy constraint violation with password reuse prevention during password change.";
    admin.fails("UpdateLoginProfile", &create(PASSWORD), "PasswordPolicyViolation", message).await;
    admin.ok("UpdateLoginProfile", &create(OTHER)).await;
    admin.refused("UpdateLoginProfile", &create(PASSWORD), "PasswordPolicyViolation").await;
    admin.ok("UpdateLoginProfile", &create("A-third-one-3")).await;
    admin.ok("UpdateLoginProfile", &create(PASSWORD)).await;
    admin.ok("DeleteAccountPasswordPolicy", &[]).await;
    admin.refused("DeleteAccountPasswordPolicy", &[], "NoSuchEntity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_its_own_password_where_it_may() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    admin.ok("CreateLoginProfile", &[("UserName", "alice"), ("Password", PASSWORD)]).await;
    let change = [("OldPassword", PASSWORD), ("NewPassword", OTHER)];
    alice.refused("ChangePassword", &change, "AccessDenied").await;
    admin.ok("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    alice.ok("ChangePassword", &change).await;
    alice.refused("ChangePassword", &change, "AccessDenied").await;
    assert!(matches!(try_sign_in(&world, as_alice(&world, OTHER)).await, SignedIn::As { .. }));
    // what is denied stays denied
    let denial = statement("Deny", "iam:ChangePassword", "*");
    let put = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", denial.as_str())];
    admin.ok("PutUserPolicy", &put).await;
    let back = [("OldPassword", OTHER), ("NewPassword", PASSWORD)];
    eventually("the denial is known", || async {
        alice.call("ChangePassword", &back).await.body.contains("explicit deny")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_signs_in_and_guessing_is_slowed_down() {
    let world = with_alice().await;
    let SignedIn::As { account_id, user_name, arn, .. } =
        try_sign_in(&world, as_alice(&world, PASSWORD)).await
    else {
        panic!("not signed in")
    };
    assert_eq!((account_id, user_name.as_str()), (world.account(), "alice"));
    assert!(arn.ends_with(":user/alice"));
    let nobody = SignIn { user_name: "nobody".into(), ..as_alice(&world, PASSWORD) };
    assert_eq!(try_sign_in(&world, nobody).await, SignedIn::Refused);
    let elsewhere = SignIn { account: "123456789012".into(), ..as_alice(&world, PASSWORD) };
    assert_eq!(try_sign_in(&world, elsewhere).await, SignedIn::Refused);
    for n in 0..5 {
        // from wherever it comes
        let guess = SignIn { source_ip: Some(format!("192.0.2.{n}")), ..as_alice(&world, "wrong") };
        assert_eq!(try_sign_in(&world, guess).await, SignedIn::Refused);
    }
    let last = SignIn { source_ip: Some("198.51.100.1".into()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, last).await, SignedIn::TooManyAttempts { seconds: 1.. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_an_account_and_at_its_alias_are_guesses_at_one() {
    let world = with_alice_in(World::with_clock().await).await;
    world.admin().ok("CreateAccountAlias", &[("AccountAlias", "our-house")]).await;
    let by_alias = |call: SignIn| SignIn { account: "our-house".into(), ..call };
    assert!(matches!(try_sign_in(&world, by_alias(as_alice(&world, PASSWORD))).await, SignedIn::As { .. }));
    for n in 0..5 {
        let guess = SignIn { source_ip: Some(format!("192.0.2.{n}")), ..as_alice(&world, "wrong") };
        let guess = if n % 2 == 0 { by_alias(guess) } else { guess };
        assert_eq!(try_sign_in(&world, guess).await, SignedIn::Refused);
    }
    let right = SignIn { source_ip: Some("198.51.100.1".into()), ..as_alice(&world, PASSWORD) };
    for call in [right.clone(), by_alias(right.clone()), SignIn { user_name: "ALICE".into(), ..right }] {
        assert!(matches!(try_sign_in(&world, call).await, SignedIn::TooManyAttempts { .. }));
    }
    world.context.clock.advance(SignedDuration::from_secs(1));
    let right = SignIn { source_ip: Some("198.51.100.2".into()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, right).await, SignedIn::As { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_guesses_at_many_has_to_wait_and_they_have_not() {
    let world = with_alice().await;
    for n in 0..5 {
        let guess = SignIn { user_name: format!("user-{n}"), ..as_alice(&world, "wrong") };
        assert_eq!(try_sign_in(&world, guess).await, SignedIn::Refused);
    }
    for _ in 0..20 {
        let again = try_sign_in(&world, as_alice(&world, "wrong")).await;
        assert!(matches!(again, SignedIn::TooManyAttempts { .. }), "{again:?}");
    }
    let elsewhere = SignIn { source_ip: Some("198.51.100.1".into()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, elsewhere).await, SignedIn::As { .. }));
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Alice with a password under these rules besides an age of 90 days, where time stands still until it is moved.
async fn with_ageing(rules: &[(&str, &str)]) -> World {
    let world = with_alice_in(World::with_clock().await).await;
    let all = [&[("MaxPasswordAge", "90")], rules].concat();
    world.admin().ok("UpdateAccountPasswordPolicy", &all).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_too_old_must_be_changed_to_go_on() {
    let world = with_ageing(&[("PasswordReusePrevention", "2")]).await;
    let clock = &world.context.clock;
    clock.advance(DAY * 90 - SignedDuration::from_secs(1));
    assert!(matches!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::As { .. }));
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::PasswordChangeRequired);
    // to whoever does not know it, it is as wrong as ever
    assert_eq!(try_sign_in(&world, as_alice(&world, OTHER)).await, SignedIn::Refused);
    let with = |new: &str| SignIn { new_password: Some(new.to_owned()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, with(PASSWORD)).await, SignedIn::PasswordRefused { .. }));
    assert!(matches!(try_sign_in(&world, with(OTHER)).await, SignedIn::As { .. }));
    // the new one begins its own 90 days, and the old one may not come back
    clock.advance(DAY * 89);
    assert!(matches!(try_sign_in(&world, as_alice(&world, OTHER)).await, SignedIn::As { .. }));
    clock.advance(DAY);
    let back = SignIn { new_password: Some(PASSWORD.into()), ..as_alice(&world, OTHER) };
    let SignedIn::PasswordRefused { why } = try_sign_in(&world, back).await else { panic!("it came back") };
    assert!(why.contains("reuse prevention"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_expired_for_good_is_replaced_by_an_administrator_or_with_a_key() {
    let world = with_ageing(&[("HardExpiry", "true"), ("AllowUsersToChangePassword", "true")]).await;
    world.context.clock.advance(DAY * 90);
    for new_password in [None, Some(OTHER.to_owned())] {
        let call = SignIn { new_password, ..as_alice(&world, PASSWORD) };
        assert_eq!(try_sign_in(&world, call).await, SignedIn::PasswordExpired);
    }
    let given = [("UserName", "alice"), ("Password", OTHER)];
    world.admin().ok("UpdateLoginProfile", &given).await;
    assert!(matches!(try_sign_in(&world, as_alice(&world, OTHER)).await, SignedIn::As { .. }));
    // only the console is closed: a key of hers may change it
    world.context.clock.advance(DAY * 90);
    let alice = alices_key(&world).await;
    alice.ok("ChangePassword", &[("OldPassword", OTHER), ("NewPassword", PASSWORD)]).await;
    assert!(matches!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::As { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_last_word_on_the_age_of_passwords_counts() {
    let world = with_ageing(&[("HardExpiry", "true")]).await;
    let admin = world.admin();
    world.context.clock.advance(DAY * 100);
    assert_eq!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::PasswordExpired);
    admin.ok("UpdateAccountPasswordPolicy", &[("MaxPasswordAge", "120")]).await;
    assert!(matches!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::As { .. }));
    world.context.clock.advance(DAY * 50);
    assert_eq!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::PasswordChangeRequired);
    admin.ok("DeleteAccountPasswordPolicy", &[]).await;
    assert!(matches!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::As { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_earlier_passwords_as_the_account_says_do_not_come_back() {
    let world = with_alice().await;
    let admin = world.admin();
    let rules = [("PasswordReusePrevention", "3"), ("AllowUsersToChangePassword", "true")];
    admin.ok("UpdateAccountPasswordPolicy", &rules).await;
    let alice = alices_key(&world).await;
    let mut now = PASSWORD.to_owned();
    for n in 0..3 {
        let next = format!("Password-number-{n}");
        alice.ok("ChangePassword", &[("OldPassword", &now), ("NewPassword", &next)]).await;
        now = next;
    }
    let change = |new: &'static str| [("OldPassword", "Password-number-2"), ("NewPassword", new)];
    for recent in ["Password-number-2", "Password-number-1", "Password-number-0"] {
        alice.refused("ChangePassword", &change(recent), "PasswordPolicyViolation").await;
    }
    alice.ok("ChangePassword", &change(PASSWORD)).await;
    // more are remembered than were asked about until now
    admin.ok("UpdateAccountPasswordPolicy", &[("PasswordReusePrevention", "24"), rules[1]]).await;
    let back = [("OldPassword", PASSWORD), ("NewPassword", "Password-number-0")];
    alice.refused("ChangePassword", &back, "PasswordPolicyViolation").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_must_be_changed_is_changed_while_signing_in() {
    let world = with_alice().await;
    let admin = world.admin();
    admin.ok("UpdateLoginProfile", &[("UserName", "alice"), ("PasswordResetRequired", "true")]).await;
    assert_eq!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::PasswordChangeRequired);
    let with = |new: &str| SignIn { new_password: Some(new.to_owned()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, with("short")).await, SignedIn::PasswordRefused { .. }));
    assert!(matches!(try_sign_in(&world, with(PASSWORD)).await, SignedIn::PasswordRefused { .. }));
    assert!(matches!(try_sign_in(&world, with(OTHER)).await, SignedIn::As { .. }));
    assert!(matches!(try_sign_in(&world, as_alice(&world, OTHER)).await, SignedIn::As { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_a_device_needs_its_code_and_each_code_only_once() {
    let world = with_alice().await;
    let admin = world.admin();
    let (serial, phone) = device(&admin, "phone").await;
    assert_eq!(enable(&admin, "alice", &serial, &phone, -3).await.0, 200);
    assert_eq!(try_sign_in(&world, as_alice(&world, PASSWORD)).await, SignedIn::MfaRequired);
    // the device is two steps behind, as it showed
    let code = phone.code(-1);
    let with = |code: &str| SignIn { mfa_code: Some(code.to_owned()), ..as_alice(&world, PASSWORD) };
    assert!(matches!(try_sign_in(&world, with(&code)).await, SignedIn::As { .. }));
    assert_eq!(try_sign_in(&world, with(&code)).await, SignedIn::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credential_report_has_a_line_for_everybody() {
    let world = with_alice().await;
    let admin = world.admin();
    admin.refused("GetCredentialReport", &[], "ReportNotPresent").await;
    assert_eq!(admin.ok("GenerateCredentialReport", &[]).await.field("State"), "STARTED");
    eventually("the report is there", || async {
        admin.call("GetCredentialReport", &[]).await.status == 200
    })
    .await;
    assert_eq!(admin.ok("GenerateCredentialReport", &[]).await.field("State"), "COMPLETE");
    let report = admin.ok("GetCredentialReport", &[]).await;
    assert_eq!(report.field("ReportFormat"), "text/csv");
    let content = String::from_utf8(crate::mfa::base64_decoded(&report.field("Content"))).unwrap();
    let lines: Vec<Vec<&str>> = content.lines().map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == 22));
    let users: Vec<&str> = lines.iter().map(|line| line[0]).collect();
    assert_eq!(users, ["user", "<root_account>", "admin", "alice"]);
    // a password that was never used, one key
    assert_eq!(
        (lines[3][3], lines[3][4], lines[3][8], lines[3][13]),
        ("true", "no_information", "true", "false")
    );
    assert_eq!(lines[2][3], "false");
}
