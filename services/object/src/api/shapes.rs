//! The XML shapes of the operations offered, for the contract test. Members that travel as headers are not in it.

use api_spec::s3::{
    acl, attributes, bucket, configuration, cors, encryption, lifecycle, list, lock, logging, multipart,
    object, restore, tagging, versioning,
};
use api_spec::{Empty, Service as Api, shape};
use kit::dispatch::OperationShape;
use serde::de::DeserializeOwned;

fn of<I: DeserializeOwned, O: DeserializeOwned>(operation: &'static str) -> Result<OperationShape, String> {
    let wrong = |why| format!("{operation}: {why}");
    Ok(OperationShape {
        service: Api::S3.name(),
        operation,
        input: shape::of::<I>().map_err(wrong)?,
        output: shape::of::<O>().map_err(wrong)?,
    })
}

/// All of them.
pub fn shapes() -> Result<Vec<OperationShape>, String> {
    Ok(vec![
        of::<Empty, bucket::ListAllMyBucketsResult>("ListBuckets")?,
        of::<bucket::CreateBucketConfiguration, Empty>("CreateBucket")?,
        of::<Empty, Empty>("HeadBucket")?,
        of::<Empty, Empty>("DeleteBucket")?,
        of::<Empty, Empty>("GetBucketLocation")?,
        of::<Empty, Empty>("GetBucketPolicy")?,
        of::<Empty, Empty>("PutBucketPolicy")?,
        of::<Empty, Empty>("DeleteBucketPolicy")?,
        of::<Empty, bucket::PolicyStatus>("GetBucketPolicyStatus")?,
        of::<Empty, bucket::PublicAccessBlockConfiguration>("GetPublicAccessBlock")?,
        of::<bucket::PublicAccessBlockConfiguration, Empty>("PutPublicAccessBlock")?,
        of::<Empty, Empty>("DeletePublicAccessBlock")?,
        of::<Empty, bucket::OwnershipControls>("GetBucketOwnershipControls")?,
        of::<bucket::OwnershipControls, Empty>("PutBucketOwnershipControls")?,
        of::<Empty, Empty>("DeleteBucketOwnershipControls")?,
        of::<Empty, attributes::GetObjectAttributesOutput>("GetObjectAttributes")?,
        of::<restore::RestoreRequest, Empty>("RestoreObject")?,
        of::<Empty, cors::CorsConfiguration>("GetBucketCors")?,
        of::<cors::CorsConfiguration, Empty>("PutBucketCors")?,
        of::<Empty, Empty>("DeleteBucketCors")?,
        of::<Empty, configuration::RequestPaymentConfiguration>("GetBucketRequestPayment")?,
        of::<configuration::RequestPaymentConfiguration, Empty>("PutBucketRequestPayment")?,
        of::<Empty, configuration::AccelerateConfiguration>("GetBucketAccelerateConfiguration")?,
        of::<configuration::AccelerateConfiguration, Empty>("PutBucketAccelerateConfiguration")?,
        of::<Empty, logging::BucketLoggingStatus>("GetBucketLogging")?,
        of::<logging::BucketLoggingStatus, Empty>("PutBucketLogging")?,
        of::<Empty, tagging::Tagging>("GetBucketTagging")?,
        of::<tagging::Tagging, Empty>("PutBucketTagging")?,
        of::<Empty, Empty>("DeleteBucketTagging")?,
        of::<Empty, tagging::Tagging>("GetObjectTagging")?,
        of::<tagging::Tagging, Empty>("PutObjectTagging")?,
        of::<Empty, Empty>("DeleteObjectTagging")?,
        of::<Empty, acl::AccessControlPolicy>("GetBucketAcl")?,
        of::<acl::AccessControlPolicy, Empty>("PutBucketAcl")?,
        of::<Empty, list::ListBucketResult>("ListObjects")?,
        of::<Empty, list::ListBucketResultV2>("ListObjectsV2")?,
        of::<object::Delete, object::DeleteResult>("DeleteObjects")?,
        of::<Empty, lifecycle::LifecycleConfiguration>("GetBucketLifecycleConfiguration")?,
        of::<lifecycle::LifecycleConfiguration, Empty>("PutBucketLifecycleConfiguration")?,
        of::<Empty, Empty>("DeleteBucketLifecycle")?,
        of::<Empty, lock::ObjectLockConfiguration>("GetObjectLockConfiguration")?,
        of::<lock::ObjectLockConfiguration, Empty>("PutObjectLockConfiguration")?,
        of::<Empty, lock::Retention>("GetObjectRetention")?,
        of::<lock::Retention, Empty>("PutObjectRetention")?,
        of::<Empty, lock::LegalHold>("GetObjectLegalHold")?,
        of::<lock::LegalHold, Empty>("PutObjectLegalHold")?,
        of::<Empty, versioning::ListVersionsResult>("ListObjectVersions")?,
        of::<Empty, encryption::ServerSideEncryptionConfiguration>("GetBucketEncryption")?,
        of::<encryption::ServerSideEncryptionConfiguration, Empty>("PutBucketEncryption")?,
        of::<Empty, Empty>("DeleteBucketEncryption")?,
        of::<Empty, versioning::VersioningConfiguration>("GetBucketVersioning")?,
        of::<versioning::VersioningConfiguration, Empty>("PutBucketVersioning")?,
        of::<Empty, Empty>("GetObject")?,
        of::<Empty, Empty>("HeadObject")?,
        of::<Empty, Empty>("PutObject")?,
        of::<Empty, object::CopyObjectResult>("CopyObject")?,
        of::<Empty, Empty>("DeleteObject")?,
        of::<Empty, acl::AccessControlPolicy>("GetObjectAcl")?,
        of::<acl::AccessControlPolicy, Empty>("PutObjectAcl")?,
        of::<Empty, multipart::InitiateMultipartUploadResult>("CreateMultipartUpload")?,
        of::<Empty, Empty>("UploadPart")?,
        of::<Empty, object::CopyPartResult>("UploadPartCopy")?,
        of::<multipart::CompleteMultipartUpload, multipart::CompleteMultipartUploadResult>(
            "CompleteMultipartUpload",
        )?,
        of::<Empty, Empty>("AbortMultipartUpload")?,
        of::<Empty, multipart::ListPartsResult>("ListParts")?,
        of::<Empty, multipart::ListMultipartUploadsResult>("ListMultipartUploads")?,
    ])
}

#[cfg(test)]
mod tests {
    use api_spec::Status;

    use super::*;

    #[test]
    fn the_register_offers_exactly_what_has_a_shape() {
        let offered: Vec<&str> = Api::S3
            .operations()
            .iter()
            .filter(|(_, entry)| entry.status == Status::Offered)
            .map(|(name, _)| name.as_str())
            .collect();
        let mut shaped: Vec<&str> = shapes().unwrap().into_iter().map(|shape| shape.operation).collect();
        shaped.sort_unstable();
        assert_eq!(offered, shaped);
    }
}
