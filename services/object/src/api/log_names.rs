//! What access logs call operations: `REST.<method>.<resource>`, with AWS's words for resources.

use axum::http::Method;

use super::route::Operation;

/// The name of an operation.
pub const fn name_of(operation: Operation) -> &'static str {
    use Operation as O;
    match operation {
        O::ListBuckets => "REST.GET.SERVICE",
        O::CreateBucket => "REST.PUT.BUCKET",
        O::HeadBucket => "REST.HEAD.BUCKET",
        O::DeleteBucket => "REST.DELETE.BUCKET",
        O::ListObjects | O::ListObjectsV2 => "REST.GET.BUCKET",
        O::ListObjectVersions => "REST.GET.BUCKETVERSIONS",
        O::ListMultipartUploads => "REST.GET.UPLOADS",
        O::GetBucketLocation => "REST.GET.LOCATION",
        O::GetBucketPolicy => "REST.GET.BUCKETPOLICY",
        O::PutBucketPolicy => "REST.PUT.BUCKETPOLICY",
        O::DeleteBucketPolicy => "REST.DELETE.BUCKETPOLICY",
        O::GetBucketPolicyStatus => "REST.GET.POLICY_STATUS",
        O::GetPublicAccessBlock => "REST.GET.PUBLIC_ACCESS_BLOCK",
        O::PutPublicAccessBlock => "REST.PUT.PUBLIC_ACCESS_BLOCK",
        O::DeletePublicAccessBlock => "REST.DELETE.PUBLIC_ACCESS_BLOCK",
        O::GetBucketOwnershipControls => "REST.GET.OWNERSHIP_CONTROLS",
        O::PutBucketOwnershipControls => "REST.PUT.OWNERSHIP_CONTROLS",
        O::DeleteBucketOwnershipControls => "REST.DELETE.OWNERSHIP_CONTROLS",
        O::GetBucketAcl | O::GetObjectAcl => "REST.GET.ACL",
        O::PutBucketAcl | O::PutObjectAcl => "REST.PUT.ACL",
        O::DeleteObjects => "REST.POST.MULTI_OBJECT_DELETE",
        O::GetObject => "REST.GET.OBJECT",
        O::HeadObject => "REST.HEAD.OBJECT",
        O::PutObject => "REST.PUT.OBJECT",
        O::PostObject => "REST.POST.OBJECT",
        O::CopyObject => "REST.COPY.OBJECT",
        O::DeleteObject => "REST.DELETE.OBJECT",
        O::CreateMultipartUpload => "REST.POST.UPLOADS",
        O::UploadPart => "REST.PUT.PART",
        O::UploadPartCopy => "REST.COPY.PART",
        O::CompleteMultipartUpload => "REST.POST.UPLOAD",
        O::AbortMultipartUpload => "REST.DELETE.UPLOAD",
        O::ListParts => "REST.GET.UPLOAD",
        O::GetBucketVersioning => "REST.GET.VERSIONING",
        O::PutBucketVersioning => "REST.PUT.VERSIONING",
        O::GetBucketTagging | O::ListTagsForResource => "REST.GET.TAGGING",
        O::PutBucketTagging | O::TagResource => "REST.PUT.TAGGING",
        O::DeleteBucketTagging | O::UntagResource => "REST.DELETE.TAGGING",
        O::GetBucketLifecycleConfiguration => "REST.GET.LIFECYCLE",
        O::PutBucketLifecycleConfiguration => "REST.PUT.LIFECYCLE",
        O::DeleteBucketLifecycle => "REST.DELETE.LIFECYCLE",
        O::GetBucketCors => "REST.GET.CORS",
        O::PutBucketCors => "REST.PUT.CORS",
        O::DeleteBucketCors => "REST.DELETE.CORS",
        O::GetBucketWebsite => "REST.GET.WEBSITE",
        O::GetBucketEncryption => "REST.GET.ENCRYPTION",
        O::PutBucketEncryption => "REST.PUT.ENCRYPTION",
        O::DeleteBucketEncryption => "REST.DELETE.ENCRYPTION",
        O::GetBucketRequestPayment => "REST.GET.REQUEST_PAYMENT",
        O::PutBucketRequestPayment => "REST.PUT.REQUEST_PAYMENT",
        O::GetBucketLogging => "REST.GET.LOGGING_STATUS",
        O::PutBucketLogging => "REST.PUT.LOGGING_STATUS",
        O::GetBucketNotificationConfiguration => "REST.GET.NOTIFICATION",
        O::GetBucketReplication => "REST.GET.REPLICATION",
        O::GetBucketAccelerateConfiguration => "REST.GET.ACCELERATE",
        O::PutBucketAccelerateConfiguration => "REST.PUT.ACCELERATE",
        O::GetBucketAbac => "REST.GET.ABAC",
        O::GetBucketAnalyticsConfiguration | O::ListBucketAnalyticsConfigurations => "REST.GET.ANALYTICS",
        O::GetBucketMetricsConfiguration | O::ListBucketMetricsConfigurations => "REST.GET.METRICS",
        O::GetBucketInventoryConfiguration | O::ListBucketInventoryConfigurations => "REST.GET.INVENTORY",
        O::GetBucketIntelligentTieringConfiguration | O::ListBucketIntelligentTieringConfigurations => {
            "REST.GET.INTELLIGENT_TIERING"
        }
        O::GetObjectLockConfiguration => "REST.GET.OBJECT_LOCK_CONFIGURATION",
        O::PutObjectLockConfiguration => "REST.PUT.OBJECT_LOCK_CONFIGURATION",
        O::GetObjectTagging => "REST.GET.OBJECT_TAGGING",
        O::PutObjectTagging => "REST.PUT.OBJECT_TAGGING",
        O::DeleteObjectTagging => "REST.DELETE.OBJECT_TAGGING",
        O::GetObjectAttributes => "REST.GET.OBJECT_ATTRIBUTES",
        O::RestoreObject => "REST.POST.RESTORE",
        O::GetObjectRetention => "REST.GET.OBJECT_LOCK_RETENTION",
        O::PutObjectRetention => "REST.PUT.OBJECT_LOCK_RETENTION",
        O::GetObjectLegalHold => "REST.GET.OBJECT_LOCK_LEGALHOLD",
        O::PutObjectLegalHold => "REST.PUT.OBJECT_LOCK_LEGALHOLD",
    }
}

/// The name of a request that is no operation.
pub fn unknown(method: &Method, about_object: bool) -> &'static str {
    match (method.as_str(), about_object) {
        ("GET", true) => "REST.GET.OBJECT",
        ("GET", false) => "REST.GET.BUCKET",
        ("HEAD", true) => "REST.HEAD.OBJECT",
        ("HEAD", false) => "REST.HEAD.BUCKET",
        ("PUT", true) => "REST.PUT.OBJECT",
        ("PUT", false) => "REST.PUT.BUCKET",
        ("POST", true) => "REST.POST.OBJECT",
        ("POST", false) => "REST.POST.BUCKET",
        ("DELETE", true) => "REST.DELETE.OBJECT",
        ("DELETE", false) => "REST.DELETE.BUCKET",
        (_, true) => "REST.UNKNOWN.OBJECT",
        (_, false) => "REST.UNKNOWN.BUCKET",
    }
}
