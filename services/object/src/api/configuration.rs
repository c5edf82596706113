//! Reading configuration that no bucket here has: answered as AWS does for a bucket that has none. Writing it is
//! not implemented, so these answers are always true.

use api_spec::ErrorCode;
use api_spec::s3::configuration::{AccelerateConfiguration, NoConfigurations, Nothing};
use axum::response::Response;

use super::exchange::Exchange;
use super::reply::document;
use super::route::Operation;
use crate::error::Error;

/// Answers for a bucket.
pub fn of_bucket(x: &Exchange) -> Result<Response, Error> {
    match x.operation {
        Operation::GetBucketNotificationConfiguration => document("NotificationConfiguration", &Nothing {}),
        Operation::GetBucketAbac => {
            document("AbacStatus", &AccelerateConfiguration { status: Some("Disabled".into()) })
        }
        Operation::ListBucketAnalyticsConfigurations => none("ListBucketAnalyticsConfigurationResult"),
        Operation::ListBucketMetricsConfigurations => none("ListMetricsConfigurationsResult"),
        Operation::ListBucketInventoryConfigurations => none("ListInventoryConfigurationsResult"),
        Operation::ListBucketIntelligentTieringConfigurations => {
            none("ListBucketIntelligentTieringConfigurationsOutput")
        }
        other => Err(absent(other, &x.place.bucket)),
    }
}

fn none(root: &str) -> Result<Response, Error> {
    document(root, &NoConfigurations::default())
}

fn absent(operation: Operation, bucket: &str) -> Error {
    let (code, message) = match operation {
        Operation::GetBucketWebsite => (
            ErrorCode::NoSuchWebsiteConfiguration,
            "The specified bucket does not have a website configuration",
        ),
        Operation::GetBucketReplication => {
            (ErrorCode::ReplicationConfigurationNotFound, "The replication configuration was not found")
        }
        Operation::GetBucketAnalyticsConfiguration
        | Operation::GetBucketMetricsConfiguration
        | Operation::GetBucketInventoryConfiguration
        | Operation::GetBucketIntelligentTieringConfiguration => {
            (ErrorCode::NoSuchConfiguration, "The specified configuration does not exist.")
        }
        other => return Error::NotImplemented(other.name().to_owned()),
    };
    Error::NotConfigured { code, message, bucket: bucket.to_owned() }
}
