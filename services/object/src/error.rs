//! Everything that can go wrong here, and AWS's code for each.

use api_spec::{ApiError, ErrorCode};
use auth::sigv4::SigError;
use jiff::Timestamp;

use crate::domain::checksum::Algorithm;
use crate::domain::class::StorageClass;

/// Why an operation did not succeed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant says what it means in its message")]
pub enum Error {
    #[error("The specified bucket does not exist")]
    NoSuchBucket(String),
    #[error("The specified key does not exist.")]
    NoSuchKey(String),
    #[error("The specified version does not exist.")]
    NoSuchVersion { key: String, version: String },
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
         or completed."
    )]
    NoSuchUpload(String),
    #[error("The specified key does not exist.")]
    DeletedKey { key: String, version: String },
    #[error("The specified method is not allowed against this resource.")]
    VersionIsMarker { method: String, version: String, modified: Timestamp },
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty(String),
    #[error("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")]
    VersionsLeft(String),
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou(String),
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
         Please select a different name and try again."
    )]
    BucketAlreadyExists(String),
    #[error("The specified bucket is not valid.")]
    InvalidBucketName(String),
    #[error("Couldn't parse the specified URI.")]
    InvalidUri(String),
    #[error("Your key is too long")]
    KeyTooLong { size: usize },
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed(&'static str),
    #[error("Not Modified")]
    NotModified,
    #[error("The requested range is not satisfiable")]
    InvalidRange { asked: String, size: u64 },
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber,
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the \
         specified entity tag may not match the part's entity tag."
    )]
    InvalidPart { upload_id: String, number: u32, etag: String },
    #[error(
        "The list of parts was not in ascending order. The parts list must be specified in order by part number."
    )]
    InvalidPartOrder,
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    PartTooSmall { number: u32, size: u64, least: u64, etag: String },
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall { size: u64, least: u64 },
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge { size: u64, limit: u64 },
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    #[error("You must provide the Content-Length HTTP header.")]
    MissingContentLength,
    #[error("Request body is empty.")]
    MissingRequestBody,
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedXml(String),
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedAcl(String),
    #[error("The body of your POST request is not well-formed multipart/form-data.")]
    MalformedForm(&'static str),
    #[error("Your POST request fields preceeding the upload file was too large.")]
    FormTooLarge,
    #[error("Invalid Policy: {0}")]
    InvalidPolicyDocument(String),
    #[error("Invalid according to Policy: {0}")]
    AgainstPolicy(String),
    #[error("{0}")]
    MalformedPolicy(String),
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest(String),
    #[error("The Content-MD5 you specified did not match what we received.")]
    Md5Mismatch { declared: String, computed: String },
    #[error("The {} you specified did not match the calculated checksum.", .0.as_str())]
    ChecksumMismatch(Algorithm),
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadMismatch { declared: String, computed: String },
    #[error("{0}")]
    ChunkSignature(SigError),
    #[error("The request body is not correctly framed as aws-chunked")]
    MalformedChunk,
    #[error(
        "The request contained trailing data that was not well-formed or did not conform to our published schema."
    )]
    MalformedTrailer,
    #[error("{message}")]
    InvalidArgument { name: String, value: String, message: String },
    #[error("{0}")]
    InvalidRequest(String),
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge { size: usize },
    #[error("{message}")]
    ObjectState { class: StorageClass, message: &'static str },
    #[error("{message}")]
    InvalidTag { key: String, message: &'static str },
    #[error("{0}")]
    TooManyTags(&'static str),
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass(String),
    #[error("A header you provided implies functionality that is not implemented")]
    NotImplementedHeader(String),
    #[error("The specified operation is not implemented: {0}")]
    NotImplemented(String),
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed { method: String, resource: &'static str },
    #[error("The specified location-constraint is not valid")]
    InvalidLocation(String),
    #[error(
        "The {0} location constraint is incompatible for the region specific endpoint this request was sent to."
    )]
    LocationElsewhere(String),
    #[error("The bucket does not allow ACLs")]
    AclsOff,
    #[error("Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")]
    AclWithOwnerEnforced,
    #[error("Bucket cannot have public ACLs set with BlockPublicAccess enabled")]
    AclWithPublicBlocked,
    #[error(
        "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate \
         grants for the log-delivery group."
    )]
    InvalidLogTarget(String),
    #[error("Access Denied because object protected by object lock.")]
    Locked,
    #[error("Access Denied")]
    AccessDenied(String),
    #[error("{message}")]
    Refused { code: ErrorCode, message: &'static str },
    #[error("{message}")]
    NotConfigured { code: ErrorCode, message: &'static str, bucket: String },
    #[error("Your request was missing a required header")]
    MissingHeader(&'static str),
    #[error("This request does not support content")]
    UnexpectedContent,
    #[error("Your request was too big.")]
    DocumentTooLarge { limit: u64 },
    #[error("Your request header section exceeds the maximum allowed request header section size.")]
    HeadTooLarge { limit: usize },
    #[error(
        "Your socket connection to the server was not read from or written to within the timeout period."
    )]
    RequestTimeout,
    #[error(
        "A conflicting conditional operation is currently in progress against this resource. Please try again."
    )]
    Changed,
    #[error("There is not enough space left to store the content. Please delete something and retry.")]
    StorageFull,
    #[error("{0}")]
    Io(std::io::Error),
    #[error("{0}")]
    Store(store::Error),
    #[error("{0}")]
    Internal(String),
    #[error("{0}")]
    Api(Box<ApiError>),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Store(error)
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Error::Api(Box::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::StorageFull,
            _ => Error::Io(error),
        }
    }
}

impl Error {
    /// A form that has another number of files than one.
    pub fn wrong_number_of_files(found: u32) -> Self {
        Error::argument("file", &found.to_string(), "POST requires exactly one file upload per request.")
    }

    /// An argument that has a wrong value.
    pub fn argument(name: &str, value: &str, message: impl Into<String>) -> Self {
        Error::InvalidArgument { name: name.into(), value: value.into(), message: message.into() }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let new = |code| ApiError::new(code, text.clone());
        let log = |code, why: String| ApiError { internal: Some(why), ..ApiError::new(code, text.clone()) };
        match error {
            Error::NoSuchBucket(name) => new(ErrorCode::NoSuchBucket).detail("BucketName", name),
            Error::NoSuchKey(key) => new(ErrorCode::NoSuchKey).detail("Key", key),
            Error::NoSuchVersion { key, version } => {
                new(ErrorCode::NoSuchVersion).detail("Key", key).detail("VersionId", version)
            }
            Error::NoSuchUpload(id) => new(ErrorCode::NoSuchUpload).detail("UploadId", id),
            Error::DeletedKey { key, .. } => new(ErrorCode::NoSuchKey).detail("Key", key),
            Error::VersionIsMarker { method, .. } => new(ErrorCode::MethodNotAllowed)
                .detail("Method", method)
                .detail("ResourceType", "DeleteMarker"),
            Error::BucketNotEmpty(name) | Error::VersionsLeft(name) => {
                new(ErrorCode::BucketNotEmpty).detail("BucketName", name)
            }
            Error::BucketAlreadyOwnedByYou(name) => {
                new(ErrorCode::BucketAlreadyOwnedByYou).detail("BucketName", name)
            }
            Error::BucketAlreadyExists(name) => {
                new(ErrorCode::BucketAlreadyExists).detail("BucketName", name)
            }
            Error::InvalidBucketName(name) => new(ErrorCode::InvalidBucketName).detail("BucketName", name),
            Error::InvalidUri(uri) => new(ErrorCode::InvalidUri).detail("URI", uri),
            Error::KeyTooLong { size } => new(ErrorCode::KeyTooLong)
                .detail("Size", size.to_string())
                .detail("MaxSizeAllowed", crate::domain::names::MAX_KEY_BYTES.to_string()),
            Error::PreconditionFailed(condition) => {
                new(ErrorCode::PreconditionFailed).detail("Condition", condition)
            }
            Error::NotModified => new(ErrorCode::NotModified),
            Error::InvalidRange { asked, size } => new(ErrorCode::InvalidRange)
                .detail("RangeRequested", asked)
                .detail("ActualObjectSize", size.to_string()),
            Error::InvalidPartNumber => new(ErrorCode::InvalidPartNumber),
            Error::InvalidPart { upload_id, number, etag } => new(ErrorCode::InvalidPart)
                .detail("UploadId", upload_id)
                .detail("PartNumber", number.to_string())
                .detail("ETag", etag),
            Error::InvalidPartOrder => new(ErrorCode::InvalidPartOrder),
            Error::PartTooSmall { number, size, least, etag } => new(ErrorCode::EntityTooSmall)
                .detail("ProposedSize", size.to_string())
                .detail("MinSizeAllowed", least.to_string())
                .detail("PartNumber", number.to_string())
                .detail("ETag", etag),
            Error::EntityTooSmall { size, least } => new(ErrorCode::EntityTooSmall)
                .detail("ProposedSize", size.to_string())
                .detail("MinSizeAllowed", least.to_string()),
            Error::EntityTooLarge { size, limit } => new(ErrorCode::EntityTooLarge)
                .detail("ProposedSize", size.to_string())
                .detail("MaxSizeAllowed", limit.to_string()),
            Error::IncompleteBody => new(ErrorCode::IncompleteBody),
            Error::MissingContentLength => new(ErrorCode::MissingContentLength),
            Error::MissingRequestBody => new(ErrorCode::MissingRequestBody),
            Error::MalformedXml(why) => log(ErrorCode::MalformedXml, why),
            Error::MalformedAcl(why) => log(ErrorCode::MalformedAclError, why),
            Error::MalformedForm(why) => log(ErrorCode::MalformedPostRequest, why.to_owned()),
            Error::FormTooLarge => new(ErrorCode::MaxPostPreDataLengthExceeded)
                .detail("MaxPostPreDataLengthBytes", crate::api::form::MAX_FIELDS.to_string()),
            Error::InvalidPolicyDocument(_) => new(ErrorCode::InvalidPolicyDocument),
            Error::AgainstPolicy(_) => new(ErrorCode::AccessDenied),
            Error::MalformedPolicy(_) => new(ErrorCode::MalformedPolicy),
            Error::InvalidDigest(sent) => new(ErrorCode::InvalidDigest).detail("Content-MD5", sent),
            Error::Md5Mismatch { declared, computed } => new(ErrorCode::BadDigest)
                .detail("ExpectedDigest", declared)
                .detail("CalculatedDigest", computed),
            Error::ChecksumMismatch(_) => new(ErrorCode::BadDigest),
            Error::PayloadMismatch { declared, computed } => new(ErrorCode::XAmzContentSha256Mismatch)
                .detail("ClientComputedContentSHA256", declared)
                .detail("S3ComputedContentSHA256", computed),
            Error::ChunkSignature(why) => ApiError {
                internal: Some(why.to_string()),
                ..ApiError::new(
                    ErrorCode::SignatureDoesNotMatch,
                    "The request signature we calculated does not match the signature you provided. Check your \
                     key and signing method.",
                )
            },
            Error::MalformedChunk => new(ErrorCode::IncompleteBody),
            Error::MalformedTrailer => new(ErrorCode::MalformedTrailer),
            Error::InvalidArgument { name, value, .. } => {
                new(ErrorCode::InvalidArgument).detail("ArgumentName", name).detail("ArgumentValue", value)
            }
            Error::InvalidRequest(_) => new(ErrorCode::InvalidRequest),
            Error::MetadataTooLarge { size } => new(ErrorCode::MetadataTooLarge)
                .detail("Size", size.to_string())
                .detail("MaxSizeAllowed", "2048"),
            Error::ObjectState { class, .. } => {
                new(ErrorCode::InvalidObjectState).detail("StorageClass", class.as_str())
            }
            Error::InvalidTag { key, .. } => new(ErrorCode::InvalidTag).detail("TagKey", key),
            Error::TooManyTags(_) => new(ErrorCode::BadRequest),
            Error::InvalidStorageClass(class) => {
                new(ErrorCode::InvalidStorageClass).detail("StorageClassRequested", class)
            }
            Error::NotImplementedHeader(header) => new(ErrorCode::NotImplemented).detail("Header", header),
            Error::NotImplemented(_) => new(ErrorCode::NotImplemented),
            Error::MethodNotAllowed { method, resource } => {
                new(ErrorCode::MethodNotAllowed).detail("Method", method).detail("ResourceType", resource)
            }
            Error::InvalidLocation(region) => {
                new(ErrorCode::InvalidLocationConstraint).detail("LocationConstraint", region)
            }
            Error::LocationElsewhere(_) => new(ErrorCode::IllegalLocationConstraint),
            Error::AclsOff => new(ErrorCode::AccessControlListNotSupported),
            Error::AclWithOwnerEnforced => new(ErrorCode::InvalidBucketAclWithObjectOwnership),
            Error::AclWithPublicBlocked => new(ErrorCode::InvalidBucketAclWithBlockPublicAccess),
            Error::InvalidLogTarget(bucket) => {
                new(ErrorCode::InvalidTargetBucketForLogging).detail("TargetBucket", bucket)
            }
            Error::Locked => new(ErrorCode::AccessDenied),
            Error::AccessDenied(why) => log(ErrorCode::AccessDenied, why),
            Error::Refused { code, .. } => new(code),
            Error::NotConfigured { code, bucket, .. } => new(code).detail("BucketName", bucket),
            Error::MissingHeader(name) => {
                new(ErrorCode::MissingSecurityHeader).detail("MissingHeaderName", name)
            }
            Error::UnexpectedContent => new(ErrorCode::UnexpectedContent),
            Error::DocumentTooLarge { limit } => {
                new(ErrorCode::MaxMessageLengthExceeded).detail("MaxMessageLengthBytes", limit.to_string())
            }
            Error::HeadTooLarge { limit } => {
                new(ErrorCode::RequestHeaderSectionTooLarge).detail("MaxSizeAllowed", limit.to_string())
            }
            Error::RequestTimeout => new(ErrorCode::RequestTimeout),
            Error::Changed => new(ErrorCode::OperationAborted),
            Error::StorageFull => new(ErrorCode::ServiceUnavailable),
            Error::Io(why) => fault(ApiError::internal(why)),
            Error::Store(why) => fault(ApiError::internal(why)),
            Error::Internal(why) => fault(ApiError::internal(why)),
            Error::Api(error) if error.code == ErrorCode::InternalError => fault(*error),
            Error::Api(error) => *error,
        }
    }
}

/// A fault of ours in S3's words.
fn fault(error: ApiError) -> ApiError {
    ApiError { message: "We encountered an internal error. Please try again.".into(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_tells_nothing_of_itself() {
        let secret = || "/var/lib/murus/secret".to_owned();
        let store = store::Error::Engine(secret());
        for error in
            [Error::Io(std::io::Error::other(secret())), Error::Store(store), Error::Internal(secret())]
        {
            let told = ApiError::from(error);
            assert_eq!((told.code.as_str(), told.code.status()), ("InternalError", 500));
            assert!(!told.message.contains("secret") && told.details.is_empty(), "{told}");
            assert!(told.internal.is_some_and(|why| why.contains("secret")));
        }
    }

    #[test]
    fn what_only_a_race_brings_about_may_be_tried_again() {
        let told = ApiError::from(Error::Changed);
        assert_eq!((told.code.as_str(), told.code.status()), ("OperationAborted", 409));
    }
}
