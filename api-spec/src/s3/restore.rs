//! Asking archived content back.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The body of `RestoreObject`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestoreRequest {
    /// For how long.
    pub days: Option<u32>,
    /// How fast.
    pub glacier_job_parameters: Option<GlacierJobParameters>,
    /// `SELECT`.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// How fast, of a `SELECT`.
    pub tier: Option<String>,
    /// Words.
    pub description: Option<String>,
    /// Of a `SELECT`.
    pub select_parameters: Option<SelectParameters>,
    /// Of a `SELECT`.
    pub output_location: Option<OutputLocation>,
}

/// How fast content is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GlacierJobParameters {
    /// `Standard`, `Bulk` or `Expedited`.
    pub tier: String,
}

/// Named so that a `SELECT` is understood, and refused as what it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SelectParameters {
    /// SQL.
    pub expression: Option<String>,
    /// `SQL`.
    pub expression_type: Option<String>,
}

/// Named so that a `SELECT` is understood, and refused as what it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OutputLocation {}

/// Where the restoring of an archived object stands, in lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestoreStatus {
    /// Whether it is under way.
    pub is_restore_in_progress: bool,
    /// Until when the content can be read.
    pub restore_expiry_date: Option<Timestamp>,
}
