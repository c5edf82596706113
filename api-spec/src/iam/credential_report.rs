//! The credential report: every user of an account and the state of its credentials, as CSV.

use serde::{Deserialize, Serialize};

use crate::{Blob, Timestamp};

/// Has a report made, unless there is one of the last four hours.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateCredentialReport {}
crate::operation!(Iam, GenerateCredentialReport => GenerateCredentialReportResult);

/// What [`GenerateCredentialReport`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateCredentialReportResult {
    /// `STARTED`, `INPROGRESS` or `COMPLETE`.
    pub state: String,
    /// What that means.
    pub description: Option<String>,
}

/// Gives the report.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCredentialReport {}
crate::operation!(Iam, GetCredentialReport => GetCredentialReportResult);

/// What [`GetCredentialReport`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCredentialReportResult {
    /// CSV.
    pub content: Blob,
    /// `text/csv`.
    pub report_format: String,
    /// When it was made.
    pub generated_time: Timestamp,
}
