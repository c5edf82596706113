//! What an enemy's bytes reach first: policies, signatures, query bodies, chunked bodies. Each target takes any bytes and
//! fails by panicking.
//!
//! `fuzz/` runs them without end (`cargo +nightly fuzz run policy`), `tests/bounded.rs` for a moment, over `corpus/` and
//! what is made of it, in every `cargo test`.

use api_spec::ec2::run_instances::RunInstances;
use api_spec::iam::CreateUser;
use api_spec::protocol::query;
use auth::policy::{
    Context, Policies, Policy, PolicyKind, Principal, Quota, Request, Source, evaluate, exceeded,
};
use auth::sigv4::{self, EMPTY_SHA256, RequestParts, SigningKey};
use jiff::Timestamp;
use object::body::chunked::Decoder;

/// A target by its name.
pub type Target = fn(&[u8]);

/// All of them, with the folder of their corpus.
pub const TARGETS: [(&str, Target); 4] =
    [("policy", policy), ("sigv4", sigv4), ("query", query_body), ("chunked", chunked)];

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
