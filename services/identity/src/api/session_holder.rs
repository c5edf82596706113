//! Who holds temporary credentials: what a session token says, held against what identity knows now. A session ends
//! with its user or role, and one that was got with an access key ends with that key.

use ::store::Read;
use calls::Tag;
use calls::identity::{self as wire, Credential, NamedPolicy, Principal, ResolveCredential, Resolved};

use kit::Caller;

use super::internal::{boundary_of, collect, policies_of, signing_key};
use crate::domain::access_key::Status;
use crate::domain::permissions::OF_ROLE;
use crate::domain::session::{self, Session, SessionPolicies, Subject};
use crate::domain::token::Opened;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{self, accounts, keys, policies, roles, users};

/// What root may, for somebody whom root vouches for: all that the policies of the session leave.
const OF_ROOT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// What a managed session policy says once it is gone: nothing that anybody asks for.
const GONE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"murus:Nothing","Resource":"*"}]}"#;

/// The holder behind a session, as identity knows it now.
struct Behind {
    principal: Principal,
    policies: Vec<NamedPolicy>,
    boundary: Option<NamedPolicy>,
    tags: Vec<Tag>,
}

impl Identity {
    /// The answer about a key that came with a session token.
    pub(super) fn resolve_session(
        &self,
        read: &impl Read,
        question: &ResolveCredential,
        token: &str,
    ) -> Result<Resolved, Error> {
        let Some(Opened { session, secret }) = self.tokens.open(&question.access_key_id, token) else {
            return Ok(Resolved::InvalidToken);
        };
        if session.expires <= self.clock.now() {
            return Ok(Resolved::Expired);
        }
        let Some(account) = accounts::known(read, &session.account)? else { return Ok(Resolved::Unknown) };
        if account.closing {
            return Ok(Resolved::Inactive);
        }
        let behind = match behind(read, &session)? {
            Some(behind) if may_call(&session, &question.service) => behind,
            _ => return Ok(Resolved::Unknown),
        };
        Ok(Resolved::Active(Box::new(Credential {
            signing_key: signing_key(&secret, question),
            canonical_user_id: account.canonical_user_id,
            principal: behind.principal,
            policies: behind.policies,
            boundary: behind.boundary,
            session_policies: session_policies(read, &session.account, &session.policies)?,
            tags: session::with_session_tags(behind.tags, &session.tags),
            session: Some(wire::Session {
                expires: session.expires,
                mfa_at: session.mfa_at,
                keys: session.condition_keys(),
            }),
            version: store::version(read)?,
            account_id: session.account,
        })))
    }

    /// The session that a caller came with; none for long-term keys.
    pub(super) fn session_of(&self, caller: &Caller) -> Option<Session> {
        let (key, token) = (caller.access_key_id()?, caller.session_token()?);
        self.tokens.open(key, token).map(|opened| opened.session)
    }
}

/// IAM is closed to federated users, and to sessions of users and root that no second factor was proved for.
fn may_call(session: &Session, service: &str) -> bool {
    let iam = service == api_spec::Service::Iam.name();
    match session.subject {
        Subject::Federated { .. } => !iam,
        Subject::Root { .. } | Subject::User { .. } => !iam || session.mfa_at.is_some(),
        Subject::Role { .. } => true,
    }
}

/// Who a session stands for; none when it ended with them.
fn behind(read: &impl Read, session: &Session) -> Result<Option<Behind>, Error> {
    let account = &session.account;
    match &session.subject {
        Subject::Root { key } => {
            let alive = is_active(read, key)?;
            Ok(alive.then(|| Behind::root(Principal::Root, Vec::new())))
        }
        Subject::User { id, key } => {
            let Some(user) = users::by_id(read, account, id)? else { return Ok(None) };
            if !is_active(read, key)? {
                return Ok(None);
            }
            let policies = policies_of(read, &user)?;
            let boundary = boundary_of(read, account, &user.permissions)?;
            let principal = Principal::User { user_id: user.id, path: user.path, name: user.name };
            Ok(Some(Behind { principal, policies, boundary, tags: user.tags }))
        }
        Subject::Federated { name, by, key } => federated(read, account, name, by.as_deref(), key),
        Subject::Role { id, name } => {
            let Some(role) = roles::by_id(read, account, id)? else { return Ok(None) };
            let mut policies = Vec::new();
            collect(read, account, OF_ROLE, &role.name, &role.permissions, &mut policies)?;
            let boundary = boundary_of(read, account, &role.permissions)?;
            let principal = Principal::AssumedRole {
                role_id: role.id,
                role: role.name,
                path: role.path,
                session: name.clone(),
            };
            Ok(Some(Behind { principal, policies, boundary, tags: role.tags }))
        }
    }
}

fn federated(
    read: &impl Read,
    account: &str,
    name: &str,
    by: Option<&str>,
    key: &str,
) -> Result<Option<Behind>, Error> {
    if !is_active(read, key)? {
        return Ok(None);
    }
    let principal = Principal::FederatedUser { name: name.to_owned(), by: by.map(str::to_owned) };
    let Some(id) = by else {
        let root = NamedPolicy { source: "root".into(), document: OF_ROOT.into() };
        return Ok(Some(Behind::root(principal, vec![root])));
    };
    let Some(user) = users::by_id(read, account, id)? else { return Ok(None) };
    let policies = policies_of(read, &user)?;
    let boundary = boundary_of(read, account, &user.permissions)?;
    Ok(Some(Behind { principal, policies, boundary, tags: user.tags }))
}

impl Behind {
    /// Root, or whom it vouches for: nothing of root's limits them.
    fn root(principal: Principal, policies: Vec<NamedPolicy>) -> Self {
        Behind { principal, policies, boundary: None, tags: Vec::new() }
    }
}

fn is_active(read: &impl Read, key: &str) -> Result<bool, Error> {
    Ok(keys::get(read, key)?.is_some_and(|key| key.status == Status::Active))
}

fn session_policies(
    read: &impl Read,
    account: &str,
    passed: &SessionPolicies,
) -> Result<Vec<NamedPolicy>, Error> {
    let inline = passed.inline.iter();
    let mut all: Vec<_> = inline
        .map(|document| NamedPolicy { source: "session policy".into(), document: document.clone() })
        .collect();
    for arn in &passed.arns {
        let document = match policies::find(read, account, arn) {
            Ok(policy) => policy.document()?.to_owned(),
            Err(Error::NoSuchPolicy(_)) => GONE.to_owned(),
            Err(other) => return Err(other),
        };
        all.push(NamedPolicy { source: arn.clone(), document });
    }
    Ok(all)
}
