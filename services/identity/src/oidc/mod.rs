//! The keys of OpenID Connect providers, fetched from the issuers and kept for a while.
//!
//! What may be fetched is the discovery document below a registered provider's URL and the key set that this names,
//! nothing else; see `fetch` for the limits. One fetch at a time goes to an issuer, and after it, it is left alone for a
//! moment: a stranger's tokens do not make this a source of traffic. Who has a token of a known key does not wait for
//! what others ask.

mod fetch;
mod known;
mod tls;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit::Clock;
use serde::Deserialize;

use self::fetch::Fetcher;
use self::known::{Known, Next};
use crate::domain::jwt::{Jwt, KeySet};
use crate::domain::oidc_provider::OidcProvider;
use crate::error::Error;

/// Issuers remembered; beyond it the one that was not asked for longest is forgotten.
const MAX_ISSUERS: usize = 1000;
/// Bytes of a discovery document.
const MAX_DISCOVERY: usize = 65_536;
/// Bytes of a key set.
const MAX_KEYS: usize = 262_144;

/// The keys of all issuers.
pub struct Issuers {
    fetcher: Fetcher,
    clock: Clock,
    /// By account and issuer.
    slots: Mutex<HashMap<(String, String), Arc<Slot>>>,
}

/// One issuer.
struct Slot {
    /// Who trusts other certificates does not share what they vouched for.
    thumbprints: Vec<String>,
    known: Mutex<Known>,
    /// Whoever holds it asks the issuer.
    asking: tokio::sync::Mutex<()>,
}

impl Slot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// No issuer known yet. `loopback`: issuers on this host may be asked, over plain HTTP, too.
    pub fn new(ca_bundle: &Path, loopback: bool, clock: Clock) -> Self {
        Issuers { fetcher: Fetcher::new(ca_bundle, loopback), clock, slots: Mutex::default() }
    }

    /// The keys of the provider, among them that of the token if the issuer has it.
    ///
    /// # Errors
    /// [`Error::IdpCommunication`] when the issuer does not answer as it should.
    pub async fn keys(&self, provider: &OidcProvider, jwt: &Jwt<'_>) -> Result<Arc<KeySet>, Error> {
        let slot = self.slot(provider);
        if let Next::Answer(answer) = slot.known().next(jwt, self.clock.now()) {
            return answer;
        }
        let usable = || slot.known().usable(jwt, self.clock.now());
        let _asking = match (slot.asking.try_lock(), usable()) {
            (Ok(asking), _) => asking,
            (Err(_), Some(keys)) => return Ok(keys),
            (Err(_), None) => slot.asking.lock().await,
        };
        // whoever asked before may have been told
        if let Next::Answer(answer) = slot.known().next(jwt, self.clock.now()) {
            return answer;
        }
        slot.known().asking(self.clock.now());
        let told = self.fetch(provider).await;
        if let Err(why) = &told {
            tracing::info!(issuer = provider.issuer(), why, "the keys of an identity provider cannot be had");
        }
        let mut known = slot.known();
        known.answered(told, self.clock.now());
        known.answer(jwt, self.clock.now())
    }

    fn slot(&self, provider: &OidcProvider) -> Arc<Slot> {
        let name = (provider.account.clone(), provider.issuer());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&name).filter(|slot| slot.thumbprints == provider.thumbprints) {
            return Arc::clone(slot);
        }
        if slots.len() >= MAX_ISSUERS {
            let oldest =
                slots.iter().min_by_key(|(_, slot)| slot.known().asked()).map(|(name, _)| name.clone());
            oldest.and_then(|name| slots.remove(&name));
        }
        let slot = Arc::new(Slot {
            thumbprints: provider.thumbprints.clone(),
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        });
        slots.insert(name, Arc::clone(&slot));
        slot
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
