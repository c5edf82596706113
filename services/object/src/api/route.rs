//! Which operation a request asks for. The only place that reads method and sub-resource.

use axum::http::{HeaderMap, Method};

use super::query::Query;
use super::target::Target;
use crate::error::Error;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $action:literal;)*) => {
        /// An operation of S3 that is answered here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is AWS's operation of the same name")]
        pub enum Operation { $($name),* }

        impl Operation {
            /// AWS's name.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name)),* }
            }

            /// The action that policies decide on.
            pub const fn action(self) -> &'static str {
                match self { $(Operation::$name => $action),* }
            }

            /// All of them.
            pub const ALL: &'static [Operation] = &[$(Operation::$name),*];
        }
    };
}

operations! {
    ListBuckets "s3:ListAllMyBuckets";
    CreateBucket "s3:CreateBucket";
    HeadBucket "s3:ListBucket";
    DeleteBucket "s3:DeleteBucket";
    GetBucketLocation "s3:GetBucketLocation";
    GetBucketPolicy "s3:GetBucketPolicy";
    PutBucketPolicy "s3:PutBucketPolicy";
    DeleteBucketPolicy "s3:DeleteBucketPolicy";
    GetBucketPolicyStatus "s3:GetBucketPolicyStatus";
    GetPublicAccessBlock "s3:GetBucketPublicAccessBlock";
    PutPublicAccessBlock "s3:PutBucketPublicAccessBlock";
    DeletePublicAccessBlock "s3:PutBucketPublicAccessBlock";
    GetBucketOwnershipControls "s3:GetBucketOwnershipControls";
    PutBucketOwnershipControls "s3:PutBucketOwnershipControls";
    DeleteBucketOwnershipControls "s3:PutBucketOwnershipControls";
    GetBucketAcl "s3:GetBucketAcl";
    PutBucketAcl "s3:PutBucketAcl";
    ListObjects "s3:ListBucket";
    ListObjectsV2 "s3:ListBucket";
    ListObjectVersions "s3:ListBucketVersions";
    ListMultipartUploads "s3:ListBucketMultipartUploads";
    DeleteObjects "s3:DeleteObject";
    GetObject "s3:GetObject";
    HeadObject "s3:GetObject";
    PutObject "s3:PutObject";
    PostObject "s3:PutObject";
    CopyObject "s3:PutObject";
    DeleteObject "s3:DeleteObject";
    GetObjectAcl "s3:GetObjectAcl";
    PutObjectAcl "s3:PutObjectAcl";
    CreateMultipartUpload "s3:PutObject";
    UploadPart "s3:PutObject";
    UploadPartCopy "s3:PutObject";
    CompleteMultipartUpload "s3:PutObject";
    AbortMultipartUpload "s3:AbortMultipartUpload";
    ListParts "s3:ListMultipartUploadParts";
    GetBucketVersioning "s3:GetBucketVersioning";
    PutBucketVersioning "s3:PutBucketVersioning";
    GetBucketTagging "s3:GetBucketTagging";
    GetBucketLifecycleConfiguration "s3:GetLifecycleConfiguration";
    PutBucketLifecycleConfiguration "s3:PutLifecycleConfiguration";
    DeleteBucketLifecycle "s3:PutLifecycleConfiguration";
    GetBucketCors "s3:GetBucketCORS";
    GetBucketWebsite "s3:GetBucketWebsite";
    GetBucketEncryption "s3:GetEncryptionConfiguration";
    PutBucketEncryption "s3:PutEncryptionConfiguration";
    DeleteBucketEncryption "s3:PutEncryptionConfiguration";
    GetBucketRequestPayment "s3:GetBucketRequestPayment";
    GetBucketLogging "s3:GetBucketLogging";
    PutBucketLogging "s3:PutBucketLogging";
    GetBucketNotificationConfiguration "s3:GetBucketNotification";
    GetBucketReplication "s3:GetReplicationConfiguration";
    GetBucketAccelerateConfiguration "s3:GetAccelerateConfiguration";
    GetObjectLockConfiguration "s3:GetBucketObjectLockConfiguration";
    PutBucketTagging "s3:PutBucketTagging";
    DeleteBucketTagging "s3:PutBucketTagging";
    GetObjectTagging "s3:GetObjectTagging";
    PutObjectLockConfiguration "s3:PutBucketObjectLockConfiguration";
    PutObjectTagging "s3:PutObjectTagging";
    DeleteObjectTagging "s3:DeleteObjectTagging";
    GetObjectAttributes "s3:GetObjectAttributes";
    RestoreObject "s3:RestoreObject";
    PutBucketCors "s3:PutBucketCORS";
    DeleteBucketCors "s3:PutBucketCORS";
    PutBucketRequestPayment "s3:PutBucketRequestPayment";
    PutBucketAccelerateConfiguration "s3:PutAccelerateConfiguration";
    GetBucketAbac "s3:GetBucketAbac";
    GetBucketAnalyticsConfiguration "s3:GetAnalyticsConfiguration";
    ListBucketAnalyticsConfigurations "s3:GetAnalyticsConfiguration";
    GetBucketMetricsConfiguration "s3:GetMetricsConfiguration";
    ListBucketMetricsConfigurations "s3:GetMetricsConfiguration";
    GetBucketInventoryConfiguration "s3:GetInventoryConfiguration";
    ListBucketInventoryConfigurations "s3:GetInventoryConfiguration";
    GetBucketIntelligentTieringConfiguration "s3:GetIntelligentTieringConfiguration";
    ListBucketIntelligentTieringConfigurations "s3:GetIntelligentTieringConfiguration";
    ListTagsForResource "s3:ListTagsForResource";
    TagResource "s3:TagResource";
    UntagResource "s3:UntagResource";
    GetObjectRetention "s3:GetObjectRetention";
    PutObjectRetention "s3:PutObjectRetention";
    GetObjectLegalHold "s3:GetObjectLegalHold";
    PutObjectLegalHold "s3:PutObjectLegalHold";
}

impl Operation {
    /// Whether `versionId` says which version is meant.
    pub const fn is_about_a_version(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::GetObject
                | O::HeadObject
                | O::DeleteObject
                | O::GetObjectAcl
                | O::PutObjectAcl
                | O::GetObjectTagging
                | O::PutObjectTagging
                | O::GetObjectAttributes
                | O::RestoreObject
                | O::DeleteObjectTagging
                | O::GetObjectRetention
                | O::PutObjectRetention
                | O::GetObjectLegalHold
                | O::PutObjectLegalHold
        )
    }
}

/// Sub-resources that AWS knows; one that is not matched by an operation here is not implemented.
const SUB_RESOURCES: &[&str] = &[
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "annotations",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataTable",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataAnnotationTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// The operation of a request.
///
/// # Errors
/// `MethodNotAllowed` and `NotImplemented`.
pub fn route(
    method: &Method,
    target: &Target,
    query: &Query,
    headers: &HeaderMap,
) -> Result<Operation, Error> {
    let resource = match (&target.bucket, &target.key) {
        (None, _) => "SERVICE",
        (Some(_), None) => "BUCKET",
        (Some(_), Some(_)) => "OBJECT",
    };
    let not_allowed = || Error::MethodNotAllowed { method: method.to_string(), resource };
    if target.control {
        return super::control::operation(method).ok_or_else(not_allowed);
    }
    let mut subs = query.iter().map(|(name, _)| name).filter(|name| SUB_RESOURCES.contains(name));
    let sub = subs.next();
    if let Some(second) = subs.next() {
        return Err(Error::argument(
            "ResourceType",
            second,
            format!("Conflicting query string parameters: {}, {second}", sub.unwrap_or_default()),
        ));
    }
    let found = match (&target.bucket, &target.key) {
        (None, _) if sub.is_none() => (*method == Method::GET).then_some(Operation::ListBuckets),
        (None, _) => None,
        (Some(_), None) => bucket_operation(method, sub, query),
        (Some(_), Some(_)) => object_operation(method, sub, query, headers),
    };
    match (found, sub) {
        (Some(operation), _) => Ok(operation),
        (None, Some(sub)) => Err(Error::NotImplemented(format!("{method} ?{sub}"))),
        (None, None) => Err(not_allowed()),
    }
}

fn bucket_operation(method: &Method, sub: Option<&str>, query: &Query) -> Option<Operation> {
    use Operation as O;
    Some(match (method.as_str(), sub) {
        ("GET", None) => match query.has("list-type") {
            true => O::ListObjectsV2,
            false => O::ListObjects,
        },
        ("PUT", None) => O::CreateBucket,
        ("HEAD", None) => O::HeadBucket,
        ("DELETE", None) => O::DeleteBucket,
        ("GET", Some(sub)) => return bucket_reading(sub, query),
        ("PUT", Some("policy")) => O::PutBucketPolicy,
        ("PUT", Some("publicAccessBlock")) => O::PutPublicAccessBlock,
        ("PUT", Some("ownershipControls")) => O::PutBucketOwnershipControls,
        ("PUT", Some("acl")) => O::PutBucketAcl,
        ("PUT", Some("lifecycle")) => O::PutBucketLifecycleConfiguration,
        ("DELETE", Some("lifecycle")) => O::DeleteBucketLifecycle,
        ("PUT", Some("versioning")) => O::PutBucketVersioning,
        ("PUT", Some("object-lock")) if !query.has("id") => O::PutObjectLockConfiguration,
        ("PUT", Some("tagging")) => O::PutBucketTagging,
        ("DELETE", Some("tagging")) => O::DeleteBucketTagging,
        ("PUT", Some("encryption")) => O::PutBucketEncryption,
        ("DELETE", Some("encryption")) => O::DeleteBucketEncryption,
        ("PUT", Some("cors")) => O::PutBucketCors,
        ("DELETE", Some("cors")) => O::DeleteBucketCors,
        ("PUT", Some("requestPayment")) => O::PutBucketRequestPayment,
        ("PUT", Some("logging")) => O::PutBucketLogging,
        ("PUT", Some("accelerate")) => O::PutBucketAccelerateConfiguration,
        ("DELETE", Some("policy")) => O::DeleteBucketPolicy,
        ("DELETE", Some("publicAccessBlock")) => O::DeletePublicAccessBlock,
        ("DELETE", Some("ownershipControls")) => O::DeleteBucketOwnershipControls,
        ("POST", Some("delete")) => O::DeleteObjects,
        ("POST", None) => O::PostObject,
        _ => return None,
    })
}

fn bucket_reading(sub: &str, query: &Query) -> Option<Operation> {
    use Operation as O;
    Some(match sub {
        "location" => O::GetBucketLocation,
        "policy" => O::GetBucketPolicy,
        "policyStatus" => O::GetBucketPolicyStatus,
        "publicAccessBlock" => O::GetPublicAccessBlock,
        "ownershipControls" => O::GetBucketOwnershipControls,
        "acl" => O::GetBucketAcl,
        "versions" => O::ListObjectVersions,
        "uploads" => O::ListMultipartUploads,
        "versioning" => O::GetBucketVersioning,
        "tagging" => O::GetBucketTagging,
        "lifecycle" => O::GetBucketLifecycleConfiguration,
        "cors" => O::GetBucketCors,
        "website" => O::GetBucketWebsite,
        "encryption" => O::GetBucketEncryption,
        "requestPayment" => O::GetBucketRequestPayment,
        "logging" => O::GetBucketLogging,
        "notification" => O::GetBucketNotificationConfiguration,
        "replication" => O::GetBucketReplication,
        "accelerate" => O::GetBucketAccelerateConfiguration,
        "abac" => O::GetBucketAbac,
        "analytics" if query.has("id") => O::GetBucketAnalyticsConfiguration,
        "analytics" => O::ListBucketAnalyticsConfigurations,
        "metrics" if query.has("id") => O::GetBucketMetricsConfiguration,
        "metrics" => O::ListBucketMetricsConfigurations,
        "inventory" if query.has("id") => O::GetBucketInventoryConfiguration,
        "inventory" => O::ListBucketInventoryConfigurations,
        "intelligent-tiering" if query.has("id") => O::GetBucketIntelligentTieringConfiguration,
        "intelligent-tiering" => O::ListBucketIntelligentTieringConfigurations,
        "object-lock" if !query.has("id") => O::GetObjectLockConfiguration,
        _ => return None,
    })
}

fn object_operation(
    method: &Method,
    sub: Option<&str>,
    query: &Query,
    headers: &HeaderMap,
) -> Option<Operation> {
    use Operation as O;
    let copies = headers.contains_key("x-amz-copy-source");
    Some(match (method.as_str(), sub) {
        ("GET", None) => O::GetObject,
        ("HEAD", None) => O::HeadObject,
        ("PUT", None) if copies => O::CopyObject,
        ("PUT", None) => O::PutObject,
        ("DELETE", None) => O::DeleteObject,
        ("GET", Some("acl")) => O::GetObjectAcl,
        ("PUT", Some("acl")) => O::PutObjectAcl,
        ("GET", Some("uploadId")) => O::ListParts,
        ("PUT", Some("uploadId")) if !query.has("partNumber") => return None,
        ("PUT", Some("uploadId")) if copies => O::UploadPartCopy,
        ("PUT", Some("uploadId")) => O::UploadPart,
        ("DELETE", Some("uploadId")) => O::AbortMultipartUpload,
        ("POST", Some("uploadId")) => O::CompleteMultipartUpload,
        ("POST", Some("uploads")) => O::CreateMultipartUpload,
        ("GET", Some("tagging")) => O::GetObjectTagging,
        ("GET", Some("attributes")) => O::GetObjectAttributes,
        ("POST", Some("restore")) => O::RestoreObject,
        ("PUT", Some("tagging")) => O::PutObjectTagging,
        ("DELETE", Some("tagging")) => O::DeleteObjectTagging,
        ("GET", Some("retention")) => O::GetObjectRetention,
        ("PUT", Some("retention")) => O::PutObjectRetention,
        ("PUT", Some("legal-hold")) => O::PutObjectLegalHold,
        ("GET", Some("legal-hold")) => O::GetObjectLegalHold,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: Method, bucket: &str, key: &str, query: &str) -> Result<Operation, Error> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let target = Target { bucket: some(bucket), key: some(key), control: false };
        route(&method, &target, &Query::parse(query).unwrap(), &HeaderMap::new())
    }

    #[test]
    fn method_and_sub_resource_name_the_operation() {
        let is = |method, bucket, key, query, operation| {
            assert_eq!(of(method, bucket, key, query).unwrap(), operation);
        };
        is(Method::GET, "", "", "x-id=ListBuckets", Operation::ListBuckets);
        is(Method::GET, "b", "", "list-type=2&prefix=acl", Operation::ListObjectsV2);
        is(Method::GET, "b", "k", "acl", Operation::GetObjectAcl);
        is(Method::PUT, "b", "k", "partNumber=1&uploadId=x", Operation::UploadPart);
        is(Method::GET, "b", "k", "partNumber=1", Operation::GetObject);
        is(Method::POST, "b", "", "delete=", Operation::DeleteObjects);
        is(Method::POST, "b", "", "", Operation::PostObject);
        is(Method::GET, "b", "k", "X-Amz-Signature=acl", Operation::GetObject);
    }

    #[test]
    fn what_is_not_offered_is_told_from_what_does_not_exist() {
        for (method, key, query) in [
            (Method::PUT, "", "website"),
            (Method::GET, "", "metadataTable="),
            (Method::POST, "k", "select"),
            (Method::GET, "k", "torrent"),
        ] {
            assert!(matches!(of(method, "b", key, query), Err(Error::NotImplemented(_))), "{query}");
        }
        for (method, bucket, key) in
            [(Method::POST, "", ""), (Method::POST, "b", "k"), (Method::PATCH, "b", "")]
        {
            assert!(matches!(of(method, bucket, key, ""), Err(Error::MethodNotAllowed { .. })));
        }
        assert!(matches!(of(Method::GET, "b", "", "acl&policy"), Err(Error::InvalidArgument { .. })));
    }
}
