//! Server certificates with their private keys, which no answer shows.

use serde::{Deserialize, Serialize};

use super::{Secret, Tag};
use crate::{Empty, Timestamp};

/// What is known of a server certificate besides its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerCertificateMetadata {
    /// `/` or `/division/`.
    pub path: String,
    /// Name.
    pub server_certificate_name: String,
    /// `ASCA...`.
    pub server_certificate_id: String,
    /// ARN.
    pub arn: String,
    /// When it was uploaded.
    pub upload_date: Timestamp,
    /// When its validity ends.
    pub expiration: Timestamp,
}

/// A server certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerCertificate {
    /// What is known of it.
    pub server_certificate_metadata: ServerCertificateMetadata,
    /// The certificate, PEM.
    pub certificate_body: String,
    /// Those that it hangs on, PEM.
    pub certificate_chain: Option<String>,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
}

/// Takes a server certificate over.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadServerCertificate {
    /// `/` when absent.
    pub path: Option<String>,
    /// Unique in the account without regard to case.
    pub server_certificate_name: String,
    /// The certificate, PEM.
    pub certificate_body: String,
    /// Its private key, PEM, not encrypted.
    pub private_key: Secret,
    /// Those that it hangs on, the nearest first, PEM.
    pub certificate_chain: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, UploadServerCertificate => UploadServerCertificateResult);

/// What [`UploadServerCertificate`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadServerCertificateResult {
    /// What is known of the new certificate.
    pub server_certificate_metadata: ServerCertificateMetadata,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

/// Shows a server certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServerCertificate {
    /// The certificate.
    pub server_certificate_name: String,
}
crate::operation!(Iam, GetServerCertificate => GetServerCertificateResult);

/// What [`GetServerCertificate`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServerCertificateResult {
    /// The certificate.
    pub server_certificate: ServerCertificate,
}

/// Lists server certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerCertificates {
    /// Only those whose path starts so.
    pub path_prefix: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListServerCertificates => ListServerCertificatesResult);

/// What [`ListServerCertificates`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerCertificatesResult {
    /// The page.
    pub server_certificate_metadata_list: Vec<ServerCertificateMetadata>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Renames or moves a server certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateServerCertificate {
    /// The certificate.
    pub server_certificate_name: String,
    /// Its new path.
    pub new_path: Option<String>,
    /// Its new name.
    pub new_server_certificate_name: Option<String>,
}
crate::operation!(Iam, UpdateServerCertificate => Empty);

/// Deletes a server certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServerCertificate {
    /// The certificate.
    pub server_certificate_name: String,
}
crate::operation!(Iam, DeleteServerCertificate => Empty);

/// Sets tags of a server certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagServerCertificate {
    /// The certificate.
    pub server_certificate_name: String,
    /// New tags, and new values of old ones.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagServerCertificate => Empty);

/// Takes tags of a server certificate away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagServerCertificate {
    /// The certificate.
    pub server_certificate_name: String,
    /// Which.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagServerCertificate => Empty);

/// Lists the tags of a server certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerCertificateTags {
    /// The certificate.
    pub server_certificate_name: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListServerCertificateTags => ListServerCertificateTagsResult);

/// What [`ListServerCertificateTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerCertificateTagsResult {
    /// The page, in order of key.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
