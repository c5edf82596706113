//! How an object is encrypted: its content under a key of its own, and that key under what the method gives.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::data::cipher::ContentKey;

/// An object's (or an upload's) encryption. A copy shares the content and has its key sealed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// What seals the content key.
    pub method: Method,
    /// The content key: base64 of salt, ciphertext and tag.
    pub sealed_key: String,
}

/// What seals a content key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// SSE-S3: a key of S3's own.
    #[serde(rename = "s3")]
    S3 {
        /// Which.
        key_id: String,
    },
    /// SSE-KMS: a data key of KMS.
    #[serde(rename = "kms")]
    Kms {
        /// ARN of the KMS key.
        key_arn: String,
        /// The data key as KMS encrypted it, base64.
        data_key: String,
        /// The whole context that it is bound to.
        context: BTreeMap<String, String>,
        /// The context as the client gave it: base64 of JSON.
        given: Option<String>,
        /// Whether the data key is the bucket's for a while.
        bucket_key: bool,
    },
    /// SSE-C: a key that the client brings each time and that is kept nowhere.
    #[serde(rename = "c")]
    Customer {
        /// MD5 of the key, base64.
        key_md5: String,
    },
}

impl Method {
    /// Whether the ETag is not the MD5 of the content.
    pub fn hides_md5(&self) -> bool {
        match self {
            Method::S3 { .. } => false,
            Method::Kms { .. } | Method::Customer { .. } => true,
        }
    }
}

/// What new objects of a bucket are encrypted with where the request does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultEncryption {
    /// Whether by KMS, else SSE-S3.
    pub kms: bool,
    /// The KMS key; S3's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether data keys are the bucket's for a while.
    #[serde(default)]
    pub bucket_key: bool,
}

/// Bytes of randomness that sealing a key takes.
pub const SALT_BYTES: usize = 16;

/// A sealed key that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongKey;

/// Seals a content key for an object's place. The salt must be fresh.
pub fn seal(
    kek: &[u8; 32],
    salt: [u8; SALT_BYTES],
    place: &str,
    key: &ContentKey,
) -> Result<String, WrongKey> {
    let mut sealed = zeroize::Zeroizing::new(key.bytes().to_vec());
    let tag = once(kek, &salt)?
        .seal_in_place_separate_tag(zero(), Aad::from(place.as_bytes()), &mut sealed)
        .map_err(|_| WrongKey)?;
    Ok(STANDARD.encode([&salt[..], &sealed, tag.as_ref()].concat()))
}

/// Opens a content key sealed for this place.
pub fn open(kek: &[u8; 32], place: &str, sealed: &str) -> Result<ContentKey, WrongKey> {
    let mut bytes = zeroize::Zeroizing::new(STANDARD.decode(sealed).map_err(|_| WrongKey)?);
    let (salt, sealed) = bytes.split_first_chunk_mut::<SALT_BYTES>().ok_or(WrongKey)?;
    let key = once(kek, salt)?;
    let opened = key.open_in_place(zero(), Aad::from(place.as_bytes()), sealed).map_err(|_| WrongKey)?;
    <[u8; 32]>::try_from(&*opened).map(ContentKey::new).map_err(|_| WrongKey)
}

/// A key for one use: no nonce can repeat under it.
fn once(kek: &[u8; 32], salt: &[u8]) -> Result<LessSafeKey, WrongKey> {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, kek));
    mac.update(b"murus content key 1");
    mac.update(salt);
    UnboundKey::new(&AES_256_GCM, mac.sign().as_ref()).map(LessSafeKey::new).map_err(|_| WrongKey)
}

fn zero() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// An ETag that tells nothing of the content: of 16 random bytes.
pub fn opaque_etag(random: [u8; 16]) -> String {
    auth::sigv4::hex(&random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_at_its_place_with_its_key_only() {
        let key = ContentKey::new([3; 32]);
        let sealed = seal(&[1; 32], [2; SALT_BYTES], "b/k", &key).unwrap();
        assert_eq!(open(&[1; 32], "b/k", &sealed).unwrap().bytes(), key.bytes());
        assert!(open(&[2; 32], "b/k", &sealed).is_err());
        assert!(open(&[1; 32], "b/other", &sealed).is_err());
        assert!(open(&[1; 32], "b/k", "").is_err());
        assert!(!STANDARD.decode(sealed).unwrap().windows(8).any(|window| window == [3; 8]));
    }
}
