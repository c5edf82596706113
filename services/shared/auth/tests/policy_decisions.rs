//! What a decision tells, how a refusal is worded, and what a compiled policy knows about itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use auth::policy::{
    Context, Decision, Kind, Policies, Policy, Principal, Request, Source, StatementRef, denial, evaluate,
    evaluate_key, message,
};

fn alice() -> Principal {
    Principal::User {
        account: "123456789012".into(),
        path: "/".into(),
        name: "alice".into(),
        id: "AIDAALICEEXAMPLE0001".into(),
    }
}

fn identity(document: &str) -> Policies {
    let policy = Policy::parse_identity(document).unwrap();
    Policies { identity: vec![Source::new("inline policy P", policy)], ..Policies::default() }
}

#[test]
fn a_decision_names_its_statement() {
    let policies = identity(
        r#"{"Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:GetObjectAcl", "Resource": "*"}]}"#,
    );
    let context = Context::new();
    let decide = |action| {
        let principal = alice();
        evaluate(
            &Request { principal: &principal, action, resource: "*", context: &context },
            &policies,
            None,
            None,
        )
    };
    let by = |index, sid: Option<&str>| StatementRef {
        kind: Kind::Identity,
        policy: "inline policy P".into(),
        index,
        sid: sid.map(Into::into),
    };
    assert_eq!(decide("s3:GetObject"), Decision::Allowed { by: by(0, Some("Read")) });
    assert_eq!(decide("s3:GetObjectAcl"), Decision::DeniedExplicitly { by: by(1, None) });
    assert_eq!(decide("s3:PutObject"), Decision::DeniedImplicitly { missing: Kind::Identity });
}

#[test]
fn a_key_policy_must_speak_even_in_its_own_account() {
    let own = identity(r#"{"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}"#);
    let key_policy = |principal: &str| {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::{principal}"}},
                "Action": "kms:*", "Resource": "*"}}}}"#
        );
        Policy::parse_resource(&text).unwrap()
    };
    let context = Context::new();
    let decide = |principal: &Principal, policies: &Policies, policy: &Policy| {
        let request = Request { principal, action: "kms:Decrypt", resource: "*", context: &context };
        evaluate_key(&request, policies, Some(policy), "123456789012").is_allowed()
    };
    let (alice, root, nothing) =
        (alice(), Principal::Root { account: "123456789012".into() }, Policies::default());
    let account = key_policy("123456789012:root");
    assert!(decide(&alice, &own, &account), "the account is named, and its policies allow");
    assert!(!decide(&alice, &nothing, &account), "the account alone is not enough");
    let direct = key_policy("123456789012:user/alice");
    assert!(decide(&alice, &nothing, &direct), "who is named needs no policy");
    let other = key_policy("123456789012:user/bob");
    assert!(!decide(&alice, &own, &other), "own policies do not stand in for the key's");
    assert!(decide(&root, &nothing, &account) && !decide(&root, &nothing, &other));
}

#[test]
fn refusals_are_worded_as_aws_words_them() {
    let (principal, context) = (alice(), Context::new());
    let request = |action, resource| Request { principal: &principal, action, resource, context: &context };
    let implicit = |missing| Decision::DeniedImplicitly { missing };
    assert_eq!(
        message(&request("iam:CreateUser", "arn:aws:iam::123456789012:user/x"), &implicit(Kind::Identity)),
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:CreateUser on resource: \
         arn:aws:iam::123456789012:user/x because no identity-based policy allows the iam:CreateUser action"
    );
    assert_eq!(
        message(&request("s3:GetObject", "arn:aws:s3:::b/k"), &implicit(Kind::Resource)),
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::b/k\" because no resource-based policy allows the s3:GetObject action"
    );
    let explicit = |kind| Decision::DeniedExplicitly {
        by: StatementRef { kind, policy: "p".into(), index: 0, sid: None },
    };
    for (decision, words) in [
        (implicit(Kind::Boundary), "because no permissions boundary allows the a:B action"),
        (implicit(Kind::Session), "because no session policy allows the a:B action"),
        (implicit(Kind::Trust), "because no role trust policy allows the a:B action"),
        (explicit(Kind::Identity), "with an explicit deny in an identity-based policy"),
        (explicit(Kind::Resource), "with an explicit deny in a resource-based policy"),
        (explicit(Kind::Boundary), "with an explicit deny in a permissions boundary"),
        (explicit(Kind::Session), "with an explicit deny in a session policy"),
        (explicit(Kind::Trust), "with an explicit deny in the role trust policy"),
    ] {
        assert_eq!(denial("a:B", &decision), words);
    }
}

#[test]
fn principals_have_their_arns_and_ids() {
    let session = Principal::AssumedRole {
        account: "123456789012".into(),
        path: "/service/".into(),
        role: "app".into(),
        role_id: "AROAAPPEXAMPLE000001".into(),
        session_name: "i-1".into(),
    };
    assert_eq!(session.arn(), "arn:aws:sts::123456789012:assumed-role/app/i-1");
    assert_eq!(session.role_arn().unwrap(), "arn:aws:iam::123456789012:role/service/app");
    assert_eq!(session.user_id().unwrap(), "AROAAPPEXAMPLE000001:i-1");
    let root = Principal::Root { account: "123456789012".into() };
    assert_eq!(
        (root.arn().as_str(), root.user_id().unwrap().as_ref()),
        ("arn:aws:iam::123456789012:root", "123456789012")
    );
    let federated = Principal::FederatedUser { account: "123456789012".into(), name: "fred".into() };
    assert_eq!(federated.arn(), "arn:aws:sts::123456789012:federated-user/fred");
    assert_eq!(federated.user_id().unwrap(), "123456789012:fred");
    assert_eq!(Principal::Anonymous.account(), None);
}

#[test]
fn a_policy_survives_serialization_by_its_text() {
    let text = r#"{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}}"#;
    let policies = identity(text);
    let json = serde_json::to_string(&policies).unwrap();
    let back: Policies = serde_json::from_str(&json).unwrap();
    assert_eq!(back, policies);
    let policy = &back.identity[0].policy;
    assert_eq!((policy.source(), policy.version(), policy.id()), (text, "2012-10-17", Some("x")));
    assert_eq!(policy.actions().collect::<Vec<_>>(), [(0, "s3:GetObject"), (0, "s3:PutObject")]);
    assert_eq!(policy.resources().collect::<Vec<_>>(), [(0, "arn:aws:s3:::b/*")]);
    assert!(serde_json::from_str::<Policy>("\"{}\"").is_err());
}

#[test]
fn a_policy_is_public_when_nothing_ties_everyone_down() {
    let public = |principal: &str, condition: &str| {
        let document = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"{condition}}}}}"#
        );
        Policy::parse_resource(&document).unwrap().is_public()
    };
    let with = |operator: &str, key: &str, value: &str| {
        public("\"*\"", &format!(r#","Condition":{{"{operator}":{{"{key}":"{value}"}}}}"#))
    };
    assert!(public("\"*\"", ""));
    assert!(public(r#"{"AWS":"*"}"#, ""));
    assert!(!public(r#"{"AWS":"123456789012"}"#, ""));
    assert!(!with("IpAddress", "aws:SourceIp", "203.0.113.0/24"));
    assert!(with("IpAddress", "aws:SourceIp", "0.0.0.0/0"));
    assert!(with("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"));
    assert!(!with("StringEquals", "aws:SourceVpc", "vpc-1"));
    assert!(with("StringLike", "aws:SourceVpc", "vpc-*"));
    assert!(with("StringEqualsIfExists", "aws:SourceVpc", "vpc-1"));
    assert!(with("StringEquals", "aws:Referer", "https://example.com"));
}

#[test]
fn the_context_keeps_one_entry_a_key() {
    let mut context = Context::new();
    context.insert("aws:X", "1").insert("AWS:x", "2");
    assert_eq!(context.get("aws:x"), Some(&["2".to_owned()][..]));
    context.insert_request_tags(&[("Env".into(), "prod".into()), ("Cost".into(), "7".into())]);
    assert_eq!(context.get("aws:RequestTag/Env").unwrap(), ["prod"]);
    assert_eq!(context.get("aws:TagKeys").unwrap(), ["Env", "Cost"]);
    context.set_time("2020-04-01T00:00:00Z".parse().unwrap());
    assert_eq!(context.get("aws:CurrentTime").unwrap(), ["2020-04-01T00:00:00Z"]);
    assert_eq!(context.get("aws:EpochTime").unwrap(), ["1585699200"]);
    context.insert_ip("aws:SourceIp", "::ffff:192.0.2.1".parse().unwrap());
    assert_eq!(context.get("aws:SourceIp").unwrap(), ["192.0.2.1"]);
}
