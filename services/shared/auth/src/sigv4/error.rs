//! Why a signature was not accepted: one variant a cause, so that each service can answer with its own code.

use jiff::Timestamp;

/// Everything that can be wrong with a request's credentials, apart from the key being unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigError {
    /// Credentials both in the header and in the query.
    #[error(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"
    )]
    MultipleMechanisms,
    /// Not `AWS4-HMAC-SHA256`; the algorithm or scheme that was named.
    #[error("unsupported signing algorithm '{0}'")]
    UnsupportedAlgorithm(String),
    /// `Credential`, `SignedHeaders` or `Signature` is absent from the `Authorization` header.
    #[error("Authorization header requires '{0}' parameter.")]
    MissingAuthorizationPart(&'static str),
    /// The `Authorization` header cannot be read.
    #[error("the authorization header is malformed: {0}")]
    MalformedAuthorization(&'static str),
    /// A presigned request lacks this query parameter.
    #[error(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters; missing {0}"
    )]
    MissingParameter(&'static str),
    /// A presigned request's parameter is repeated or cannot be read.
    #[error("the query parameter {name} is malformed: {reason}")]
    MalformedParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The credential is not `KEY/YYYYMMDD/REGION/SERVICE/aws4_request`.
    #[error(
        "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\", got \"{0}\""
    )]
    MalformedCredential(String),
    /// Not a list of distinct lower-case header names.
    #[error("SignedHeaders is malformed: \"{0}\"")]
    MalformedSignedHeaders(String),
    /// Neither `X-Amz-Date` nor `Date`.
    #[error("AWS authentication requires a valid Date or x-amz-date header")]
    MissingDate,
    /// A date that cannot be read, or is given twice.
    #[error("the date \"{0}\" must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")]
    MalformedDate(String),
    /// `X-Amz-Expires` is not a number of seconds in 1..=604800.
    #[error("X-Amz-Expires must be a number of seconds from 1 to 604800")]
    MalformedExpires,
    /// `x-amz-content-sha256` is neither 64 hex digits nor one of the known words.
    #[error(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value; got \"{0}\""
    )]
    MalformedContentSha256(String),
    /// A session token that is not text, or given twice.
    #[error("the security token is malformed")]
    MalformedToken,
    /// `host` is not among the signed headers.
    #[error("'Host' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// A header that must be signed when present is not; its lower-case name.
    #[error("There were headers present in the request which were not signed: {0}")]
    UnsignedHeader(String),
    /// The clocks differ by more than 15 minutes.
    #[error("The difference between the request time and the current time is too large.")]
    Skewed {
        /// When the client says it signed.
        request: Timestamp,
        /// Our clock.
        server: Timestamp,
    },
    /// A presigned request from the future.
    #[error("Request is not yet valid")]
    NotYetValid {
        /// When the client says it signed.
        request: Timestamp,
        /// Our clock.
        server: Timestamp,
    },
    /// A presigned request whose life is over.
    #[error("Request has expired")]
    Expired {
        /// When it ended.
        expired: Timestamp,
        /// The life it was given, in seconds.
        expires_s: u64,
        /// Our clock.
        server: Timestamp,
    },
    /// The scope's day is not the day of the timestamp.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{request}'"
    )]
    ScopeDateMismatch {
        /// The day in the credential.
        scope: String,
        /// The day of the request's date.
        request: String,
    },
    /// The signature is not the one we compute. S3 shows both strings to the client.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your key and signing method."
    )]
    SignatureMismatch {
        /// What we hashed.
        canonical_request: String,
        /// What we signed.
        string_to_sign: String,
    },
    /// The signature of one chunk or of the trailer is not the one we compute.
    #[error("the signature of a chunk or of the trailer does not match")]
    ChunkSignatureMismatch,
}
