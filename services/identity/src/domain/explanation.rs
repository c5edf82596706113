//! Why a request was refused, sealed: what a refusal carries for DecodeAuthorizationMessage. It tells of policies, so
//! nobody but identity opens it, and only for the account of who was refused. Layout, in base64: key id, nonce, then what
//! AES-256-GCM makes of the JSON, with the account as associated data.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};

use super::seal::{KeyId, NonceBytes, Purpose, Sealer};
use crate::error::Error;

/// Seals and opens explanations.
pub struct Explanations {
    /// The first seals; all open.
    keys: Vec<(KeyId, LessSafeKey)>,
}

impl Explanations {
    /// Explanations sealed under a key of the first of these master keys; those of the others still open.
    pub fn new<'a>(sealers: impl IntoIterator<Item = &'a Sealer>) -> Result<Self, Error> {
        let keys = sealers.into_iter().map(|sealer| sealer.derive(Purpose::AuthorizationMessages));
        Ok(Explanations { keys: keys.collect::<Result<_, _>>()? })
    }

    /// Seals one for somebody of this account.
    pub fn seal(&self, nonce: NonceBytes, account: &str, explanation: &str) -> Result<String, Error> {
        let failed = || Error::Sealed("an explanation".into());
        let (id, key) = self.keys.first().ok_or_else(failed)?;
        let mut sealed = explanation.as_bytes().to_vec();
        let aad = Aad::from(account.as_bytes());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| failed())?;
        Ok(URL_SAFE_NO_PAD.encode([&id[..], &nonce, &sealed].concat()))
    }

    /// Opens one for this account.
    pub fn open(&self, account: &str, message: &str) -> Result<String, Error> {
        self.opened(account, message).ok_or(Error::InvalidAuthorizationMessage)
    }

    fn opened(&self, account: &str, message: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(message).ok()?;
        let (id, rest) = bytes.split_first_chunk_mut::<4>()?;
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == id)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(account.as_bytes()), sealed).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_opens_in_its_account_only_and_unaltered() {
        let explanations = Explanations::new([&Sealer::new(&[7; 32]).unwrap()]).unwrap();
        let message = explanations.seal([1; 12], "123456789012", "{}").unwrap();
        assert_eq!(explanations.open("123456789012", &message).as_deref(), Ok("{}"));
        let refused = Err(Error::InvalidAuthorizationMessage);
        assert_eq!(explanations.open("999999999999", &message), refused);
        assert_eq!(explanations.open("123456789012", &message[1..]), refused);
        for bad in ["", "x", "not base64!", &"A".repeat(100)] {
            assert_eq!(explanations.open("123456789012", bad), refused);
        }
        let other = Explanations::new([&Sealer::new(&[8; 32]).unwrap()]).unwrap();
        assert_eq!(other.open("123456789012", &message), refused);
    }
}
