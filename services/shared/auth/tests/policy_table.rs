//! The policy language and the evaluation order by table: each case in `tests/policy/*.json` names the rule of
//! AWS's documentation that it shows.
//!
//! Where each claim of the policy engine is shown:
//!
//! | claim | shown by |
//! |---|---|
//! | versions, elements, operators, `...IfExists`, set operators, multi-valued and missing keys | `conditions_hold_as_documented` here |
//! | wildcards, variables with defaults and escapes, `NotAction`, `NotResource` | `patterns_match_as_documented` here |
//! | the order over identity, resource, trust, boundary and session policies; cross-account; root | `policies_are_weighed_in_the_documented_order` here |
//! | a malformed document is refused at the door, saying where | `malformed_policies_are_refused_saying_where` here |
//! | ... and never at evaluation | `parsing_arbitrary_json_never_panics` in `policy_properties.rs`, which evaluates what was taken |
//! | an explicit deny always wins | `an_explicit_deny_always_wins` in `policy_properties.rs` |
//! | an added allow never removes a permission, an added deny never adds one | `an_added_allow_never_removes_a_permission`, `an_added_deny_never_adds_a_permission`, same file |
//! | no policies means no access | `no_policies_means_no_access`, same file |
//! | every decision names its statement | `a_decision_names_its_statement` in `policy_decisions.rs` |
//! | quotas: denied from the first one too many, silent before anything is counted | `policy_quotas.rs` |
//! | AWS's managed policies mean what AWS says | the rows with their ARNs in `policy/evaluation.json` |

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use auth::managed;
use auth::policy::{
    Context, Decision, Kind, Policies, Policy, PolicyError, Principal, Request, Source, evaluate,
    evaluate_trust,
};
use serde_json::{Value, json};

const OWN: &str = "111122223333";

fn principal(name: &str) -> Principal {
    let user = |account: &str, path: &str, name: &str, id: &str| Principal::User {
        account: account.into(),
        path: path.into(),
        name: name.into(),
        id: id.into(),
    };
    match name {
        "alice" => user(OWN, "/", "alice", "AIDAALICEEXAMPLE0001"),
        "bob" => user(OWN, "/team/", "bob", "AIDABOBEXAMPLE000001"),
        "stranger" => user("444455556666", "/", "stranger", "AIDASTRANGEREXAMPLE1"),
        "root" => Principal::Root { account: OWN.into() },
        "stranger-root" => Principal::Root { account: "444455556666".into() },
        "role" => Principal::AssumedRole {
            account: OWN.into(),
            path: "/service/".into(),
            role: "app".into(),
            role_id: "AROAAPPEXAMPLE000001".into(),
            session_name: "s1".into(),
        },
        "federated" => Principal::FederatedUser { account: OWN.into(), name: "fred".into() },
        "web" => Principal::WebIdentity {
            provider: format!("arn:aws:iam::{OWN}:oidc-provider/issuer.example.com"),
            subject: "somebody".into(),
        },
        "ec2" => Principal::Service { name: "ec2.amazonaws.com".into() },
        "anonymous" => Principal::Anonymous,
        _ => panic!("no principal {name}"),
    }
}

fn context(value: &Value) -> Context {
    let mut context = Context::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(values) => {
                context.insert_many(key.clone(), values.iter().map(|v| v.as_str().unwrap()))
            }
            value => context.insert(key.clone(), value.as_str().unwrap()),
        };
    }
    context
}

/// A document from a whole one, from its statements, or by the ARN of a managed one.
fn document(value: &Value) -> String {
    match value {
        Value::String(arn) => managed::lookup(arn).unwrap().document.to_owned(),
        Value::Array(_) => json!({"Version": "2012-10-17", "Statement": value}).to_string(),
        other => other.to_string(),
    }
}

fn parsed(rule: &str, result: Result<Policy, PolicyError>) -> Policy {
    result.unwrap_or_else(|error| panic!("{rule}: {error}"))
}

fn kind_name(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn outcome(decision: &Decision) -> String {
    match decision {
        Decision::Allowed { by } => format!("allow by {}", kind_name(by.kind)),
        Decision::DeniedExplicitly { by } => format!("deny by {}", kind_name(by.kind)),
        Decision::DeniedImplicitly { missing } => format!("no {}", kind_name(*missing)),
    }
}

fn table(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Whether `alice` is allowed by one statement.
fn allows(rule: &str, statement: Value, action: &str, resource: &str, context: &Context) -> bool {
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy = parsed(rule, Policy::parse_identity(&document));
    let policies = Policies { identity: vec![Source::new("p", policy)], ..Policies::default() };
    let request = Request { principal: &principal("alice"), action, resource, context };
    evaluate(&request, &policies, None, None).is_allowed()
}

#[test]
fn conditions_hold_as_documented() {
    let cases = table(include_str!("policy/conditions.json"));
    for case in &cases {
        let rule = case[0].as_str().unwrap();
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": case[1]});
        let result = allows(rule, statement, "s3:GetObject", "arn:aws:s3:::b/k", &context(&case[2]));
        assert_eq!(result, case[3].as_bool().unwrap(), "{rule}");
    }
    assert!(cases.len() >= 100);
}

#[test]
fn patterns_match_as_documented() {
    let tables: Value = serde_json::from_str(include_str!("policy/patterns.json")).unwrap();
    let text = |case: &Value, i: usize| case[i].as_str().unwrap().to_owned();
    let none = Context::new();
    for case in tables["action"].as_array().unwrap() {
        let statement = json!({"Effect": "Allow", "Action": case[1], "Resource": "*"});
        let result = allows(&text(case, 0), statement, &text(case, 2), "*", &none);
        assert_eq!(result, case[3].as_bool().unwrap(), "{}", case[0]);
    }
    for case in tables["resource"].as_array().unwrap() {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": case[1]});
        let result = allows(&text(case, 0), statement, "x:Do", &text(case, 2), &none);
        assert_eq!(result, case[3].as_bool().unwrap(), "{}", case[0]);
    }
    for case in tables["variable"].as_array().unwrap() {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": case[1]});
        let result = allows(&text(case, 0), statement, "x:Do", &text(case, 2), &context(&case[3]));
        assert_eq!(result, case[4].as_bool().unwrap(), "{}", case[0]);
    }
}

#[test]
fn policies_are_weighed_in_the_documented_order() {
    let cases = table(include_str!("policy/evaluation.json"));
    for case in &cases {
        let rule = case["rule"].as_str().unwrap();
        let source = |key: &str| -> Option<Source> {
            let value = case.get(key)?;
            Some(Source::new(key, parsed(rule, Policy::parse_identity(&document(value)))))
        };
        let policies = Policies {
            identity: source("identity").into_iter().collect(),
            boundary: source("boundary"),
            session: source("session").into_iter().collect(),
        };
        let text = |key: &str, default: &'static str| case.get(key).map_or(default, |v| v.as_str().unwrap());
        let request = Request {
            principal: &principal(text("who", "alice")),
            action: text("action", "s3:GetObject"),
            resource: text("resource", "arn:aws:s3:::bucket/key"),
            context: &context(&case["context"]),
        };
        let account = text("resource_account", OWN);
        let decision = match (case.get("trust"), case.get("bucket")) {
            (Some(trust), _) => {
                let trust = parsed(rule, Policy::parse_trust(&document(trust)));
                evaluate_trust(&request, &policies, &trust, account)
            }
            (None, bucket) => {
                let bucket = bucket.map(|b| parsed(rule, Policy::parse_resource(&document(b))));
                evaluate(&request, &policies, bucket.as_ref(), Some(account))
            }
        };
        assert_eq!(outcome(&decision), case["expect"].as_str().unwrap(), "{rule}: {decision:?}");
    }
    assert!(cases.len() >= 90);
}

#[test]
fn malformed_policies_are_refused_saying_where() {
    for case in table(include_str!("policy/malformed.json")) {
        let document = match &case[2] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let result = match case[1].as_str().unwrap() {
            "identity" => Policy::parse_identity(&document),
            "resource" => Policy::parse_resource(&document),
            _ => Policy::parse_trust(&document),
        };
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(case[3].as_str().unwrap()), "{}: {error:?}", case[0]);
    }
}
