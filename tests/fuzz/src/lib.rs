//! What an enemy's bytes reach first: policies, signatures, query bodies, chunked bodies, forms, XML bodies, and the path,
//! query and host of S3 requests. Each target takes any bytes and fails by panicking.
//!
//! `fuzz/` runs them without end (`cargo +nightly fuzz run policy`), `tests/bounded.rs` for a moment, over `corpus/` and
//! what is made of it, in every `cargo test`.

use api_spec::ec2::run_instances::RunInstances;
use api_spec::iam::CreateUser;
use api_spec::protocol::query;
use api_spec::s3;
use auth::policy::{
    Context, Policies, Policy, PolicyKind, Principal, Quota, Request, Source, evaluate, exceeded,
};
use auth::sigv4::{self, EMPTY_SHA256, RequestParts, SigningKey};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use object::api::query::Query;
use object::api::route::route;
use object::api::target::Target as Place;
use object::body::chunked::Decoder;
use object::body::form::{Event, Head, Parser};
use object::domain::names::{MAX_KEY_BYTES, climbs_out};
use object::domain::post_policy::{PostPolicy, Submitted};

/// A target by its name.
pub type Target = fn(&[u8]);

/// All of them, with the folder of their corpus.
pub const TARGETS: [(&str, Target); 8] = [
    ("policy", policy),
    ("sigv4", sigv4),
    ("query", query_body),
    ("chunked", chunked),
    ("form", form),
    ("post-policy", post_policy),
    ("xml", xml),
    ("address", address),
];

/// A policy document: parsed as each kind; what is taken must be decided on, and mean the same when read again.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (principal, mut context) = (Principal::Anonymous, Context::new());
    context.insert("aws:SourceIp", "192.0.2.1").insert_many("aws:TagKeys", ["a", "b"]);
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        context: &context,
    };
    for kind in [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust, PolicyKind::Any] {
        let Ok(policy) = Policy::parse_as(text, kind) else { continue };
        let decide = |policy: &Policy| {
            let policies =
                Policies { identity: vec![Source::new("p", policy.clone())], ..Policies::default() };
            let over = exceeded(&request, &policies, &[(Quota::Instances, 1)]);
            (evaluate(&request, &policies, Some(policy), Some("111122223333")), over)
        };
        let again = Policy::parse_as(policy.source(), kind);
        assert_eq!(again.as_ref().map(decide), Ok(decide(&policy)), "read again it means something else");
    }
}

/// A request's head: method, path, query and headers, a line each. Nothing that was not signed may verify.
pub fn sigv4(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (method, path, query) = (next(), next(), next());
    let headers: Vec<(&str, &[u8])> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim().as_bytes()))
        .collect();
    let parts = RequestParts { method, path, query, headers: &headers };
    let Ok(presented) = sigv4::parse(parts) else { return };
    let Some(sig) = presented.sigv4() else { return };
    let key = SigningKey::derive("a secret that no corpus was signed with", &sig.scope);
    let verified = sigv4::verify(sig, &key, parts, EMPTY_SHA256, sig.timestamp);
    assert!(verified.is_err(), "a signature by nobody was accepted");
    assert!(sigv4::verify(sig, &key, parts, EMPTY_SHA256, Timestamp::UNIX_EPOCH).is_err());
}

/// A form body: into the tree of its names, and from there into requests with lists, structures and numbers.
pub fn query_body(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(tree) = query::parse(text) {
        // most are refused: it is enough that they are
        let _ = tree.decode::<RunInstances>();
        let _ = tree.decode::<CreateUser>();
    }
}

/// A chunked body: in pieces of any size it decodes to the same as in one.
pub fn chunked(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else { return };
    let whole = decode(std::iter::once(body));
    let pieces = decode(body.chunks(usize::from(*cut).max(1)));
    assert_eq!(whole, pieces, "the pieces of a body change what is read");
}

/// An XML body, read as each of the documents that S3 takes.
pub fn xml(data: &[u8]) {
    // most are refused: it is enough that they are
    let _ = s3::read::<s3::object::Delete>(data, "Delete");
    let _ = s3::read::<s3::multipart::CompleteMultipartUpload>(data, "CompleteMultipartUpload");
    let _ = s3::read::<s3::lifecycle::LifecycleConfiguration>(data, "LifecycleConfiguration");
    let _ = s3::read::<s3::cors::CorsConfiguration>(data, "CORSConfiguration");
    let _ = s3::read::<s3::tagging::Tagging>(data, "Tagging");
    let _ = s3::read::<s3::acl::AccessControlPolicy>(data, "AccessControlPolicy");
    let _ = s3::read::<s3::encryption::ServerSideEncryptionConfiguration>(
        data,
        "ServerSideEncryptionConfiguration",
    );
    let _ = s3::read::<s3::lock::ObjectLockConfiguration>(data, "ObjectLockConfiguration");
    let _ = s3::read::<s3::restore::RestoreRequest>(data, "RestoreRequest");
}

/// Method, path with query, and host of an S3 request, a line each. No key leads out of its bucket.
pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or_default();
    let Ok(method) = next().parse::<Method>() else { return };
    let Ok(uri) = next().parse::<Uri>() else { return };
    let mut headers = HeaderMap::new();
    if let Ok(host) = HeaderValue::from_str(next()) {
        headers.insert(header::HOST, host);
    }
    let Ok(query) = Query::parse(uri.query().unwrap_or("")) else { return };
    let Ok(place) = Place::of(&uri, &headers, &["cloud.test".to_owned()], "us-east-1") else { return };
    let key = place.key.as_deref().unwrap_or_default();
    assert!(key.len() <= MAX_KEY_BYTES && !climbs_out(key), "{key} leads out of its bucket");
    assert!(place.control || !place.bucket.as_deref().unwrap_or_default().contains(char::is_control));
    // whether there is such an operation is another question
    let _ = route(&method, &place, &query, &headers);
    let _ = query.number("max-keys");
}

/// Content and trailers.
type Decoded = (Vec<u8>, Vec<(String, String)>);

/// None when the body is malformed.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<Decoded> {
    let mut decoder = Decoder::new(None, false);
    let mut content = Vec::new();
    for piece in pieces {
        let taken = decoder.push(piece, |data| {
            content.extend_from_slice(data);
            Ok(())
        });
        taken.ok()?;
    }
    let trailers = decoder.finish().ok()?;
    Some((content, trailers))
}

/// A browser's form with the boundary `b`: in pieces of any size it has the same parts as in one.
pub fn form(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else { return };
    let whole = parts(std::iter::once(body));
    let pieces = parts(body.chunks(usize::from(*cut).max(1)));
    assert_eq!(whole, pieces, "the pieces of a form change what is read");
}

/// Heads, contents, and whether the form has ended.
pub type Parts = (Vec<(Head, Vec<u8>)>, bool);

/// What a form has, read in these pieces; none when it is malformed.
pub fn parts<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<Parts> {
    let mut parser = Parser::new("b");
    let (mut parts, mut ended) = (Vec::new(), false);
    for piece in pieces {
        parser.push(piece.to_vec().into());
        while let Some(event) = parser.event().ok()? {
            match event {
                Event::Part(head) => parts.push((head, Vec::new())),
                Event::Content(content) => parts.last_mut()?.1.extend_from_slice(&content),
                Event::PartEnd => {}
                Event::End => ended = true,
            }
        }
    }
    Some((parts, ended))
}

/// The document of a form's policy: what is taken must be decided on, and never lets a field pass that it does not name.
pub fn post_policy(data: &[u8]) {
    let Ok(policy) = PostPolicy::parse(&STANDARD.encode(data)) else { return };
    let fields =
        [("key".to_owned(), "user/a".to_owned()), ("\0 nobody names this".to_owned(), String::new())];
    let check =
        |fields| policy.check(Timestamp::UNIX_EPOCH, Submitted { fields, bucket: "mine", exempt: &[] });
    // most are refused: it is enough that they are
    let _ = (check(&[]), check(&fields[..1]));
    assert!(check(&fields).is_err(), "a field passed that no condition is about");
}
