//! What S3 says of a signature that it does not accept: codes, words and further elements as S3 has them on the wire.

use api_spec::{ApiError, ErrorCode};
use auth::sigv4::{self, Carrier, SigError, SigV4};

/// The difference of clocks that S3 allows.
const MAX_SKEW_MS: &str = "900000";
const NO_DATE: &str = "AWS authentication requires a valid Date or x-amz-date header";
const NOT_SIGNED: &str = "There were headers present in the request which were not signed";
const EXPECTING: &str =
    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";

/// S3's refusal. `sig` is what was presented, where it could be read.
pub fn refusal(error: &SigError, carrier: Carrier, sig: Option<&SigV4>) -> ApiError {
    let new = |code, message: &str| ApiError::new(code, message);
    let denied = |message| new(ErrorCode::AccessDenied, message);
    let api = match error {
        SigError::MultipleMechanisms => argument("Authorization", "null", &error.to_string()),
        SigError::UnsupportedAlgorithm(name) => unsupported(name, carrier),
        SigError::MissingAuthorizationPart(_) => malformed(
            carrier,
            "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
        ),
        SigError::MalformedAuthorization(why) => malformed(carrier, why),
        SigError::MalformedCredential(_) => malformed(carrier, EXPECTING),
        SigError::MalformedSignedHeaders(_) => malformed(carrier, &error.to_string()),
        SigError::ScopeDateMismatch { .. } if carrier == Carrier::Form => {
            new(ErrorCode::SignatureDoesNotMatch, &error.to_string())
        }
        SigError::ScopeDateMismatch { scope, request } => malformed(
            carrier,
            &format!(
                "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{request}\"."
            ),
        ),
        SigError::MissingParameter(_) => new(
            ErrorCode::AuthorizationQueryParametersError,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
             X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        SigError::MalformedParameter { .. } | SigError::MalformedExpires => {
            new(ErrorCode::AuthorizationQueryParametersError, &error.to_string())
        }
        SigError::MalformedDate(_) if carrier == Carrier::Query => new(
            ErrorCode::AuthorizationQueryParametersError,
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ),
        SigError::MissingDate | SigError::MalformedDate(_) => denied(NO_DATE),
        SigError::HostNotSigned => denied(NOT_SIGNED).detail("HeadersNotSigned", "host"),
        SigError::UnsignedHeader(name) => denied(NOT_SIGNED).detail("HeadersNotSigned", name),
        SigError::MalformedContentSha256(sent) => argument(
            "x-amz-content-sha256",
            sent,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
             STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        ),
        SigError::MalformedToken => {
            new(ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid.")
        }
        SigError::Skewed { request, server } => new(ErrorCode::RequestTimeTooSkewed, &error.to_string())
            .detail("RequestTime", request.to_string())
            .detail("ServerTime", server.to_string())
            .detail("MaxAllowedSkewMilliseconds", MAX_SKEW_MS),
        SigError::NotYetValid { request, server } => denied(&error.to_string())
            .detail("RequestTime", request.to_string())
            .detail("ServerTime", server.to_string()),
        SigError::Expired { expired, expires_s, server } => {
            let api = denied(&error.to_string());
            // version 2 says when a request ends, and not how long it lives
            let api = if *expires_s > 0 { api.detail("X-Amz-Expires", expires_s.to_string()) } else { api };
            api.detail("Expires", expired.to_string()).detail("ServerTime", server.to_string())
        }
        SigError::SignatureMismatch { canonical_request, string_to_sign } => {
            let api = new(ErrorCode::SignatureDoesNotMatch, &error.to_string());
            return signed_otherwise(api, string_to_sign, canonical_request, sig);
        }
        SigError::ChunkSignatureMismatch => new(ErrorCode::SignatureDoesNotMatch, &error.to_string()),
    };
    ApiError { internal: Some(error.to_string()), ..api }
}

/// S3's refusal of a signature that was made for another service.
pub fn wrong_service(sig: &SigV4) -> ApiError {
    let wrong = &sig.scope.service;
    malformed(sig.carrier, &format!("incorrect service \"{wrong}\". This endpoint belongs to \"s3\"."))
}

fn malformed(carrier: Carrier, why: &str) -> ApiError {
    match carrier {
        Carrier::Header => ApiError::new(
            ErrorCode::AuthorizationHeaderMalformed,
            format!("The authorization header is malformed; {why}"),
        ),
        Carrier::Query | Carrier::Form => ApiError::new(
            ErrorCode::AuthorizationQueryParametersError,
            format!("Error parsing the X-Amz-Credential parameter; {why}"),
        ),
    }
}

/// `AWS` is Signature Version 2, which is not spoken in headers; another scheme is none of S3's.
fn unsupported(name: &str, carrier: Carrier) -> ApiError {
    match carrier {
        Carrier::Query | Carrier::Form => ApiError::new(
            ErrorCode::AuthorizationQueryParametersError,
            format!("X-Amz-Algorithm only supports \"{}\"", sigv4::ALGORITHM),
        ),
        Carrier::Header if name == "AWS" || name.starts_with("AWS4-") => ApiError::new(
            ErrorCode::InvalidRequest,
            format!(
                "The authorization mechanism you have provided is not supported. Please use {}.",
                sigv4::ALGORITHM
            ),
        ),
        Carrier::Header => argument("Authorization", name, "Unsupported Authorization Type"),
    }
}

fn argument(name: &'static str, value: &str, message: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidArgument, message)
        .detail("ArgumentName", name)
        .detail("ArgumentValue", value)
}

/// S3 shows what it would have signed, as text and in bytes, so that a client can be compared with it. Of a form and of
/// version 2 that is a string alone.
fn signed_otherwise(api: ApiError, string: &str, request: &str, sig: Option<&SigV4>) -> ApiError {
    let api = match sig {
        Some(sig) => api
            .detail("AWSAccessKeyId", &sig.access_key_id)
            .detail("StringToSign", string)
            .detail("SignatureProvided", &sig.signature),
        None => api.detail("StringToSign", string),
    };
    let api = api.detail("StringToSignBytes", bytes_of(string));
    match request {
        "" => api,
        request => api.detail("CanonicalRequest", request).detail("CanonicalRequestBytes", bytes_of(request)),
    }
}

fn bytes_of(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
