//! Encrypting with keys that never leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plaintext;
use crate::Blob;

/// Encrypts up to 4096 bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Encrypt {
    /// Id, ARN, alias or alias's ARN of the key.
    pub key_id: String,
    /// 1 to 4096 bytes.
    pub plaintext: Plaintext,
    /// Bound to the ciphertext; the same must be given to decrypt.
    #[serde(default)]
    pub encryption_context: BTreeMap<String, String>,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: Option<String>,
    /// Only whether it would be allowed.
    pub dry_run: Option<bool>,
}
crate::operation!(Kms, Encrypt => EncryptResponse);

/// What [`Encrypt`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptResponse {
    /// What [`Decrypt`] takes.
    pub ciphertext_blob: Blob,
    /// ARN of the key.
    pub key_id: String,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: String,
}

/// Decrypts what this service encrypted.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Decrypt {
    /// What was answered when it was encrypted.
    pub ciphertext_blob: Blob,
    /// Bound to the ciphertext; the same must be given to decrypt.
    #[serde(default)]
    pub encryption_context: BTreeMap<String, String>,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// The key that must have encrypted it.
    pub key_id: Option<String>,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: Option<String>,
    /// Only whether it would be allowed.
    pub dry_run: Option<bool>,
}
crate::operation!(Kms, Decrypt => DecryptResponse);

/// What [`Decrypt`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecryptResponse {
    /// ARN of the key.
    pub key_id: String,
    /// The plain text.
    pub plaintext: Plaintext,
    /// `SYMMETRIC_DEFAULT`.
    pub encryption_algorithm: String,
}

/// Encrypts with another key or context, without the plain text leaving.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReEncrypt {
    /// What was answered when it was encrypted.
    pub ciphertext_blob: Blob,
    /// The context it was encrypted with.
    #[serde(default)]
    pub source_encryption_context: BTreeMap<String, String>,
    /// The key that must have encrypted it.
    pub source_key_id: Option<String>,
    /// The key to encrypt with.
    pub destination_key_id: String,
    /// The context to encrypt with.
    #[serde(default)]
    pub destination_encryption_context: BTreeMap<String, String>,
    /// `SYMMETRIC_DEFAULT`.
    pub source_encryption_algorithm: Option<String>,
    /// `SYMMETRIC_DEFAULT`.
    pub destination_encryption_algorithm: Option<String>,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only whether it would be allowed.
    pub dry_run: Option<bool>,
}
crate::operation!(Kms, ReEncrypt => ReEncryptResponse);

/// What [`ReEncrypt`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReEncryptResponse {
    /// The new ciphertext.
    pub ciphertext_blob: Blob,
    /// ARN of the key it was encrypted with.
    pub source_key_id: String,
    /// ARN of the key it is encrypted with.
    pub key_id: String,
    /// `SYMMETRIC_DEFAULT`.
    pub source_encryption_algorithm: String,
    /// `SYMMETRIC_DEFAULT`.
    pub destination_encryption_algorithm: String,
}

/// Makes a key for use outside, plain and encrypted.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateDataKey {
    /// Id, ARN, alias or alias's ARN of the key.
    pub key_id: String,
    /// Bound to the ciphertext; the same must be given to decrypt.
    #[serde(default)]
    pub encryption_context: BTreeMap<String, String>,
    /// 1 to 1024.
    pub number_of_bytes: Option<i32>,
    /// `AES_256` or `AES_128`.
    pub key_spec: Option<String>,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only whether it would be allowed.
    pub dry_run: Option<bool>,
}
crate::operation!(Kms, GenerateDataKey => GenerateDataKeyResponse);

/// What [`GenerateDataKey`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateDataKeyResponse {
    /// The key, encrypted.
    pub ciphertext_blob: Blob,
    /// The key.
    pub plaintext: Plaintext,
    /// ARN of the key that encrypted it.
    pub key_id: String,
}

/// Makes a key for use outside, encrypted only.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateDataKeyWithoutPlaintext {
    /// Id, ARN, alias or alias's ARN of the key.
    pub key_id: String,
    /// Bound to the ciphertext; the same must be given to decrypt.
    #[serde(default)]
    pub encryption_context: BTreeMap<String, String>,
    /// `AES_256` or `AES_128`.
    pub key_spec: Option<String>,
    /// 1 to 1024.
    pub number_of_bytes: Option<i32>,
    /// Grants are not offered; none may be given.
    #[serde(default)]
    pub grant_tokens: Vec<String>,
    /// Only whether it would be allowed.
    pub dry_run: Option<bool>,
}
crate::operation!(Kms, GenerateDataKeyWithoutPlaintext => GenerateDataKeyWithoutPlaintextResponse);

/// What [`GenerateDataKeyWithoutPlaintext`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateDataKeyWithoutPlaintextResponse {
    /// The key, encrypted.
    pub ciphertext_blob: Blob,
    /// ARN of the key that encrypted it.
    pub key_id: String,
}

/// Random bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GenerateRandom {
    /// 1 to 1024.
    pub number_of_bytes: Option<i32>,
    /// Not offered.
    pub custom_key_store_id: Option<String>,
}
crate::operation!(Kms, GenerateRandom => GenerateRandomResponse);

/// What [`GenerateRandom`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateRandomResponse {
    /// The bytes.
    pub plaintext: Plaintext,
}
