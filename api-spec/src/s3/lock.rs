//! Object lock of buckets and of versions.

use serde::{Deserialize, Serialize};

/// `PutObjectLockConfiguration` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectLockConfiguration {
    /// `Enabled`.
    pub object_lock_enabled: Option<String>,
    /// What new versions get.
    pub rule: Option<ObjectLockRule>,
}

/// What new versions get.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectLockRule {
    /// How they are retained.
    pub default_retention: Option<DefaultRetention>,
}

/// A retention by default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DefaultRetention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Option<String>,
    /// Either this,
    pub days: Option<i64>,
    /// or this.
    pub years: Option<i64>,
}

/// `PutObjectRetention` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Option<String>,
    /// ISO 8601.
    pub retain_until_date: Option<String>,
}

/// `PutObjectLegalHold` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LegalHold {
    /// `ON` or `OFF`.
    pub status: Option<String>,
}
