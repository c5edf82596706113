//! Measures signatures and policy decisions a second on one core: `cargo run --release -p auth --example throughput`.

use auth::policy::{Context, Policies, Policy, PolicyError, Principal, Request, Source, evaluate};
use auth::sigv4::{self, EMPTY_SHA256, RequestParts, SigError, SigningKey};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    signatures()?;
    decisions()?;
    Ok(())
}

/// Runs `work` for about a second; prints the time of one run and runs a second.
fn measure(what: &str, mut work: impl FnMut()) {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < Duration::from_secs(1) {
        (0..100).for_each(|_| work());
        runs += 100;
    }
    let each = start.elapsed() / runs;
    println!("{what:<44} {:>7.2} us {:>12.0} /s", each.as_secs_f64() * 1e6, 1.0 / each.as_secs_f64());
}

/// The S3 documentation's GET Object, with the headers a client really sends.
fn signatures() -> Result<(), SigError> {
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
    let presented = sigv4::parse(parts)?;
    let Some(sig) = presented.sigv4() else { return Err(SigError::MissingDate) };
    let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &sig.scope);
    sigv4::verify(sig, &key, parts, EMPTY_SHA256, sig.timestamp)?;
    measure("parse a request's credentials", || {
        let _ = black_box(sigv4::parse(black_box(parts)));
    });
    measure("verify a signature, key at hand", || {
        let _ = black_box(sigv4::verify(sig, &key, black_box(parts), EMPTY_SHA256, sig.timestamp));
    });
    measure("derive a signing key", || {
        black_box(SigningKey::derive(black_box("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), &sig.scope));
    });
    Ok(())
}

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

fn decisions() -> Result<(), Box<dyn Error>> {
    let policies = policies()?;
    let principal = Principal::User {
        account: "123456789012".into(),
        path: "/".into(),
        name: "alice".into(),
        id: "AIDAALICEEXAMPLE0001".into(),
    };
    let mut context = Context::new();
    context.set_time("2020-04-01T00:00:00Z".parse()?).insert("aws:SourceIp", "192.0.2.7");
    context.insert_bool("aws:SecureTransport", true).insert("aws:ResourceTag/owner", "alice");
    for (what, action, resource) in [
        ("decide over 10 x 20: the last allows", "s3:GetObject", "arn:aws:s3:::data/a/b/c"),
        ("decide over 10 x 20: none allows", "s3:GetObject", "arn:aws:s3:::elsewhere/a/b/c"),
        ("decide over 10 x 20: conditions, allowed", "s3:PutObject", "arn:aws:s3:::bucket-5-2/key"),
    ] {
        let request = Request { principal: &principal, action, resource, context: &context };
        println!("{what}: allowed = {}", evaluate(&request, &policies, None, None).is_allowed());
        measure(what, || {
            black_box(evaluate(black_box(&request), &policies, None, None));
        });
    }
    Ok(())
}
