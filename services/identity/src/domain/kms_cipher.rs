//! What Encrypt answers: a ciphertext that says which key and which of its materials made it.
//!
//! Layout: version (1 byte, 1), key's UUID (16), number of the material (4, big endian), salt (16), nonce (12), then
//! AES-256-GCM ciphertext and tag. Every ciphertext has a key of its own, HMAC-SHA256 of the salt under the material,
//! so that no number of ciphertexts wears a material out. All before the ciphertext, and the encryption context, is
//! authenticated.

use std::collections::BTreeMap;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use super::kms_error::KmsError;

const VERSION: u8 = 1;
const SALT: usize = 16;
const HEADER: usize = 1 + 16 + 4 + SALT + NONCE_LEN;
const TAG: usize = 16;

/// Bytes of randomness that a ciphertext takes.
pub const RANDOM_BYTES: usize = SALT + NONCE_LEN;

/// Encrypts. `random` must never have been given before.
pub fn seal(
    material: &[u8; 32],
    key_id: uuid::Uuid,
    number: u32,
    random: [u8; RANDOM_BYTES],
    context: &BTreeMap<String, String>,
    plain: &[u8],
) -> Result<Vec<u8>, KmsError> {
    let mut blob = Vec::with_capacity(HEADER + plain.len() + TAG);
    blob.push(VERSION);
    blob.extend_from_slice(key_id.as_bytes());
    blob.extend_from_slice(&number.to_be_bytes());
    blob.extend_from_slice(&random);
    let (key, nonce) = keyed(material, &blob)?;
    let aad = associated(&blob, context);
    let mut sealed = Zeroizing::new(plain.to_vec());
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed)
        .map_err(|_| KmsError::InvalidCiphertext)?;
    blob.extend_from_slice(&sealed);
    blob.extend_from_slice(tag.as_ref());
    Ok(blob)
}

/// Which key, and which of its materials, made a ciphertext.
///
/// # Errors
/// When it is none of ours.
pub fn maker(blob: &[u8]) -> Result<(String, u32), KmsError> {
    if blob.len() < HEADER + TAG || blob[0] != VERSION {
        return Err(KmsError::InvalidCiphertext);
    }
    let id = uuid::Uuid::from_slice(&blob[1..17]).map_err(|_| KmsError::InvalidCiphertext)?;
    let number = blob[17..21].try_into().map_err(|_| KmsError::InvalidCiphertext)?;
    Ok((id.hyphenated().to_string(), u32::from_be_bytes(number)))
}

/// Decrypts what [`seal`] made of the same material with the same context.
pub fn open(
    material: &[u8; 32],
    context: &BTreeMap<String, String>,
    blob: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KmsError> {
    maker(blob)?;
    let (header, sealed) = blob.split_at(HEADER);
    let (key, nonce) = keyed(material, header)?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let length = key
        .open_in_place(nonce, Aad::from(associated(header, context)), &mut opened)
        .map_err(|_| KmsError::InvalidCiphertext)?
        .len();
    opened.truncate(length);
    Ok(opened)
}

/// The ciphertext's own key, and its nonce.
fn keyed(material: &[u8; 32], header: &[u8]) -> Result<(LessSafeKey, Nonce), KmsError> {
    let (salt, nonce) = header[HEADER - RANDOM_BYTES..].split_at(SALT);
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, material));
    mac.update(b"murus kms ciphertext 1");
    mac.update(salt);
    let key = UnboundKey::new(&AES_256_GCM, mac.sign().as_ref()).map_err(|_| KmsError::InvalidCiphertext)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KmsError::InvalidCiphertext)?;
    Ok((LessSafeKey::new(key), nonce))
}

/// Header and context so that no two pairs of them read the same.
fn associated(header: &[u8], context: &BTreeMap<String, String>) -> Vec<u8> {
    let mut aad = header.to_vec();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        aad.extend_from_slice(&(text.len() as u64).to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_ciphertext_opens_with_its_material_and_context_only() {
        let id = uuid::Uuid::from_u128(7);
        let bound = context(&[("a", "b"), ("c", "d")]);
        let blob = seal(&[1; 32], id, 3, [9; RANDOM_BYTES], &bound, b"hush").unwrap();
        assert!(!blob.windows(4).any(|window| window == b"hush"));
        assert_eq!(maker(&blob).unwrap(), (id.to_string(), 3));
        assert_eq!(open(&[1; 32], &bound, &blob).unwrap().as_slice(), b"hush");
        assert_eq!(open(&[2; 32], &bound, &blob), Err(KmsError::InvalidCiphertext));
        for other in [context(&[]), context(&[("a", "bc"), ("", "d")]), context(&[("a", "b"), ("c", "e")])] {
            assert_eq!(open(&[1; 32], &other, &blob), Err(KmsError::InvalidCiphertext), "{other:?}");
        }
    }

    #[test]
    fn no_byte_of_a_ciphertext_may_change() {
        let none = context(&[]);
        let blob = seal(&[1; 32], uuid::Uuid::from_u128(7), 1, [9; RANDOM_BYTES], &none, b"hush").unwrap();
        for at in 0..blob.len() {
            let mut broken = blob.clone();
            broken[at] ^= 1;
            assert_eq!(open(&[1; 32], &none, &broken), Err(KmsError::InvalidCiphertext), "byte {at}");
        }
        for length in 0..blob.len() {
            assert!(open(&[1; 32], &none, &blob[..length]).is_err(), "{length} bytes");
        }
    }
}
