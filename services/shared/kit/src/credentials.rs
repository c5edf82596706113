//! Who holds an access key: identity's answers, kept for as long as identity's state stands still.
//!
//! A watch on identity empties the cache as soon as anything there changes; in identity's own process it is empty before
//! the change is answered. When identity cannot be watched the cache
//! is not used for longer than [`MAX_STALE`]. A refusal is never given from the cache: see `authorize`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api_spec::ApiError;
use auth::policy::{Policies, Policy, Principal, Source};
use auth::sigv4::{SigV4, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::identity::{self, Credential, NamedPolicy, ResolveCredential, Resolved, WatchCredentials};
use jiff::Timestamp;

use crate::attempts::Attempts;
use crate::peer::Peer;
use crate::shutdown::Shutdown;
use crate::usage::Usage;

/// What identity said stays good this long without news from identity. The promise to users is 5 seconds.
const MAX_STALE: Duration = Duration::from_secs(4);
/// Keys kept; beyond it the cache starts over.
const MAX_ENTRIES: usize = 10_000;
/// Pause after a watch that failed.
const WATCH_RETRY: Duration = Duration::from_millis(100);

/// A key's holder, ready for verifying and deciding: policies are compiled.
pub struct Holder {
    /// 12 digits.
    pub account_id: String,
    /// S3's name of the account.
    pub canonical_user_id: String,
    /// Who it is.
    pub principal: Principal,
    /// Whose is what it makes; see [`crate::Caller::creator`].
    pub creator: String,
    /// What it may.
    pub policies: Policies,
    /// Its tags.
    pub tags: Vec<calls::Tag>,
    /// Verifies signatures of the scope that was asked for.
    pub signing_key: SigningKey,
    /// What only a session has.
    pub session: Option<identity::Session>,
    /// The question, to ask it again.
    pub question: ResolveCredential,
    /// Version of identity's state.
    pub version: u64,
}

/// Why a key has no holder.
#[derive(Debug)]
pub enum NoHolder {
    /// No such key.
    Unknown,
    /// The key is Inactive.
    Inactive,
    /// The session token is none of identity's, or another key's.
    InvalidToken,
    /// The session has ended.
    Expired,
    /// Identity did not answer, or not sensibly.
    Failed(ApiError),
}

/// The cache in front of identity. Clones share it.
#[derive(Clone)]
pub struct Credentials {
    identity: Peer,
    /// When keys were used.
    pub usage: Usage,
    cache: Arc<Mutex<Cache>>,
    attempts: Attempts,
}

/// What a process knows of credentials. It does not keep identity, which has this, alive.
#[derive(Clone)]
pub struct Known(Arc<Mutex<Cache>>);

impl Known {
    /// Identity's state has this version from now on: what was taken away works nowhere in this process once the call
    /// that took it away is answered.
    pub fn is_at(&self, version: u64) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // changes may come to tell of themselves in another order than they were made in
        cache.reached = cache.reached.max(version);
        cache.holders.clear();
    }
}

struct Cache {
    holders: HashMap<ResolveCredential, Arc<Holder>>,
    compiled: HashMap<String, Policy>,
    confirmed: Instant,
    /// The version that identity last told the watch; an answer older than it must not be kept.
    version: u64,
    /// The version that identity, where it runs in this process, has reached: nor one older than this.
    reached: u64,
}

impl Credentials {
    /// A cache that asks `identity`.
    pub fn new(identity: Peer) -> Self {
        let cache = Cache {
            holders: HashMap::new(),
            compiled: HashMap::new(),
            confirmed: Instant::now(),
            version: 0,
            reached: 0,
        };
        let (usage, attempts) = (Usage::default(), Attempts::default());
        Credentials { identity, usage, cache: Arc::new(Mutex::new(cache)), attempts }
    }

    /// Signatures that were wrong of late.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Watches identity until shutdown; one task a process.
    pub fn watch(&self, shutdown: &Shutdown) {
        self.usage.report(self.identity.clone(), shutdown);
        let (this, stop) = (self.clone(), shutdown.clone());
        shutdown.spawn(async move {
            tokio::select! {
                () = stop.wait() => {}
                () = this.watch_forever() => {}
            }
        });
    }

    /// What this process knows of credentials, for identity to tell of its changes.
    pub fn known(&self) -> Known {
        Known(Arc::clone(&self.cache))
    }

    async fn watch_forever(&self) {
        let mut since = 0;
        loop {
            match self.identity.call(&WatchCredentials { since }).await {
                Ok(identity::CredentialVersion { version }) => {
                    let mut cache = self.lock();
                    if version != since {
                        cache.holders.clear();
                    }
                    cache.confirmed = Instant::now();
                    cache.version = version;
                    since = version;
                }
                Err(error) => {
                    tracing::debug!(%error, "identity cannot be watched");
                    tokio::time::sleep(WATCH_RETRY).await;
                }
            }
        }
    }

    /// The holder at `now` of the key that signed, from the cache when that is fresh.
    pub async fn holder(&self, sig: &SigV4, now: Timestamp) -> Result<Arc<Holder>, NoHolder> {
        let question = ResolveCredential {
            access_key_id: sig.access_key_id.clone(),
            session_token: sig.session_token.clone(),
            date: sig.scope.date.clone(),
            region: sig.scope.region.clone(),
            service: sig.scope.service.clone(),
        };
        let cached = {
            let cache = self.lock();
            let fresh = cache.confirmed.elapsed() < MAX_STALE;
            cache.holders.get(&question).filter(|_| fresh).cloned()
        };
        let holder = match cached {
            Some(holder) => holder,
            None => self.ask(question).await?,
        };
        // a session ends without any change of identity's state
        match &holder.session {
            Some(session) if session.expires <= now => Err(NoHolder::Expired),
            _ => Ok(holder),
        }
    }

    /// The holder as identity knows it at this moment.
    pub async fn ask(&self, question: ResolveCredential) -> Result<Arc<Holder>, NoHolder> {
        match self.identity.call(&question).await.map_err(NoHolder::Failed)? {
            Resolved::Active(credential) => {
                let holder = Arc::new(self.compile(question.clone(), *credential).map_err(NoHolder::Failed)?);
                let mut cache = self.lock();
                if cache.holders.len() >= MAX_ENTRIES {
                    cache.holders.clear();
                }
                if holder.version >= cache.version.max(cache.reached) {
                    cache.holders.insert(question, Arc::clone(&holder));
                }
                Ok(holder)
            }
            Resolved::Unknown => Err(NoHolder::Unknown),
            Resolved::Inactive => Err(NoHolder::Inactive),
            Resolved::InvalidToken => Err(NoHolder::InvalidToken),
            Resolved::Expired => Err(NoHolder::Expired),
        }
    }

    fn compile(&self, question: ResolveCredential, credential: Credential) -> Result<Holder, ApiError> {
        let key = STANDARD
            .decode(&credential.signing_key)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| ApiError::internal("identity sent a signing key that is not 32 bytes"))?;
        let account = credential.account_id.clone();
        Ok(Holder {
            creator: creator(&account, &credential.principal).to_owned(),
            principal: principal(account.clone(), credential.principal),
            policies: self.policies(
                &credential.policies,
                credential.boundary.as_ref(),
                &credential.session_policies,
            )?,
            account_id: account,
            canonical_user_id: credential.canonical_user_id,
            tags: credential.tags,
            session: credential.session,
            signing_key: SigningKey::from_bytes(key),
            question,
            version: credential.version,
        })
    }

    fn policies(
        &self,
        identity: &[NamedPolicy],
        boundary: Option<&NamedPolicy>,
        session: &[NamedPolicy],
    ) -> Result<Policies, ApiError> {
        let all = |list: &[NamedPolicy]| -> Result<Vec<Source>, ApiError> {
            list.iter().map(|policy| self.compiled(policy)).collect()
        };
        Ok(Policies {
            identity: all(identity)?,
            boundary: boundary.map(|policy| self.compiled(policy)).transpose()?,
            session: all(session)?,
        })
    }

    /// Policies are compiled once for as long as their text is in use, whoever they are attached to.
    fn compiled(&self, named: &NamedPolicy) -> Result<Source, ApiError> {
        if let Some(known) = self.lock().compiled.get(&named.document) {
            return Ok(Source::new(named.source.clone(), known.clone()));
        }
        let fresh = Policy::parse_identity(&named.document).map_err(|error| {
            ApiError::internal(format!("the stored policy {} does not compile: {error}", named.source))
        })?;
        let mut cache = self.lock();
        if cache.compiled.len() >= MAX_ENTRIES {
            cache.compiled.clear();
        }
        cache.compiled.insert(named.document.clone(), fresh.clone());
        Ok(Source::new(named.source.clone(), fresh))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has made what this principal makes: an id that never comes back. Sessions are not told apart, and whom a user
/// vouches for counts as that user, so that nobody has more for having many names.
fn creator<'a>(account: &'a str, principal: &'a identity::Principal) -> &'a str {
    match principal {
        identity::Principal::User { user_id: id, .. }
        | identity::Principal::AssumedRole { role_id: id, .. }
        | identity::Principal::FederatedUser { by: Some(id), .. } => id,
        identity::Principal::Root | identity::Principal::FederatedUser { by: None, .. } => account,
    }
}

fn principal(account: String, principal: identity::Principal) -> Principal {
    match principal {
        identity::Principal::Root => Principal::Root { account },
        identity::Principal::User { user_id, path, name } => {
            Principal::User { account, path, name, id: user_id }
        }
        identity::Principal::AssumedRole { role_id, role, path, session } => {
            Principal::AssumedRole { account, path, role, role_id, session_name: session }
        }
        identity::Principal::FederatedUser { name, .. } => Principal::FederatedUser { account, name },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_a_users_a_roles_or_the_accounts_whatever_the_session() {
        let role = |session: &str| identity::Principal::AssumedRole {
            role_id: "AROA1".into(),
            role: "r".into(),
            path: "/".into(),
            session: session.into(),
        };
        let user = identity::Principal::User { user_id: "AIDA1".into(), path: "/".into(), name: "u".into() };
        let federated = |name: &str, by: Option<&str>| identity::Principal::FederatedUser {
            name: name.into(),
            by: by.map(str::to_owned),
        };
        for (principal, expected) in [
            (identity::Principal::Root, "111122223333"),
            (user, "AIDA1"),
            (role("one"), "AROA1"),
            (role("two"), "AROA1"),
            (federated("one", Some("AIDA1")), "AIDA1"),
            (federated("two", Some("AIDA1")), "AIDA1"),
            (federated("one", None), "111122223333"),
        ] {
            assert_eq!(creator("111122223333", &principal), expected, "{principal:?}");
        }
    }
}
