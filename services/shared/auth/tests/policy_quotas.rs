//! Quotas: deny statements on what there would be after a request.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use auth::policy::{Context, Policies, Policy, Principal, Quota, Request, Source, evaluate, exceeded};

fn alice() -> Principal {
    Principal::User {
        account: "123456789012".into(),
        path: "/".into(),
        name: "alice".into(),
        id: "AIDAALICEEXAMPLE0001".into(),
    }
}

fn policies(statements: &str) -> Policies {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let source = Source::new("p", Policy::parse_identity(&document).unwrap());
    Policies { identity: vec![source], ..Policies::default() }
}

fn over(policies: &Policies, action: &str, counts: &[(Quota, u64)]) -> Option<Quota> {
    let (principal, mut context) = (alice(), Context::new());
    context.insert("aws:PrincipalTag/team", "red");
    let resource = "arn:aws:ec2:us-east-1:123456789012:instance/*";
    let request = Request { principal: &principal, action, resource, context: &context };
    exceeded(&request, policies, counts).map(|over| over.quota)
}

const THREE: &str = r#"{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*",
    "Condition":{"NumericGreaterThan":{"murus:quota-instances":"3"}}}"#;

#[test]
fn a_quota_denies_from_the_first_one_too_many() {
    let policies = policies(THREE);
    assert!(policies.set_quotas());
    assert_eq!(over(&policies, "ec2:RunInstances", &[(Quota::Instances, 3)]), None);
    assert_eq!(over(&policies, "ec2:RunInstances", &[(Quota::Instances, 4)]), Some(Quota::Instances));
    assert_eq!(over(&policies, "ec2:StartInstances", &[(Quota::Instances, 4)]), None);
}

#[test]
fn a_quota_is_not_asked_before_anything_is_counted() {
    let text = format!(
        r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{THREE},{}"#,
        THREE.replace("NumericGreaterThan", "NumericNotEqualsIfExists")
    );
    let (policies, principal, context) = (policies(&text), alice(), Context::new());
    let request =
        Request { principal: &principal, action: "ec2:RunInstances", resource: "*", context: &context };
    assert!(evaluate(&request, &policies, None, None).is_allowed());
}

#[test]
fn a_quota_on_what_is_not_counted_here_says_nothing() {
    let statement = THREE.replace("NumericGreaterThan", "NumericGreaterThanIfExists");
    assert_eq!(over(&policies(&statement), "ec2:RunInstances", &[(Quota::Volumes, 9)]), None);
}

#[test]
fn other_conditions_of_the_statement_count_too() {
    let of_team = |team: &str| {
        let condition =
            format!(r#""StringEquals":{{"aws:PrincipalTag/team":"{team}"}},"NumericGreaterThan""#);
        over(
            &policies(&THREE.replace(r#""NumericGreaterThan""#, &condition)),
            "ec2:RunInstances",
            &[(Quota::Instances, 4)],
        )
    };
    assert_eq!(of_team("red"), Some(Quota::Instances));
    assert_eq!(of_team("blue"), None);
}

#[test]
fn boundaries_and_session_policies_set_quotas_too() {
    let set = policies(THREE).identity.remove(0);
    let boundary = Policies { boundary: Some(set.clone()), ..Policies::default() };
    let session = Policies { session: vec![set], ..Policies::default() };
    for policies in [boundary, session] {
        assert!(policies.set_quotas());
        assert_eq!(over(&policies, "ec2:RunInstances", &[(Quota::Instances, 4)]), Some(Quota::Instances));
    }
    assert!(!Policies::default().set_quotas());
}

#[test]
fn several_quotas_in_one_statement_must_all_be_over_and_all_be_counted() {
    let both = THREE.replace(
        r#"{"murus:quota-instances":"3"}"#,
        r#"{"murus:quota-instances":"3","murus:quota-own-vcpus":"8"}"#,
    );
    let policies = policies(&both);
    let over = |counts: &[(Quota, u64)]| over(&policies, "ec2:RunInstances", counts);
    assert_eq!(over(&[(Quota::Instances, 4), (Quota::OwnVcpus, 8)]), None);
    assert_eq!(over(&[(Quota::Instances, 3), (Quota::OwnVcpus, 9)]), None);
    assert_eq!(over(&[(Quota::Instances, 4)]), None);
    assert!(over(&[(Quota::Instances, 4), (Quota::OwnVcpus, 9)]).is_some());
}
