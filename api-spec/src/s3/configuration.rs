//! What reading a configuration answers for a bucket or an object that has none, where AWS answers a document and
//! not an error.

use serde::{Deserialize, Serialize};

/// `PutBucketRequestPayment` and what its Get counterpart answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestPaymentConfiguration {
    /// `BucketOwner` or `Requester`.
    pub payer: String,
}

/// `PutBucketAccelerateConfiguration` and what its Get counterpart answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccelerateConfiguration {
    /// `Enabled` or `Suspended`; nothing when it was never set.
    pub status: Option<String>,
}

/// A list of configurations (of analytics, metrics, inventories, tiering) where there is none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NoConfigurations {
    /// There are no more.
    pub is_truncated: bool,
}

/// The answer of `GetBucketNotificationConfiguration` where there is none: an empty element.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Nothing {}
