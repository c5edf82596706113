//! The awsJson protocol: the action stands in the header `X-Amz-Target`, parameters and answers are JSON.

use api_spec::{ApiError, ErrorCode};
use axum::http::{Method, request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The action that a request names after `prefix`.
///
/// # Errors
/// When it names none, or is no such request.
pub fn action(parts: &request::Parts, prefix: &str) -> Result<String, ApiError> {
    let unknown =
        || ApiError::new(ErrorCode::InvalidAction, "The request names no operation of this service.");
    if parts.method != Method::POST {
        return Err(unknown());
    }
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let action = target.and_then(|target| target.strip_prefix(prefix)).filter(|action| !action.is_empty());
    action.map(str::to_owned).ok_or_else(unknown)
}

/// Reads a body as the request it is for. An empty body has no parameters.
///
/// # Errors
/// `ValidationException` for a missing or unknown member, `SerializationException` for what is no such JSON.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        if let Some(name) = what.strip_prefix("missing field ") {
            return ApiError::new(
                ErrorCode::ValidationError,
                format!(
                    "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                    camel(name.trim_matches('`'))
                ),
            );
        }
        if let Some(rest) = what.strip_prefix("unknown field ") {
            let name = rest.split('`').nth(1).unwrap_or_default();
            return ApiError::new(ErrorCode::ValidationError, format!("The member {name} is not recognized"));
        }
        // serde quotes what was sent, and that may be a secret
        ApiError::new(ErrorCode::SerializationException, "The request is not the JSON that this operation takes.")
    })
}

/// Writes an answer; what is absent is left out, an answer with nothing in it has no body.
///
/// # Errors
/// When the type cannot be written as JSON.
pub fn encode<T: Serialize>(output: &T) -> Result<String, ApiError> {
    let mut value = serde_json::to_value(output).map_err(ApiError::internal)?;
    strip(&mut value);
    match &value {
        Value::Object(members) if members.is_empty() => Ok(String::new()),
        _ => Ok(value.to_string()),
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use api_spec::kms::{DescribeKey, GenerateDataKeyResponse, Plaintext};
    use api_spec::{Blob, Empty};

    use super::*;

    #[test]
    fn bodies_are_read_strictly_and_a_refusal_repeats_no_value() {
        assert_eq!(decode::<DescribeKey>(br#"{"KeyId":"a"}"#).unwrap().key_id, "a");
        let refused = |body: &[u8]| decode::<DescribeKey>(body).unwrap_err();
        let missing = refused(b"");
        assert_eq!(missing.code, ErrorCode::ValidationError);
        assert!(missing.message.contains("Value null at 'keyId'"), "{missing}");
        assert!(refused(br#"{"KeyId":"a","Nope":1}"#).message.contains("Nope"));
        for bad in [&b"{\"KeyId\":[\"secret\"]}"[..], b"\"secret\"", b"{", b"[]", b"{\"KeyId\":\"\xff\"}"] {
            let error = refused(bad);
            assert_eq!(error.code, ErrorCode::SerializationException);
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn blobs_are_base64_and_nothing_is_no_body() {
        let answer = GenerateDataKeyResponse {
            ciphertext_blob: Blob(vec![1, 2]),
            plaintext: Plaintext(Blob(vec![3])),
            key_id: "k".into(),
        };
        assert_eq!(encode(&answer).unwrap(), r#"{"CiphertextBlob":"AQI=","KeyId":"k","Plaintext":"Aw=="}"#);
        assert!(!format!("{answer:?}").contains('3'));
        assert_eq!(encode(&Empty {}).unwrap(), "");
    }
}
