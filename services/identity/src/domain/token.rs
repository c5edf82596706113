//! Session tokens: a whole session and the secret of its key, sealed under a key that only identity has.
//!
//! Stateless: identity keeps nothing of a session. A token opens only together with the access key that it was made
//! for, and names the key that sealed it, so that tokens outlive a change of the master key for as long as the old
//! one is kept. Layout, in base64: version, key id, nonce, then what AES-256-GCM makes of the session in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::seal::{KeyId, NonceBytes, Purpose, Sealer, Secret};
use super::session::Session;
use crate::error::Error;

/// The first byte of every token of this layout.
const VERSION: u8 = 1;
/// Nothing longer is looked at.
const MAX_LENGTH: usize = 16_384;

/// Seals and opens tokens.
pub struct Tokens {
    /// The first seals; all open.
    keys: Vec<(KeyId, LessSafeKey)>,
}

/// What a token opens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// The secret of its access key.
    pub secret: Secret,
}

#[derive(Serialize, Deserialize)]
struct Content<'a> {
    #[serde(rename = "x")]
    secret: std::borrow::Cow<'a, str>,
    #[serde(flatten)]
    session: std::borrow::Cow<'a, Session>,
}

impl Tokens {
    /// Tokens sealed under a key of the first of these master keys; those of the others still open.
    pub fn new<'a>(sealers: impl IntoIterator<Item = &'a Sealer>) -> Result<Self, Error> {
        let keys = sealers.into_iter().map(|sealer| sealer.derive(Purpose::SessionTokens));
        Ok(Tokens { keys: keys.collect::<Result<_, _>>()? })
    }

    /// The token of a session whose access key is `key_id`.
    pub fn seal(
        &self,
        nonce: NonceBytes,
        key_id: &str,
        session: &Session,
        secret: &Secret,
    ) -> Result<String, Error> {
        let failed = || Error::Sealed(key_id.to_owned());
        let (id, key) = self.keys.first().ok_or_else(failed)?;
        let content =
            Content { secret: secret.reveal().into(), session: std::borrow::Cow::Borrowed(session) };
        let mut sealed = serde_json::to_vec(&content).map_err(|_| failed())?;
        let aad = Aad::from(key_id.as_bytes());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| failed())?;
        Ok(STANDARD.encode([&[VERSION][..], id, &nonce, &sealed].concat()))
    }

    /// Opens a token that came with this access key; none when it is not that key's, or no token of ours at all.
    pub fn open(&self, key_id: &str, token: &str) -> Option<Opened> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let mut bytes = Zeroizing::new(STANDARD.decode(token).ok()?);
        let (version, rest) = bytes.split_first_mut()?;
        let (id, rest) = rest.split_first_chunk_mut::<4>()?;
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == id).filter(|_| *version == VERSION)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(key_id.as_bytes()), sealed).ok()?;
        let content: Content<'_> = serde_json::from_slice(opened).ok()?;
        Some(Opened {
            session: content.session.into_owned(),
            secret: Secret::new(content.secret.into_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::domain::session::{SessionPolicies, Subject};

    fn session() -> Session {
        Session {
            account: "123456789012".into(),
            subject: Subject::Role { id: "AROA1".into(), name: "s".into() },
            issued: "2026-01-01T00:00:00Z".parse().unwrap(),
            expires: "2026-01-01T01:00:00Z".parse().unwrap(),
            policies: SessionPolicies::default(),
            tags: BTreeMap::from([("a".into(), "b".into())]),
            transitive: BTreeSet::from(["a".into()]),
            mfa_at: None,
            source_identity: Some("alice".into()),
            keys: BTreeMap::new(),
        }
    }

    fn sealed(tokens: &Tokens) -> String {
        tokens.seal([1; 12], "ASIA1", &session(), &Secret::new("hush".into())).unwrap()
    }

    #[test]
    fn a_token_opens_with_its_own_key_and_no_other() {
        let tokens = Tokens::new([&Sealer::new(&[7; 32]).unwrap()]).unwrap();
        let token = sealed(&tokens);
        let opened = tokens.open("ASIA1", &token).unwrap();
        assert_eq!((opened.session, opened.secret.reveal()), (session(), "hush"));
        assert_eq!(tokens.open("ASIA2", &token), None);
        for bad in ["", "AQ==", "not base64", &token[..token.len() - 4], &"A".repeat(20_000)] {
            assert_eq!(tokens.open("ASIA1", bad), None, "{bad}");
        }
        assert!(!String::from_utf8_lossy(&STANDARD.decode(&token).unwrap()).contains("hush"));
    }

    #[test]
    fn a_token_outlives_its_master_key_while_that_is_kept() {
        let (old, new) = (Sealer::new(&[7; 32]).unwrap(), Sealer::new(&[8; 32]).unwrap());
        let token = sealed(&Tokens::new([&old]).unwrap());
        assert!(Tokens::new([&new, &old]).unwrap().open("ASIA1", &token).is_some());
        assert_eq!(Tokens::new([&new]).unwrap().open("ASIA1", &token), None);
        assert_ne!(sealed(&Tokens::new([&new, &old]).unwrap()), token);
    }

    proptest! {
        #[test]
        fn no_change_to_a_token_is_accepted(at in 0usize..1000, bit in 0u8..8) {
            let tokens = Tokens::new([&Sealer::new(&[7; 32]).unwrap()]).unwrap();
            let mut bytes = STANDARD.decode(sealed(&tokens)).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(tokens.open("ASIA1", &STANDARD.encode(bytes)), None);
        }
    }
}
