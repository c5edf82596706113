//! Server access logging of a bucket.

use serde::{Deserialize, Serialize};

use super::acl::Grants;

/// `PutBucketLogging` and what its Get answers; without `LoggingEnabled` nothing is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketLoggingStatus {
    /// Where to.
    pub logging_enabled: Option<LoggingEnabled>,
}

/// Where access logs go, and what their objects are called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingEnabled {
    /// A bucket of the same account.
    pub target_bucket: Option<String>,
    /// Who may do what with the log objects besides the target's owner.
    pub target_grants: Option<Grants>,
    /// What their keys begin with.
    pub target_prefix: Option<String>,
    /// What follows in their keys; the simple format where nothing is said.
    pub target_object_key_format: Option<TargetObjectKeyFormat>,
}

/// One of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetObjectKeyFormat {
    /// Time and a unique string.
    pub simple_prefix: Option<SimplePrefix>,
    /// Account, region, bucket and day before them.
    pub partitioned_prefix: Option<PartitionedPrefix>,
}

/// Says nothing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimplePrefix {}

/// Which day the partition is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PartitionedPrefix {
    /// `EventTime` or `DeliveryTime`.
    pub partition_date_source: Option<String>,
}
