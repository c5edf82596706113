//! STS: AssumeRoleWithWebIdentity. The request is not signed; the token proves who asks, and the trust policy of the
//! role decides in the name of whom it names.

use std::collections::BTreeMap;

use api_spec::ApiError;
use api_spec::sts::{AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityResult};
use auth::policy::Principal;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::assume_role::{Target, assumed, role_arn};
use super::sessions::policy_arns;
use crate::domain;
use crate::domain::jwt::{Jwt, Proven};
use crate::domain::oidc_provider::OidcProvider;
use crate::domain::session::{self, Session, SessionPolicies, Subject};
use crate::domain::{arn, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{oidc_providers, roles};

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

impl Identity {
    /// What the token proves to the account of the role, and by which of its providers.
    async fn proven(
        &self,
        op: &AssumeRoleWithWebIdentity,
        caller: &Caller,
    ) -> Result<(OidcProvider, Proven), Error> {
        let jwt = Jwt::parse(&op.web_identity_token)?;
        let provider = self.provider_of(&op.role_arn, &jwt.claims.iss)?;
        let keys = self.issuers.keys(&provider, &jwt).await?;
        jwt.verify(&keys)?;
        let proven = jwt.prove(&provider, caller.now)?;
        if let Some(who) = &proven.source_identity {
            session::session_name("sourceIdentity", who, 64)?;
        }
        domain::tags::check(&proven.tags)?;
        Ok((provider, proven))
    }

    /// The provider of this issuer that the role's account has registered.
    fn provider_of(&self, role_arn: &str, issuer: &str) -> Result<OidcProvider, Error> {
        let account = arn::parse_role(role_arn).map_or("", |parts| parts.account);
        let name = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
        let found = match name {
            Some(name) => oidc_providers::find(&self.db.read()?, account, name)?,
            None => None,
        };
        found.filter(|provider| provider.issuer() == issuer).ok_or_else(|| {
            let shown: String = issuer.chars().take(255).collect();
            Error::InvalidIdentityToken(format!(
                "No OpenIDConnect provider found in your account for {shown}"
            ))
        })
    }
}

impl Serve<AssumeRoleWithWebIdentity> for Identity {
    async fn access(&self, op: &AssumeRoleWithWebIdentity, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        check(op)?;
        let (provider, proven) = self.proven(op, caller).await?;
        let target = Target::find(&self.db.read()?, &op.role_arn)?;
        let principal = Principal::WebIdentity { provider: provider.arn(), subject: proven.subject.clone() };
        let with_keys = |action: &str| {
            let mut access = target
                .access(action, &op.role_arn)
                .in_name_of(principal.clone())
                .key("sts:RoleSessionName", &op.role_session_name)
                .request_tags(&proven.tags);
            for (name, values) in condition_keys(&provider, &proven) {
                access.keys.insert_many(name, values);
            }
            if let Some(who) = &proven.source_identity {
                access = access.key("sts:SourceIdentity", who);
            }
            if !proven.transitive.is_empty() {
                access
                    .keys
                    .insert_many("sts:TransitiveTagKeys", proven.transitive.iter().map(String::as_str));
            }
            access
        };
        let mut accesses = vec![with_keys(ACTION)];
        if !proven.tags.is_empty() {
            accesses.push(with_keys("sts:TagSession"));
        }
        if proven.source_identity.is_some() {
            accesses.push(with_keys("sts:SetSourceIdentity"));
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: AssumeRoleWithWebIdentity,
        caller: &Caller,
    ) -> Result<AssumeRoleWithWebIdentityResult, ApiError> {
        let (provider, proven) = self.proven(&op, caller).await?;
        let gone = || Error::Refused(format!("Not authorized to perform {ACTION}"));
        let role = roles::by_arn(&self.db.read()?, &op.role_arn)?.ok_or_else(gone)?;
        let duration = session::role_duration(op.duration_seconds, role.max_session_seconds, false)?;
        let policies = SessionPolicies::of(op.policy.as_deref(), policy_arns(op.policy_arns))?;
        let tags = session::tags(proven.tags, BTreeMap::new())?;
        let packed_policy_size = session::packed_size(&policies, &tags)?;
        let (issued, expires) = session::life(caller.now, duration)?;
        let subject = Subject::Role { id: role.id.clone(), name: op.role_session_name.clone() };
        let keys = [
            ("aws:FederatedProvider".to_owned(), provider.arn()),
            (format!("{}:aud", provider.name), proven.audience.clone()),
            (format!("{}:sub", provider.name), proven.subject.clone()),
        ];
        let session = Session {
            policies,
            tags,
            transitive: proven.transitive.into_iter().collect(),
            source_identity: proven.source_identity.clone(),
            keys: keys.into(),
            ..Session::new(&role.account, subject, issued, expires)
        };
        Ok(AssumeRoleWithWebIdentityResult {
            credentials: self.issue(&session)?.into(),
            subject_from_web_identity_token: proven.subject,
            assumed_role_user: assumed(&role, &op.role_session_name),
            packed_policy_size,
            provider: provider.issuer(),
            audience: proven.audience,
            source_identity: proven.source_identity,
        })
    }
}

/// The rules of the request's own texts.
fn check(op: &AssumeRoleWithWebIdentity) -> Result<(), Error> {
    role_arn(&op.role_arn)?;
    session::session_name("roleSessionName", &op.role_session_name, 64)?;
    names::length("webIdentityToken", &op.web_identity_token, 4, 20_000)?;
    match &op.provider_id {
        // only OAuth 2.0 access tokens have one, and there is no such provider here
        Some(id) => Err(Error::Validation(format!("The ProviderId {id} is not supported."))),
        None => Ok(()),
    }
}

/// `<issuer>:aud`, `<issuer>:sub` and their siblings, for the trust policy.
fn condition_keys(provider: &OidcProvider, proven: &Proven) -> Vec<(String, Vec<String>)> {
    let named = |key: &str, values: Vec<String>| (format!("{}:{key}", provider.name), values);
    let mut keys =
        vec![named("aud", vec![proven.audience.clone()]), named("sub", vec![proven.subject.clone()])];
    if !proven.original_audiences.is_empty() {
        keys.push(named("oaud", proven.original_audiences.clone()));
    }
    if !proven.methods.is_empty() {
        keys.push(named("amr", proven.methods.clone()));
    }
    keys
}
