//! What the aws-sigv4 crate signs, the verifier accepts, whatever the path, query and headers; and what is
//! then altered it refuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use auth::sigv4::{self, Presented, RequestParts};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};
use support::Owned;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[derive(Clone, Debug)]
struct Case {
    method: &'static str,
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    s3: bool,
    presign: bool,
    token: bool,
    unsigned: bool,
    at_s: u64,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9]{0,8}",
        "[ -~]{0,12}",
        r"[!'()*~._%+&=/ ;:@$,-]{0,6}",
        "\\PC{0,5}",
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just(String::new()),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let headers = prop::collection::vec(
        ("(x-amz-meta-[a-c]|x-[a-z]{1,3}|content-type)", "[!-~]{0,5}( {0,3}[!-~]{1,6}){0,3} {0,2}"),
        0..6,
    );
    (
        prop::sample::select(vec!["GET", "PUT", "POST", "DELETE", "HEAD"]),
        prop::collection::vec(text(), 0..5),
        prop::collection::vec((text(), text()), 0..5),
        headers,
        prop::collection::vec(any::<u8>(), 0..40),
        any::<[bool; 4]>(),
        946_684_800_u64..4_102_444_800,
    )
        .prop_map(|(method, path, query, headers, body, [s3, presign, token, unsigned], at_s)| Case {
            method,
            path,
            query,
            headers,
            body,
            s3,
            presign,
            token,
            unsigned: unsigned && s3,
            at_s,
        })
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (b as char).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

fn encode_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    pairs.into_iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
}

fn settings(case: &Case) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if case.s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if case.presign {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(600));
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    }
    settings
}

/// The request as it would arrive, signed by AWS's own code.
fn signed(case: &Case) -> Owned {
    let path = format!("/{}", case.path.iter().map(|s| encode(s)).collect::<Vec<_>>().join("/"));
    let query = encode_query(case.query.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let mark = if query.is_empty() { "" } else { "?" };
    let uri = format!("https://bucket.example.com:8773{path}{mark}{query}");
    let token = case.token.then(|| "token/with+odd=chars".to_owned());
    let identity = Credentials::new("AKIDEXAMPLE", SECRET, token, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(if case.s3 { "s3" } else { "ec2" })
        .time(UNIX_EPOCH + Duration::from_secs(case.at_s))
        .settings(settings(case))
        .build()
        .unwrap()
        .into();
    // A presigned S3 request never covers its body.
    let body = match case.unsigned || (case.s3 && case.presign) {
        true => SignableBody::UnsignedPayload,
        false => SignableBody::Bytes(&case.body),
    };
    let headers = case.headers.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let request = SignableRequest::new(case.method, uri.as_str(), headers, body).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let added = encode_query(instructions.params().iter().map(|(k, v)| (*k, v.as_ref())));
    let query = [query, added].into_iter().filter(|q| !q.is_empty()).collect::<Vec<_>>().join("&");
    let mut headers: Vec<(String, Vec<u8>)> =
        case.headers.iter().map(|(k, v)| (k.clone(), v.as_bytes().to_vec())).collect();
    headers.push(("Host".into(), b"bucket.example.com:8773".to_vec()));
    headers.extend(instructions.headers().map(|(k, v)| (k.to_owned(), v.as_bytes().to_vec())));
    Owned { method: case.method.into(), path, query, headers, body: case.body.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_aws_signs_verifies(case in case()) {
        let request = signed(&case);
        let result = request.verify(SECRET);
        prop_assert!(result.is_ok(), "{} {}?{}\n{result:#?}", request.method, request.path, request.query);
    }

    #[test]
    fn what_was_altered_does_not(case in case(), what in 0..4) {
        let mut request = signed(&case);
        match what {
            0 => request.method = "PATCH".into(),
            1 => request.path.push_str("/more"),
            2 => request.query = format!("{}&zz=1", request.query),
            _ => request.set("host", "elsewhere.example.com"),
        }
        prop_assert!(request.verify(SECRET).is_err());
        prop_assert!(signed(&case).verify("another secret").is_err());
    }

    #[test]
    fn parse_takes_anything_without_panicking(
        method in "\\PC{0,4}", path in "\\PC{0,20}",
        query in "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=[%a-zA-Z0-9/-]{0,30}&?){0,8}|\\PC{0,30}",
        name in "(authorization|x-amz-date|date|x-amz-content-sha256|x-amz-security-token)",
        value in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let headers = [(name.as_str(), value.as_slice()), ("host", b"x".as_slice())];
        let parts = RequestParts { method: &method, path: &path, query: &query, headers: &headers };
        if let Ok(Presented::Header(sig) | Presented::Query(sig)) = sigv4::parse(parts) {
            let key = sigv4::SigningKey::derive("secret", &sig.scope);
            prop_assert!(sigv4::verify(&sig, &key, parts, sigv4::EMPTY_SHA256, sig.timestamp).is_err());
        }
    }
}
