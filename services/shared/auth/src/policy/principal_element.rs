//! The `Principal` and `NotPrincipal` elements of a resource's policy or a role's trust policy.

use super::error::PolicyError;
use super::json::Json;
use super::keys::{KeyName, Keys};
use super::principal::Principal;

/// How directly a statement names whoever asks. A nearer name grants more by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grant {
    /// By the account: the account's own policies must allow, too.
    Account,
    /// By the role of a session: boundary and session policies still limit it.
    Role,
    /// By user, session, service or `*`: in the same account only an explicit deny takes it back.
    Direct,
}

#[derive(Clone, Debug)]
pub(super) struct PrincipalElement {
    /// `NotPrincipal`.
    negated: bool,
    patterns: Vec<PrincipalPattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PrincipalPattern {
    Everyone,
    Account(String),
    /// A user, role, role session or federated user.
    Arn(String),
    /// `AIDA...` or `AROA...`: what an ARN became when its user or role was deleted.
    Id(String),
    Service(String),
    Federated(String),
    /// The canonical id of an account, as S3 uses it.
    Canonical(String),
}

impl PrincipalElement {
    pub(super) fn parse(negated: bool, json: Json) -> Result<Self, PolicyError> {
        let patterns = match json {
            Json::Text(text) if text == "*" => vec![PrincipalPattern::Everyone],
            Json::Text(text) => return Err(invalid(&text)),
            Json::Object(members) => parse_members(members)?,
            other => {
                return Err(PolicyError::new("", format!("A principal cannot be {}.", other.kind())));
            }
        };
        match patterns.is_empty() {
            true => Err(PolicyError::new("", "Invalid principal in policy: none is named")),
            false => Ok(PrincipalElement { negated, patterns }),
        }
    }

    /// For a statement that allows: how the principal is named, if at all.
    pub(super) fn grants(&self, keys: &Keys<'_>) -> Option<Grant> {
        let best = self.patterns.iter().filter_map(|pattern| pattern.grant(keys)).max();
        match self.negated {
            false => best,
            // Everyone but those listed: whoever is named in any way is left out.
            true => best.is_none().then_some(Grant::Direct),
        }
    }

    /// For a statement that denies. Who stands in a `NotPrincipal` escapes the deny only when every level
    /// is listed: the user and the account, or the session, the role and the account.
    pub(super) fn denies(&self, keys: &Keys<'_>) -> bool {
        let named = |level| self.patterns.iter().any(|pattern| pattern.grant(keys) == Some(level));
        if !self.negated {
            return self.patterns.iter().any(|pattern| pattern.grant(keys).is_some());
        }
        if self.patterns.contains(&PrincipalPattern::Everyone) {
            return false;
        }
        let exempt = match keys.principal {
            Principal::AssumedRole { .. } => {
                named(Grant::Direct) && named(Grant::Role) && named(Grant::Account)
            }
            Principal::User { .. } | Principal::FederatedUser { .. } => {
                named(Grant::Direct) && named(Grant::Account)
            }
            Principal::Root { .. }
            | Principal::WebIdentity { .. }
            | Principal::Service { .. }
            | Principal::Anonymous => named(Grant::Direct),
        };
        !exempt
    }

    /// Whether it names everyone, for the question "is this policy public?".
    pub(super) fn is_everyone(&self) -> bool {
        self.negated || self.patterns.contains(&PrincipalPattern::Everyone)
    }
}

impl PrincipalPattern {
    fn grant(&self, keys: &Keys<'_>) -> Option<Grant> {
        let principal = keys.principal;
        let direct = |yes: bool| yes.then_some(Grant::Direct);
        match self {
            PrincipalPattern::Everyone => Some(Grant::Direct),
            PrincipalPattern::Account(account) => account_grant(principal, account),
            PrincipalPattern::Arn(arn) => arn_grant(principal, arn),
            PrincipalPattern::Id(id) => match principal {
                Principal::User { id: own, .. } => direct(own == id),
                Principal::AssumedRole { role_id, .. } => (role_id == id).then_some(Grant::Role),
                _ => None,
            },
            PrincipalPattern::Service(service) => {
                direct(matches!(principal, Principal::Service { name } if name == service))
            }
            PrincipalPattern::Federated(issuer) => {
                direct(matches!(principal, Principal::WebIdentity { provider, .. } if provider == issuer))
            }
            PrincipalPattern::Canonical(id) => {
                let own = keys.get(&KeyName::Other("murus:canonicaluserid".into()));
                own.iter().any(|own| own == id).then_some(Grant::Account)
            }
        }
    }
}

fn account_grant(principal: &Principal, account: &str) -> Option<Grant> {
    let level = match principal {
        // Root is the account.
        Principal::Root { .. } => Grant::Direct,
        _ => Grant::Account,
    };
    (principal.account() == Some(account)).then_some(level)
}

fn arn_grant(principal: &Principal, arn: &str) -> Option<Grant> {
    match principal {
        Principal::AssumedRole { .. } if principal.role_arn().is_some_and(|role| role == arn) => {
            Some(Grant::Role)
        }
        Principal::User { .. } | Principal::AssumedRole { .. } | Principal::FederatedUser { .. } => {
            (principal.arn() == arn).then_some(Grant::Direct)
        }
        _ => None,
    }
}

fn parse_members(members: Vec<(String, Json)>) -> Result<Vec<PrincipalPattern>, PolicyError> {
    let mut patterns = Vec::new();
    for (kind, values) in members {
        let values = match values {
            Json::Text(text) => vec![Json::Text(text)],
            Json::List(list) => list,
            other => {
                return Err(PolicyError::new(&kind, format!("A principal cannot be {}.", other.kind())));
            }
        };
        for value in values {
            let Json::Text(text) = value else {
                return Err(PolicyError::new(&kind, format!("A principal cannot be {}.", value.kind())));
            };
            let pattern = parse_one(&kind, &text).ok_or_else(|| {
                PolicyError::new(&kind, format!("Invalid principal in policy: \"{kind}\":\"{text}\""))
            })?;
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

fn parse_one(kind: &str, text: &str) -> Option<PrincipalPattern> {
    if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    match kind {
        "AWS" => parse_aws(text),
        _ if text.contains(['*', '?']) && text != "*" => None,
        "Service" => text.contains('.').then(|| PrincipalPattern::Service(text.to_owned())),
        "Federated" => Some(PrincipalPattern::Federated(text.to_owned())),
        "CanonicalUser" => Some(PrincipalPattern::Canonical(text.to_owned())),
        _ => None,
    }
}

fn parse_aws(text: &str) -> Option<PrincipalPattern> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if text == "*" {
        return Some(PrincipalPattern::Everyone);
    }
    if is_account(text) {
        return Some(PrincipalPattern::Account(text.to_owned()));
    }
    if text.contains(['*', '?', '$']) {
        return None;
    }
    if text.len() >= 16 && (text.starts_with("AIDA") || text.starts_with("AROA")) {
        return text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric())
            .then(|| PrincipalPattern::Id(text.to_owned()));
    }
    let [_, _, service, region, account, resource] = super::arn::split(text)?;
    if !region.is_empty() || !is_account(account) {
        return None;
    }
    match (service, resource.split_once('/')) {
        ("iam", None) if resource == "root" => Some(PrincipalPattern::Account(account.to_owned())),
        ("iam", Some(("user" | "role", name))) | ("sts", Some(("federated-user", name)))
            if !name.is_empty() =>
        {
            Some(PrincipalPattern::Arn(text.to_owned()))
        }
        ("sts", Some(("assumed-role", name))) if name.contains('/') => {
            Some(PrincipalPattern::Arn(text.to_owned()))
        }
        _ => None,
    }
}

fn invalid(text: &str) -> PolicyError {
    PolicyError::new("", format!("Invalid principal in policy: \"{text}\""))
}
