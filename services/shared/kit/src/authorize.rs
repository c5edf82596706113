//! The decision before every operation: each [`Access`] that it declares is evaluated, and all must be allowed.

use std::borrow::Cow;
use std::sync::Arc;

use api_spec::ApiError;
use auth::policy::{self, Decision, Kind, Policies, Policy, Principal, StatementRef};
use calls::identity::Session;
use jiff::Timestamp;

use crate::caller::Caller;
use crate::config::Common;
use crate::context::Context;

/// One thing that an operation is about to do: an action on a resource under these circumstances.
#[derive(Clone, Debug)]
pub struct Access {
    /// `ec2:RunInstances`.
    pub action: String,
    /// ARN, or `*` for actions that know no resource.
    pub resource: String,
    /// What a refusal calls the resource, where its ARN would tell more than the request named.
    pub called: Option<String>,
    /// Condition keys of the service and the resource; the global ones are added for all.
    pub keys: policy::Context,
    /// The resource's own policy and account, where it has them.
    pub resource_policy: Option<ResourcePolicy>,
    /// Who asks, where that is not the caller: somebody who proved who they are by other means than a signature.
    pub principal: Option<Principal>,
    /// Whether everybody who proved who they are may do it, whatever policies say (`sts:GetCallerIdentity`).
    pub unconditional: bool,
}

/// How a resource's policy counts beside the policies of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// In its own account either side allows.
    Shares,
    /// A KMS key's: it must allow in any case.
    Key,
    /// A role's trust policy: it must allow in any case.
    Trust,
}

/// What a resource says about who may use it.
#[derive(Clone, Debug)]
pub struct ResourcePolicy {
    /// Account that owns the resource.
    pub account_id: String,
    /// Its policy, if it has one.
    pub policy: Option<Policy>,
    /// How it counts.
    pub rule: Rule,
}

impl Access {
    /// An access with no keys of its own.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Access {
            action: action.into(),
            resource: resource.into(),
            called: None,
            keys: policy::Context::new(),
            resource_policy: None,
            principal: None,
            unconditional: false,
        }
    }

    /// Something that needs no permission, only a proven identity.
    pub fn unconditional(action: impl Into<String>) -> Self {
        Access { unconditional: true, ..Access::new(action, "*") }
    }

    /// Adds a condition key.
    #[must_use]
    pub fn key(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.keys.insert(name, value);
        self
    }

    /// Adds condition keys that something else told.
    #[must_use]
    pub fn keys<K: Into<Cow<'static, str>>, V: Into<String>>(
        mut self,
        keys: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (name, value) in keys {
            self.keys.insert(name, value);
        }
        self
    }

    /// Adds the tags of the resource (`aws:ResourceTag/...` and, for EC2, `ec2:ResourceTag/...`).
    #[must_use]
    pub fn resource_tags(mut self, tags: &[calls::Tag]) -> Self {
        let of_service = self.action.starts_with("ec2:").then_some("ec2:ResourceTag");
        for prefix in ["aws:ResourceTag"].into_iter().chain(of_service) {
            self.keys.insert_tags(prefix, tags.iter().map(|tag| (&tag.key, tag.value.as_str())));
        }
        self
    }

    /// Adds the tags that the request brings (`aws:RequestTag/...`, `aws:TagKeys`).
    #[must_use]
    pub fn request_tags(mut self, tags: &[calls::Tag]) -> Self {
        let tags: Vec<_> = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        self.keys.insert_request_tags(&tags);
        self
    }

    /// Says whose the resource is and what its policy says.
    #[must_use]
    pub fn owned_by(mut self, account_id: impl Into<String>, policy: Option<Policy>) -> Self {
        self.resource_policy =
            Some(ResourcePolicy { account_id: account_id.into(), policy, rule: Rule::Shares });
        self
    }

    /// Says whose the KMS key is and what its policy says: without that nobody may, whatever their own policies say.
    #[must_use]
    pub fn key_of(mut self, account_id: impl Into<String>, policy: Policy) -> Self {
        let policy = Some(policy);
        self.resource_policy =
            Some(ResourcePolicy { account_id: account_id.into(), policy, rule: Rule::Key });
        self
    }

    /// Says whose the role is that is to be assumed, and whom it trusts.
    #[must_use]
    pub fn trusted_by(mut self, account_id: impl Into<String>, trust: Policy) -> Self {
        let (account_id, policy) = (account_id.into(), Some(trust));
        self.resource_policy = Some(ResourcePolicy { account_id, policy, rule: Rule::Trust });
        self
    }

    /// Has a refusal call the resource by the name that the request gave.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        self.called = Some(name.into());
        self
    }

    /// Has somebody else than the caller ask: nothing of the caller counts but where the request comes from.
    #[must_use]
    pub fn in_name_of(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }
}

/// Why an operation may not go on.
#[derive(Clone, Debug)]
pub struct Denied {
    /// AWS's wording: who may not do what, on what, and which kind of policy is to blame.
    pub message: String,
    /// The decision, for the audit trail.
    pub decision: Decision,
    /// What was asked.
    pub access: Access,
    /// Everything that conditions could ask about.
    pub keys: policy::Context,
}

/// Whether an authorization ended well, badly, or could not be decided.
pub type Authorized = Result<Vec<Decision>, Refused>;

/// A refusal or a failure to decide.
#[derive(Debug)]
pub enum Refused {
    /// Not allowed.
    Denied(Box<Denied>),
    /// Identity could not be asked.
    Failed(ApiError),
}

/// Allows a caller an action on a resource that has an owner and perhaps a policy, provided that this is so whatever the
/// circumstances. Otherwise none: then it takes an [`Access`] with its keys to decide, and to say why not.
pub fn allowed_apart(
    context: &Context,
    caller: &Caller,
    (action, resource): (&str, &str),
    policy: Option<&Policy>,
    owner: &str,
) -> Option<Decision> {
    let policies = &caller.holder()?.policies;
    let decision = policy::evaluate_apart(caller.principal(), (action, resource), policies, policy, owner);
    let allowed = decision.filter(Decision::is_allowed)?;
    context.credentials.usage.note(caller, action);
    Some(allowed)
}

/// Evaluates every access. A refusal is given only on identity's word of this moment: what the cache would refuse
/// is asked again, so that a permission just given works at once.
pub async fn authorize(context: &Context, caller: &Caller, accesses: &[Access]) -> Authorized {
    if accesses.is_empty() {
        return Err(Refused::Failed(ApiError::internal("an operation declared no access")));
    }
    if let Some(access) = accesses.first() {
        context.credentials.usage.note(caller, &access.action);
    }
    let decisions = decided(context, caller, accesses).await?;
    for access in accesses.iter().skip(1).filter(|access| access.principal.is_none()) {
        context.credentials.usage.note_beside(caller, &access.action);
    }
    Ok(decisions)
}

async fn decided(context: &Context, caller: &Caller, accesses: &[Access]) -> Authorized {
    let nothing = Policies::default();
    let cached = caller.holder().map_or(&nothing, |holder| &holder.policies);
    let denied = match decide_all(context, caller, cached, accesses) {
        Ok(decisions) => return Ok(decisions),
        Err(denied) => denied,
    };
    let Some(holder) = caller.holder() else { return Err(Refused::Denied(denied)) };
    match context.credentials.ask(holder.question.clone()).await {
        Ok(now) if now.version != holder.version => {
            decide_all(context, caller, &now.policies, accesses).map_err(Refused::Denied)
        }
        Ok(_) => Err(Refused::Denied(denied)),
        Err(crate::credentials::NoHolder::Failed(error)) => Err(Refused::Failed(error)),
        Err(_) => Err(Refused::Denied(denied)),
    }
}

fn decide_all(
    context: &Context,
    caller: &Caller,
    policies: &Policies,
    accesses: &[Access],
) -> Result<Vec<Decision>, Box<Denied>> {
    let decide_one = |access: &Access| match &access.principal {
        None => decide(caller.principal(), global_keys(&context.common, caller), policies, access),
        Some(other) => {
            let nobody = Caller::anonymous(Arc::clone(&caller.origin), caller.now);
            decide(other, global_keys(&context.common, &nobody), &Policies::default(), access)
        }
    };
    accesses.iter().map(decide_one).collect()
}

fn decide(
    principal: &Principal,
    mut keys: policy::Context,
    policies: &Policies,
    access: &Access,
) -> Result<Decision, Box<Denied>> {
    if access.unconditional && !matches!(principal, Principal::Anonymous) {
        return Ok(Decision::Allowed { by: no_policy() });
    }
    add_resource_keys(&mut keys, access);
    keys.extend(access.keys.clone());
    let request =
        policy::Request { principal, action: &access.action, resource: &access.resource, context: &keys };
    let own = access.resource_policy.as_ref();
    let its_policy = own.and_then(|own| own.policy.as_ref());
    let decision = match (own.map(|own| (own.rule, own.account_id.as_str())), its_policy) {
        (None, _) => policy::evaluate(&request, policies, None, None),
        (Some((Rule::Shares, account)), its) => policy::evaluate(&request, policies, its, Some(account)),
        (Some((Rule::Trust, account)), Some(trust)) => {
            policy::evaluate_trust(&request, policies, trust, account)
        }
        (Some((Rule::Key | Rule::Trust, account)), its) => {
            policy::evaluate_key(&request, policies, its, account)
        }
    };
    if decision.is_allowed() {
        return Ok(decision);
    }
    let resource = access.called.as_ref().unwrap_or(&access.resource);
    let shown = policy::Request { resource, ..request };
    let message = match own {
        // whether there is such a role is nobody's business but its account's
        Some(own) if own.rule == Rule::Trust => policy::message_without_reason(&shown),
        // nor whether there is such a key: one that denies is refused like one that is not there
        Some(own) if own.rule == Rule::Key && principal.account() != Some(&own.account_id) => {
            policy::message(&shown, &unless_its_own(&decision))
        }
        _ => policy::message(&shown, &decision),
    };
    Err(Box::new(Denied { message, decision, access: access.clone(), keys }))
}

/// A decision as those may know it who must not know what the resource's policy denies them.
fn unless_its_own(decision: &Decision) -> Decision {
    match decision {
        Decision::DeniedExplicitly { by } if by.kind == Kind::Resource => {
            Decision::DeniedImplicitly { missing: Kind::Resource }
        }
        other => other.clone(),
    }
}

/// What the audit trail names as the reason where no policy is asked.
fn no_policy() -> StatementRef {
    StatementRef { kind: Kind::Identity, policy: "no permission needed,".into(), index: 0, sid: None }
}

/// Global keys that depend on what is accessed. IAM has one endpoint, whose region is always us-east-1: a policy that
/// pins `aws:RequestedRegion` elsewhere must not let anybody at IAM here when it would not on AWS.
fn add_resource_keys(keys: &mut policy::Context, access: &Access) {
    if access.action.starts_with("iam:") {
        keys.insert("aws:RequestedRegion", "us-east-1");
    }
    let of_arn = access.resource.split(':').nth(4);
    let owner = access.resource_policy.as_ref().map(|own| own.account_id.as_str()).or(of_arn);
    if let Some(owner) = owner.filter(|owner| owner.len() == 12 && owner.bytes().all(|b| b.is_ascii_digit()))
    {
        keys.insert("aws:ResourceAccount", owner);
    }
}

/// Room for the keys of most requests.
const USUAL_KEYS: usize = 24;

/// Condition keys that every request has. Those about the principal come from the principal itself; without a session
/// there is no `aws:TokenIssueTime` and no `aws:MultiFactorAuthPresent`, and nothing here calls on somebody's behalf
/// (`aws:CalledVia...`) or from inside a VPC (`aws:SourceVpc`, `aws:SourceVpce`, `aws:VpcSourceIp`).
pub(crate) fn global_keys(common: &Common, caller: &Caller) -> policy::Context {
    let mut keys = policy::Context::with_capacity(USUAL_KEYS);
    keys.set_time(caller.now);
    keys.insert_bool("aws:SecureTransport", caller.origin.secure).insert_bool("aws:ViaAWSService", false);
    keys.insert("aws:RequestedRegion", common.region.clone());
    if let Some(address) = caller.origin.source() {
        keys.insert("aws:SourceIp", address);
    }
    if !caller.origin.user_agent.is_empty() {
        keys.insert("aws:UserAgent", caller.origin.user_agent.clone());
    }
    if let Some(referer) = &caller.origin.referer {
        keys.insert("aws:Referer", referer.clone());
    }
    if let Some(holder) = caller.holder() {
        keys.insert_tags("aws:PrincipalTag", holder.tags.iter().map(|tag| (&tag.key, tag.value.as_str())));
        if let Some(session) = &holder.session {
            session_keys(&mut keys, session, caller.now);
        }
    }
    keys
}

/// What only temporary credentials bring: long-term keys have not even `aws:MultiFactorAuthPresent`.
fn session_keys(keys: &mut policy::Context, session: &Session, now: Timestamp) {
    for (name, value) in &session.keys {
        keys.insert(name.to_owned(), value);
    }
    keys.insert_bool("aws:MultiFactorAuthPresent", session.mfa_at.is_some());
    if let Some(at) = session.mfa_at {
        keys.insert_number("aws:MultiFactorAuthAge", (now.as_second() - at.as_second()).max(0));
    }
}
