//! Why EC2 refused, for DecodeAuthorizationMessage: the decision, the statement that made it and what was known, in the
//! form that AWS gives it. Only identity can seal and open it; without identity the refusal goes out without.

use auth::policy::{self, Decision, Kind, Policies, Principal, StatementRef};
use calls::identity::SealExplanation;
use serde_json::{Value, json};

use crate::authorize::Denied;
use crate::caller::Caller;
use crate::context::{Context, ServiceName};

/// What is sealed may be this long; beyond it conditions are left out, for the message must fit into a request again.
const MAX_LENGTH: usize = 6000;

/// `Encoded authorization failure message: ...`, to end the refusal with; nothing where it cannot be had.
pub async fn encoded(context: &Context, caller: &Caller, denied: &Denied) -> Option<String> {
    let account = caller.account_id();
    let holder = caller.holder()?;
    let explanation = explain(caller.principal(), &holder.policies, denied);
    let seal = SealExplanation { account_id: account.to_owned(), explanation };
    let sealed = context.peers.internal(ServiceName::Identity).call(&seal).await;
    let sealed = sealed.inspect_err(|error| tracing::debug!(%error, "a refusal is not explained")).ok()?;
    Some(format!("Encoded authorization failure message: {}", sealed.message))
}

/// The explanation, as JSON.
fn explain(principal: &Principal, policies: &Policies, denied: &Denied) -> String {
    let matched = match &denied.decision {
        Decision::DeniedExplicitly { by } => vec![statement(principal, policies, by)],
        Decision::DeniedImplicitly { .. } | Decision::Allowed { .. } => Vec::new(),
    };
    let whole = |conditions: Vec<Value>| {
        json!({
            "allowed": false,
            "explicitDeny": matches!(denied.decision, Decision::DeniedExplicitly { .. }),
            "matchedStatements": items(matched.clone()),
            "failures": items(Vec::new()),
            "context": {
                "principal": {
                    "id": principal.user_id().unwrap_or_default(),
                    "name": name(principal),
                    "arn": principal.arn(),
                },
                "action": denied.access.action,
                "resource": denied.access.resource,
                "conditions": items(conditions),
            },
        })
        .to_string()
    };
    let conditions: Vec<Value> = denied.keys.iter().map(condition).collect();
    let text = whole(conditions);
    if text.len() <= MAX_LENGTH { text } else { whole(Vec::new()) }
}

fn items(list: Vec<Value>) -> Value {
    json!({ "items": list })
}

fn values<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    items(texts.into_iter().map(|text| json!({ "value": text })).collect())
}

fn condition((key, all): (&str, &[String])) -> Value {
    json!({ "key": key, "values": values(all.iter().map(String::as_str)) })
}

fn name(principal: &Principal) -> &str {
    match principal {
        Principal::User { name, .. }
        | Principal::FederatedUser { name, .. }
        | Principal::Service { name } => name,
        Principal::AssumedRole { session_name, .. } => session_name,
        Principal::Root { account } => account,
        Principal::WebIdentity { subject, .. } => subject,
        Principal::Anonymous => "",
    }
}

/// The statement that decided, with its texts where the principal's own policies have it.
fn statement(principal: &Principal, policies: &Policies, by: &StatementRef) -> Value {
    let sources: Vec<&policy::Source> = match by.kind {
        Kind::Identity => policies.identity.iter().collect(),
        Kind::Boundary => policies.boundary.iter().collect(),
        Kind::Session => policies.session.iter().collect(),
        Kind::Resource | Kind::Trust | Kind::Root => Vec::new(),
    };
    let source = sources.into_iter().find(|source| source.name == by.policy);
    let of_it = |index: usize, text| (index == by.index).then_some(text);
    let actions =
        source.map(|source| source.policy.actions().filter_map(|(i, text)| of_it(i, text)).collect());
    let resources =
        source.map(|source| source.policy.resources().filter_map(|(i, text)| of_it(i, text)).collect());
    json!({
        "statementId": by.sid.as_deref().unwrap_or_default(),
        "effect": "DENY",
        "principals": values(principal.user_id().as_deref()),
        "principalGroups": items(Vec::new()),
        "actions": values(actions.unwrap_or(Vec::new())),
        "resources": values(resources.unwrap_or(Vec::new())),
        "conditions": items(Vec::new()),
    })
}

#[cfg(test)]
mod tests {
    use auth::policy::{Policy, Request, Source, evaluate};

    use super::*;
    use crate::authorize::Access;

    fn denied(document: &str) -> (Principal, Policies, Denied) {
        let principal = Principal::User {
            account: "123456789012".into(),
            path: "/".into(),
            name: "alice".into(),
            id: "AIDA1".into(),
        };
        let identity = vec![Source::new("inline:user/alice/p", Policy::parse_identity(document).unwrap())];
        let policies = Policies { identity, ..Policies::default() };
        let access = Access::new("ec2:RunInstances", "arn:aws:ec2:x:123456789012:instance/*");
        let mut keys = policy::Context::new();
        keys.insert("ec2:Region", "x");
        let request = Request {
            principal: &principal,
            action: &access.action,
            resource: &access.resource,
            context: &keys,
        };
        let decision = evaluate(&request, &policies, None, None);
        assert!(!decision.is_allowed());
        (principal, policies, Denied { message: String::new(), decision, access, keys })
    }

    #[test]
    fn an_explicit_deny_shows_its_statement_and_what_was_known() {
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
            {"Sid":"NoRuns","Effect":"Deny","Action":["ec2:Run*","ec2:Start*"],"Resource":"*"}]}"#;
        let (principal, policies, denied) = denied(document);
        let shown: Value = serde_json::from_str(&explain(&principal, &policies, &denied)).unwrap();
        assert_eq!(shown["allowed"], false);
        assert_eq!(shown["explicitDeny"], true);
        let statement = &shown["matchedStatements"]["items"][0];
        assert_eq!(statement["statementId"], "NoRuns");
        assert_eq!(statement["actions"]["items"][1]["value"], "ec2:Start*");
        assert_eq!(statement["resources"]["items"][0]["value"], "*");
        assert_eq!(shown["context"]["principal"]["id"], "AIDA1");
        let condition = &shown["context"]["conditions"]["items"][0];
        assert_eq!(
            (condition["key"].as_str(), condition["values"]["items"][0]["value"].as_str()),
            (Some("ec2:Region"), Some("x"))
        );
    }

    #[test]
    fn an_implicit_deny_has_no_statement_and_long_contexts_are_left_out() {
        let other =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        let (principal, policies, mut denied) = denied(other);
        denied.keys.insert("aws:UserAgent", "x".repeat(9000));
        let text = explain(&principal, &policies, &denied);
        assert!(text.len() < MAX_LENGTH);
        let shown: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(shown["explicitDeny"], false);
        assert!(shown["matchedStatements"]["items"].as_array().unwrap().is_empty());
    }
}
