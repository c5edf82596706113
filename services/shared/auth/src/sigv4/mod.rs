//! Verification of AWS Signature Version 4: header, presigned and chunked.
//!
//! The order of use: [`parse`] the request into what it [`Presented`], look up the secret of the
//! access key, [`SigningKey::derive`] (or take it from a cache keyed by key id and [`Scope`]), then
//! [`verify`]. A body sent in signed chunks goes on with a [`ChunkVerifier`].
//!
//! Invariants: comparing signatures takes constant time; key material is wiped when dropped and never
//! printed; a request is canonicalised into buffers that the thread reuses.

mod canonical;
mod chunk;
mod error;
mod hash;
mod key;
mod parse;
mod verify;

pub use chunk::{ChunkVerifier, canonical_trailer};
pub use error::SigError;
pub use hash::{EMPTY_SHA256, Hasher, HexDigest, hex, sha256, sha256_hex, unhex};
pub use key::SigningKey;
pub(crate) use parse::decode as percent_decode;
pub use parse::{parse, parse_credential, parse_iso_basic};
pub use verify::{Verified, check_scope_date, verify, verify_form};

use jiff::Timestamp;

/// The only algorithm there is today.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far a client's clock may be from ours, either way, in seconds.
pub const MAX_SKEW_S: i64 = 15 * 60;

/// The longest life of a presigned request, in seconds (seven days).
pub const MAX_EXPIRES_S: u64 = 604_800;

/// A request as it came over the wire, nothing decoded.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// `GET`, `PUT`, ...
    pub method: &'a str,
    /// The path as sent, percent-encoding and all, from the first `/` to before the `?`.
    pub path: &'a str,
    /// What follows the first `?`, as sent; empty when there is none.
    pub query: &'a str,
    /// Every header in order of arrival, repeated ones repeated; names in any case.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> RequestParts<'a> {
    /// All values of a header, in order of arrival.
    pub fn values(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
    }
}

/// The credentials that a request carries, not yet verified.
#[derive(Clone, Debug)]
pub enum Presented {
    /// No credentials at all: an anonymous request.
    None,
    /// An `Authorization: AWS4-HMAC-SHA256 ...` header.
    Header(SigV4),
    /// A presigned request: `X-Amz-Signature` and its siblings in the query.
    Query(SigV4),
}

impl Presented {
    /// The signature's parts, wherever they were carried.
    pub fn sigv4(&self) -> Option<&SigV4> {
        match self {
            Presented::None => None,
            Presented::Header(sig) | Presented::Query(sig) => Some(sig),
        }
    }
}

/// Where a signature was carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned request.
    Query,
    /// In the fields of a browser's form: it covers the form's policy, nothing else.
    Form,
}

/// What a SigV4 request says about itself. Nothing in it is to be believed before [`verify`].
#[derive(Clone, Debug)]
pub struct SigV4 {
    /// The access key (`AKIA...`, `ASIA...`) that claims to have signed.
    pub access_key_id: String,
    /// Day, region and service that the signing key was derived for.
    pub scope: Scope,
    /// Lower-case names of the headers that the signature covers, in the order signed.
    pub signed_headers: Vec<String>,
    /// The signature as sent: 64 hex digits when well formed.
    pub signature: String,
    /// When the client says it signed.
    pub timestamp: Timestamp,
    /// The token that goes with temporary credentials.
    pub session_token: Option<String>,
    /// How the body is covered.
    pub payload: Payload,
    /// Life of a presigned request in seconds, 1..=604800; none in a header signature.
    pub expires_s: Option<u64>,
    /// Header or query.
    pub carrier: Carrier,
}

/// The credential scope: what one derived signing key is good for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub date: String,
    /// The region the client signed for.
    pub region: String,
    /// The service the client signed for: `s3`, `ec2`, `iam`, `sts`, ...
    pub service: String,
}

impl Scope {
    /// S3 signs the path as it is; every other service normalises it and encodes it once more.
    pub(crate) fn is_s3(&self) -> bool {
        self.service == "s3"
    }
}

/// How a request's body is covered by its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing declared: the signature covers the SHA-256 of the body, which the server computes.
    Body,
    /// The SHA-256 of the body, declared in `x-amz-content-sha256`; the server must hold the body to it.
    Sha256(HexDigest),
    /// `UNSIGNED-PAYLOAD`.
    Unsigned,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: aws-chunked, no chunk signatures, a trailer follows.
    StreamingUnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: aws-chunked, each chunk signed.
    StreamingSigned,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`: the same with a signed trailer.
    StreamingSignedTrailer,
}

impl Payload {
    /// The value that the canonical request ends with, to hand to [`verify`]; none for [`Payload::Body`],
    /// where it is the [`sha256_hex`] of the body.
    pub fn declared(&self) -> Option<&str> {
        match self {
            Payload::Body => None,
            Payload::Sha256(digest) => Some(digest.as_str()),
            Payload::Unsigned => Some("UNSIGNED-PAYLOAD"),
            Payload::StreamingUnsignedTrailer => Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            Payload::StreamingSigned => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            Payload::StreamingSignedTrailer => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        }
    }

    /// The body comes in aws-chunked framing.
    pub fn is_streaming(&self) -> bool {
        matches!(
            self,
            Payload::StreamingUnsignedTrailer | Payload::StreamingSigned | Payload::StreamingSignedTrailer
        )
    }
}
