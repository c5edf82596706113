//! Laws that hold whatever the policies say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use auth::policy::{
    Context, Decision, Kind, Policies, Policy, PolicyKind, Principal, Quota, Request, Source, evaluate,
    evaluate_apart, evaluate_trust, exceeded,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ACTIONS: [&str; 4] = ["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:CreateUser"];
const RESOURCES: [&str; 4] =
    ["arn:aws:s3:::b/k", "arn:aws:s3:::b/alice", "arn:aws:iam::111122223333:user/alice", "*"];

fn principal() -> impl Strategy<Value = Principal> {
    let user = |account: &str| Principal::User {
        account: account.into(),
        path: "/".into(),
        name: "alice".into(),
        id: "AIDAALICEEXAMPLE0001".into(),
    };
    let session = Principal::AssumedRole {
        account: "111122223333".into(),
        path: "/".into(),
        role: "app".into(),
        role_id: "AROAAPPEXAMPLE000001".into(),
        session_name: "s1".into(),
    };
    prop::sample::select(vec![
        user("111122223333"),
        user("444455556666"),
        session,
        Principal::Root { account: "111122223333".into() },
        Principal::FederatedUser { account: "111122223333".into(), name: "fred".into() },
        Principal::Service { name: "ec2.amazonaws.com".into() },
        Principal::Anonymous,
    ])
}

fn condition() -> impl Strategy<Value = Option<Value>> {
    prop::sample::select(vec![
        None,
        None,
        Some(json!({"StringEquals": {"aws:username": "alice"}})),
        Some(json!({"StringNotEquals": {"aws:username": "alice"}})),
        Some(json!({"Bool": {"aws:SecureTransport": "true"}})),
        Some(json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}})),
        Some(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    ])
}

fn named() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("*"),
        json!({"AWS": "111122223333"}),
        json!({"AWS": "444455556666"}),
        json!({"AWS": "arn:aws:iam::111122223333:user/alice"}),
        json!({"AWS": "arn:aws:iam::111122223333:role/app"}),
        json!({"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}),
        json!({"Service": "ec2.amazonaws.com"}),
    ])
}

fn statement(with_principal: bool, effects: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let actions =
        prop::sample::select(vec!["*", "s3:*", "s3:Get*", "ec2:RunInstances", "iam:*", "s3:PutObject"]);
    let resources = prop::sample::select(vec![
        "*",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::b/${aws:username}",
        "arn:aws:iam::*:user/*",
    ]);
    let effect = prop::sample::select(effects.to_vec());
    (effect, actions, resources, condition(), named(), any::<[bool; 3]>()).prop_map(
        move |(effect, action, resource, condition, named, [not_action, not_resource, not_principal])| {
            let mut statement = json!({"Effect": effect});
            statement[if not_action { "NotAction" } else { "Action" }] = json!(action);
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resource);
            if with_principal {
                statement[if not_principal { "NotPrincipal" } else { "Principal" }] = named;
            }
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

const BOTH: &[&str] = &["Allow", "Deny"];
const ALLOW: &[&str] = &["Allow"];

fn statements(with_principal: bool) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(with_principal, BOTH), 1..5)
}

fn policy(statements: &[Value], kind: PolicyKind) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Policy::parse_as(&document, kind).unwrap()
}

fn own(statements: &[Value]) -> Source {
    Source::new("p", policy(statements, PolicyKind::Identity))
}

fn context() -> impl Strategy<Value = Context> {
    (any::<[bool; 3]>(), any::<bool>()).prop_map(|([tls, ip, tags], secure)| {
        let mut context = Context::new();
        if tls {
            context.insert_bool("aws:SecureTransport", secure);
        }
        if ip {
            context.insert("aws:SourceIp", "10.1.2.3");
        }
        if tags {
            context.insert_many("aws:TagKeys", ["a", "b"]);
        }
        context
    })
}

#[derive(Debug)]
struct World {
    principal: Principal,
    action: &'static str,
    resource: &'static str,
    context: Context,
    identity: Vec<Vec<Value>>,
    boundary: Option<Vec<Value>>,
    session: Option<Vec<Value>>,
    bucket: Option<Vec<Value>>,
    account: Option<&'static str>,
}

fn world() -> impl Strategy<Value = World> {
    (
        (
            principal(),
            prop::sample::select(ACTIONS.to_vec()),
            prop::sample::select(RESOURCES.to_vec()),
            context(),
        ),
        prop::collection::vec(statements(false), 0..3),
        prop::option::of(statements(false)),
        prop::option::of(statements(false)),
        prop::option::of(statements(true)),
        prop::sample::select(vec![None, Some("111122223333"), Some("444455556666")]),
    )
        .prop_map(
            |((principal, action, resource, context), identity, boundary, session, bucket, account)| World {
                principal,
                action,
                resource,
                context,
                identity,
                boundary,
                session,
                bucket,
                account,
            },
        )
}

impl World {
    fn policies(&self) -> Policies {
        Policies {
            identity: self.identity.iter().map(|s| own(s)).collect(),
            boundary: self.boundary.as_deref().map(own),
            session: self.session.as_deref().map(own).into_iter().collect(),
        }
    }

    fn decide_with(&self, policies: &Policies, bucket: Option<&[Value]>) -> Decision {
        let bucket = bucket.map(|statements| policy(statements, PolicyKind::Resource));
        let request = Request {
            principal: &self.principal,
            action: self.action,
            resource: self.resource,
            context: &self.context,
        };
        evaluate(&request, policies, bucket.as_ref(), self.account)
    }

    fn decide(&self) -> Decision {
        self.decide_with(&self.policies(), self.bucket.as_deref())
    }
}

fn deny_everything() -> Value {
    json!({"Effect": "Deny", "Action": "*", "Resource": "*"})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Reports of last accesses leave no service out that a policy lets its holder use.
    #[test]
    fn what_a_policy_allows_lies_in_a_service_and_an_action_that_it_opens(world in world()) {
        let user = Principal::User {
            account: "111122223333".into(), path: "/".into(), name: "alice".into(), id: "AIDAALICEEXAMPLE0001".into(),
        };
        let service = world.action.split(':').next().unwrap();
        let request = Request {
            principal: &user, action: world.action, resource: world.resource, context: &world.context,
        };
        for source in world.policies().identity {
            let (opens, policy) = (source.policy.allows_action(world.action), source.policy.clone());
            prop_assert!(!opens || policy.allows_service(service), "an action lies in its service");
            let alone = Policies { identity: vec![source], ..Policies::default() };
            if evaluate(&request, &alone, None, None).is_allowed() {
                prop_assert!(opens);
            }
        }
    }

    /// What is decided without the circumstances is what is decided with them, whichever they are; and it is decided so
    /// wherever nothing asks for them.
    #[test]
    fn circumstances_that_nobody_asks_for_do_not_matter(world in world(), other in context()) {
        let account = world.account.unwrap_or("111122223333");
        let world = World { account: Some(account), ..world };
        let bucket = world.bucket.as_ref().map(|statements| policy(statements, PolicyKind::Resource));
        let (policies, asked) = (world.policies(), (world.action, world.resource));
        let apart = evaluate_apart(&world.principal, asked, &policies, bucket.as_ref(), account);
        let all = [&world.identity[..], world.boundary.as_slice(), world.session.as_slice(), world.bucket.as_slice()];
        let asks = |statement: &Value| !statement["Condition"].is_null();
        match apart {
            Some(decision) => {
                prop_assert_eq!(&decision, &world.decide());
                prop_assert_eq!(&decision, &World { context: other, ..world }.decide());
            }
            None => prop_assert!(all.concat().concat().iter().any(asks), "nothing asks"),
        }
    }

    #[test]
    fn an_explicit_deny_always_wins(world in world(), place in 0..4) {
        let mut policies = world.policies();
        let mut bucket = world.bucket.clone();
        match place {
            0 => policies.identity.push(own(&[deny_everything()])),
            1 => {
                let mut all = world.boundary.clone().unwrap_or_default();
                all.push(deny_everything());
                policies.boundary = Some(own(&all));
            }
            2 => policies.session.push(own(&[deny_everything()])),
            _ => {
                let mut deny = deny_everything();
                deny["Principal"] = json!("*");
                bucket.get_or_insert_default().push(deny);
            }
        }
        let decision = world.decide_with(&policies, bucket.as_deref());
        prop_assert!(matches!(decision, Decision::DeniedExplicitly { .. }), "{decision:?}");
    }

    #[test]
    fn an_added_allow_never_removes_a_permission(
        world in world(),
        own_allow in statement(false, ALLOW),
        bucket_allow in statement(true, ALLOW),
        place in 0..4,
    ) {
        let before = world.decide();
        let mut policies = world.policies();
        let mut bucket = world.bucket.clone();
        match place {
            0 => policies.identity.push(own(&[own_allow])),
            1 => if let Some(statements) = &world.boundary {
                policies.boundary = Some(own(&[statements.clone(), vec![own_allow]].concat()));
            },
            2 => if let Some(statements) = &world.session {
                policies.session = vec![own(&[statements.clone(), vec![own_allow]].concat())];
            },
            _ => bucket.get_or_insert_default().push(bucket_allow),
        }
        if before.is_allowed() {
            prop_assert!(world.decide_with(&policies, bucket.as_deref()).is_allowed());
        }
    }

    #[test]
    fn an_added_deny_never_adds_a_permission(world in world(), deny in statement(false, &["Deny"])) {
        let mut policies = world.policies();
        policies.identity.push(own(&[deny]));
        if !world.decide().is_allowed() {
            prop_assert!(!world.decide_with(&policies, world.bucket.as_deref()).is_allowed());
        }
    }

    #[test]
    fn no_policies_means_no_access(world in world()) {
        let own_root = matches!(&world.principal, Principal::Root { account }
            if world.account.is_none_or(|theirs| theirs == account));
        prop_assert_eq!(world.decide_with(&Policies::default(), None).is_allowed(), own_root);
    }

    #[test]
    fn what_only_denies_allows_nobody_but_root(world in world(), denies in prop::collection::vec(statement(false, &["Deny"]), 1..4)) {
        let policies = Policies { identity: vec![own(&denies)], ..Policies::default() };
        let decision = world.decide_with(&policies, None);
        let by_root = matches!(&decision, Decision::Allowed { by } if by.kind == Kind::Root);
        prop_assert!(!decision.is_allowed() || by_root);
    }

    #[test]
    fn nobody_assumes_a_role_that_trusts_somebody_else(world in world()) {
        let trust = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}}"#;
        let trust = Policy::parse_trust(trust).unwrap();
        let request = Request {
            principal: &world.principal, action: "sts:AssumeRole",
            resource: "arn:aws:iam::111122223333:role/r", context: &world.context,
        };
        prop_assert!(!evaluate_trust(&request, &world.policies(), &trust, "111122223333").is_allowed());
    }

    #[test]
    fn the_order_of_statements_and_policies_does_not_matter(world in world()) {
        let mut other = World { identity: world.identity.clone(), context: world.context.clone(),
            principal: world.principal.clone(), boundary: world.boundary.clone(), session: world.session.clone(),
            bucket: world.bucket.clone(), ..world };
        for statements in other.identity.iter_mut().chain(&mut other.boundary).chain(&mut other.session).chain(&mut other.bucket) {
            statements.reverse();
        }
        other.identity.reverse();
        prop_assert_eq!(world.decide().is_allowed(), other.decide().is_allowed());
    }

    #[test]
    fn a_quota_never_adds_a_permission_and_takes_none_before_it_is_counted(
        world in world(), quota in prop::sample::select(Quota::ALL.to_vec()), limit in 0_u64..5, count in 0_u64..8,
    ) {
        let deny = json!({"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"NumericGreaterThan": {quota.key(): limit}}});
        let mut policies = world.policies();
        policies.identity.push(own(&[deny]));
        prop_assert_eq!(world.decide(), world.decide_with(&policies, world.bucket.as_deref()));
        let request = Request {
            principal: &world.principal, action: world.action, resource: world.resource, context: &world.context,
        };
        let over = exceeded(&request, &policies, &[(quota, count)]);
        prop_assert_eq!(over.map(|over| over.quota), (count > limit).then_some(quota));
        prop_assert!(exceeded(&request, &world.policies(), &[(quota, count)]).is_none());
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,80}") {
        let _ = Policy::parse(&text);
    }
}

/// JSON that looks like a policy gone wrong: the right names in the wrong places.
fn wild() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Version",
        "2012-10-17",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "NotPrincipal",
        "AWS",
        "Service",
        "Action",
        "NotAction",
        "s3:*",
        "*",
        "Resource",
        "NotResource",
        "arn:aws:s3:::${aws:username}/*",
        "arn:",
        "arn:aws:::::::",
        "${",
        "${}",
        "${a,'",
        "${a, 'b'}",
        "Condition",
        "StringEquals",
        "ForAllValues:Null",
        "NumericLessThan",
        "DateEquals",
        "Bool",
        "IpAddress",
        "ArnLike",
        "aws:x",
        "-1",
        "2020",
        "\u{0}",
        "é${é}é",
    ]);
    let text = prop_oneof![word.prop_map(str::to_owned), "\\PC{0,6}"];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn parsing_arbitrary_json_never_panics(document in wild(), inner in wild(), as_statement in any::<bool>()) {
        let document = match as_statement {
            false => document,
            true => json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "*", "Resource": inner, "Condition": document}]}),
        };
        let (principal, context) = (Principal::Anonymous, Context::new());
        let request = Request { principal: &principal, action: "s3:GetObject", resource: "*", context: &context };
        for kind in [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust, PolicyKind::Any] {
            // what is taken at the door is decided on without a fault
            if let Ok(policy) = Policy::parse_as(&document.to_string(), kind) {
                let policies = Policies { identity: vec![Source::new("p", policy.clone())], ..Policies::default() };
                let _ = evaluate(&request, &policies, Some(&policy), None);
                let _ = exceeded(&request, &policies, &[(Quota::Instances, 1)]);
            }
        }
    }

    #[test]
    fn a_pattern_matches_what_it_was_made_from(parts in prop::collection::vec("[a-cé]{0,4}", 1..6), fill in "[a-cé]{0,5}") {
        let pattern = parts.join("*");
        let value = parts.join(&fill);
        let document = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:x": pattern}}}});
        let policies = Policies {
            identity: vec![Source::new("p", Policy::parse_identity(&document.to_string()).unwrap())],
            ..Policies::default()
        };
        let principal =
            Principal::User { account: "1".into(), path: "/".into(), name: "n".into(), id: "i".into() };
        let mut context = Context::new();
        context.insert("aws:x", value);
        let request = Request { principal: &principal, action: "a:B", resource: "*", context: &context };
        prop_assert!(evaluate(&request, &policies, None, None).is_allowed());
    }
}
