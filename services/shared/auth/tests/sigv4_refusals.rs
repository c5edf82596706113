//! What must not be accepted, and the cause that is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use auth::sigv4::{self, Payload, Presented, SigError};
use jiff::Timestamp;
use support::{Owned, S3_SECRET, SUITE_SECRET};

const IAM: &str = "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\n\
    Host: iam.amazonaws.com\n\
    Content-Type: application/x-www-form-urlencoded; charset=utf-8\n\
    X-Amz-Date: 20150830T123600Z\n\
    Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date, \
    Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

const PRESIGNED: &str = "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\n\
    Host: examplebucket.s3.amazonaws.com";

fn iam() -> Owned {
    Owned::parse(IAM)
}

fn presigned(from: &str, to: &str) -> Owned {
    assert!(PRESIGNED.contains(from));
    Owned::parse(&PRESIGNED.replace(from, to))
}

/// The IAM example with its Authorization header changed.
fn authorization(from: &str, to: &str) -> Result<(), SigError> {
    assert!(IAM.contains(from));
    Owned::parse(&IAM.replace(from, to)).verify_at(SUITE_SECRET, at("2015-08-30T12:36:00Z")).map(|_| ())
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn is_mismatch(result: Result<impl Sized, SigError>) -> bool {
    matches!(result, Err(SigError::SignatureMismatch { .. }))
}

#[test]
fn anything_altered_is_a_mismatch() {
    type Change = fn(&mut Owned);
    let changes: [(&str, Change); 9] = [
        ("method", |r| r.method = "POST".into()),
        ("path", |r| r.path = "/x".into()),
        ("query value", |r| r.query = r.query.replace("ListUsers", "ListRoles")),
        ("query added", |r| r.query.push_str("&X=1")),
        ("query removed", |r| r.query = "Action=ListUsers".into()),
        ("header", |r| r.set("host", "sts.amazonaws.com")),
        ("header removed", |r| r.headers.retain(|(name, _)| name != "Content-Type")),
        ("header repeated", |r| r.headers.push(("content-type".into(), b"x".to_vec()))),
        ("body", |r| r.body = b"x".to_vec()),
    ];
    for (name, change) in changes {
        let mut request = iam();
        change(&mut request);
        assert!(is_mismatch(request.verify(SUITE_SECRET)), "{name}");
    }
    assert!(is_mismatch(iam().verify("another secret")));
}

#[test]
fn a_mismatch_shows_what_was_hashed_and_signed() {
    let Err(SigError::SignatureMismatch { canonical_request, string_to_sign }) = iam().verify("wrong") else {
        panic!("accepted");
    };
    assert_eq!(
        canonical_request,
        "GET\n/\nAction=ListUsers&Version=2010-05-08\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\n\
         host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n\
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        string_to_sign,
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
         f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    );
}

#[test]
fn a_clock_may_be_off_by_fifteen_minutes() {
    let ok = |time| iam().verify_at(SUITE_SECRET, at(time));
    assert!(ok("2015-08-30T12:51:00Z").is_ok());
    assert!(ok("2015-08-30T12:21:00Z").is_ok());
    assert_eq!(ok("2015-08-30T12:36:01.500Z").unwrap().age_ms, 1_500);
    for late in ["2015-08-30T12:51:01Z", "2015-08-30T12:20:59Z"] {
        let request = at("2015-08-30T12:36:00Z");
        assert_eq!(ok(late), Err(SigError::Skewed { request, server: at(late) }));
    }
}

#[test]
fn a_presigned_request_from_the_future_is_not_yet_valid() {
    let result = presigned("", "").verify_at(S3_SECRET, at("2013-05-23T23:44:59Z"));
    assert!(matches!(result, Err(SigError::NotYetValid { .. })));
    assert!(presigned("", "").verify_at(S3_SECRET, at("2013-05-23T23:45:00Z")).is_ok());
}

#[test]
fn a_life_is_from_a_second_to_seven_days() {
    for bad in ["0", "-1", "604801", "abc", "", "1e3", "99999999999999999999"] {
        let request = presigned("Expires=86400", &format!("Expires={bad}"));
        assert_eq!(request.presented().unwrap_err(), SigError::MalformedExpires, "{bad}");
    }
    for good in ["1", "604800"] {
        assert!(presigned("Expires=86400", &format!("Expires={good}")).presented().is_ok());
    }
}

#[test]
fn every_presigned_parameter_is_needed_once() {
    for name in ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"]
    {
        let request = presigned(&format!("&{name}="), "&x=");
        assert_eq!(request.presented().unwrap_err(), SigError::MissingParameter(name));
        let mut request = presigned("", "");
        request.query.push_str(&format!("&{name}=x"));
        let twice = SigError::MalformedParameter { name, reason: "it is given more than once" };
        assert_eq!(request.presented().unwrap_err(), twice);
    }
}

#[test]
fn a_query_parameter_that_only_looks_like_a_credential_is_anonymous() {
    for query in ["", "prefix=X-Amz-", "x-amz-acl=private", "X-Amz-Date=1"] {
        let mut request = Owned::parse("GET / HTTP/1.1\nHost: x");
        request.query = query.into();
        assert!(request.with(|parts| matches!(sigv4::parse(parts), Ok(Presented::None))), "{query}");
    }
}

#[test]
fn two_mechanisms_at_once_are_refused() {
    let mut request = presigned("", "");
    request.set("Authorization", "AWS4-HMAC-SHA256 x");
    assert_eq!(request.presented().unwrap_err(), SigError::MultipleMechanisms);
}

#[test]
fn other_algorithms_are_named_and_refused() {
    let unsupported = |name: &str| Err(SigError::UnsupportedAlgorithm(name.into()));
    assert_eq!(authorization("AWS4-HMAC-SHA256 C", "AWS4-HMAC-SHA1 C"), unsupported("AWS4-HMAC-SHA1"));
    assert_eq!(authorization("AWS4-HMAC-SHA256 C", "AWS C"), unsupported("AWS"));
    assert_eq!(authorization("AWS4-HMAC-SHA256 C", "Bearer C"), unsupported("Bearer"));
    let request = presigned("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    let name = "AWS4-ECDSA-P256-SHA256".to_owned();
    assert_eq!(request.presented().unwrap_err(), SigError::UnsupportedAlgorithm(name));
    let request = Owned::parse("GET /k?AWSAccessKeyId=A&Expires=1&Signature=x HTTP/1.1\nHost: x");
    assert_eq!(request.presented().unwrap_err(), SigError::UnsupportedAlgorithm("AWS".into()));
}

#[test]
fn the_authorization_header_is_read_strictly() {
    let missing = |part| Err(SigError::MissingAuthorizationPart(part));
    assert_eq!(
        authorization("Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ", ""),
        missing("Credential")
    );
    assert_eq!(authorization("SignedHeaders=content-type;host;x-amz-date, ", ""), missing("SignedHeaders"));
    let twice = authorization("Signature=", "SignedHeaders=").unwrap_err().to_string();
    assert!(twice.contains("more than once"));
    assert!(matches!(authorization("Signature=", "Signatur="), Err(SigError::MalformedAuthorization(_))));
    assert!(matches!(authorization("Signature=", ""), Err(SigError::MalformedAuthorization(_))));
    assert!(is_mismatch(authorization("5d672d79", "5D672D7g")));
    assert!(is_mismatch(authorization("5d672d79", "")));
}

#[test]
fn the_credential_has_five_parts() {
    for bad in [
        "AKIDEXAMPLE",
        "AKIDEXAMPLE/20150830/us-east-1/iam",
        "/20150830/us-east-1/iam/aws4_request",
        "AKIDEXAMPLE/2015083/us-east-1/iam/aws4_request",
        "AKIDEXAMPLE/2015083x/us-east-1/iam/aws4_request",
        "AKIDEXAMPLE/20150830//iam/aws4_request",
        "AKIDEXAMPLE/20150830/us-east-1/iam/aws5_request",
        "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request/x",
    ] {
        let result = authorization("AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request", bad);
        assert_eq!(result, Err(SigError::MalformedCredential(bad.into())));
    }
}

#[test]
fn the_scope_must_be_of_the_day_of_the_request() {
    let result = authorization("/20150830/", "/20150829/");
    let expected = SigError::ScopeDateMismatch { scope: "20150829".into(), request: "20150830".into() };
    assert_eq!(result, Err(expected));
}

#[test]
fn host_and_every_amz_header_must_be_signed() {
    assert_eq!(
        authorization("content-type;host;x-amz-date", "content-type;x-amz-date"),
        Err(SigError::HostNotSigned)
    );
    let unsigned = |name: &str| Err(SigError::UnsignedHeader(name.into()));
    assert_eq!(authorization("content-type;host;x-amz-date", "content-type;host"), unsigned("x-amz-date"));
    let mut request = iam();
    request.set("X-Amz-Meta-Evil", "1");
    assert_eq!(request.verify(SUITE_SECRET).map(|_| ()), unsigned("x-amz-meta-evil"));
    let mut request = presigned("", "");
    request.set("x-amz-acl", "public-read");
    assert_eq!(request.verify(S3_SECRET).map(|_| ()), unsigned("x-amz-acl"));
}

#[test]
fn an_sdk_may_leave_its_own_headers_out_of_a_presigned_request() {
    let mut request = presigned("", "");
    request.set("x-amz-user-agent", "aws-sdk-js");
    request.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    request.set("x-amzn-trace-id", "Root=1");
    assert!(request.verify(S3_SECRET).is_ok());
    // The digest counts even so: it ends the canonical request.
    request.set("x-amz-content-sha256", sigv4::EMPTY_SHA256);
    assert!(is_mismatch(request.verify(S3_SECRET)));
}

#[test]
fn signed_headers_are_distinct_lower_case_names() {
    for bad in ["Content-Type;host;x-amz-date", "host;host;x-amz-date", "host;;x-amz-date", "", "host x"] {
        let result = authorization("content-type;host;x-amz-date", bad);
        assert_eq!(result, Err(SigError::MalformedSignedHeaders(bad.into())));
    }
}

#[test]
fn dates_are_read_in_both_forms_and_nothing_else() {
    for bad in
        ["20150830T123600", "2015-08-30T12:36:00Z", "20150230T123600Z", "20150830T246000Z", "yesterday", ""]
    {
        let mut request = iam();
        request.set("X-Amz-Date", bad);
        assert_eq!(request.presented().unwrap_err(), SigError::MalformedDate(bad.into()));
    }
    let mut request = iam();
    request.headers.retain(|(name, _)| name != "X-Amz-Date");
    assert_eq!(request.presented().unwrap_err(), SigError::MissingDate);
    request.set("Date", "Sun, 30 Aug 2015 12:36:00 GMT");
    assert_eq!(request.presented().unwrap().timestamp, at("2015-08-30T12:36:00Z"));
    let mut request = iam();
    request.headers.push(("x-amz-date".into(), b"20150830T123600Z".to_vec()));
    assert!(matches!(request.presented(), Err(SigError::MalformedDate(_))));
}

#[test]
fn the_payload_is_one_of_the_known_words_or_a_digest() {
    let payload = |value: &str| {
        let mut request = iam();
        request.set("x-amz-content-sha256", value);
        request.presented().map(|sig| sig.payload)
    };
    assert_eq!(payload("UNSIGNED-PAYLOAD"), Ok(Payload::Unsigned));
    assert_eq!(payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), Ok(Payload::StreamingUnsignedTrailer));
    assert_eq!(payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), Ok(Payload::StreamingSigned));
    assert_eq!(payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), Ok(Payload::StreamingSignedTrailer));
    assert!(
        matches!(payload(sigv4::EMPTY_SHA256), Ok(Payload::Sha256(digest)) if digest.as_str() == sigv4::EMPTY_SHA256)
    );
    for bad in ["", "x", "unsigned-payload", &sigv4::EMPTY_SHA256[1..]] {
        assert_eq!(payload(bad), Err(SigError::MalformedContentSha256(bad.into())));
    }
    for word in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", sigv4::EMPTY_SHA256] {
        assert_eq!(payload(word).unwrap().declared(), Some(word));
    }
}

#[test]
fn a_signing_key_does_not_print_itself() {
    let scope = iam().presented().unwrap().scope;
    let key = sigv4::SigningKey::derive(SUITE_SECRET, &scope);
    assert_eq!(format!("{key:?}"), "SigningKey(..)");
}
