//! Server-side encryption in requests and replies: the headers and their rules.
//!
//! SSE-C keys are taken over TLS only, as AWS does, unless the configuration says that something in front of us does
//! the TLS (`[object] sse_c_over_http`). They live as long as the request.

use std::collections::BTreeMap;

use api_spec::{ApiError, ErrorCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::exchange::Exchange;
use super::header_map::Headers;
use super::reply::set_named;
use crate::domain::encryption::{Encryption, Method};
use crate::error::Error;

const METHOD: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const CONTEXT: &str = "x-amz-server-side-encryption-context";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
/// Headers of SSE-C for the object of the request.
const OF_OBJECT: CustomerHeaders = CustomerHeaders {
    algorithm: "x-amz-server-side-encryption-customer-algorithm",
    key: "x-amz-server-side-encryption-customer-key",
    md5: "x-amz-server-side-encryption-customer-key-md5",
};
/// Headers of SSE-C for the source of a copy.
const OF_SOURCE: CustomerHeaders = CustomerHeaders {
    algorithm: "x-amz-copy-source-server-side-encryption-customer-algorithm",
    key: "x-amz-copy-source-server-side-encryption-customer-key",
    md5: "x-amz-copy-source-server-side-encryption-customer-key-md5",
};

struct CustomerHeaders {
    algorithm: &'static str,
    key: &'static str,
    md5: &'static str,
}

/// The encryption that a request asks for.
#[derive(Debug)]
pub enum Asked {
    /// None: the bucket's default decides.
    Default,
    /// SSE-S3.
    S3,
    /// SSE-KMS.
    Kms {
        /// The key; S3's own when absent.
        key: Option<String>,
        /// The client's part of the context.
        context: BTreeMap<String, String>,
        /// That part as it came.
        given: Option<String>,
        /// Whether with a bucket key; the bucket decides when absent.
        bucket_key: Option<bool>,
    },
    /// SSE-C.
    Customer(CustomerKey),
}

/// A key that a client brought.
pub struct CustomerKey {
    /// The key.
    pub key: Zeroizing<[u8; 32]>,
    /// Its MD5, base64.
    pub md5: String,
}

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

fn text<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

fn invalid(name: &str, value: &str, message: &str) -> Error {
    Error::argument(name, value, message)
}

/// Reads what a request that writes asks for.
pub fn asked(x: &Exchange) -> Result<Asked, Error> {
    let headers = &x.headers;
    let customer = customer_key(x, &OF_OBJECT)?;
    let method = text(headers, METHOD);
    if let (Some(_), Some(method)) = (&customer, method) {
        return Err(invalid(
            METHOD,
            method,
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ));
    }
    let for_kms = [KMS_KEY, CONTEXT].into_iter().find_map(|name| Some((name, text(headers, name)?)));
    if let (Some((name, value)), true) = (for_kms, method != Some("aws:kms")) {
        return Err(invalid(
            name,
            value,
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        ));
    }
    if let Some(key) = customer {
        return Ok(Asked::Customer(key));
    }
    match method {
        None => Ok(Asked::Default),
        Some("AES256") => Ok(Asked::S3),
        Some("aws:kms") => kms(x),
        Some("aws:kms:dsse") => Err(Error::NotImplementedHeader(METHOD.into())),
        Some(_) => Err(ApiError::new(
            ErrorCode::InvalidEncryptionAlgorithm,
            "The encryption request you specified is not valid. Supported values: AES256, aws:kms.",
        )
        .into()),
    }
}

fn kms(x: &Exchange) -> Result<Asked, Error> {
    signed_for_kms(x)?;
    let bucket_key = match text(&x.headers, BUCKET_KEY) {
        None => None,
        Some(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Some(word) if word.eq_ignore_ascii_case("false") => Some(false),
        Some(other) => return Err(invalid(BUCKET_KEY, other, "The header must be true or false")),
    };
    let given = text(&x.headers, CONTEXT);
    let context = given.map(read_context).transpose()?.unwrap_or_default();
    Ok(Asked::Kms {
        key: text(&x.headers, KMS_KEY).map(str::to_owned),
        context,
        given: given.map(str::to_owned),
        bucket_key,
    })
}

/// A key of KMS is used in somebody's name: the request must be signed, and by version 4.
pub fn signed_for_kms(x: &Exchange) -> Result<(), Error> {
    let version_4 = x.caller.holder().is_some()
        && x.caller.signature.as_ref().is_none_or(|signature| !signature.version_2);
    match version_4 {
        true => Ok(()),
        false => Err(invalid(
            "Authorization",
            "null",
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
        )),
    }
}

fn read_context(given: &str) -> Result<BTreeMap<String, String>, Error> {
    let decoded = STANDARD.decode(given).ok();
    let read = decoded.and_then(|bytes| serde_json::from_slice::<BTreeMap<String, String>>(&bytes).ok());
    let wrong = "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding \
                 JSON which represents a string-string map";
    match read {
        Some(context) if !context.keys().any(|name| name == "aws:s3:arn") => Ok(context),
        _ => Err(invalid(CONTEXT, given, wrong)),
    }
}

/// The customer's key of the object, if the request brings one.
pub fn customer(x: &Exchange) -> Result<Option<CustomerKey>, Error> {
    customer_key(x, &OF_OBJECT)
}

/// The customer's key of the source of a copy.
pub fn customer_of_source(x: &Exchange) -> Result<Option<CustomerKey>, Error> {
    customer_key(x, &OF_SOURCE)
}

fn customer_key(x: &Exchange, names: &CustomerHeaders) -> Result<Option<CustomerKey>, Error> {
    let given = [names.algorithm, names.key, names.md5].map(|name| text(&x.headers, name));
    if given.iter().all(Option::is_none) {
        return Ok(None);
    }
    if !x.caller.origin.secure && !x.service.config.sse_c_over_http {
        return Err(Error::InvalidRequest(
            "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure \
             connection."
                .into(),
        ));
    }
    read_customer_key(names, given).map(Some)
}

fn read_customer_key(names: &CustomerHeaders, given: [Option<&str>; 3]) -> Result<CustomerKey, Error> {
    const WITH: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide";
    let [algorithm, key, md5] = given;
    let algorithm = algorithm
        .ok_or_else(|| invalid(names.algorithm, "null", &format!("{WITH} a valid encryption algorithm.")))?;
    if algorithm != "AES256" {
        return Err(ApiError::new(
            ErrorCode::InvalidEncryptionAlgorithm,
            "The encryption request you specified is not valid. Supported value: AES256.",
        )
        .into());
    }
    // what is wrong with a key is told without the key
    let key = key.ok_or_else(|| invalid(names.key, "null", &format!("{WITH} an appropriate secret key.")))?;
    let md5 = md5.ok_or_else(|| {
        invalid(names.md5, "null", &format!("{WITH} the client calculated MD5 of the secret key."))
    })?;
    let bytes = STANDARD.decode(key).map(Zeroizing::new).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(Zeroizing::new);
    let bytes = bytes.ok_or_else(|| {
        invalid(names.key, "null", "The secret key was invalid for the specified algorithm.")
    })?;
    if STANDARD.encode(Md5::digest(*bytes)) != md5 {
        return Err(invalid(
            names.md5,
            md5,
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ));
    }
    Ok(CustomerKey { key: bytes, md5: md5.to_owned() })
}

/// Refuses the headers of an encryption where a request cannot ask for one.
pub fn refuse_method(headers: &Headers) -> Result<(), Error> {
    match text(headers, METHOD) {
        None => Ok(()),
        Some(value) => Err(invalid(
            METHOD,
            value,
            "x-amz-server-side-encryption header is not supported for this operation.",
        )),
    }
}

/// Refuses a key for what needs none, and its absence for what needs one.
pub fn check_customer(encryption: Option<&Encryption>, given: Option<&CustomerKey>) -> Result<(), Error> {
    let needs = encryption.is_some_and(|encryption| matches!(encryption.method, Method::Customer { .. }));
    match (needs, given) {
        (false, None) | (true, Some(_)) => Ok(()),
        (false, Some(_)) => {
            Err(Error::InvalidRequest("The encryption parameters are not applicable to this object.".into()))
        }
        (true, None) => Err(Error::InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided \
             to retrieve the object."
                .into(),
        )),
    }
}

/// Says in a reply how something is encrypted.
pub fn tell(response: &mut Response, encryption: Option<&Encryption>) {
    match encryption.map(|encryption| &encryption.method) {
        None => {}
        Some(Method::S3 { .. }) => set_named(response, METHOD, "AES256"),
        Some(Method::Kms { key_arn, bucket_key, .. }) => {
            set_named(response, METHOD, "aws:kms");
            set_named(response, KMS_KEY, key_arn);
            if *bucket_key {
                set_named(response, BUCKET_KEY, "true");
            }
        }
        Some(Method::Customer { key_md5 }) => {
            set_named(response, OF_OBJECT.algorithm, "AES256");
            set_named(response, OF_OBJECT.md5, key_md5);
        }
    }
}

/// As [`tell`], for a reply to a write: it repeats the context, too.
pub fn tell_written(response: &mut Response, encryption: Option<&Encryption>) {
    tell(response, encryption);
    if let Some(Method::Kms { given: Some(given), .. }) = encryption.map(|encryption| &encryption.method) {
        set_named(response, CONTEXT, given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(given: [Option<&str>; 3]) -> String {
        read_customer_key(&OF_OBJECT, given).unwrap_err().to_string()
    }

    #[test]
    fn a_customer_key_comes_with_algorithm_and_digest() {
        let (key, md5) = (STANDARD.encode([1; 32]), STANDARD.encode(Md5::digest([1; 32])));
        let read = read_customer_key(&OF_OBJECT, [Some("AES256"), Some(&key), Some(&md5)]).unwrap();
        assert_eq!((*read.key, format!("{read:?}")), ([1; 32], "CustomerKey(..)".to_owned()));
        assert!(message([None, Some(&key), Some(&md5)]).contains("a valid encryption algorithm"));
        assert!(message([Some("AES128"), Some(&key), Some(&md5)]).contains("AES256"));
        assert!(message([Some("AES256"), None, Some(&md5)]).contains("an appropriate secret key"));
        assert!(message([Some("AES256"), Some(&key), None]).contains("the client calculated MD5"));
        let short = STANDARD.encode([1; 16]);
        assert!(message([Some("AES256"), Some(&short), Some(&md5)]).contains("was invalid"));
        let other = STANDARD.encode(Md5::digest([2; 32]));
        assert!(message([Some("AES256"), Some(&key), Some(&other)]).contains("did not match"));
    }

    #[test]
    fn a_context_is_base64_of_a_map_of_texts() {
        let encoded = |json: &str| STANDARD.encode(json);
        assert_eq!(read_context(&encoded(r#"{"a":"b"}"#)).unwrap()["a"], "b");
        for bad in ["{}", &encoded("[]"), &encoded(r#"{"a":1}"#), &encoded(r#"{"aws:s3:arn":"x"}"#)] {
            assert!(read_context(bad).is_err(), "{bad}");
        }
    }
}
