//! Which services and actions a policy opens, as the reports of last accesses ask it.
#![allow(clippy::unwrap_used, reason = "tests")]

use auth::policy::Policy;

fn policy(statement: &str) -> Policy {
    Policy::parse_identity(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap()
}

fn services(policy: &Policy) -> Vec<&'static str> {
    ["ec2", "iam", "kms", "s3", "sts"].into_iter().filter(|service| policy.allows_service(service)).collect()
}

#[test]
fn an_allowed_action_opens_its_service_whatever_the_resource_and_the_condition() {
    let one = policy(
        r#"{"Effect":"Allow","Action":["S3:Get*","kms:Decrypt"],"Resource":"arn:aws:s3:::a/*",
            "Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
    );
    assert_eq!(services(&one), ["kms", "s3"]);
    assert!(one.allows_service("KMS"));
    assert!(one.allows_action("s3:GetObject") && one.allows_action("KMS:decrypt"));
    assert!(!one.allows_action("s3:PutObject") && !one.allows_action("kms:Encrypt"));
    let all = policy(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    assert_eq!(services(&all).len(), 5);
    assert!(all.allows_action("ec2:RunInstances"));
    assert_eq!(services(&policy(r#"{"Effect":"Allow","Action":"?3:List*","Resource":"*"}"#)), ["s3"]);
}

#[test]
fn a_denial_opens_nothing_and_takes_nothing_away() {
    let mixed = policy(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    );
    assert_eq!(services(&mixed), ["s3"]);
    assert_eq!(services(&policy(r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#)), Vec::<&str>::new());
}

#[test]
fn what_is_left_out_whole_is_closed_and_what_is_left_out_in_part_is_open() {
    let most = policy(r#"{"Effect":"Allow","NotAction":["iam:*","s3:Delete*","k*:*"],"Resource":"*"}"#);
    assert_eq!(services(&most), ["ec2", "s3", "sts"]);
    assert!(most.allows_action("s3:GetObject") && !most.allows_action("s3:DeleteObject"));
    assert_eq!(services(&policy(r#"{"Effect":"Allow","NotAction":"*","Resource":"*"}"#)), Vec::<&str>::new());
}
