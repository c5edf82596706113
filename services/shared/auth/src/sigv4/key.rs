//! The derived signing key: what a secret becomes for one day, region and service.

use super::Scope;
use ring::hmac::{self, HMAC_SHA256, Key, Tag};
use zeroize::{Zeroize, Zeroizing};

/// A derived signing key. Safe to cache under (access key id, scope): it opens nothing beyond that scope.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// HMAC chain over the scope, starting from the secret.
    pub fn derive(secret: &str, scope: &Scope) -> Self {
        let mut start = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret.as_bytes());
        let mut key = step(&start, &scope.date);
        for part in [&*scope.region, &*scope.service, "aws4_request"] {
            let next = step(&key, part);
            key.zeroize();
            key = next;
        }
        SigningKey(key)
    }

    /// A key derived elsewhere (identity may hand out derived keys instead of secrets).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        SigningKey(bytes)
    }

    /// The key itself, to send to a peer that is trusted with it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The HMAC of `text`, in hex: signs a presigned link or a request of our own.
    pub fn sign_hex(&self, text: &[u8]) -> String {
        super::hex(self.sign(text).as_ref())
    }

    /// Whether `signature` is the HMAC of `text` in hex; constant time. For what is signed but is no request:
    /// the policy of an S3 POST form.
    pub fn verify_hex(&self, text: &[u8], signature: &str) -> bool {
        super::unhex(signature.as_bytes()).is_some_and(|tag| self.matches(text, &tag))
    }

    pub(super) fn sign(&self, text: &[u8]) -> Tag {
        hmac::sign(&self.hmac(), text)
    }

    /// Whether `tag` is the HMAC of `text`; constant time.
    pub(super) fn matches(&self, text: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.hmac(), text, tag).is_ok()
    }

    fn hmac(&self) -> Key {
        Key::new(HMAC_SHA256, &self.0)
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

fn step(key: &[u8], data: &str) -> [u8; 32] {
    let tag = hmac::sign(&Key::new(HMAC_SHA256, key), data.as_bytes());
    tag.as_ref().try_into().unwrap_or_default()
}
