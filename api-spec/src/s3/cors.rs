//! Cross-origin rules of a bucket.

use serde::{Deserialize, Serialize};

/// `PutBucketCors` and what its Get counterpart answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsConfiguration {
    /// 1 to 100.
    #[serde(rename = "CORSRule", default)]
    pub rules: Vec<CorsRule>,
}

/// Who may do what from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CorsRule {
    /// Name.
    #[serde(rename = "ID")]
    pub id: Option<String>,
    /// Headers that a preflight may ask for; each with one `*` at most.
    #[serde(rename = "AllowedHeader", default)]
    pub allowed_headers: Vec<String>,
    /// `GET`, `PUT`, `POST`, `DELETE`, `HEAD`.
    #[serde(rename = "AllowedMethod", default)]
    pub allowed_methods: Vec<String>,
    /// Origins; each with one `*` at most.
    #[serde(rename = "AllowedOrigin", default)]
    pub allowed_origins: Vec<String>,
    /// Headers that scripts may read.
    #[serde(rename = "ExposeHeader", default)]
    pub expose_headers: Vec<String>,
    /// How long a browser may remember a preflight's answer.
    pub max_age_seconds: Option<u32>,
}
