//! The keys of OpenID Connect providers, fetched from the issuers and kept for a while.
//!
//! What may be fetched is the discovery document below a registered provider's URL and the key set that this names,
//! nothing else; see `fetch` for the limits. One fetch at a time goes to an issuer, and after a failure, or for a key
//! that is not there, it is left alone for a moment: a stranger's tokens do not make this a source of traffic.

mod fetch;
mod tls;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;

use self::fetch::Fetcher;
use crate::domain::jwt::{Jwt, KeySet};
use crate::domain::oidc_provider::OidcProvider;
use crate::error::Error;

/// A key set is used this long, in seconds.
const KEPT_S: i64 = 3600;
/// No second fetch within this many seconds.
const PAUSE_S: i64 = 10;
/// Issuers remembered; beyond it all are forgotten.
const MAX_ISSUERS: usize = 1000;
/// Bytes of a discovery document.
const MAX_DISCOVERY: usize = 65_536;
/// Bytes of a key set.
const MAX_KEYS: usize = 262_144;

/// The keys of all issuers.
pub struct Issuers {
    fetcher: Fetcher,
    known: Mutex<HashMap<String, Slot>>,
}

/// What is known of one issuer. Whoever holds the lock may fetch.
type Slot = Arc<tokio::sync::Mutex<Known>>;

#[derive(Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    /// When the last fetch was, good or not.
    asked: Option<Timestamp>,
    /// Why it failed.
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// No issuer known yet. `loopback`: issuers on this host may be asked, over plain HTTP, too.
    pub fn new(ca_bundle: &Path, loopback: bool) -> Self {
        Issuers { fetcher: Fetcher::new(ca_bundle, loopback), known: Mutex::default() }
    }

    /// The keys of the provider, among them that of the token if the issuer has it.
    ///
    /// # Errors
    /// [`Error::IdpCommunication`] when the issuer does not answer as it should.
    pub async fn keys(
        &self,
        provider: &OidcProvider,
        jwt: &Jwt<'_>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, Error> {
        let slot = self.slot(provider);
        let mut known = slot.lock().await;
        let age_s = known.asked.map_or(i64::MAX, |asked| now.as_second().saturating_sub(asked.as_second()));
        if age_s < PAUSE_S || (age_s < KEPT_S && known.keys.as_ref().is_some_and(|keys| jwt.has_key_in(keys)))
        {
            return known.answer();
        }
        known.asked = Some(now);
        match self.fetch(provider).await {
            Ok(keys) => *known = Known { keys: Some(Arc::new(keys)), failure: None, ..*known },
            Err(why) => {
                tracing::info!(
                    issuer = provider.issuer(),
                    why,
                    "the keys of an identity provider cannot be had"
                );
                *known = Known { keys: None, failure: Some(why), ..*known };
            }
        }
        known.answer()
    }

    /// Thumbprints belong to the name: who trusts other certificates does not share what they vouched for.
    fn slot(&self, provider: &OidcProvider) -> Slot {
        let name = format!("{} {} {}", provider.account, provider.issuer(), provider.thumbprints.join(" "));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_ISSUERS && !known.contains_key(&name) {
            known.clear();
        }
        Arc::clone(known.entry(name).or_default())
    }

    async fn fetch(&self, provider: &OidcProvider) -> Result<KeySet, String> {
        let issuer = provider.issuer();
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.fetcher.get(&url, &provider.thumbprints, MAX_DISCOVERY).await?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(|error| error.to_string())?;
        if discovery.issuer != issuer {
            return Err(format!("{url} is that of the issuer {}", discovery.issuer));
        }
        KeySet::parse(&self.fetcher.get(&discovery.jwks_uri, &provider.thumbprints, MAX_KEYS).await?)
    }
}

impl Known {
    fn answer(&self) -> Result<Arc<KeySet>, Error> {
        let why = || self.failure.clone().unwrap_or_default();
        self.keys.clone().ok_or_else(|| Error::IdpCommunication(why()))
    }
}
