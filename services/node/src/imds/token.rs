//! Session tokens of IMDSv2: they carry their own end and a seal that holds for one instance only, so that the agent
//! need not remember them and they outlive its restart.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};
use crate::files;

/// Longest life of a token, in seconds.
pub const MAX_TTL_S: u64 = 21_600;

/// Seals tokens.
pub struct Tokens(Key);

impl Tokens {
    /// With the key kept at `path`, made there if there is none.
    pub fn open(path: &Path) -> Result<Self> {
        if let Some(secret) = files::read::<[u8; 32]>(path)? {
            return Ok(Tokens(Key::new(HMAC_SHA256, &secret)));
        }
        let mut secret = [0; 32];
        let drawn = SystemRandom::new().fill(&mut secret);
        drawn.map_err(|_| Error::io("draw a key", std::io::Error::other("no randomness")))?;
        files::write(path, &secret)?;
        Ok(Tokens(Key::new(HMAC_SHA256, &secret)))
    }

    /// A token of an instance that ends at `end_s`, seconds since 1970.
    pub fn issue(&self, instance: &str, end_s: u64) -> String {
        let mut bytes = end_s.to_be_bytes().to_vec();
        bytes.extend_from_slice(hmac::sign(&self.0, &sealed(instance, end_s)).as_ref());
        URL_SAFE.encode(bytes)
    }

    /// Whether a token was issued to this instance and has not ended.
    pub fn holds(&self, instance: &str, token: &str, now_s: u64) -> bool {
        let Ok(bytes) = URL_SAFE.decode(token) else { return false };
        let Some((end, seal)) = bytes.split_first_chunk::<8>() else { return false };
        let end_s = u64::from_be_bytes(*end);
        now_s < end_s && hmac::verify(&self.0, &sealed(instance, end_s), seal).is_ok()
    }
}

fn sealed(instance: &str, end_s: u64) -> Vec<u8> {
    format!("{instance}/{end_s}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_instance_until_its_end_and_across_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let token = Tokens::open(&path).unwrap().issue("i-1", 100);
        assert_eq!(token.len(), 56);
        let again = Tokens::open(&path).unwrap();
        assert!(again.holds("i-1", &token, 99));
        assert!(!again.holds("i-1", &token, 100));
        assert!(!again.holds("i-2", &token, 99));
        assert!(!again.holds("i-1", &token[1..], 99));
        assert!(!again.holds("i-1", "", 99));
    }
}
