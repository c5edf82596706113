//! Key pairs: making them, reading imported ones, and fingerprints as AWS computes them.
//!
//! A private key exists only in the reply that hands it out; it is never stored.

use std::convert::Infallible;

use api_spec::ErrorCode;
use api_spec::ids::KeyPairId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::Tag;
use jiff::Timestamp;
use kit::Random;
use md5::{Digest, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::KeyPair as _;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey, PublicKey as RsaPublicKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::openssh::{self, PublicKey};
use crate::error::Error;

/// Bits of RSA keys that are made.
const RSA_BITS: usize = 2048;

/// A key pair's public side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Owner.
    pub account_id: String,
    /// Name, unique in the account.
    pub name: String,
    /// Kind.
    pub kind: KeyKind,
    /// As AWS shows it.
    pub fingerprint: String,
    /// `ssh-... AAAA...`, without a comment.
    pub public_key: String,
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    /// EC2's name.
    pub const fn name(self) -> &'static str {
        match self {
            KeyKind::Rsa => "rsa",
            KeyKind::Ed25519 => "ed25519",
        }
    }
}

/// A key pair just made.
pub struct Made {
    /// `ssh-... AAAA...`.
    pub public_key: String,
    /// As AWS shows it.
    pub fingerprint: String,
    /// PEM that ssh accepts.
    pub private_pem: Zeroizing<String>,
}

/// The kit's randomness as the `rsa` crate takes it.
struct Source<'r>(&'r Random);

impl rsa::rand_core::TryRng for Source<'_> {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.0.bytes()))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.0.bytes()))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Source<'_> {}

/// Makes a key pair. RSA takes some tenths of a second: not for an async thread.
///
/// # Errors
/// Only for faults of ours.
pub fn make(kind: KeyKind, random: &Random) -> Result<Made, Error> {
    match kind {
        KeyKind::Rsa => make_rsa(random),
        KeyKind::Ed25519 => make_ed25519(random),
    }
}

fn make_rsa(random: &Random) -> Result<Made, Error> {
    let key = PrivateKey::new(&mut Source(random), RSA_BITS).map_err(fault)?;
    let pkcs8 = key.to_pkcs8_der().map_err(fault)?;
    let blob =
        openssh::rsa_blob(&key.e().to_be_bytes_trimmed_vartime(), &key.n().to_be_bytes_trimmed_vartime());
    Ok(Made {
        public_key: format!("ssh-rsa {}", STANDARD.encode(blob)),
        fingerprint: colons(digest(&SHA1_FOR_LEGACY_USE_ONLY, pkcs8.as_bytes()).as_ref()),
        private_pem: key.to_pkcs1_pem(LineEnding::LF).map_err(fault)?,
    })
}

fn make_ed25519(random: &Random) -> Result<Made, Error> {
    let seed = Zeroizing::new(random.bytes::<32>());
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(fault)?;
    let public = key.public_key().as_ref();
    let blob = openssh::ed25519_blob(public);
    Ok(Made {
        public_key: format!("ssh-ed25519 {}", STANDARD.encode(&blob)),
        fingerprint: STANDARD.encode(digest(&SHA256, &blob)),
        private_pem: openssh::ed25519_private(&seed, public, "", u32::from_be_bytes(random.bytes())),
    })
}

/// Reads an imported public key: its kind, its line and its fingerprint.
///
/// # Errors
/// `InvalidKey.Format`.
pub fn import(material: &[u8]) -> Result<(KeyKind, String, String), Error> {
    let invalid =
        || Error::refused(ErrorCode::InvalidKeyFormat, "Key is not in valid OpenSSH public key format");
    let text = std::str::from_utf8(material).map_err(|_| invalid())?;
    match openssh::read_public(text).ok_or_else(invalid)? {
        PublicKey::Rsa { exponent, modulus } => {
            let bits = modulus.len() * 8;
            if ![1024, 2048, 4096].contains(&bits) {
                let message = format!("The key has {bits} bits; supported lengths are 1024, 2048 and 4096");
                return Err(Error::refused(ErrorCode::InvalidKeyFormat, message));
            }
            let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
            let key = RsaPublicKey::new(number(&modulus), number(&exponent)).map_err(|_| invalid())?;
            let der = key.to_public_key_der().map_err(fault)?;
            let line = format!("ssh-rsa {}", STANDARD.encode(openssh::rsa_blob(&exponent, &modulus)));
            Ok((KeyKind::Rsa, line, colons(&Md5::digest(der.as_bytes()))))
        }
        PublicKey::Ed25519(public) => {
            let blob = openssh::ed25519_blob(&public);
            let line = format!("ssh-ed25519 {}", STANDARD.encode(&blob));
            Ok((KeyKind::Ed25519, line, STANDARD.encode(digest(&SHA256, &blob))))
        }
    }
}

/// Whether a name is one that AWS takes: 1 to 255 ASCII characters.
pub fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|b| (b' '..=b'~').contains(&b))
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn fault(why: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a key could not be made: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_made_are_keys_that_can_be_imported() {
        let random = Random::seeded(11);
        for (kind, opening) in [
            (KeyKind::Rsa, "-----BEGIN RSA PRIVATE KEY-----"),
            (KeyKind::Ed25519, "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ] {
            let made = make(kind, &random).unwrap();
            assert!(made.private_pem.starts_with(opening));
            let (read, line, fingerprint) =
                import(format!("{} me@here\n", made.public_key).as_bytes()).unwrap();
            assert_eq!((read, &line), (kind, &made.public_key));
            // RSA: 20 bytes of SHA-1 when made, 16 of MD5 when imported
            if kind == KeyKind::Rsa {
                assert_eq!((made.fingerprint.len(), fingerprint.len()), (59, 47));
            } else {
                assert_eq!(made.fingerprint, fingerprint);
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let many = format!("ssh-rsa {}", STANDARD.encode(openssh::rsa_blob(&[1, 0, 1], &[0xff; 100])));
        for bad in
            [b"".as_slice(), b"ssh-dss AAAA", b"\xff\xfe", b"ssh-rsa AAAAB3NzaC1yc2E=", many.as_bytes()]
        {
            assert!(import(bad).is_err());
        }
    }

    #[test]
    fn ssh_keygen_agrees_when_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        for kind in [KeyKind::Rsa, KeyKind::Ed25519] {
            let made = make(kind, &Random::system()).unwrap();
            let path = dir.path().join(kind.name());
            std::fs::write(&path, made.private_pem.as_bytes()).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            let Ok(printed) =
                std::process::Command::new("ssh-keygen").arg("-y").arg("-f").arg(&path).output()
            else {
                return;
            };
            let printed = String::from_utf8(printed.stdout).unwrap();
            assert_eq!(printed.trim(), made.public_key, "{}", kind.name());
        }
    }
}
