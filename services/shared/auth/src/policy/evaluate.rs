//! The decision: AWS's evaluation order over every kind of policy that bears on a request.
//!
//! 1. An explicit deny in any policy denies, root's requests included.
//! 2. In one account, a resource's policy that names the user or the session allows by itself; one that names
//!    the role allows within boundary and session policies; one that names the account leaves it to the
//!    principal's own policies.
//! 3. Otherwise identity policies must allow, and so must the boundary and the session policies, if there are any.
//! 4. Across accounts both sides must allow.

use super::arn;
use super::document::Policy;
use super::keys::{Circumstances, Keys};
use super::principal_element::Grant;
use super::statement::{Statement, Subject, service_bit};
use super::{Context, Principal};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// One question: may this principal do this action on this resource, the circumstances being these?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// `s3:GetObject`, in any case.
    pub action: &'a str,
    /// The ARN, or `*` for an action that knows no resources.
    pub resource: &'a str,
    /// Everything else that conditions and variables may ask about.
    pub context: &'a Context,
}

impl<'a> Request<'a> {
    pub(super) fn keys(&self) -> Keys<'a> {
        Keys { principal: self.principal, context: Circumstances::Known(self.context) }
    }
}

/// A policy and the name by which the audit trail knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The policy's ARN, or something like `inline policy Notes of group Readers`.
    pub name: String,
    /// The compiled document.
    pub policy: Policy,
}

impl Source {
    /// A policy under a name.
    pub fn new(name: impl Into<String>, policy: Policy) -> Self {
        Source { name: name.into(), policy }
    }
}

/// The policies of the principal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Of the user and its groups, or of the role; any of them may allow.
    pub identity: Vec<Source>,
    /// Limits what `identity` may allow.
    pub boundary: Option<Source>,
    /// Passed when the session was made; together they limit it. None: no limit, but for a federated user no permission.
    pub session: Vec<Source>,
}

/// Which kind of policy decided, or failed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Of the user, its groups or the role.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// Passed with the session.
    Session,
    /// Of the resource.
    Resource,
    /// Of the role that is to be assumed.
    Trust,
    /// No policy: an account's root may do everything in its account.
    Root,
}

/// The statement that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRef {
    /// Kind of the policy.
    pub kind: Kind,
    /// Name of the policy: that of its [`Source`], or `resource-based policy`.
    pub policy: String,
    /// Index of the statement, from 0.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
}

/// The outcome, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Allowed, by this statement.
    Allowed {
        /// The statement (one of them, if several allow).
        by: StatementRef,
    },
    /// A statement denies.
    DeniedExplicitly {
        /// The statement.
        by: StatementRef,
    },
    /// Nothing of this kind allows.
    DeniedImplicitly {
        /// The kind of policy that would have to allow.
        missing: Kind,
    },
}

impl Decision {
    /// Whether to go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Decision::Allowed { .. })
    }
}

/// Decides. `resource_policy` and `resource_account` are those of the resource; without an account the
/// resource is taken to be the principal's own.
pub fn evaluate(
    req: &Request<'_>,
    policies: &Policies,
    resource_policy: Option<&Policy>,
    resource_account: Option<&str>,
) -> Decision {
    let side = ResourceSide {
        policy: resource_policy,
        account: resource_account,
        kind: Kind::Resource,
        must_allow: false,
    };
    decide((req.action, req.resource), req.keys(), policies, &side)
}

/// Decides as [`evaluate`] does, without knowing the circumstances of the request: none when the outcome may depend on
/// them. Most policies have no conditions, and to gather what they could ask for costs more than to decide.
pub fn evaluate_apart(
    principal: &Principal,
    (action, resource): (&str, &str),
    policies: &Policies,
    resource_policy: Option<&Policy>,
    resource_account: &str,
) -> Option<Decision> {
    let asked = Cell::new(false);
    let keys = Keys { principal, context: Circumstances::Asked(&asked) };
    let side = ResourceSide {
        policy: resource_policy,
        account: Some(resource_account),
        kind: Kind::Resource,
        must_allow: false,
    };
    let decision = decide((action, resource), keys, policies, &side);
    (!asked.get()).then_some(decision)
}

/// Decides for a resource whose policy must allow in any case, in the same account, too, as a KMS key's.
pub fn evaluate_key(
    req: &Request<'_>,
    policies: &Policies,
    key_policy: Option<&Policy>,
    key_account: &str,
) -> Decision {
    let side = ResourceSide {
        policy: key_policy,
        account: Some(key_account),
        kind: Kind::Resource,
        must_allow: true,
    };
    decide((req.action, req.resource), req.keys(), policies, &side)
}

/// Decides whether a role may be assumed. Its trust policy must allow in any case, in the same account, too.
pub fn evaluate_trust(
    req: &Request<'_>,
    policies: &Policies,
    trust_policy: &Policy,
    role_account: &str,
) -> Decision {
    let side = ResourceSide {
        policy: Some(trust_policy),
        account: Some(role_account),
        kind: Kind::Trust,
        must_allow: true,
    };
    decide((req.action, req.resource), req.keys(), policies, &side)
}

/// The parts of a request that have to be made before statements can be compared with it.
pub(super) struct Subjects {
    action: String,
}

impl Subjects {
    pub(super) fn of(action: &str) -> Self {
        Subjects { action: action.to_ascii_lowercase() }
    }

    pub(super) fn subject<'a>(&'a self, resource: &'a str, keys: Keys<'a>) -> Subject<'a> {
        Subject {
            action: &self.action,
            service: service_bit(&self.action),
            resource,
            arn: arn::split(resource),
            keys,
        }
    }
}

struct ResourceSide<'a> {
    policy: Option<&'a Policy>,
    account: Option<&'a str>,
    kind: Kind,
    /// Without its word nothing is allowed, not even in its own account.
    must_allow: bool,
}

/// What the principal's own policies of one kind say.
enum Own {
    Denied(StatementRef),
    Allowed(StatementRef),
    Silent,
}

/// What the policy of the resource says.
enum Theirs {
    Denied(StatementRef),
    Granted(Grant, StatementRef),
    Silent,
}

fn decide(
    (action, resource): (&str, &str),
    keys: Keys<'_>,
    policies: &Policies,
    side: &ResourceSide<'_>,
) -> Decision {
    let principal = keys.principal;
    let subjects = Subjects::of(action);
    let subject = subjects.subject(resource, keys);
    let identity = own(Kind::Identity, &policies.identity, &subject);
    let boundary = own(Kind::Boundary, policies.boundary.as_slice(), &subject);
    let session = own(Kind::Session, &policies.session, &subject);
    let resource = theirs(side, &subject);
    for own in [&identity, &boundary, &session] {
        if let Own::Denied(by) = own {
            return Decision::DeniedExplicitly { by: by.clone() };
        }
    }
    let (grant, granted_by) = match resource {
        Theirs::Denied(by) => return Decision::DeniedExplicitly { by },
        Theirs::Granted(grant, by) => (Some(grant), Some(by)),
        Theirs::Silent => (None, None),
    };
    let chain = Chain { principal, policies, identity, boundary, session };
    match same_account(principal, side) {
        true => chain.in_one_account(side, grant, granted_by),
        false => chain.across_accounts(side, granted_by),
    }
}

/// Nobody, services and strangers known to a provider have no account: the resource's policy must speak for them.
fn same_account(principal: &Principal, side: &ResourceSide<'_>) -> bool {
    match (principal.account(), side.account) {
        (Some(own), Some(theirs)) => own == theirs,
        (own, None) => own.is_some(),
        (None, Some(_)) => false,
    }
}

/// The principal's side of a request, once no statement denies.
struct Chain<'a> {
    principal: &'a Principal,
    policies: &'a Policies,
    identity: Own,
    boundary: Own,
    session: Own,
}

impl Chain<'_> {
    fn in_one_account(
        self,
        side: &ResourceSide<'_>,
        grant: Option<Grant>,
        granted_by: Option<StatementRef>,
    ) -> Decision {
        if side.must_allow && grant.is_none() {
            return Decision::DeniedImplicitly { missing: side.kind };
        }
        match (grant, granted_by) {
            (Some(Grant::Direct), Some(by)) => Decision::Allowed { by },
            (Some(Grant::Role), Some(by)) => self.limits(by),
            _ => self.own(),
        }
    }

    fn across_accounts(self, side: &ResourceSide<'_>, granted_by: Option<StatementRef>) -> Decision {
        let missing = Decision::DeniedImplicitly { missing: side.kind };
        if self.principal.account().is_none() {
            return granted_by.map_or(missing, |by| Decision::Allowed { by });
        }
        match (self.own(), granted_by) {
            (denied, _) if !denied.is_allowed() => denied,
            (_, Some(by)) => Decision::Allowed { by },
            (_, None) => missing,
        }
    }

    /// What the principal's own policies allow.
    fn own(self) -> Decision {
        let by = match (&self.identity, self.principal) {
            (_, Principal::Root { .. }) => root(),
            (Own::Allowed(by), _) => by.clone(),
            _ => return Decision::DeniedImplicitly { missing: Kind::Identity },
        };
        self.limits(by)
    }

    /// What boundary and session leave of a permission.
    fn limits(&self, by: StatementRef) -> Decision {
        let limited = |own: &Own| matches!(own, Own::Silent);
        let is_root = matches!(self.principal, Principal::Root { .. });
        if self.policies.boundary.is_some() && limited(&self.boundary) && !is_root {
            return Decision::DeniedImplicitly { missing: Kind::Boundary };
        }
        let must_have_session = matches!(self.principal, Principal::FederatedUser { .. });
        if (must_have_session || !self.policies.session.is_empty()) && limited(&self.session) {
            return Decision::DeniedImplicitly { missing: Kind::Session };
        }
        Decision::Allowed { by }
    }
}

fn root() -> StatementRef {
    StatementRef { kind: Kind::Root, policy: "root".into(), index: 0, sid: None }
}

fn own(kind: Kind, sources: &[Source], subject: &Subject<'_>) -> Own {
    let mut allowed = None;
    for source in sources {
        for (index, statement) in source.policy.statements().iter().enumerate() {
            // One allow is enough; after that only a deny changes the outcome.
            if (statement.allow && allowed.is_some()) || !statement.applies_to_own(subject) {
                continue;
            }
            if !statement.allow {
                return Own::Denied(reference(kind, &source.name, index, statement));
            }
            allowed = Some((source, index, statement));
        }
    }
    match allowed {
        Some((source, index, statement)) => Own::Allowed(reference(kind, &source.name, index, statement)),
        None => Own::Silent,
    }
}

fn theirs(side: &ResourceSide<'_>, subject: &Subject<'_>) -> Theirs {
    let Some(policy) = side.policy else { return Theirs::Silent };
    let name = match side.kind {
        Kind::Trust => "role trust policy",
        _ => "resource-based policy",
    };
    let mut best: Option<(Grant, usize, &Statement)> = None;
    for (index, statement) in policy.statements().iter().enumerate() {
        if !statement.allow {
            if statement.denies(subject) {
                return Theirs::Denied(reference(side.kind, name, index, statement));
            }
        } else if let Some(grant) = statement.grants(subject)
            && best.is_none_or(|(so_far, ..)| grant > so_far)
        {
            best = Some((grant, index, statement));
        }
    }
    match best {
        Some((grant, index, statement)) => {
            Theirs::Granted(grant, reference(side.kind, name, index, statement))
        }
        None => Theirs::Silent,
    }
}

pub(super) fn reference(kind: Kind, policy: &str, index: usize, statement: &Statement) -> StatementRef {
    StatementRef { kind, policy: policy.to_owned(), index, sid: statement.sid.as_deref().map(str::to_owned) }
}
