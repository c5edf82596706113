//! What identity tells the other services: who holds a key and what its policies say, and when that has changed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ::store::Read;
use api_spec::ApiError;
use auth::sigv4::{Scope, SigningKey};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::identity::{
    AssumeInstanceRole, Credential, CredentialVersion, FindCanonicalUsers, FoundCanonicalUsers,
    LookUpInstanceProfile, NamedPolicy, Principal, ResolveCredential, Resolved, SignVersion2,
    Version2Signature, WatchCredentials,
};

use crate::domain::access_key::Status;
use crate::domain::entity::User;
use crate::domain::permissions::{Kind, OF_GROUP, OF_USER, Permissions};
use crate::domain::seal::Secret;
use crate::domain::token::Opened;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{self, accounts, groups, keys, policies, users};

/// The routes of these calls.
pub fn routes(identity: Arc<Identity>) -> Router {
    let (watched, signs) = (Arc::clone(&identity), Arc::clone(&identity));
    let (profiles, roles) = (Arc::clone(&identity), Arc::clone(&identity));
    let users = Arc::clone(&identity);
    let router = super::quotas::routes(Router::new(), &identity);
    let router = super::sign_in::routes(router, &identity);
    let router = super::explanations::routes(router, &identity);
    let router = kit::internal::answer(router, move |question: ResolveCredential| {
        let identity = Arc::clone(&identity);
        async move {
            let resolved = identity.resolve(&question)?;
            identity.with_account_quotas(resolved).map_err(ApiError::from)
        }
    });
    let router = kit::internal::answer(router, move |question: SignVersion2| {
        let identity = Arc::clone(&signs);
        async move { identity.sign_version_2(&question).map_err(ApiError::from) }
    });
    let router = kit::internal::answer(router, move |question: LookUpInstanceProfile| {
        let identity = Arc::clone(&profiles);
        async move { identity.look_up_profile(&question).map_err(ApiError::from) }
    });
    let router = kit::internal::answer(router, move |question: AssumeInstanceRole| {
        let identity = Arc::clone(&roles);
        async move { identity.assume_instance_role(&question).map_err(ApiError::from) }
    });
    let router = kit::internal::answer(router, move |question: FindCanonicalUsers| {
        let identity = Arc::clone(&users);
        async move { identity.find_canonical_users(&question).map_err(ApiError::from) }
    });
    kit::internal::answer(router, move |watch: WatchCredentials| {
        let identity = Arc::clone(&watched);
        async move { identity.watch(watch.since).await.map_err(ApiError::from) }
    })
}

impl Identity {
    fn find_canonical_users(&self, question: &FindCanonicalUsers) -> Result<FoundCanonicalUsers, Error> {
        let there: HashSet<String> =
            accounts::list(&self.db.read()?)?.into_iter().map(|account| account.canonical_user_id).collect();
        let found = question.ids.iter().filter(|id| there.contains(*id)).cloned().collect();
        Ok(FoundCanonicalUsers { found })
    }

    fn resolve(&self, question: &ResolveCredential) -> Result<Resolved, Error> {
        let read = self.db.read()?;
        if let Some(token) = &question.session_token {
            return self.resolve_session(&read, question, token);
        }
        let Some(key) = keys::get(&read, &question.access_key_id)? else { return Ok(Resolved::Unknown) };
        if key.status == Status::Inactive {
            return Ok(Resolved::Inactive);
        }
        let account = accounts::get(&read, &key.account)?;
        if account.closing {
            return Ok(Resolved::Inactive);
        }
        if key.is_roots() {
            return Ok(Resolved::Active(Box::new(Credential {
                signing_key: signing_key(&self.sealer.open(&key.id, &key.sealed_secret)?, question),
                canonical_user_id: account.canonical_user_id,
                policies: Vec::new(),
                boundary: None,
                session_policies: Vec::new(),
                session: None,
                version: store::version(&read)?,
                tags: Vec::new(),
                principal: Principal::Root,
                account_id: key.account,
            })));
        }
        let Some(user) = users::by_id(&read, &key.account, &key.user_id)? else {
            return Ok(Resolved::Unknown);
        };
        Ok(Resolved::Active(Box::new(Credential {
            signing_key: signing_key(&self.sealer.open(&key.id, &key.sealed_secret)?, question),
            canonical_user_id: account.canonical_user_id,
            policies: policies_of(&read, &user)?,
            boundary: boundary_of(&read, &key.account, &user.permissions)?,
            session_policies: Vec::new(),
            session: None,
            version: store::version(&read)?,
            tags: user.tags,
            principal: Principal::User { user_id: user.id, path: user.path, name: user.name },
            account_id: key.account,
        })))
    }

    fn sign_version_2(&self, question: &SignVersion2) -> Result<Version2Signature, Error> {
        if let Some(token) = &question.session_token {
            let opened = self.tokens.open(&question.access_key_id, token);
            let live = opened.filter(|opened| opened.session.expires > self.clock.now());
            let sign = |opened: Opened| auth::sigv2::sign(opened.secret.reveal(), &question.string_to_sign);
            return Ok(Version2Signature { signature: live.map(sign) });
        }
        let key = keys::get(&self.db.read()?, &question.access_key_id)?;
        let Some(key) = key.filter(|key| key.status == Status::Active) else {
            return Ok(Version2Signature { signature: None });
        };
        let secret = self.sealer.open(&key.id, &key.sealed_secret)?;
        Ok(Version2Signature {
            signature: Some(auth::sigv2::sign(secret.reveal(), &question.string_to_sign)),
        })
    }

    /// Answers when the version is another than `since`, or after a while.
    async fn watch(&self, since: u64) -> Result<CredentialVersion, Error> {
        let timeout = Duration::from_millis(self.config.watch_timeout_ms);
        let mut changed = self.db.changed();
        let moved = async {
            loop {
                let version = store::version(&self.db.read()?)?;
                // the sender lives as long as the store, so the wait ends only with news
                if version != since || changed.changed().await.is_err() {
                    return Ok::<_, Error>(version);
                }
            }
        };
        match tokio::time::timeout(timeout, moved).await {
            Ok(version) => Ok(CredentialVersion { version: version? }),
            Err(_) => Ok(CredentialVersion { version: store::version(&self.db.read()?)? }),
        }
    }
}

/// The signing key of the scope asked for, base64.
pub(super) fn signing_key(secret: &Secret, question: &ResolveCredential) -> String {
    let scope = Scope {
        date: question.date.clone(),
        region: question.region.clone(),
        service: question.service.clone(),
    };
    STANDARD.encode(SigningKey::derive(secret.reveal(), &scope).as_bytes())
}

/// The policies of the user and of its groups.
pub(super) fn policies_of(read: &impl Read, user: &User) -> Result<Vec<NamedPolicy>, Error> {
    let mut all = Vec::new();
    collect(read, &user.account, OF_USER, &user.name, &user.permissions, &mut all)?;
    for group in groups::of_user(read, user)? {
        collect(read, &group.account, OF_GROUP, &group.name, &group.permissions, &mut all)?;
    }
    Ok(all)
}

/// Adds what one holder has attached and inline.
pub(super) fn collect(
    read: &impl Read,
    account: &str,
    kind: Kind,
    holder: &str,
    permissions: &Permissions,
    all: &mut Vec<NamedPolicy>,
) -> Result<(), Error> {
    for arn in &permissions.attached {
        let document = policies::find(read, account, arn)?.document()?.to_owned();
        all.push(NamedPolicy { source: arn.clone(), document });
    }
    for (name, document) in &permissions.inline {
        let source = format!("inline:{}/{holder}/{name}", kind.name);
        all.push(NamedPolicy { source, document: document.clone() });
    }
    Ok(())
}

/// The document of a boundary. Its policy cannot be deleted while it limits somebody; were it gone, nothing would be
/// allowed.
pub(super) fn boundary_of(
    read: &impl Read,
    account: &str,
    permissions: &Permissions,
) -> Result<Option<NamedPolicy>, Error> {
    let Some(arn) = &permissions.boundary else { return Ok(None) };
    let document = policies::find(read, account, arn)?.document()?.to_owned();
    Ok(Some(NamedPolicy { source: arn.clone(), document }))
}
