//! SSH public keys of users.

use serde::{Deserialize, Serialize};

use crate::{Empty, Timestamp};

/// An SSH public key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SshPublicKey {
    /// Whose it is.
    pub user_name: String,
    /// `APKA...`.
    #[serde(rename = "SSHPublicKeyId")]
    pub ssh_public_key_id: String,
    /// MD5 of the key, in pairs of hex digits.
    pub fingerprint: String,
    /// The key.
    #[serde(rename = "SSHPublicKeyBody")]
    pub ssh_public_key_body: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// When it was uploaded.
    pub upload_date: Timestamp,
}

/// An SSH public key as lists show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SshPublicKeyMetadata {
    /// Whose it is.
    pub user_name: String,
    /// `APKA...`.
    #[serde(rename = "SSHPublicKeyId")]
    pub ssh_public_key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// When it was uploaded.
    pub upload_date: Timestamp,
}

/// Gives a user an SSH public key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadSSHPublicKey {
    /// The user.
    pub user_name: String,
    /// RSA, in OpenSSH's form or PEM.
    #[serde(rename = "SSHPublicKeyBody")]
    pub ssh_public_key_body: String,
}
crate::operation!(Iam, UploadSSHPublicKey => UploadSSHPublicKeyResult);

/// What [`UploadSSHPublicKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadSSHPublicKeyResult {
    /// The key.
    #[serde(rename = "SSHPublicKey")]
    pub ssh_public_key: SshPublicKey,
}

/// Shows an SSH public key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSSHPublicKey {
    /// The user.
    pub user_name: String,
    /// The key.
    #[serde(rename = "SSHPublicKeyId")]
    pub ssh_public_key_id: String,
    /// `SSH` or `PEM`.
    pub encoding: String,
}
crate::operation!(Iam, GetSSHPublicKey => GetSSHPublicKeyResult);

/// What [`GetSSHPublicKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSSHPublicKeyResult {
    /// The key.
    #[serde(rename = "SSHPublicKey")]
    pub ssh_public_key: SshPublicKey,
}

/// Lists a user's SSH public keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSSHPublicKeys {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListSSHPublicKeys => ListSSHPublicKeysResult);

/// What [`ListSSHPublicKeys`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSSHPublicKeysResult {
    /// The page.
    #[serde(rename = "SSHPublicKeys")]
    pub ssh_public_keys: Vec<SshPublicKeyMetadata>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Switches an SSH public key on or off.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSSHPublicKey {
    /// The user.
    pub user_name: String,
    /// The key.
    #[serde(rename = "SSHPublicKeyId")]
    pub ssh_public_key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
}
crate::operation!(Iam, UpdateSSHPublicKey => Empty);

/// Deletes an SSH public key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSSHPublicKey {
    /// The user.
    pub user_name: String,
    /// The key.
    #[serde(rename = "SSHPublicKeyId")]
    pub ssh_public_key_id: String,
}
crate::operation!(Iam, DeleteSSHPublicKey => Empty);
