//! Sessions of users and of those they vouch for: whose they are, what they may, and when they end.

use calls::identity::{ResolveCredential, Resolved};
use jiff::SignedDuration;
use kit::ServiceName;

use crate::support::{ADMINISTRATOR, Client, World, statement};

const INVALID: &str = "The security token included in the request is invalid.";
const ANY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

async fn alice(world: &World, policy: &str) -> Client {
    let alice = world.user("alice").await;
    let given = [("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", policy)];
    world.admin().ok("PutUserPolicy", &given).await;
    alice
}

async fn code(client: &Client, action: &str, parameters: &[(&str, &str)]) -> String {
    match client.call(action, parameters).await {
        reply if reply.status == 200 => "ok".into(),
        reply => reply.error().0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_user_is_that_user_and_needs_its_token() {
    let world = World::new().await;
    let alice = alice(&world, ANY).await;
    let session = alice.session("GetSessionToken", &[("DurationSeconds", "900")]).await;
    assert!(session.access_key_id.starts_with("ASIA") && session.access_key_id.len() == 20);
    let who = session.who_am_i().await;
    assert_eq!(who.field("Arn"), format!("arn:aws:iam::{}:user/alice", world.account()));
    assert_eq!(who.field("UserId"), alice.who_am_i().await.field("UserId"));

    let another = alice.session("GetSessionToken", &[]).await;
    let refused = |token: Option<String>| Client { session_token: token, ..session.clone() };
    for token in [None, Some("AQ==".into()), another.session_token.clone(), Some(String::new())] {
        assert_eq!(refused(token).sts_fails("GetCallerIdentity", &[]).await.0, "InvalidClientTokenId");
    }
    // a long-term key with a token is not what it says either
    let odd = Client { session_token: session.session_token.clone(), ..alice.clone() };
    assert_eq!(
        odd.sts_fails("GetCallerIdentity", &[]).await,
        ("InvalidClientTokenId".into(), INVALID.into())
    );
    let wrong = Client { secret: alice.secret.clone(), ..session.clone() };
    assert_eq!(wrong.sts_fails("GetCallerIdentity", &[]).await.0, "SignatureDoesNotMatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_second_factor_has_no_iam_and_makes_no_sessions() {
    let world = World::new().await;
    let session = alice(&world, ANY).await.session("GetSessionToken", &[]).await;
    assert_eq!(session.call("ListUsers", &[]).await.error(), ("InvalidClientTokenId".into(), INVALID.into()));
    for (action, parameters) in [("GetSessionToken", vec![]), ("GetFederationToken", vec![("Name", "bob")])] {
        let message = format!("Cannot call {action} with session credentials");
        assert_eq!(session.sts_fails(action, &parameters).await, ("AccessDenied".into(), message));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_its_time_is_over() {
    let world = World::with_clock().await;
    let alice = alice(&world, ANY).await;
    let session = alice.session("GetSessionToken", &[("DurationSeconds", "900")]).await;
    world.context.clock.advance(SignedDuration::from_secs(899));
    assert_eq!(session.who_am_i().await.status, 200);
    world.context.clock.advance(SignedDuration::from_secs(1));
    let (code, message) = session.sts_fails("GetCallerIdentity", &[]).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ExpiredToken", "The security token included in the request is expired")
    );
    assert_eq!(alice.who_am_i().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_out_of_range_are_refused() {
    let world = World::new().await;
    let admin = world.admin();
    for (seconds, what) in
        [("899", "greater than or equal to 900"), ("129601", "less than or equal to 129600")]
    {
        let (code, message) = admin.sts_fails("GetSessionToken", &[("DurationSeconds", seconds)]).await;
        assert_eq!(code, "ValidationError");
        assert_eq!(
            message,
            format!(
                "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: \
                 Member must have value {what}"
            )
        );
    }
    let (code, message) = admin
        .sts_fails("GetSessionToken", &[("SerialNumber", "arn:aws:iam::1:mfa/x"), ("TokenCode", "123456")])
        .await;
    assert_eq!(code, "AccessDenied");
    assert!(message.starts_with("MultiFactorAuthentication failed"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_key_and_with_its_user() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), alice(&world, ANY).await);
    let sessions = [
        alice.session("GetSessionToken", &[]).await,
        alice.session("GetFederationToken", &[("Name", "bob"), ("Policy", ANY)]).await,
    ];
    let key = [("UserName", "alice"), ("AccessKeyId", alice.access_key_id.as_str())];
    for (status, works) in [("Inactive", false), ("Active", true)] {
        admin.ok("UpdateAccessKey", &[key[0], key[1], ("Status", status)]).await;
        for session in &sessions {
            let as_expected = || async { (session.who_am_i().await.status == 200) == works };
            assert!(as_expected().await, "the session follows its key");
        }
    }
    admin.ok("DeleteAccessKey", &key).await;
    admin.ok("DeleteUserPolicy", &[("UserName", "alice"), ("PolicyName", "p")]).await;
    admin.ok("DeleteUser", &[("UserName", "alice")]).await;
    // one of the same name is another
    world.user("alice").await;
    for session in &sessions {
        let gone = || async { session.who_am_i().await.status != 200 };
        assert!(gone().await, "the session is gone");
        assert_eq!(session.sts_fails("GetCallerIdentity", &[]).await.0, "InvalidClientTokenId");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_federated_user_may_what_both_its_voucher_and_its_policies_allow() {
    let world = World::new().await;
    let alice = alice(&world, &statement("Allow", "sts:*", "*")).await;
    let plain = alice.session("GetFederationToken", &[("Name", "bob")]).await;
    let who = plain.who_am_i().await;
    let account = world.account();
    assert_eq!(who.field("Arn"), format!("arn:aws:sts::{account}:federated-user/bob"));
    assert_eq!(who.field("UserId"), format!("{account}:bob"));
    // without a session policy it may nothing
    let asked = [("AccessKeyId", alice.access_key_id.as_str())];
    assert_eq!(plain.sts_fails("GetAccessKeyInfo", &asked).await.0, "AccessDenied");

    let policy = statement("Allow", "sts:GetAccessKeyInfo", "*");
    let given = [("Name", "bob"), ("Policy", &policy)];
    let bob = alice.session("GetFederationToken", &given).await;
    assert_eq!(bob.sts("GetAccessKeyInfo", &asked).await.field("Account"), account);
    let own = [("AccessKeyId", bob.access_key_id.as_str())];
    assert_eq!(bob.sts("GetAccessKeyInfo", &own).await.field("Account"), account);
    assert_eq!(code(&bob, "ListUsers", &[]).await, "InvalidClientTokenId");

    let managed = [("Name", "bob"), ("PolicyArns.member.1.arn", ADMINISTRATOR)];
    let bob = alice.session("GetFederationToken", &managed).await;
    assert_eq!(bob.sts("GetAccessKeyInfo", &asked).await.status, 200);
    world.admin().ok("DeleteUserPolicy", &[("UserName", "alice"), ("PolicyName", "p")]).await;
    let refused = || async { bob.sts("GetAccessKeyInfo", &asked).await.status == 403 };
    assert!(refused().await, "what alice lost bob has lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn federation_takes_permission_good_names_policies_and_tags() {
    let world = World::new().await;
    let alice = alice(&world, &statement("Allow", "sts:GetFederationToken", "*")).await;
    let nobody = world.user("nobody").await;
    let (code, message) = nobody.sts_fails("GetFederationToken", &[("Name", "bob")]).await;
    assert_eq!(code, "AccessDenied");
    let account = world.account();
    assert_eq!(
        message,
        format!(
            "User: arn:aws:iam::{account}:user/nobody is not authorized to perform: sts:GetFederationToken on \
             resource: arn:aws:sts::{account}:federated-user/bob because no identity-based policy allows the \
             sts:GetFederationToken action"
        )
    );
    let long = format!("{ANY}{}", " ".repeat(2048));
    let tagged = [("Name", "bob"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    for (parameters, expected) in [
        (vec![("Name", "b")], "ValidationError"),
        (vec![("Name", "b b")], "ValidationError"),
        (vec![("Name", "bob"), ("Policy", "{}")], "MalformedPolicyDocument"),
        (vec![("Name", "bob"), ("Policy", &long)], "ValidationError"),
        (vec![("Name", "bob"), ("PolicyArns.member.1.arn", "arn:aws:iam::aws:user/x")], "InvalidInput"),
        // tags need a permission of their own
        (tagged.to_vec(), "AccessDenied"),
    ] {
        assert_eq!(alice.sts_fails("GetFederationToken", &parameters).await.0, expected, "{parameters:?}");
    }
    let value = "v".repeat(256);
    let keys: Vec<String> = (1..=20).map(|n| format!("Tags.member.{n}.Key")).collect();
    let values: Vec<String> = (1..=20).map(|n| format!("Tags.member.{n}.Value")).collect();
    let names: Vec<String> = (1..=20).map(|n| format!("k{n}")).collect();
    let mut parameters = vec![("Name", "bob")];
    for n in 0..20 {
        parameters.extend([(keys[n].as_str(), names[n].as_str()), (values[n].as_str(), value.as_str())]);
    }
    assert_eq!(world.admin().sts_fails("GetFederationToken", &parameters).await.0, "PackedPolicyTooLarge");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_older_than_a_moment_can_be_revoked() {
    let world = World::with_clock().await;
    let alice = alice(&world, &statement("Allow", "sts:GetAccessKeyInfo", "*")).await;
    let asked = [("AccessKeyId", alice.access_key_id.as_str())];
    let old = alice.session("GetSessionToken", &[]).await;
    world.context.clock.advance(SignedDuration::from_secs(10));
    let new = alice.session("GetSessionToken", &[]).await;
    let revoked = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"*","Resource":"*","Condition":
            {{"DateLessThan":{{"aws:TokenIssueTime":"{}"}}}}}}]}}"#,
        world.context.clock.now()
    );
    let given =
        [("UserName", "alice"), ("PolicyName", "AWSRevokeOlderSessions"), ("PolicyDocument", &revoked)];
    world.admin().ok("PutUserPolicy", &given).await;
    let refused = || async { old.sts("GetAccessKeyInfo", &asked).await.status == 403 };
    assert!(refused().await, "the older session is revoked");
    assert_eq!(new.sts("GetAccessKeyInfo", &asked).await.status, 200);
    assert_eq!(alice.sts("GetAccessKeyInfo", &asked).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_open_after_a_restart_and_sign_for_version_2() {
    let world = World::new().await;
    let session = alice(&world, ANY).await.session("GetSessionToken", &[]).await;
    let (key, token, secret) =
        (session.access_key_id.clone(), session.session_token.clone(), session.secret.clone());
    drop(session);
    let world = world.reopen().await.unwrap();
    let peer = world.context.peers.internal(ServiceName::Identity);
    let question = ResolveCredential {
        access_key_id: key.clone(),
        session_token: token.clone(),
        date: "20260101".into(),
        region: "eu".into(),
        service: "s3".into(),
    };
    let Resolved::Active(found) = peer.call(&question).await.unwrap() else { panic!() };
    let keys: Vec<_> = found.session.unwrap().keys.into_iter().map(|(name, _)| name).collect();
    assert_eq!(keys, ["aws:TokenIssueTime"]);
    let sign = |token: Option<String>| calls::identity::SignVersion2 {
        access_key_id: key.clone(),
        session_token: token,
        string_to_sign: "x".into(),
    };
    let signed = peer.call(&sign(token)).await.unwrap().signature;
    assert_eq!(signed, Some(auth::sigv2::sign(&secret, "x")));
    assert_eq!(peer.call(&sign(None)).await.unwrap().signature, None);
    assert_eq!(peer.call(&sign(Some("AQ==".into()))).await.unwrap().signature, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_key_is_told_and_unknown_keys_are_refused() {
    let world = World::new().await;
    let admin = world.admin();
    let own = [("AccessKeyId", admin.access_key_id.as_str())];
    assert_eq!(admin.sts("GetAccessKeyInfo", &own).await.field("Account"), world.account());
    for bad in ["AKIAAAAAAAAAAAAAAAAA", "ASIAQNZGKIQY56JQ7WML", "short", "AKIA not a key at all"] {
        let (code, _) = admin.sts_fails("GetAccessKeyInfo", &[("AccessKeyId", bad)]).await;
        assert_eq!(code, "ValidationError", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reasons_of_a_refusal_are_told_in_its_own_account_only() {
    let world = World::new().await;
    let (admin, nobody) = (world.admin(), world.user("nobody").await);
    let peer = world.context.peers.internal(ServiceName::Identity);
    let explanation = r#"{"allowed":false}"#.to_owned();
    let of = |account_id| calls::identity::SealExplanation { account_id, explanation: explanation.clone() };
    let own = peer.call(&of(world.account())).await.unwrap().message;
    let asked = [("EncodedMessage", own.as_str())];
    let told = admin.sts("DecodeAuthorizationMessage", &asked).await.field("DecodedMessage");
    assert_eq!(told.replace("&quot;", "\"").replace("&#34;", "\""), explanation);
    assert_eq!(nobody.sts_fails("DecodeAuthorizationMessage", &asked).await.0, "AccessDenied");
    let foreign = peer.call(&of("999999999999".into())).await.unwrap().message;
    for bad in [foreign.as_str(), "nonsense", &own[1..]] {
        let (code, _) = admin.sts_fails("DecodeAuthorizationMessage", &[("EncodedMessage", bad)]).await;
        assert_eq!(code, "InvalidAuthorizationMessageException", "{bad}");
    }
    let long = "x".repeat(10_241);
    assert_eq!(
        admin.sts_fails("DecodeAuthorizationMessage", &[("EncodedMessage", &long)]).await.0,
        "ValidationError"
    );
}
