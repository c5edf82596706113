//! One statement: parsed, compiled, and matched against a request.

use super::arn::{ArnFields, ArnPattern};
use super::condition::Condition;
use super::document::PolicyKind;
use super::error::PolicyError;
use super::glob::{Pattern, Syntax};
use super::json::Json;
use super::keys::Keys;
use super::principal_element::{Grant, PrincipalElement};
use super::quota::Quota;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub sid: Option<Arc<str>>,
    pub allow: bool,
    principal: Option<PrincipalElement>,
    actions: Actions,
    /// None in a trust policy: the resource is the role it stands on.
    resources: Option<Resources>,
    conditions: Box<[Condition]>,
    /// The quotas that conditions name; a statement with any is asked only where they are counted.
    quotas: Box<[Quota]>,
}

#[derive(Clone, Debug)]
struct Actions {
    negated: bool,
    /// The [`service_bit`]s of the services named; all ones when any service may match.
    services: u64,
    /// In lower case.
    patterns: Box<[Pattern]>,
    texts: Box<[String]>,
}

#[derive(Clone, Debug)]
struct Resources {
    negated: bool,
    patterns: Box<[ArnPattern]>,
    texts: Box<[String]>,
}

/// A request in the forms that statements compare with.
pub(super) struct Subject<'a> {
    /// In lower case.
    pub action: &'a str,
    /// The [`service_bit`] of the action's service.
    pub service: u64,
    pub resource: &'a str,
    pub arn: Option<ArnFields<'a>>,
    pub keys: Keys<'a>,
}

impl Statement {
    /// Whether it speaks of this request, whoever asks.
    fn applies(&self, subject: &Subject<'_>) -> bool {
        self.actions.match_action(subject)
            && self.resources.as_ref().is_none_or(|resources| resources.match_resource(subject))
            && self.conditions.iter().all(|condition| condition.holds(&subject.keys))
    }

    /// As a statement of a policy of the principal's own.
    pub(super) fn applies_to_own(&self, subject: &Subject<'_>) -> bool {
        self.quotas.is_empty() && self.principal.is_none() && self.applies(subject)
    }

    /// As a quota statement of a policy of the principal's own, the quotas being counted.
    pub(super) fn applies_as_quota(&self, subject: &Subject<'_>) -> bool {
        !self.quotas.is_empty() && self.principal.is_none() && self.applies(subject)
    }

    /// The quotas that its conditions name.
    pub(super) fn quotas(&self) -> &[Quota] {
        &self.quotas
    }

    /// As an allowing statement of a resource's policy.
    pub(super) fn grants(&self, subject: &Subject<'_>) -> Option<Grant> {
        let grant = self.principal.as_ref()?.grants(&subject.keys)?;
        self.applies(subject).then_some(grant)
    }

    /// As a denying statement of a resource's policy.
    pub(super) fn denies(&self, subject: &Subject<'_>) -> bool {
        self.principal.as_ref().is_some_and(|principal| principal.denies(&subject.keys))
            && self.applies(subject)
    }

    /// Allows everyone without tying them to a known place.
    pub(super) fn is_public(&self) -> bool {
        self.allow
            && self.principal.as_ref().is_some_and(PrincipalElement::is_everyone)
            && !self.conditions.iter().any(Condition::restricts_to_known)
    }

    /// Whether it allows the principal it is attached to some action of a service, in lower case, whatever of
    /// resources and conditions.
    pub(super) fn allows_service(&self, service: &str) -> bool {
        self.allows_own() && self.actions.reach(service)
    }

    /// Whether it allows the principal it is attached to an action, in lower case, whatever of resources and conditions.
    pub(super) fn allows_action(&self, action: &str) -> bool {
        self.allows_own()
            && self.actions.patterns.iter().any(|p| p.matches_text(action)) != self.actions.negated
    }

    fn allows_own(&self) -> bool {
        self.allow && self.principal.is_none() && self.quotas.is_empty()
    }

    /// The texts of `Action` or `NotAction`.
    pub(super) fn action_texts(&self) -> &[String] {
        &self.actions.texts
    }

    /// The texts of `Resource` or `NotResource`.
    pub(super) fn resource_texts(&self) -> &[String] {
        self.resources.as_ref().map_or(&[], |resources| &resources.texts)
    }
}

impl Actions {
    fn match_action(&self, subject: &Subject<'_>) -> bool {
        // Most statements speak of another service: pass them by without comparing names.
        if self.services & subject.service == 0 {
            return false;
        }
        self.patterns.iter().any(|p| p.matches(subject.action, &subject.keys)) != self.negated
    }
}

impl Actions {
    /// Whether some action of this service is among them; of `NotAction`: whether not all of them are left out.
    fn reach(&self, service: &str) -> bool {
        let syntax = Syntax { wildcards: true, variables: false, fold: true };
        let covers = |text: &String| {
            let (of, name) = text.split_once(':').unwrap_or((text, "*"));
            let whole = name.bytes().all(|byte| byte == b'*');
            (whole || !self.negated)
                && Pattern::compile(of, syntax).is_ok_and(|pattern| pattern.matches_text(service))
        };
        self.texts.iter().any(covers) != self.negated
    }
}

impl Resources {
    fn match_resource(&self, subject: &Subject<'_>) -> bool {
        let matches = |p: &ArnPattern| p.matches(subject.resource, subject.arn.as_ref(), &subject.keys);
        self.patterns.iter().any(matches) != self.negated
    }
}

/// The elements of a statement as they are read.
#[derive(Default)]
struct Elements {
    sid: Option<Json>,
    effect: Option<Json>,
    principal: Option<Json>,
    not_principal: Option<Json>,
    action: Option<Json>,
    not_action: Option<Json>,
    resource: Option<Json>,
    not_resource: Option<Json>,
    condition: Option<Json>,
}

impl Elements {
    fn collect(json: Json) -> Result<Self, PolicyError> {
        let Json::Object(members) = json else {
            return Err(PolicyError::new("", format!("A statement cannot be {}.", json.kind())));
        };
        let mut elements = Elements::default();
        for (name, value) in members {
            let slot = match &*name {
                "Sid" => &mut elements.sid,
                "Effect" => &mut elements.effect,
                "Principal" => &mut elements.principal,
                "NotPrincipal" => &mut elements.not_principal,
                "Action" => &mut elements.action,
                "NotAction" => &mut elements.not_action,
                "Resource" => &mut elements.resource,
                "NotResource" => &mut elements.not_resource,
                "Condition" => &mut elements.condition,
                _ => return Err(PolicyError::new(&name, "Syntax errors in policy: unknown element.")),
            };
            *slot = Some(value);
        }
        Ok(elements)
    }
}

pub(super) fn parse(json: Json, kind: PolicyKind, variables: bool) -> Result<Statement, PolicyError> {
    let elements = Elements::collect(json)?;
    let principal = parse_principal(elements.principal, elements.not_principal, kind)?;
    let has_principal = principal.is_some();
    let allow = parse_effect(elements.effect)?;
    let conditions = match elements.condition {
        None => Box::default(),
        Some(block) => Condition::parse_block(block, variables).map_err(|e| e.within("Condition"))?.into(),
    };
    Ok(Statement {
        sid: elements.sid.map(|sid| parse_sid(sid, kind)).transpose()?,
        allow,
        principal,
        actions: parse_actions(elements.action, elements.not_action, kind)?,
        resources: parse_resources(elements.resource, elements.not_resource, kind, has_principal, variables)?,
        quotas: parse_quotas(&conditions, allow, kind)?,
        conditions,
    })
}

/// The quotas of a statement, which must be one that can set them.
fn parse_quotas(
    conditions: &[Condition],
    allow: bool,
    kind: PolicyKind,
) -> Result<Box<[Quota]>, PolicyError> {
    let mut quotas = Vec::new();
    for condition in conditions {
        let Some(key) = condition.quota_key() else { continue };
        let refuse = |reason: String| Err(PolicyError::new("Condition", reason));
        let Some(quota) = Quota::of_key(key) else {
            return refuse(format!("There is no quota {key}."));
        };
        if kind == PolicyKind::Resource || kind == PolicyKind::Trust {
            return refuse(format!(
                "{key} can only stand in a policy of users, groups, roles or an account."
            ));
        }
        if allow {
            return refuse(format!("{key} can only stand in a statement whose Effect is Deny."));
        }
        if !condition.compares_numbers() {
            return refuse(format!("{key} can only be compared by a Numeric operator."));
        }
        quotas.push(quota);
    }
    Ok(quotas.into())
}

fn parse_sid(json: Json, kind: PolicyKind) -> Result<Arc<str>, PolicyError> {
    let Json::Text(sid) = json else {
        return Err(PolicyError::new("Sid", format!("A Sid cannot be {}.", json.kind())));
    };
    let plain = sid.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain && matches!(kind, PolicyKind::Identity | PolicyKind::Trust) {
        let reason = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
        return Err(PolicyError::new("Sid", reason));
    }
    Ok(sid.into())
}

fn parse_effect(json: Option<Json>) -> Result<bool, PolicyError> {
    match json {
        Some(Json::Text(text)) if text == "Allow" => Ok(true),
        Some(Json::Text(text)) if text == "Deny" => Ok(false),
        Some(Json::Text(text)) => Err(PolicyError::new("Effect", format!("Invalid effect: {text}"))),
        Some(other) => Err(PolicyError::new("Effect", format!("An Effect cannot be {}.", other.kind()))),
        None => Err(PolicyError::new("Effect", "Missing required field Effect")),
    }
}

fn parse_principal(
    principal: Option<Json>,
    not_principal: Option<Json>,
    kind: PolicyKind,
) -> Result<Option<PrincipalElement>, PolicyError> {
    let (name, negated, json) = match one_of("Principal", principal, "NotPrincipal", not_principal)? {
        Some(found) => found,
        None if matches!(kind, PolicyKind::Resource | PolicyKind::Trust) => {
            return Err(PolicyError::new("Principal", "Missing required field Principal"));
        }
        None => return Ok(None),
    };
    if kind == PolicyKind::Identity {
        return Err(PolicyError::new(name, "Policy document should not specify a principal."));
    }
    PrincipalElement::parse(negated, json).map(Some).map_err(|e| e.within(name))
}

fn parse_actions(
    action: Option<Json>,
    not_action: Option<Json>,
    kind: PolicyKind,
) -> Result<Actions, PolicyError> {
    let (name, negated, json) = one_of("Action", action, "NotAction", not_action)?
        .ok_or_else(|| PolicyError::new("Action", "Policy statement must contain actions."))?;
    let texts = strings(json, name, "Policy statement must contain actions.")?;
    let patterns = texts
        .iter()
        .map(|text| compile_action(text, kind))
        .collect::<Result<_, _>>()
        .map_err(|reason| PolicyError::new(name, reason))?;
    let services =
        if negated { u64::MAX } else { texts.iter().fold(0, |bits, text| bits | service_bit(text)) };
    Ok(Actions { negated, services, patterns, texts: texts.into() })
}

/// One bit of 64 for the service of `service:Action`, by a hash of its name; all bits when it has a wildcard.
pub(super) fn service_bit(action: &str) -> u64 {
    let service = action.split_once(':').map_or(action, |(service, _)| service);
    if service.contains(['*', '?']) {
        return u64::MAX;
    }
    let hash = |hash: u32, byte: u8| hash.wrapping_mul(31).wrapping_add(u32::from(byte.to_ascii_lowercase()));
    1 << (service.bytes().fold(7, hash) % 64)
}

const STS_ONLY: &str = "AssumeRole policy may only specify STS AssumeRole actions.";

fn compile_action(text: &str, kind: PolicyKind) -> Result<Pattern, String> {
    let syntax = Syntax { wildcards: true, variables: false, fold: true };
    if text == "*" && kind == PolicyKind::Trust {
        return Err(STS_ONLY.to_owned());
    }
    if text != "*" {
        let (vendor, action) = text.split_once(':').ok_or_else(|| {
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
        })?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'*' | b'?');
        if vendor.is_empty() || !vendor.bytes().all(plain) {
            return Err(format!("Vendor {vendor} is not valid"));
        }
        if action.is_empty() || !action.bytes().all(plain) {
            return Err(format!("The action \"{text}\" is not valid."));
        }
        if kind == PolicyKind::Trust && !vendor.eq_ignore_ascii_case("sts") {
            return Err(STS_ONLY.to_owned());
        }
    }
    Pattern::compile(text, syntax)
}

fn parse_resources(
    resource: Option<Json>,
    not_resource: Option<Json>,
    kind: PolicyKind,
    has_principal: bool,
    variables: bool,
) -> Result<Option<Resources>, PolicyError> {
    let found = one_of("Resource", resource, "NotResource", not_resource)?;
    let (name, negated, json) = match (found, kind) {
        (Some((name, ..)), PolicyKind::Trust) => {
            return Err(PolicyError::new(name, format!("Has prohibited field {name}")));
        }
        (Some(found), _) => found,
        (None, PolicyKind::Trust) => return Ok(None),
        (None, PolicyKind::Any) if has_principal => return Ok(None),
        (None, PolicyKind::Resource) => {
            return Err(PolicyError::new("Resource", "Missing required field Resource"));
        }
        (None, _) => return Err(PolicyError::new("Resource", "Policy statement must contain resources.")),
    };
    let texts = strings(json, name, "Policy statement must contain resources.")?;
    let patterns = texts
        .iter()
        .map(|text| ArnPattern::resource(text, variables))
        .collect::<Result<_, _>>()
        .map_err(|reason| PolicyError::new(name, reason))?;
    Ok(Some(Resources { negated, patterns, texts: texts.into() }))
}

/// An element or its `Not...` twin, but not both.
fn one_of(
    name: &'static str,
    plain: Option<Json>,
    not_name: &'static str,
    negated: Option<Json>,
) -> Result<Option<(&'static str, bool, Json)>, PolicyError> {
    match (plain, negated) {
        (Some(_), Some(_)) => {
            Err(PolicyError::new(not_name, format!("A statement cannot have both {name} and {not_name}.")))
        }
        (Some(json), None) => Ok(Some((name, false, json))),
        (None, Some(json)) => Ok(Some((not_name, true, json))),
        (None, None) => Ok(None),
    }
}

/// A string or a list of strings, not empty.
fn strings(json: Json, element: &str, if_empty: &str) -> Result<Vec<String>, PolicyError> {
    let list = match json {
        Json::List(list) => list,
        one => vec![one],
    };
    if list.is_empty() {
        return Err(PolicyError::new(element, if_empty));
    }
    list.into_iter()
        .map(|item| match item {
            Json::Text(text) => Ok(text),
            other => Err(PolicyError::new(element, format!("{element} cannot hold {}.", other.kind()))),
        })
        .collect()
}
