//! The words of a refusal, as AWS puts them.

use super::Principal;
use super::evaluate::{Decision, Kind, Request};

/// The whole sentence: who may not do what on which resource, and why. S3 puts the resource in quotes.
pub fn message(req: &Request<'_>, decision: &Decision) -> String {
    let quote = if req.action.starts_with("s3:") { "\"" } else { "" };
    format!(
        "User: {} is not authorized to perform: {} on resource: {quote}{}{quote} {}",
        req.principal.arn(),
        req.action,
        req.resource,
        denial(req.action, decision)
    )
}

/// The sentence for who asks to assume a role: no word of why, for that would tell of a stranger's role.
pub fn message_without_reason(req: &Request<'_>) -> String {
    match req.principal {
        Principal::WebIdentity { .. } => format!("Not authorized to perform {}", req.action),
        principal => format!(
            "User: {} is not authorized to perform: {} on resource: {}",
            principal.arn(),
            req.action,
            req.resource
        ),
    }
}

/// The reason alone: `because no identity-based policy allows the X action`, `with an explicit deny in ...`.
pub fn denial(action: &str, decision: &Decision) -> String {
    match decision {
        Decision::DeniedExplicitly { by } => format!("with an explicit deny in {}", with_article(by.kind)),
        Decision::DeniedImplicitly { missing } => {
            format!("because no {} allows the {action} action", name(*missing))
        }
        Decision::Allowed { by } => format!("although {} allows it", with_article(by.kind)),
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity | Kind::Root => "identity-based policy",
        Kind::Boundary => "permissions boundary",
        Kind::Session => "session policy",
        Kind::Resource => "resource-based policy",
        Kind::Trust => "role trust policy",
    }
}

fn with_article(kind: Kind) -> String {
    let article = match kind {
        Kind::Identity | Kind::Root => "an",
        Kind::Trust => "the",
        Kind::Boundary | Kind::Session | Kind::Resource => "a",
    };
    format!("{article} {}", name(kind))
}
