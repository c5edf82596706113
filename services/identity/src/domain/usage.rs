//! When keys and their holders were last used.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Days that uses of permissions are told for, as AWS does it.
const TRACKED_DAYS: i64 = 400;

/// Before this moment no use of permissions is told.
pub fn tracked_since(now: Timestamp) -> Timestamp {
    now - SignedDuration::from_hours(24 * TRACKED_DAYS)
}

/// The last use of an access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// When.
    pub at: Timestamp,
    /// `s3`.
    pub service: String,
    /// Region that the request was signed for; empty where the signature says none.
    pub region: String,
}

/// The last time that a user, role or root asked for an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionUse {
    /// When.
    pub at: Timestamp,
    /// Region that the request was signed for; empty where the signature says none.
    pub region: String,
}

/// The service of an action: `s3` of `s3:GetObject`.
pub fn service_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}
