//! STS: AssumeRole. The trust policy of the role decides, together with the caller's own policies; what a chain of
//! sessions hands on (source identity, transitive tags) is decided on again at every step.

use std::collections::{BTreeMap, BTreeSet};

use ::store::Read;
use api_spec::ApiError;
use api_spec::sts::{AssumeRole, AssumeRoleResult, AssumedRoleUser};
use auth::policy::{Policy, Principal};
use calls::Tag;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::sessions::policy_arns;
use super::tags;
use crate::domain;
use crate::domain::entity::Role;
use crate::domain::session::{self, Session, SessionPolicies, Subject};
use crate::domain::{arn, names};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::roles;

/// Whom a role trusts that is not there: nobody who could ask.
const NOBODY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"nobody.murus.internal"},"Action":"sts:AssumeRole"}]}"#;

/// What goes on from the caller's own session into the next.
#[derive(Default)]
struct Inherited {
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Inherited {
    fn of(session: Option<Session>) -> Self {
        let Some(session) = session else { return Inherited::default() };
        let transitive = session.transitive;
        let tags = session.tags.into_iter().filter(|(key, _)| transitive.contains(key)).collect();
        Inherited { source_identity: session.source_identity, tags }
    }

    /// The source identity of the new session: once set it cannot be another.
    fn source_identity(&self, asked: Option<&str>) -> Result<Option<String>, Error> {
        match (&self.source_identity, asked) {
            (Some(set), Some(asked)) if set != asked => Err(Error::Refused(
                "SourceIdentity is set by the calling session and cannot be changed.".into(),
            )),
            (Some(set), _) => Ok(Some(set.clone())),
            (None, asked) => Ok(asked.map(str::to_owned)),
        }
    }
}

impl Serve<AssumeRole> for Identity {
    async fn access(&self, op: &AssumeRole, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        check(op)?;
        must_be_able_to_assume(caller.principal())?;
        let inherited = Inherited::of(self.session_of(caller));
        let source_identity = inherited.source_identity(op.source_identity.as_deref())?;
        let (serial, code) = (op.serial_number.as_deref(), op.token_code.as_deref());
        let second_factor = self.second_factor(caller, serial, code).await?.is_some();
        let target = Target::find(&self.db.read()?, &op.role_arn)?;

        let requested = tags(&op.tags);
        let with_keys = |action: &str| {
            let mut access =
                target.access(action, &op.role_arn).key("sts:RoleSessionName", &op.role_session_name);
            if let Some(id) = &op.external_id {
                access = access.key("sts:ExternalId", id);
            }
            if let Some(who) = &source_identity {
                access = access.key("sts:SourceIdentity", who);
            }
            if second_factor {
                access = access.key("aws:MultiFactorAuthPresent", "true").key("aws:MultiFactorAuthAge", "0");
            }
            if !op.transitive_tag_keys.is_empty() {
                access
                    .keys
                    .insert_many("sts:TransitiveTagKeys", op.transitive_tag_keys.iter().map(String::as_str));
            }
            access.request_tags(&requested)
        };
        let mut accesses = vec![with_keys("sts:AssumeRole")];
        if !requested.is_empty() || !inherited.tags.is_empty() {
            accesses.push(with_keys("sts:TagSession"));
        }
        if source_identity.is_some() {
            accesses.push(with_keys("sts:SetSourceIdentity"));
        }
        Ok(accesses)
    }

    async fn handle(&self, op: AssumeRole, caller: &Caller) -> Result<AssumeRoleResult, ApiError> {
        let gone = || Error::Refused(format!("Not authorized to perform sts:AssumeRole on {}", op.role_arn));
        let role = roles::by_arn(&self.db.read()?, &op.role_arn)?.ok_or_else(gone)?;
        let chained = matches!(caller.principal(), Principal::AssumedRole { .. });
        let duration = session::role_duration(op.duration_seconds, role.max_session_seconds, chained)?;
        let inherited = Inherited::of(self.session_of(caller));
        let source_identity = inherited.source_identity(op.source_identity.as_deref())?;
        let transitive = transitive(&op, &inherited)?;
        let policies = SessionPolicies::of(op.policy.as_deref(), policy_arns(op.policy_arns))?;
        let tags = session::tags(tags(&op.tags), inherited.tags)?;
        let packed_policy_size = session::packed_size(&policies, &tags)?;
        let (issued, expires) = session::life(caller.now, duration)?;
        let subject = Subject::Role { id: role.id.clone(), name: op.role_session_name.clone() };
        let session = Session {
            policies,
            tags,
            transitive,
            source_identity: source_identity.clone(),
            ..Session::new(&role.account, subject, issued, expires)
        };
        Ok(AssumeRoleResult {
            credentials: self.issue(&session)?.into(),
            assumed_role_user: assumed(&role, &op.role_session_name),
            packed_policy_size,
            source_identity,
        })
    }
}

/// The rules of the request's own texts.
fn check(op: &AssumeRole) -> Result<(), Error> {
    role_arn(&op.role_arn)?;
    session::session_name("roleSessionName", &op.role_session_name, 64)?;
    if let Some(who) = &op.source_identity {
        session::session_name("sourceIdentity", who, 64)?;
    }
    if let Some(id) = &op.external_id {
        names::length("externalId", id, 2, 1224)?;
        if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b)) {
            return Err(names::pattern("externalId", id, "[\\w+=,.@:\\/-]*"));
        }
    }
    domain::tags::check(&tags(&op.tags))
}

/// Refuses what is no role's ARN.
pub(super) fn role_arn(text: &str) -> Result<(), Error> {
    names::length("roleArn", text, 20, 2048)?;
    match arn::parse_role(text) {
        Some(_) => Ok(()),
        None => Err(Error::Validation("Request ARN is invalid".into())),
    }
}

/// Root and those that somebody vouches for have no roles.
fn must_be_able_to_assume(principal: &Principal) -> Result<(), Error> {
    match principal {
        Principal::Root { .. } => Err(Error::Refused("Roles may not be assumed by root accounts.".into())),
        Principal::FederatedUser { .. } => {
            Err(Error::Refused("Cannot call AssumeRole with federated user credentials".into()))
        }
        _ => Ok(()),
    }
}

/// Keys of the new session's tags that go on from it. Each must be one of its tags; inherited ones stay what they are.
fn transitive(op: &AssumeRole, inherited: &Inherited) -> Result<BTreeSet<String>, Error> {
    let mut all: BTreeSet<String> = inherited.tags.keys().cloned().collect();
    for key in &op.transitive_tag_keys {
        if !op.tags.iter().any(|tag| tag.key == *key) && !inherited.tags.contains_key(key) {
            return Err(Error::InvalidSessionTag(format!(
                "The specified transitive tag key must be included in the requested tags: {key}"
            )));
        }
        all.insert(key.clone());
    }
    Ok(all)
}

/// How the reply names a session.
pub(super) fn assumed(role: &Role, session_name: &str) -> AssumedRoleUser {
    AssumedRoleUser {
        assumed_role_id: format!("{}:{session_name}", role.id),
        arn: format!("arn:aws:sts::{}:assumed-role/{}/{session_name}", role.account, role.name),
    }
}

/// The role that a request wants, as far as the decision must know it.
pub(super) struct Target {
    account: String,
    trust: Policy,
    tags: Vec<Tag>,
}

impl Target {
    /// The role of this ARN. One that is not there trusts nobody, so that asking does not tell the two apart.
    pub(super) fn find(read: &impl Read, role_arn: &str) -> Result<Self, Error> {
        if let Some(role) = roles::by_arn(read, role_arn)? {
            return Ok(Target { trust: role.trust.compile()?, account: role.account, tags: role.tags });
        }
        let account = arn::parse_role(role_arn).map_or("", |parts| parts.account).to_owned();
        let trust = Policy::parse_trust(NOBODY).map_err(|error| Error::Corrupt(error.to_string()))?;
        Ok(Target { account, trust, tags: Vec::new() })
    }

    /// An action on it.
    pub(super) fn access(&self, action: &str, role_arn: &str) -> Access {
        let mut access = Access::new(action, role_arn).resource_tags(&self.tags);
        access
            .keys
            .insert_tags("iam:ResourceTag", self.tags.iter().map(|tag| (&tag.key, tag.value.as_str())));
        access.trusted_by(self.account.clone(), self.trust.clone())
    }
}
