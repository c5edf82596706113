//! Decisions and signatures on one core. The requirement: 200,000 decisions a second with 10 policies of 20 statements.

use auth::policy::{Context, Policies, Policy, PolicyError, Principal, Request, Source, evaluate};
use auth::sigv4::{self, EMPTY_SHA256, RequestParts, SigningKey};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Ten policies of twenty statements, a fifth of them with conditions; the last statement of all allows.
fn policies() -> Result<Policies, PolicyError> {
    let mut identity = Vec::new();
    for p in 0..10 {
        let statements: Vec<String> = (0..20).map(|s| statement(p, s)).collect();
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        identity.push(Source::new(format!("p{p}"), Policy::parse_identity(&document)?));
    }
    Ok(Policies { identity, ..Policies::default() })
}

fn statement(policy: usize, statement: usize) -> String {
    let effect = if statement % 7 == 3 { "Deny" } else { "Allow" };
    let condition = match statement % 5 {
        2 => {
            r#","Condition":{"StringEquals":{"aws:ResourceTag/owner":"${aws:username}"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#
        }
        _ => "",
    };
    let action = match statement % 4 {
        0 => r#"["ec2:Describe*","ec2:RunInstances","ec2:CreateTags"]"#,
        1 => r#"["s3:GetObject","s3:GetObjectVersion","s3:ListBucket"]"#,
        2 => r#""s3:*""#,
        _ => r#"["iam:Get*","iam:List*","s3:DeleteObject*"]"#,
    };
    let last = policy == 9 && statement == 19;
    let bucket = if last { "data".to_owned() } else { format!("bucket-{policy}-{statement}") };
    let (effect, action, condition) =
        if last { ("Allow", r#""s3:Get*""#, "") } else { (effect, action, condition) };
    format!(
        r#"{{"Effect":"{effect}","Action":{action},"Resource":["arn:aws:s3:::{bucket}","arn:aws:s3:::{bucket}/*"]{condition}}}"#
    )
}

fn decisions(c: &mut Criterion) {
    let policies = policies().expect("the policies of this file parse");
    let principal = Principal::User {
        account: "123456789012".into(),
        path: "/".into(),
        name: "alice".into(),
        id: "AIDAALICEEXAMPLE0001".into(),
    };
    let mut context = Context::new();
    context.set_time("2020-04-01T00:00:00Z".parse().expect("a time")).insert("aws:SourceIp", "192.0.2.7");
    context.insert_bool("aws:SecureTransport", true).insert("aws:ResourceTag/owner", "alice");
    let mut group = c.benchmark_group("decide over 10 policies of 20 statements");
    group.throughput(Throughput::Elements(1));
    for (what, action, resource, allowed) in [
        ("the last allows", "s3:GetObject", "arn:aws:s3:::data/a/b/c", true),
        ("none allows", "s3:GetObject", "arn:aws:s3:::elsewhere/a/b/c", false),
        ("conditions, allowed", "s3:PutObject", "arn:aws:s3:::bucket-5-2/key", true),
    ] {
        let request = Request { principal: &principal, action, resource, context: &context };
        assert_eq!(evaluate(&request, &policies, None, None).is_allowed(), allowed, "{what}");
        group.bench_function(what, |b| {
            b.iter(|| black_box(evaluate(black_box(&request), &policies, None, None)))
        });
    }
    group.finish();
}

/// The S3 documentation's GET Object, with the headers a client really sends.
fn signatures(c: &mut Criterion) {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let headers: [(&str, &[u8]); 8] = [
        ("host", b"examplebucket.s3.amazonaws.com"),
        ("accept-encoding", b"identity"),
        ("range", b"bytes=0-9"),
        ("user-agent", b"Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux"),
        ("x-amz-date", b"20130524T000000Z"),
        ("x-amz-content-sha256", EMPTY_SHA256.as_bytes()),
        ("amz-sdk-request", b"attempt=1"),
        ("authorization", authorization.as_bytes()),
    ];
    let parts = RequestParts { method: "GET", path: "/test.txt", query: "", headers: &headers };
    let presented = sigv4::parse(parts).expect("it is well-formed");
    let sig = presented.sigv4().expect("it is signed");
    let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &sig.scope);
    assert!(sigv4::verify(sig, &key, parts, EMPTY_SHA256, sig.timestamp).is_ok());
    let mut group = c.benchmark_group("signature");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse", |b| b.iter(|| black_box(sigv4::parse(black_box(parts)))));
    group.bench_function("verify, key at hand", |b| {
        b.iter(|| black_box(sigv4::verify(sig, &key, black_box(parts), EMPTY_SHA256, sig.timestamp)));
    });
    group.bench_function("derive a signing key", |b| {
        b.iter(|| SigningKey::derive(black_box("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), &sig.scope));
    });
    group.finish();
}

criterion_group!(benches, decisions, signatures);
criterion_main!(benches);
