//! AWS's error codes and their HTTP status: one table for all services, and the error every handler ends in.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal;)*) => {
        /// An error code that AWS documents. Its text is what clients match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each variant is AWS's code of the same name")]
        pub enum ErrorCode { $($variant),* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];

            /// The code as it goes over the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $code),* }
            }

            /// The code of this text.
            pub fn from_text(text: &str) -> Option<ErrorCode> {
                match text { $($code => Some(ErrorCode::$variant),)* _ => None }
            }

            /// The HTTP status it travels with.
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status),* }
            }
        }
    };
}

codes! {
    // --- any service ---
    InternalError "InternalError" 500;
    InternalFailure "InternalFailure" 500;
    ServiceUnavailable "ServiceUnavailable" 503;
    SlowDown "SlowDown" 503;
    RequestLimitExceeded "RequestLimitExceeded" 503;
    Throttling "Throttling" 400;
    InvalidAction "InvalidAction" 400;
    NotImplemented "NotImplemented" 501;
    MissingAction "MissingAction" 400;
    MalformedQueryString "MalformedQueryString" 400;
    UnknownParameter "UnknownParameter" 400;
    MissingParameter "MissingParameter" 400;
    InvalidParameterValue "InvalidParameterValue" 400;
    InvalidParameterCombination "InvalidParameterCombination" 400;
    InvalidParameter "InvalidParameter" 400;
    ValidationError "ValidationError" 400;
    RequestEntityTooLarge "RequestEntityTooLarge" 413;
    // --- authentication and authorization ---
    AccessDenied "AccessDenied" 403;
    UnauthorizedOperation "UnauthorizedOperation" 403;
    AuthFailure "AuthFailure" 401;
    OptInRequired "OptInRequired" 403;
    DryRunOperation "DryRunOperation" 412;
    InvalidClientTokenId "InvalidClientTokenId" 403;
    InvalidAccessKeyId "InvalidAccessKeyId" 403;
    SignatureDoesNotMatch "SignatureDoesNotMatch" 403;
    IncompleteSignature "IncompleteSignature" 400;
    MissingAuthenticationToken "MissingAuthenticationToken" 403;
    RequestExpired "RequestExpired" 400;
    RequestTimeTooSkewed "RequestTimeTooSkewed" 403;
    ExpiredToken "ExpiredToken" 400;
    InvalidToken "InvalidToken" 400;
    AuthorizationHeaderMalformed "AuthorizationHeaderMalformed" 400;
    AuthorizationQueryParametersError "AuthorizationQueryParametersError" 400;
    MissingSecurityHeader "MissingSecurityHeader" 400;
    XAmzContentSha256Mismatch "XAmzContentSHA256Mismatch" 400;
    // --- IAM and STS ---
    NoSuchEntity "NoSuchEntity" 404;
    EntityAlreadyExists "EntityAlreadyExists" 409;
    DeleteConflict "DeleteConflict" 409;
    EntityTemporarilyUnmodifiable "EntityTemporarilyUnmodifiable" 409;
    ConcurrentModification "ConcurrentModification" 409;
    LimitExceeded "LimitExceeded" 409;
    MalformedPolicyDocument "MalformedPolicyDocument" 400;
    InvalidInput "InvalidInput" 400;
    PolicyNotAttachable "PolicyNotAttachable" 400;
    UnmodifiableEntity "UnmodifiableEntity" 400;
    InvalidAuthenticationCode "InvalidAuthenticationCode" 403;
    InvalidPublicKey "InvalidPublicKey" 400;
    DuplicateSshPublicKey "DuplicateSSHPublicKey" 400;
    UnrecognizedPublicKeyEncoding "UnrecognizedPublicKeyEncoding" 400;
    MalformedCertificate "MalformedCertificate" 400;
    InvalidCertificate "InvalidCertificate" 400;
    DuplicateCertificate "DuplicateCertificate" 409;
    KeyPairMismatch "KeyPairMismatch" 400;
    ReportNotPresent "ReportNotPresent" 410;
    ReportExpired "ReportExpired" 410;
    ReportInProgress "ReportInProgress" 404;
    NotSupportedService "NotSupportedService" 404;
    PasswordPolicyViolation "PasswordPolicyViolation" 400;
    InvalidUserType "InvalidUserType" 400;
    ServiceFailure "ServiceFailure" 500;
    InvalidIdentityToken "InvalidIdentityToken" 400;
    ExpiredTokenException "ExpiredTokenException" 400;
    IdpCommunicationError "IDPCommunicationError" 400;
    IdpRejectedClaim "IDPRejectedClaim" 403;
    PackedPolicyTooLarge "PackedPolicyTooLarge" 400;
    InvalidAuthorizationMessage "InvalidAuthorizationMessageException" 400;
    // --- KMS and its protocol ---
    SerializationException "SerializationException" 400;
    NotFoundException "NotFoundException" 400;
    AlreadyExistsException "AlreadyExistsException" 400;
    DisabledException "DisabledException" 400;
    DryRunOperationException "DryRunOperationException" 400;
    IncorrectKeyException "IncorrectKeyException" 400;
    InvalidAliasNameException "InvalidAliasNameException" 400;
    InvalidArnException "InvalidArnException" 400;
    InvalidCiphertextException "InvalidCiphertextException" 400;
    InvalidGrantTokenException "InvalidGrantTokenException" 400;
    InvalidMarkerException "InvalidMarkerException" 400;
    KmsInvalidStateException "KMSInvalidStateException" 400;
    TagException "TagException" 400;
    UnsupportedOperationException "UnsupportedOperationException" 400;
    // --- EC2: ids ---
    InvalidInstanceIdMalformed "InvalidInstanceID.Malformed" 400;
    InvalidInstanceIdNotFound "InvalidInstanceID.NotFound" 400;
    InvalidAmiIdMalformed "InvalidAMIID.Malformed" 400;
    InvalidAmiIdNotFound "InvalidAMIID.NotFound" 400;
    InvalidAmiIdUnavailable "InvalidAMIID.Unavailable" 400;
    InvalidAmiNameDuplicate "InvalidAMIName.Duplicate" 400;
    InvalidAmiNameMalformed "InvalidAMIName.Malformed" 400;
    InvalidVolumeIdMalformed "InvalidVolumeID.Malformed" 400;
    InvalidVolumeNotFound "InvalidVolume.NotFound" 400;
    InvalidVolumeZoneMismatch "InvalidVolume.ZoneMismatch" 400;
    UnknownVolumeType "UnknownVolumeType" 400;
    InvalidSnapshotIdMalformed "InvalidSnapshotID.Malformed" 400;
    InvalidSnapshotNotFound "InvalidSnapshot.NotFound" 400;
    InvalidSnapshotInUse "InvalidSnapshot.InUse" 400;
    InvalidConversionTaskId "InvalidConversionTaskId" 400;
    InvalidVpcIdMalformed "InvalidVpcID.Malformed" 400;
    InvalidVpcIdNotFound "InvalidVpcID.NotFound" 400;
    InvalidSubnetIdMalformed "InvalidSubnetID.Malformed" 400;
    InvalidSubnetIdNotFound "InvalidSubnetID.NotFound" 400;
    InvalidGroupIdMalformed "InvalidGroupId.Malformed" 400;
    InvalidGroupNotFound "InvalidGroup.NotFound" 400;
    InvalidSecurityGroupRuleIdMalformed "InvalidSecurityGroupRuleId.Malformed" 400;
    InvalidSecurityGroupRuleIdNotFound "InvalidSecurityGroupRuleId.NotFound" 400;
    InvalidGroupDuplicate "InvalidGroup.Duplicate" 400;
    InvalidGroupInUse "InvalidGroup.InUse" 400;
    InvalidGroupReserved "InvalidGroup.Reserved" 400;
    CannotDelete "CannotDelete" 400;
    InvalidPermissionDuplicate "InvalidPermission.Duplicate" 400;
    InvalidPermissionNotFound "InvalidPermission.NotFound" 400;
    InvalidPermissionMalformed "InvalidPermission.Malformed" 400;
    RulesPerSecurityGroupLimitExceeded "RulesPerSecurityGroupLimitExceeded" 400;
    SecurityGroupLimitExceeded "SecurityGroupLimitExceeded" 400;
    InvalidNetworkInterfaceIdMalformed "InvalidNetworkInterfaceId.Malformed" 400;
    InvalidNetworkInterfaceIdNotFound "InvalidNetworkInterfaceID.NotFound" 400;
    InvalidAttachmentNotFound "InvalidAttachment.NotFound" 400;
    InvalidAttachmentIdNotFound "InvalidAttachmentID.NotFound" 400;
    InvalidAllocationIdNotFound "InvalidAllocationID.NotFound" 400;
    InvalidAssociationIdNotFound "InvalidAssociationID.NotFound" 400;
    InvalidAddressNotFound "InvalidAddress.NotFound" 400;
    InvalidAddressMalformed "InvalidAddress.Malformed" 400;
    InvalidAddressInUse "InvalidIPAddress.InUse" 400;
    InvalidId "InvalidID" 400;
    InvalidKeyPairNotFound "InvalidKeyPair.NotFound" 400;
    InvalidKeyPairDuplicate "InvalidKeyPair.Duplicate" 400;
    InvalidKeyPairFormat "InvalidKeyPair.Format" 400;
    InvalidKeyFormat "InvalidKey.Format" 400;
    InvalidBlockDeviceMapping "InvalidBlockDeviceMapping" 400;
    InvalidUserDataMalformed "InvalidUserData.Malformed" 400;
    InvalidInstanceType "InvalidInstanceType" 400;
    InvalidZoneNotFound "InvalidZone.NotFound" 400;
    InvalidFilter "InvalidFilter" 400;
    InvalidPaginationToken "InvalidPaginationToken" 400;
    InvalidNextToken "InvalidNextToken" 400;
    InvalidTagKeyMalformed "InvalidTagKey.Malformed" 400;
    TagLimitExceeded "TagLimitExceeded" 400;
    IdempotentParameterMismatch "IdempotentParameterMismatch" 400;
    // --- EC2: states and limits ---
    IncorrectState "IncorrectState" 400;
    IncorrectInstanceState "IncorrectInstanceState" 400;
    DependencyViolation "DependencyViolation" 400;
    OperationNotPermitted "OperationNotPermitted" 400;
    UnsupportedOperation "UnsupportedOperation" 400;
    Unsupported "Unsupported" 400;
    VolumeInUse "VolumeInUse" 400;
    VolumeLimitExceeded "VolumeLimitExceeded" 400;
    AttachmentLimitExceeded "AttachmentLimitExceeded" 400;
    InstanceLimitExceeded "InstanceLimitExceeded" 400;
    VcpuLimitExceeded "VcpuLimitExceeded" 400;
    SnapshotLimitExceeded "SnapshotLimitExceeded" 400;
    AddressLimitExceeded "AddressLimitExceeded" 400;
    InsufficientInstanceCapacity "InsufficientInstanceCapacity" 500;
    InsufficientAddressCapacity "InsufficientAddressCapacity" 500;
    InsufficientVolumeCapacity "InsufficientVolumeCapacity" 500;
    InsufficientFreeAddressesInSubnet "InsufficientFreeAddressesInSubnet" 400;
    ResourceAlreadyAssociated "Resource.AlreadyAssociated" 400;
    // --- S3 ---
    BadRequest "BadRequest" 400;
    AccessForbidden "AccessForbidden" 403;
    NoSuchConfiguration "NoSuchConfiguration" 404;
    InvalidObjectState "InvalidObjectState" 403;
    NoSuchBucket "NoSuchBucket" 404;
    NoSuchKey "NoSuchKey" 404;
    NoSuchVersion "NoSuchVersion" 404;
    NoSuchUpload "NoSuchUpload" 404;
    IllegalVersioningConfiguration "IllegalVersioningConfigurationException" 400;
    InvalidTargetBucketForLogging "InvalidTargetBucketForLogging" 400;
    NoSuchBucketPolicy "NoSuchBucketPolicy" 404;
    NoSuchTagSet "NoSuchTagSet" 404;
    NoSuchCorsConfiguration "NoSuchCORSConfiguration" 404;
    NoSuchWebsiteConfiguration "NoSuchWebsiteConfiguration" 404;
    NoSuchLifecycleConfiguration "NoSuchLifecycleConfiguration" 404;
    ReplicationConfigurationNotFound "ReplicationConfigurationNotFoundError" 404;
    ServerSideEncryptionConfigurationNotFound "ServerSideEncryptionConfigurationNotFoundError" 404;
    ObjectLockConfigurationNotFound "ObjectLockConfigurationNotFoundError" 404;
    NoSuchPublicAccessBlockConfiguration "NoSuchPublicAccessBlockConfiguration" 404;
    NoSuchObjectLockConfiguration "NoSuchObjectLockConfiguration" 404;
    OwnershipControlsNotFound "OwnershipControlsNotFoundError" 404;
    NotFound "NotFound" 404;
    BucketAlreadyExists "BucketAlreadyExists" 409;
    BucketAlreadyOwnedByYou "BucketAlreadyOwnedByYou" 409;
    BucketNotEmpty "BucketNotEmpty" 409;
    TooManyBuckets "TooManyBuckets" 400;
    QuotaExceeded "QuotaExceeded" 403;
    OperationAborted "OperationAborted" 409;
    ConditionalRequestConflict "ConditionalRequestConflict" 409;
    PreconditionFailed "PreconditionFailed" 412;
    NotModified "NotModified" 304;
    InvalidRange "InvalidRange" 416;
    MethodNotAllowed "MethodNotAllowed" 405;
    AllAccessDisabled "AllAccessDisabled" 403;
    InvalidBucketName "InvalidBucketName" 400;
    InvalidArgument "InvalidArgument" 400;
    InvalidRequest "InvalidRequest" 400;
    InvalidUri "InvalidURI" 400;
    KeyTooLong "KeyTooLongError" 400;
    RequestHeaderSectionTooLarge "RequestHeaderSectionTooLarge" 400;
    MaxMessageLengthExceeded "MaxMessageLengthExceeded" 400;
    UnexpectedContent "UnexpectedContent" 400;
    MetadataTooLarge "MetadataTooLarge" 400;
    EntityTooLarge "EntityTooLarge" 400;
    EntityTooSmall "EntityTooSmall" 400;
    IncompleteBody "IncompleteBody" 400;
    MissingContentLength "MissingContentLength" 411;
    MissingRequestBody "MissingRequestBodyError" 400;
    MalformedXml "MalformedXML" 400;
    MalformedAclError "MalformedACLError" 400;
    MalformedPolicy "MalformedPolicy" 400;
    InvalidDigest "InvalidDigest" 400;
    BadDigest "BadDigest" 400;
    InvalidPart "InvalidPart" 400;
    InvalidPartOrder "InvalidPartOrder" 400;
    InvalidPartNumber "InvalidPartNumber" 416;
    InvalidEncryptionAlgorithm "InvalidEncryptionAlgorithmError" 400;
    KmsNotFound "KMS.NotFoundException" 400;
    KmsDisabled "KMS.DisabledException" 400;
    KmsInvalidState "KMS.KMSInvalidStateException" 400;
    KmsInvalidArn "KMS.InvalidArnException" 400;
    InvalidStorageClass "InvalidStorageClass" 400;
    InvalidTag "InvalidTag" 400;
    InvalidLocationConstraint "InvalidLocationConstraint" 400;
    IllegalLocationConstraint "IllegalLocationConstraintException" 400;
    InvalidBucketOwnerAwsAccountId "InvalidBucketOwnerAWSAccountID" 400;
    InvalidBucketState "InvalidBucketState" 409;
    AccessControlListNotSupported "AccessControlListNotSupported" 400;
    InvalidBucketAclWithObjectOwnership "InvalidBucketAclWithObjectOwnership" 400;
    InvalidBucketAclWithBlockPublicAccess "InvalidBucketAclWithBlockPublicAccessError" 400;
    RequestTimeout "RequestTimeout" 400;
    InvalidChunkSize "InvalidChunkSizeError" 403;
    MalformedTrailer "MalformedTrailerError" 400;
    MalformedPostRequest "MalformedPOSTRequest" 400;
    MaxPostPreDataLengthExceeded "MaxPostPreDataLengthExceeded" 400;
    InvalidPolicyDocument "InvalidPolicyDocument" 400;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a request ends in when it does not succeed: AWS's code, words for the caller, and apart from them what only
/// the log may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// AWS's code; its status comes with it.
    pub code: ErrorCode,
    /// For the caller: names the parameter or resource that is wrong.
    pub message: String,
    /// Further elements of an S3 error body (`BucketName`, `Key`, ...).
    pub details: Vec<(&'static str, String)>,
    /// For the log only: paths, causes, internals.
    pub internal: Option<String>,
}

impl ApiError {
    /// An error for the caller.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ApiError { code, message: message.into(), details: Vec::new(), internal: None }
    }

    /// A fault of ours: the caller learns only that there was one, the log learns why.
    pub fn internal(why: impl fmt::Display) -> Self {
        ApiError {
            internal: Some(why.to_string()),
            ..ApiError::new(ErrorCode::InternalError, "An internal error has occurred")
        }
    }

    /// A part of the house that is needed does not answer now; retrying is right.
    pub fn unavailable(why: impl fmt::Display) -> Self {
        ApiError {
            internal: Some(why.to_string()),
            ..ApiError::new(
                ErrorCode::ServiceUnavailable,
                "The service is temporarily unavailable. Please retry the request.",
            )
        }
    }

    /// Adds an element to S3's error body.
    #[must_use]
    pub fn detail(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push((name, text.into()));
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if let Some(internal) = &self.internal {
            write!(f, " ({internal})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_stands_twice_and_each_has_an_error_status() {
        let mut seen = BTreeSet::new();
        for code in ErrorCode::ALL {
            assert!(seen.insert(code.as_str()), "{code}");
            assert!((400..600).contains(&code.status()) || code.status() == 304, "{code}");
        }
    }
}
