//! Secrets at rest: AES-256-GCM under the installation's master key, a nonce of its own for every value, and the id
//! of what the secret belongs to as associated data, so that a sealed secret cannot be moved to another key.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use zeroize::Zeroizing;

use crate::error::Error;

/// A secret in memory: wiped when dropped, not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret over.
    pub fn new(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }

    /// The secret itself: for deriving keys and for showing it to its owner, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A nonce. Twelve random bytes: with at most millions of keys a repetition is out of reach.
pub type NonceBytes = [u8; NONCE_LEN];

/// Tells derived keys apart without telling anything of them.
pub type KeyId = [u8; 4];

/// The master key, ready for use. Clones share it, so that all of them take up another at once.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    keys: RwLock<Keys>,
    derive: RwLock<hkdf::Prk>,
}

struct Keys {
    current: LessSafeKey,
    /// The one before it, while it is being rotated.
    old: Option<LessSafeKey>,
}

/// What other keys are derived for from the master key; each has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing session tokens.
    SessionTokens,
    /// Sealing the reasons of refusals for DecodeAuthorizationMessage.
    AuthorizationMessages,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Purpose::SessionTokens => b"session tokens",
            Purpose::AuthorizationMessages => b"authorization messages",
        }
    }
}

impl Sealer {
    /// A sealer with this master key.
    pub fn new(master_key: &[u8; 32]) -> Result<Self, Error> {
        let keys = Keys { current: aead(master_key)?, old: None };
        Ok(Sealer(Arc::new(Inner { keys: RwLock::new(keys), derive: RwLock::new(extract(master_key)) })))
    }

    /// Seals with this master key from now on, and still opens what the one before it sealed.
    pub fn take_up(&self, master_key: &[u8; 32]) -> Result<(), Error> {
        let fresh = aead(master_key)?;
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut keys.current, fresh);
        keys.old = Some(before);
        Ok(())
    }

    /// Opens no more what the key before the present one sealed.
    pub fn forget_old(&self) {
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).old = None;
    }

    /// Derives other keys from this secret, which outlives the master key.
    pub fn derive_from(&self, secret: &Secret) {
        *self.0.derive.write().unwrap_or_else(PoisonError::into_inner) = extract(secret.reveal().as_bytes());
    }

    /// The same secret sealed again; none when the present key sealed it already.
    pub fn reseal(&self, nonce: NonceBytes, owner: &str, sealed: &str) -> Result<Option<String>, Error> {
        let current = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).current.clone();
        if open(&current, owner, sealed).is_ok() {
            return Ok(None);
        }
        self.seal(nonce, owner, &self.open(owner, sealed)?).map(Some)
    }

    /// A key of its own for this purpose, and the four bytes by which it is known.
    pub fn derive(&self, purpose: Purpose) -> Result<(KeyId, LessSafeKey), Error> {
        let failed = |_| Error::Corrupt("HKDF gives no key".into());
        let mut id = KeyId::default();
        let derive = self.0.derive.read().unwrap_or_else(PoisonError::into_inner);
        let key = derive
            .expand(&[purpose.label(), b" key"], &AES_256_GCM)
            .map(|material| LessSafeKey::new(UnboundKey::from(material)));
        derive
            .expand(&[purpose.label(), b" id"], hkdf::HKDF_SHA256)
            .and_then(|material| {
                let mut bytes = [0; 32];
                material.fill(&mut bytes)?;
                id.copy_from_slice(&bytes[..4]);
                Ok(())
            })
            .map_err(failed)?;
        Ok((id, key.map_err(failed)?))
    }

    /// Seals `secret` for `owner`: base64 of nonce, ciphertext and tag.
    pub fn seal(&self, nonce: NonceBytes, owner: &str, secret: &Secret) -> Result<String, Error> {
        let mut sealed = secret.reveal().as_bytes().to_vec();
        let current = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).current.clone();
        current
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::Sealed(owner.to_owned()))?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for `owner`.
    pub fn open(&self, owner: &str, sealed: &str) -> Result<Secret, Error> {
        let (current, old) = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            (keys.current.clone(), keys.old.clone())
        };
        match (open(&current, owner, sealed), old) {
            (Err(_), Some(old)) => open(&old, owner, sealed),
            (opened, _) => opened,
        }
    }
}

fn aead(master_key: &[u8; 32]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, master_key)
        .map(LessSafeKey::new)
        .map_err(|_| Error::Corrupt("AES-256-GCM takes keys of 32 bytes".into()))
}

fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"murus").extract(secret)
}

fn open(key: &LessSafeKey, owner: &str, sealed: &str) -> Result<Secret, Error> {
    let wrong = || Error::Sealed(owner.to_owned());
    let mut bytes = Zeroizing::new(STANDARD.decode(sealed).map_err(|_| wrong())?);
    let (nonce, sealed) = bytes.split_first_chunk_mut::<NONCE_LEN>().ok_or_else(wrong)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = key.open_in_place(nonce, Aad::from(owner.as_bytes()), sealed).map_err(|_| wrong())?;
    String::from_utf8(opened.to_vec()).map(Secret::new).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_owner_under_its_key_only() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let secret = Secret::new("hush".into());
        let sealed = sealer.seal([1; 12], "AKIA1", &secret).unwrap();
        assert!(!sealed.contains("hush"));
        assert_eq!(sealer.open("AKIA1", &sealed).unwrap(), secret);
        assert_eq!(sealer.open("AKIA2", &sealed), Err(Error::Sealed("AKIA2".into())));
        assert!(Sealer::new(&[8; 32]).unwrap().open("AKIA1", &sealed).is_err());
        assert!(sealer.open("AKIA1", "").is_err());
        let mut broken = STANDARD.decode(&sealed).unwrap();
        broken[14] ^= 1;
        assert!(sealer.open("AKIA1", &STANDARD.encode(broken)).is_err());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn another_key_is_taken_up_while_the_old_one_still_opens() {
        let (sealer, secret) = (Sealer::new(&[7; 32]).unwrap(), Secret::new("hush".into()));
        let old = sealer.seal([1; 12], "a", &secret).unwrap();
        let (id, _) = sealer.derive(Purpose::SessionTokens).unwrap();
        sealer.take_up(&[8; 32]).unwrap();
        assert_eq!(sealer.open("a", &old).unwrap(), secret);
        let new = sealer.reseal([2; 12], "a", &old).unwrap().unwrap();
        assert_eq!(sealer.reseal([3; 12], "a", &new), Ok(None));
        sealer.forget_old();
        assert_eq!(sealer.open("a", &new).unwrap(), secret);
        assert!(sealer.open("a", &old).is_err() && sealer.reseal([4; 12], "a", &old).is_err());
        assert_eq!(Sealer::new(&[8; 32]).unwrap().open("a", &new).unwrap(), secret);
        assert_eq!(sealer.derive(Purpose::SessionTokens).unwrap().0, id);
    }
}
