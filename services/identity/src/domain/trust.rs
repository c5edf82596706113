//! Trust policies. A user or role of the role's own account that is named by ARN is bound to the one that has this ARN
//! when the policy is set, as AWS does it: one made later under the same name is another. The text is kept as it was
//! given; what binds is kept beside it.

use std::collections::BTreeMap;

use auth::policy::{Policy, PolicyKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document;
use crate::error::Error;

/// Characters a trust policy may have, white space aside.
pub const MAX_SIZE: usize = 2048;

/// Who may assume a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustPolicy {
    /// The JSON text as it was given.
    pub text: String,
    /// Unique ids of those it names, by the ARN that names them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bound: BTreeMap<String, String>,
}

impl TrustPolicy {
    /// The policy to evaluate: it names the bound by their ids.
    pub fn compile(&self) -> Result<Policy, Error> {
        let text = self.renamed(|_, id| Some(id.to_owned()))?;
        Policy::parse_trust(&text).map_err(|error| Error::Corrupt(error.to_string()))
    }

    /// The text with other names for the bound; `name` gets ARN and id of each, and may leave it as it is.
    pub fn renamed(&self, name: impl Fn(&str, &str) -> Option<String>) -> Result<String, Error> {
        let named = self.bound.iter().filter_map(|(arn, id)| Some((arn.as_str(), name(arn, id)?)));
        let named: BTreeMap<&str, String> = named.collect();
        if named.is_empty() {
            return Ok(self.text.clone());
        }
        let mut json: Value = parse(&self.text)?;
        for text in principals(&mut json) {
            if let Some(new) = named.get(text.as_str()) {
                text.clone_from(new);
            }
        }
        Ok(json.to_string())
    }
}

/// Refuses a document that is no trust policy or too long for one.
pub fn check(field: &str, text: &str) -> Result<(), Error> {
    document::check_as(field, text, PolicyKind::Trust)?;
    match document::size(text) > MAX_SIZE {
        true => Err(Error::QuotaExceeded { quota: "ACLSizePerRole".into(), limit: MAX_SIZE }),
        false => Ok(()),
    }
}

/// What a checked trust policy names under `AWS`.
pub fn named(text: &str) -> Result<Vec<String>, Error> {
    let mut json = parse(text)?;
    Ok(principals(&mut json).into_iter().map(|text| text.clone()).collect())
}

fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("a trust policy: {error}")))
}

/// The texts under `Principal.AWS` and `NotPrincipal.AWS` of all statements.
fn principals(json: &mut Value) -> Vec<&mut String> {
    let Some(statements) = json.get_mut("Statement") else { return Vec::new() };
    let elements = items(statements).into_iter().filter_map(Value::as_object_mut).flat_map(|statement| {
        statement.iter_mut().filter(|(name, _)| matches!(name.as_str(), "Principal" | "NotPrincipal"))
    });
    let values = elements.filter_map(|(_, element)| element.get_mut("AWS")).flat_map(items);
    let texts = values.filter_map(|value| match value {
        Value::String(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// A list's items, or the one thing that stands in its place.
fn items(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(list) => list.iter_mut().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "arn:aws:iam::123456789012:user/alice";

    fn trust(text: &str) -> TrustPolicy {
        TrustPolicy {
            text: text.into(),
            bound: BTreeMap::from([(ALICE.into(), "AIDA234567ABCDEFGHIJK".into())]),
        }
    }

    #[test]
    fn names_are_read_from_principals_alone() {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{ALICE}","*"],"Service":"ec2.amazonaws.com"}},
                "Action":"sts:AssumeRole","Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{ALICE}"}}}}}},
                {{"Effect":"Deny","NotPrincipal":{{"AWS":"123456789012"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        assert_eq!(named(&text).unwrap(), [ALICE, "*", "123456789012"]);
        let renamed = trust(&text).renamed(|_, id| Some(id.to_owned())).unwrap();
        assert_eq!(renamed.matches("AIDA234567ABCDEFGHIJK").count(), 1);
        assert_eq!(renamed.matches(ALICE).count(), 1, "the condition stays");
        assert_eq!(trust(&text).renamed(|_, _| None).unwrap(), text);
        trust(&text).compile().unwrap();
    }

    #[test]
    fn a_trust_policy_needs_a_principal_no_resource_and_little_room() {
        let good = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
        assert_eq!(check("policyDocument", good), Ok(()));
        assert_eq!(named(good).unwrap(), Vec::<String>::new());
        let bad =
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}"#;
        assert!(matches!(check("policyDocument", bad), Err(Error::MalformedPolicy(_))));
        let long = good.replace("\"*\"", &format!("{{\"Federated\":\"{}\"}}", "x".repeat(2048)));
        assert_eq!(
            check("policyDocument", &long).unwrap_err().to_string(),
            "Cannot exceed quota for ACLSizePerRole: 2048"
        );
    }
}
