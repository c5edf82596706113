//! STS: sessions of users, of root, and of those they vouch for.

use api_spec::ApiError;
use api_spec::sts::{
    self, FederatedUser, GetAccessKeyInfo, GetAccessKeyInfoResult, GetFederationToken,
    GetFederationTokenResult, GetSessionToken, GetSessionTokenResult,
};
use auth::policy::Principal;
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::tags;
use crate::domain::seal::Secret;
use crate::domain::session::{self, Session, SessionPolicies, Subject};
use crate::domain::{ids, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::mfa::NOT_THEIRS;
use crate::store::{accounts, keys};

/// Temporary credentials, ready to be handed out.
pub struct Issued {
    /// `ASIA...`.
    pub access_key_id: String,
    /// Its secret.
    pub secret: Secret,
    /// The session, sealed.
    pub token: String,
    /// When they end.
    pub expires: Timestamp,
}

impl Identity {
    /// Credentials for a session. Nothing of it is kept.
    pub(crate) fn issue(&self, session: &Session) -> Result<Issued, Error> {
        let access_key_id = ids::session_access_key(&self.random, &session.account);
        let secret = ids::secret(&self.random);
        let token = self.tokens.seal(self.random.bytes(), &access_key_id, session, &secret)?;
        Ok(Issued { access_key_id, secret, token, expires: session.expires })
    }
}

impl From<Issued> for sts::Credentials {
    fn from(issued: Issued) -> Self {
        sts::Credentials {
            access_key_id: issued.access_key_id,
            secret_access_key: api_spec::iam::Secret(issued.secret.reveal().to_owned()),
            session_token: api_spec::iam::Secret(issued.token),
            expiration: issued.expires.into(),
        }
    }
}

/// Sessions are not made into sessions but by assuming a role.
fn must_be_long_term(action: &str, caller: &Caller) -> Result<(), Error> {
    match caller.session_token() {
        Some(_) => Err(Error::Refused(format!("Cannot call {action} with session credentials"))),
        None => Ok(()),
    }
}

/// The ARNs that a request names.
pub(super) fn policy_arns(listed: Vec<sts::PolicyDescriptorType>) -> Vec<String> {
    listed.into_iter().filter_map(|policy| policy.arn).collect()
}

impl Serve<GetSessionToken> for Identity {
    /// Authentication is not subject to policies: whoever has a key may prove more.
    async fn access(&self, _: &GetSessionToken, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        must_be_long_term("GetSessionToken", caller)?;
        Ok(vec![Access::unconditional("sts:GetSessionToken")])
    }

    async fn handle(&self, op: GetSessionToken, caller: &Caller) -> Result<GetSessionTokenResult, ApiError> {
        let key = caller.access_key_id().unwrap_or_default().to_owned();
        let (subject, is_root) = match caller.principal() {
            Principal::Root { .. } => (Subject::Root { key }, true),
            Principal::User { id, .. } => (Subject::User { id: id.clone(), key }, false),
            _ => return Err(Error::Refused("Only users and root have sessions of their own".into()).into()),
        };
        let duration = session::duration(op.duration_seconds, is_root)?;
        let (issued, expires) = session::life(caller.now, duration)?;
        let mfa_at =
            self.second_factor(caller, op.serial_number.as_deref(), op.token_code.as_deref()).await?;
        let session = Session { mfa_at, ..Session::new(caller.account_id(), subject, issued, expires) };
        Ok(GetSessionTokenResult { credentials: self.issue(&session)?.into() })
    }
}

impl Identity {
    /// When the caller proved the second factor that the request brings; none when it brings none.
    pub(super) async fn second_factor(
        &self,
        caller: &Caller,
        serial_number: Option<&str>,
        token_code: Option<&str>,
    ) -> Result<Option<Timestamp>, Error> {
        if let Some(serial) = serial_number {
            names::length("serialNumber", serial, 9, 256)?;
        }
        if let Some(code) = token_code {
            names::length("tokenCode", code, 6, 6)?;
        }
        match (serial_number, token_code, caller.principal()) {
            (None, None, _) => Ok(None),
            (Some(serial), Some(code), Principal::User { id, .. }) => {
                self.use_mfa_code(caller.account_id(), id, Some(serial), code).await?;
                Ok(Some(caller.now))
            }
            _ => Err(Error::MfaFailed(NOT_THEIRS)),
        }
    }
}

impl Serve<GetFederationToken> for Identity {
    async fn access(&self, op: &GetFederationToken, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        must_be_long_term("GetFederationToken", caller)?;
        session::session_name("name", &op.name, 32)?;
        let arn = federated_user(caller, &op.name).arn();
        let tags = tags(&op.tags);
        let mut accesses = vec![Access::new("sts:GetFederationToken", arn.clone()).request_tags(&tags)];
        if !tags.is_empty() {
            accesses.push(Access::new("sts:TagSession", arn).request_tags(&tags));
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: GetFederationToken,
        caller: &Caller,
    ) -> Result<GetFederationTokenResult, ApiError> {
        let by = match caller.principal() {
            Principal::User { id, .. } => Some(id.clone()),
            _ => None,
        };
        let duration = session::duration(op.duration_seconds, by.is_none())?;
        let (issued, expires) = session::life(caller.now, duration)?;
        let key = caller.access_key_id().unwrap_or_default().to_owned();
        let subject = Subject::Federated { name: op.name.clone(), by, key };
        let policies = SessionPolicies::of(op.policy.as_deref(), policy_arns(op.policy_arns))?;
        let tags = session::tags(tags(&op.tags), Default::default())?;
        let packed_policy_size = session::packed_size(&policies, &tags)?;
        let session =
            Session { policies, tags, ..Session::new(caller.account_id(), subject, issued, expires) };
        let user = federated_user(caller, &op.name);
        Ok(GetFederationTokenResult {
            credentials: self.issue(&session)?.into(),
            federated_user: FederatedUser {
                federated_user_id: user.user_id().unwrap_or_default().into_owned(),
                arn: user.arn(),
            },
            packed_policy_size,
        })
    }
}

fn federated_user(caller: &Caller, name: &str) -> Principal {
    Principal::FederatedUser { account: caller.account_id().to_owned(), name: name.to_owned() }
}

impl Serve<GetAccessKeyInfo> for Identity {
    async fn access(&self, _: &GetAccessKeyInfo, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("sts:GetAccessKeyInfo", "*")])
    }

    async fn handle(&self, op: GetAccessKeyInfo, _: &Caller) -> Result<GetAccessKeyInfoResult, ApiError> {
        let id = &op.access_key_id;
        names::access_key_id(id)?;
        let read = self.db.read()?;
        // a session's key says itself whose it is, for sessions are not kept
        let account = match ids::account_of_session_key(id) {
            Some(account) => accounts::known(&read, &account)?.map(|account| account.id),
            None => keys::get(&read, id)?.map(|key| key.account),
        };
        let unknown = || Error::Validation(format!("The access key ID {id} is not valid."));
        Ok(GetAccessKeyInfoResult { account: account.ok_or_else(unknown)? })
    }
}
