"""Every error code that AWS documents for S3's REST API, and for those that cannot happen here, why."""

# "Error responses" of S3's API reference: the general list, tagging, replication and the errors that single operations name.
DOCUMENTED = """
AccessControlListNotSupported AccessDenied AccessForbidden AccessPointAlreadyOwnedByYou AccountProblem AllAccessDisabled AmbiguousGrantByEmailAddress
AnnotationLimitExceeded AnnotationNameTooLong AuthorizationHeaderMalformed AuthorizationQueryParametersError BadDigest BadRequest
BucketAlreadyExists BucketAlreadyOwnedByYou BucketHasAccessPointsAttached BucketNotEmpty ClientTokenConflict ConditionalRequestConflict
ConnectionClosedByRequester CredentialsNotSupported CrossLocationLoggingProhibited DeviceNotActiveError EncryptionTypeMismatch EndpointNotFound
EntityTooLarge EntityTooSmall ExpiredToken GlacierExpeditedRetrievalNotAvailable IdempotencyParameterMismatch IllegalLocationConstraintException IllegalVersioningConfigurationException
IncompleteBody IncorrectEndpoint IncorrectNumberOfFilesInPostRequest InlineDataTooLarge InternalError InvalidAccessKeyId InvalidAccessPoint
InvalidAccessPointAliasError InvalidAddressingHeader InvalidAnnotationName InvalidArgument InvalidBucketAclWithBlockPublicAccessError
InvalidBucketAclWithObjectOwnership InvalidBucketName InvalidBucketOwnerAWSAccountID InvalidBucketState InvalidChunkSizeError InvalidDigest
InvalidEncryptionAlgorithmError InvalidHostHeader InvalidHttpMethod InvalidLocationConstraint InvalidObjectState InvalidPart InvalidPartNumber
InvalidPartOrder InvalidPayer InvalidPolicyDocument InvalidPrefix InvalidRange InvalidRegion InvalidRequest InvalidSecurity InvalidSessionException
InvalidSignature InvalidSOAPRequest InvalidStorageClass InvalidTag InvalidTargetBucketForLogging InvalidToken InvalidURI InvalidWriteOffset
KeyTooLongError KMS.DisabledException KMS.InvalidKeyUsageException KMS.KMSInvalidStateException KMS.NotFoundException MalformedACLError
MalformedPOSTRequest MalformedPolicy MalformedTrailerError MalformedXML MaxMessageLengthExceeded MaxPostPreDataLengthExceeded MetadataTooLarge
MethodNotAllowed MissingAttachment MissingAuthenticationToken MissingContentLength MissingRequestBodyError MissingSecurityElement
MissingSecurityHeader NoLoggingStatusForKey NoSuchAccessPoint NoSuchAccessPointPolicy NoSuchAnnotation NoSuchAsyncRequest NoSuchBucket
NoSuchBucketPolicy NoSuchConfiguration NoSuchCORSConfiguration NoSuchKey NoSuchLifecycleConfiguration NoSuchMultiRegionAccessPoint
NoSuchObjectLockConfiguration NoSuchPublicAccessBlockConfiguration NoSuchTagSet NoSuchUpload NoSuchVersion NoSuchWebsiteConfiguration
NotDeviceOwnerError NotImplemented NotModified NotSignedUp ObjectAlreadyInActiveTierError ObjectLockConfigurationNotFoundError
ObjectNotInActiveTierError OperationAborted OwnershipControlsNotFoundError PermanentRedirect PermanentRedirectControlError PreconditionFailed
Redirect ReplicationConfigurationNotFoundError ReplicationParameterValueError RequestHeaderSectionTooLarge RequestIsNotMultiPartContent
RequestTimeout RequestTimeTooSkewed RequestTorrentOfBucketError ResponseInterrupted RestoreAlreadyInProgress
ServerSideEncryptionConfigurationNotFoundError ServiceUnavailable SignatureDoesNotMatch SlowDown TagPolicyException TemporaryRedirect
TokenCodeInvalidError TokenRefreshRequired TooManyAccessPoints TooManyBuckets TooManyConfigurations TooManyMultiRegionAccessPointregionsError
TooManyMultiRegionAccessPoints TooManyParts UnauthorizedAccessError UnexpectedContent UnexpectedIPError UnresolvableGrantByEmailAddress
UnsupportedArgument UnsupportedMediaType UnsupportedSignature UserKeyMustBeSpecified XAmzContentSHA256Mismatch
""".split()

ACCESS_POINTS = "there are no access points here"
ANNOTATIONS = "annotations are not offered: their sub-resources answer NotImplemented"
APPENDING = "appending is for directory buckets: the header that asks for it answers NotImplemented"
ONE_REGION = "a cloud is one region: no bucket is anywhere else"
SOAP = "SOAP is not spoken"
SNOW = "only a Snow device answers it"

# Codes that this cloud never sends.
NEVER = {
    "AccessPointAlreadyOwnedByYou": ACCESS_POINTS,
    "AccountProblem": "an account of this cloud has no state but open and closed, and the keys of a closed one are not known",
    "AllAccessDisabled": "nobody disables a resource behind its owner's back",
    "AmbiguousGrantByEmailAddress": "AWS takes no grants by e-mail address since October 2025; they answer MethodNotAllowed",
    "AnnotationLimitExceeded": ANNOTATIONS,
    "AnnotationNameTooLong": ANNOTATIONS,
    "BucketHasAccessPointsAttached": ACCESS_POINTS,
    "ClientTokenConflict": "there are no Multi-Region Access Points here",
    "ConnectionClosedByRequester": "only S3 Object Lambda answers it",
    "CredentialsNotSupported": "AWS names no request that answers it",
    "CrossLocationLoggingProhibited": ONE_REGION,
    "DeviceNotActiveError": SNOW,
    "EncryptionTypeMismatch": APPENDING,
    "EndpointNotFound": "only Object Lambda and Multi-Region endpoints answer it",
    "GlacierExpeditedRetrievalNotAvailable": "a restore is done as soon as it is asked for: there is always room for it",
    "IdempotencyParameterMismatch": "RenameObject is for directory buckets: it answers NotImplemented",
    "IncorrectEndpoint": ONE_REGION,
    "IncorrectNumberOfFilesInPostRequest": "on the wire S3 answers a form with no file by InvalidArgument with this message, and so does this cloud",
    "InlineDataTooLarge": SOAP,
    "InvalidAccessPoint": ACCESS_POINTS,
    "InvalidAccessPointAliasError": ACCESS_POINTS,
    "InvalidAddressingHeader": SOAP,
    "InvalidAnnotationName": ANNOTATIONS,
    "ConditionalRequestConflict": "conditional writes are decided one after the other: whoever loses is told PreconditionFailed",
    "InvalidChunkSizeError": "signed chunks may be of any size here; AWS wants 8 KiB at least",
    "InvalidHostHeader": "a host that is none of the cloud's names means path style, so that any name in front of it works",
    "InvalidHttpMethod": "only endpoints of Object Lambda answer it; a method that a resource does not have is MethodNotAllowed",
    "InvalidPayer": "nobody disables an object behind its owner's back",
    "InvalidPrefix": ANNOTATIONS,
    "InvalidRegion": ONE_REGION,
    "InvalidSecurity": "the credentials' faults have codes of their own",
    "InvalidSessionException": "sessions are those of directory buckets, which are not offered",
    "InvalidSignature": "on the wire S3 answers SignatureDoesNotMatch",
    "InvalidSOAPRequest": SOAP,
    "InvalidWriteOffset": APPENDING,
    "KMS.InvalidKeyUsageException": "every key here encrypts: CreateKey refuses other usages",
    "MissingAttachment": SOAP,
    "MissingAuthenticationToken": "S3 answers an unsigned request by AccessDenied",
    "MissingSecurityElement": SOAP,
    "NoSuchAccessPoint": ACCESS_POINTS,
    "NoSuchAccessPointPolicy": ACCESS_POINTS,
    "NoSuchAnnotation": ANNOTATIONS,
    "NoSuchAsyncRequest": "there are no Multi-Region Access Points here",
    "NoSuchMultiRegionAccessPoint": "there are no Multi-Region Access Points here",
    "NotDeviceOwnerError": SNOW,
    "NotSignedUp": "every account of this cloud has S3",
    "ObjectAlreadyInActiveTierError": "an object out of the archive that is restored answers InvalidObjectState, as S3 does on the wire",
    "ObjectNotInActiveTierError": "a copy of an archived object answers InvalidObjectState, as S3 does on the wire",
    "PermanentRedirect": ONE_REGION,
    "PermanentRedirectControlError": ONE_REGION,
    "Redirect": ONE_REGION,
    "ReplicationParameterValueError": "replication is not offered: setting it answers NotImplemented",
    "RequestIsNotMultiPartContent": "on the wire S3 answers PreconditionFailed with this message, and so does this cloud",
    "RequestTorrentOfBucketError": "torrents are not offered any more, by AWS neither: the sub-resource answers NotImplemented",
    "ResponseInterrupted": "only S3 Object Lambda answers it",
    "RestoreAlreadyInProgress": "a restore is done as soon as it is asked for: there is no archive to fetch it from",
    "TagPolicyException": "there are no tag policies here",
    "TemporaryRedirect": ONE_REGION,
    "TokenCodeInvalidError": "MFA delete is not offered: asking for it answers NotImplemented",
    "TokenRefreshRequired": "a token that is too old answers ExpiredToken",
    "TooManyAccessPoints": ACCESS_POINTS,
    "TooManyConfigurations": "analytics, inventory and tiering configurations are not offered: setting one answers NotImplemented",
    "TooManyMultiRegionAccessPointregionsError": "there are no Multi-Region Access Points here",
    "TooManyMultiRegionAccessPoints": "there are no Multi-Region Access Points here",
    "TooManyParts": APPENDING,
    "UnauthorizedAccessError": "only AWS's regions in China answer it",
    "UnexpectedIPError": "only AWS's regions in China answer it",
    "UnresolvableGrantByEmailAddress": "AWS takes no grants by e-mail address since October 2025; they answer MethodNotAllowed",
    "UnsupportedArgument": "arguments that are not known are ignored, as S3 does, or answer NotImplemented",
    "UnsupportedMediaType": ANNOTATIONS,
    "UnsupportedSignature": "on the wire S3 answers a signature of an unknown kind by InvalidRequest, and so does this cloud",
    "UserKeyMustBeSpecified": "on the wire S3 answers InvalidArgument with this message, and so does this cloud",
    "NoLoggingStatusForKey": "on the wire S3 answers NotImplemented or MethodNotAllowed for a sub-resource that keys do not have",
}
