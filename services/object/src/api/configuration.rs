//! Reading configuration that no bucket here has: answered as AWS does for a bucket that has none. Writing it is
//! not implemented, so these answers are always true.

use api_spec::ErrorCode;
use api_spec::s3::configuration::{Nothing, RequestPaymentConfiguration, Tagging};
use axum::response::Response;

use super::exchange::Exchange;
use super::get::existing;
use super::reply::document;
use super::route::Operation;
use crate::error::Error;

/// Answers for a bucket.
pub fn of_bucket(x: &Exchange) -> Result<Response, Error> {
    match x.operation {
        Operation::GetBucketRequestPayment => document(
            "RequestPaymentConfiguration",
            &RequestPaymentConfiguration { payer: "BucketOwner".into() },
        ),
        Operation::GetBucketLogging => document("BucketLoggingStatus", &Nothing {}),
        Operation::GetBucketNotificationConfiguration => document("NotificationConfiguration", &Nothing {}),
        Operation::GetBucketAccelerateConfiguration => document("AccelerateConfiguration", &Nothing {}),
        other => Err(absent(other)),
    }
}

fn absent(operation: Operation) -> Error {
    let (code, message) = match operation {
        Operation::GetBucketTagging => (ErrorCode::NoSuchTagSet, "The TagSet does not exist"),
        Operation::GetBucketLifecycleConfiguration => {
            (ErrorCode::NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist")
        }
        Operation::GetBucketCors => {
            (ErrorCode::NoSuchCorsConfiguration, "The CORS configuration does not exist")
        }
        Operation::GetBucketWebsite => (
            ErrorCode::NoSuchWebsiteConfiguration,
            "The specified bucket does not have a website configuration",
        ),
        Operation::GetBucketEncryption => (
            ErrorCode::ServerSideEncryptionConfigurationNotFound,
            "The server side encryption configuration was not found",
        ),
        Operation::GetBucketReplication => {
            (ErrorCode::ReplicationConfigurationNotFound, "The replication configuration was not found")
        }
        other => return Error::NotImplemented(other.name().to_owned()),
    };
    Error::Absent { code, message }
}

/// Answers for an object.
pub async fn of_object(x: &Exchange) -> Result<Response, Error> {
    existing(x).await?;
    match x.operation {
        Operation::GetObjectTagging => document("Tagging", &Tagging::default()),
        _ => Err(Error::InvalidRequest("Bucket is missing Object Lock Configuration".into())),
    }
}
