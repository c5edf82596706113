//! SSH public keys: RSA, in OpenSSH's form and in PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PublicKey as RsaPublicKey};
use serde::{Deserialize, Serialize};

use super::access_key::Status;
use crate::error::Error;

/// Bits of a modulus, fewest and most.
const BITS: std::ops::RangeInclusive<usize> = 2048..=16_384;
const KIND: &[u8] = b"ssh-rsa";

/// An SSH public key of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshKey {
    /// `APKA...`.
    pub id: String,
    /// OpenSSH's wire form, base64.
    pub blob: String,
    /// Whether it may be used.
    pub status: Status,
    /// When it was uploaded.
    pub uploaded: Timestamp,
}

impl SshKey {
    /// The key in OpenSSH's form.
    pub fn openssh(&self) -> String {
        format!("ssh-rsa {}", self.blob)
    }

    /// The key in PEM.
    pub fn pem(&self) -> Result<String, Error> {
        let corrupt = |what: String| Error::Corrupt(format!("the SSH key {}: {what}", self.id));
        let key = read_blob(&decoded(&self.blob)?)?;
        key.to_public_key_pem(LineEnding::LF).map_err(|error| corrupt(error.to_string()))
    }

    /// MD5 of the wire form, as `ssh-keygen -l -E md5` shows it.
    pub fn fingerprint(&self) -> Result<String, Error> {
        let digest = Md5::digest(decoded(&self.blob)?);
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(bytes.join(":"))
    }
}

/// Reads a key in either form; gives its wire form in base64.
pub fn read(body: &str) -> Result<String, Error> {
    let body = body.trim();
    let key = if body.starts_with("-----BEGIN") {
        RsaPublicKey::from_public_key_pem(body).map_err(|_| Error::InvalidPublicKey)?
    } else {
        let mut words = body.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("ssh-rsa"), Some(blob)) => read_blob(&decoded(blob)?)?,
            (Some(kind), Some(_)) if kind.starts_with("ssh-") || kind.starts_with("ecdsa-") => {
                return Err(Error::UnrecognizedPublicKeyEncoding);
            }
            _ => return Err(Error::InvalidPublicKey),
        }
    };
    if !BITS.contains(&(key.n_bytes().len() * 8)) {
        return Err(Error::InvalidPublicKey);
    }
    Ok(STANDARD.encode(blob(&key)))
}

fn decoded(blob: &str) -> Result<Vec<u8>, Error> {
    STANDARD.decode(blob).map_err(|_| Error::InvalidPublicKey)
}

fn read_blob(mut blob: &[u8]) -> Result<RsaPublicKey, Error> {
    let mut next = || take(&mut blob).ok_or(Error::InvalidPublicKey);
    if next()? != KIND {
        return Err(Error::UnrecognizedPublicKeyEncoding);
    }
    let (exponent, modulus) = (number(next()?)?, number(next()?)?);
    if !blob.is_empty() {
        return Err(Error::InvalidPublicKey);
    }
    RsaPublicKey::new_with_size_limits(modulus, exponent, BITS).map_err(|_| Error::InvalidPublicKey)
}

fn number(bytes: &[u8]) -> Result<BoxedUint, Error> {
    let start = bytes.iter().position(|byte| *byte != 0).ok_or(Error::InvalidPublicKey)?;
    let digits = &bytes[start..];
    Ok(BoxedUint::from_be_slice_vartime(digits))
}

fn take<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = input.split_first_chunk::<4>()?;
    let (taken, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *input = rest;
    Some(taken)
}

fn blob(key: &RsaPublicKey) -> Vec<u8> {
    let mut out = Vec::new();
    for part in [
        KIND.to_vec(),
        signed(&key.e().to_be_bytes_trimmed_vartime()),
        signed(&key.n().to_be_bytes_trimmed_vartime()),
    ] {
        out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(part);
    }
    out
}

/// Without leading zeroes, but one where the top bit is set: SSH's numbers have a sign.
fn signed(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    let sign = digits.first().is_some_and(|first| first & 0x80 != 0);
    [if sign { &[0][..] } else { &[] }, digits].concat()
}
