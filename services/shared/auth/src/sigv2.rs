//! Signature Version 2 in the query of an S3 request (`AWSAccessKeyId`, `Signature`, `Expires`): what boto3 and
//! aws-cli 1 still presign with in us-east-1; and of the policy of a browser's form, where the policy as it was sent is
//! the string that is signed. Nothing else of that version is spoken.
//!
//! It is an HMAC-SHA1 by the secret itself, so only identity, which keeps the secret, can [`sign`]; a service
//! [`parse`]s, has identity sign the [`QueryV2::string_to_sign`], and compares with [`QueryV2::matches`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac;

use crate::sigv4::{RequestParts, percent_decode};

/// Query parameters that name another resource than the object itself, and so are signed: those that AWS documents, and
/// those that botocore, the one client that still signs so, counts among them.
const SUBRESOURCES: [&str; 35] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// A session token in the query stands for a header of this name and is signed as one.
const TOKEN: &str = "x-amz-security-token";

/// What a request of this version presents. Nothing in it is to be believed before [`QueryV2::matches`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryV2 {
    /// The access key that claims to have signed.
    pub access_key_id: String,
    /// When the request ends.
    pub expires: Timestamp,
    /// The token that goes with temporary credentials.
    pub session_token: Option<String>,
    /// What the signature is over.
    pub string_to_sign: String,
    /// What it may be over instead: botocore signs a bucket's path with a slash at its end and sends it without.
    pub of_bucket: Option<String>,
    signature: String,
}

/// Why such a request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryV2Error {
    /// A parameter is absent or not text.
    #[error("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")]
    Missing,
    /// `Expires` is no time.
    #[error("Invalid date (should be seconds since epoch): {0}")]
    MalformedExpires(String),
}

/// The signature of this version that a request carries; none when it carries none.
///
/// # Errors
/// Where one of the three parameters is absent or cannot be read.
pub fn parse(parts: RequestParts<'_>) -> Result<Option<QueryV2>, QueryV2Error> {
    let value = |name: &str| pairs(parts.query).find(|(known, _)| *known == name).map(|(_, value)| value);
    let Some(access_key_id) = value("AWSAccessKeyId") else { return Ok(None) };
    let text = |raw: Option<&str>| raw.and_then(percent_decode).map(|text| text.into_owned());
    let access_key_id = text(Some(access_key_id)).ok_or(QueryV2Error::Missing)?;
    let signature = text(value("Signature")).ok_or(QueryV2Error::Missing)?;
    let expires = text(value("Expires")).ok_or(QueryV2Error::Missing)?;
    let end = expires
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| QueryV2Error::MalformedExpires(expires.clone()))?;
    let in_query = text(value(TOKEN));
    let over = |path: &str| string_to_sign(&parts, path, &expires, in_query.as_deref());
    let bucket = parts.path.strip_prefix('/').filter(|bucket| !bucket.is_empty() && !bucket.contains('/'));
    let of_bucket = bucket.map(|bucket| over(&format!("/{bucket}/")));
    let string_to_sign = over(parts.path);
    let header = parts.values(TOKEN).next().map(|token| String::from_utf8_lossy(token).trim().to_owned());
    let session_token = in_query.or(header);
    Ok(Some(QueryV2 { access_key_id, expires: end, session_token, string_to_sign, of_bucket, signature }))
}

impl QueryV2 {
    /// Whether the signature is `expected`, as [`sign`] gives it; constant time.
    pub fn matches(&self, expected: &str) -> bool {
        matches(&self.string_to_sign, &self.signature, expected)
    }

    /// The signature as sent.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

/// Whether the signature that came with a string is `expected`, as [`sign`] gives it; constant time.
pub fn matches(string_to_sign: &str, signature: &str, expected: &str) -> bool {
    // Compared as tags of a key made for this one comparison: what differs where does not show in the time.
    let key = hmac::Key::new(hmac::HMAC_SHA256, string_to_sign.as_bytes());
    hmac::verify(&key, signature.as_bytes(), hmac::sign(&key, expected.as_bytes()).as_ref()).is_ok()
}

/// The signature of a string by a secret.
pub fn sign(secret: &str, string_to_sign: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, string_to_sign.as_bytes()))
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn string_to_sign(parts: &RequestParts<'_>, path: &str, expires: &str, token: Option<&str>) -> String {
    let header = |name| parts.values(name).next().map(String::from_utf8_lossy).unwrap_or_default();
    let (md5, kind) = (header("content-md5"), header("content-type"));
    format!(
        "{}\n{}\n{}\n{expires}\n{}{}{}",
        parts.method,
        md5.trim(),
        kind.trim(),
        amz_headers(parts, token),
        path,
        subresources(parts.query)
    )
}

/// `name:value\n` for each `x-amz-` header, by name.
fn amz_headers(parts: &RequestParts<'_>, token: Option<&str>) -> String {
    let mut headers: Vec<(String, String)> =
        token.iter().map(|token| (TOKEN.to_owned(), (*token).to_owned())).collect();
    for (name, value) in parts.headers {
        let (name, value) = (name.to_ascii_lowercase(), String::from_utf8_lossy(value));
        if !name.starts_with("x-amz-") {
            continue;
        }
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(value.trim());
            }
            None => headers.push((name, value.trim().to_owned())),
        }
    }
    headers.sort();
    headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
}

/// `?acl&versionId=1`: what of the query is signed, by name, values decoded.
fn subresources(query: &str) -> String {
    let mut signed: Vec<_> = pairs(query).filter(|(name, _)| SUBRESOURCES.contains(name)).collect();
    signed.sort_by_key(|(name, _)| *name);
    let mut out = String::new();
    for (name, value) in signed {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        if !value.is_empty() {
            out.push('=');
            out.push_str(&percent_decode(value).unwrap_or_default());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(query: &'a str, headers: &'a [(&'a str, &'a [u8])]) -> RequestParts<'a> {
        RequestParts { method: "GET", path: "/johnsmith/photos/puppy.jpg", query, headers }
    }

    #[test]
    fn aws_published_example_is_signed_as_published() {
        let query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
        let parsed = parse(request(query, &[])).unwrap().unwrap();
        assert_eq!(parsed.string_to_sign, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
        assert!(parsed.matches(&sign("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &parsed.string_to_sign)));
        assert!(!parsed.matches(&sign("another secret", &parsed.string_to_sign)));
        assert_eq!(parsed.expires.as_second(), 1_175_139_620);
    }

    #[test]
    fn headers_and_subresources_are_covered_in_order() {
        let query = "uploads&AWSAccessKeyId=A&Signature=s&Expires=1&acl=&response-content-type=a%2Fb&other=1";
        let headers: [(&str, &[u8]); 3] =
            [("X-Amz-Meta-B", b" 2 "), ("Content-Type", b"text/x"), ("x-amz-meta-a", b"1")];
        let parsed = parse(request(query, &headers)).unwrap().unwrap();
        assert_eq!(
            parsed.string_to_sign,
            "GET\n\ntext/x\n1\nx-amz-meta-a:1\nx-amz-meta-b:2\n\
             /johnsmith/photos/puppy.jpg?acl&response-content-type=a/b&uploads"
        );
    }

    #[test]
    fn a_session_token_in_the_query_is_signed_as_the_header_it_stands_for() {
        let query = "AWSAccessKeyId=ASIA&Signature=s&Expires=1&x-amz-security-token=a%2Bb%3D";
        let parsed = parse(request(query, &[("x-amz-meta-z", b"1")])).unwrap().unwrap();
        assert_eq!(parsed.session_token.as_deref(), Some("a+b="));
        assert_eq!(
            parsed.string_to_sign,
            "GET\n\n\n1\nx-amz-meta-z:1\nx-amz-security-token:a+b=\n/johnsmith/photos/puppy.jpg"
        );
    }

    #[test]
    fn a_bucket_may_be_signed_with_a_slash_at_its_end() {
        let of = |path| {
            let query = "versions&prefix=p&AWSAccessKeyId=A&Signature=s&Expires=1";
            let parsed = parse(RequestParts { path, ..request(query, &[]) }).unwrap().unwrap();
            (parsed.string_to_sign, parsed.of_bucket)
        };
        assert_eq!(of("/b"), ("GET\n\n\n1\n/b?versions".into(), Some("GET\n\n\n1\n/b/?versions".into())));
        assert_eq!(of("/b/"), ("GET\n\n\n1\n/b/?versions".into(), None));
        assert_eq!(of("/b/k").1, None);
        assert_eq!(of("/").1, None);
    }

    #[test]
    fn a_request_without_it_is_left_alone_and_half_of_it_is_refused() {
        assert_eq!(parse(request("X-Amz-Signature=x", &[])), Ok(None));
        assert_eq!(parse(request("AWSAccessKeyId=A&Expires=1", &[])), Err(QueryV2Error::Missing));
        let soon = "AWSAccessKeyId=A&Expires=soon&Signature=s";
        assert_eq!(parse(request(soon, &[])), Err(QueryV2Error::MalformedExpires("soon".into())));
    }
}
