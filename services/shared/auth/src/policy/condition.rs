//! One line of a `Condition` block: operator, key, values; and how it holds for a request.

use super::error::PolicyError;
use super::json::Json;
use super::keys::{KeyName, Keys};
use super::operator::Test;
use super::quota::PREFIX;

/// What a set operator asks of a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    /// No set operator: the key is expected to have one value.
    None,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

#[derive(Clone, Debug)]
pub(super) struct Condition {
    quantifier: Quantifier,
    /// `...IfExists`
    if_exists: bool,
    negated: bool,
    key: KeyName,
    test: Test,
}

impl Condition {
    /// The whole `Condition` element: all of what it lists must hold.
    pub(super) fn parse_block(json: Json, variables: bool) -> Result<Vec<Condition>, PolicyError> {
        let Json::Object(operators) = json else {
            return Err(PolicyError::new("", "A Condition must be an object."));
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Json::Object(keys) = keys else {
                let reason = "A condition operator must hold an object of keys.";
                return Err(PolicyError::new(&operator, reason));
            };
            for (key, values) in keys {
                let condition = Condition::parse(&operator, &key, values, variables)
                    .map_err(|reason| PolicyError::new(&key, reason).within(&operator))?;
                conditions.push(condition);
            }
        }
        Ok(conditions)
    }

    fn parse(operator: &str, key: &str, values: Json, variables: bool) -> Result<Condition, String> {
        let (quantifier, base) = match operator.split_once(':') {
            None => (Quantifier::None, operator),
            Some(("ForAllValues", base)) => (Quantifier::All, base),
            Some(("ForAnyValue", base)) => (Quantifier::Any, base),
            Some(_) => return Err(format!("Invalid Condition type : {operator}.")),
        };
        let (base, if_exists) = match base.strip_suffix("IfExists") {
            // Null asks whether the key exists: there is no NullIfExists.
            Some("Null") => return Err(format!("Invalid Condition type : {operator}.")),
            Some(base) => (base, true),
            None => (base, false),
        };
        let has_vendor =
            key.split_once(':').is_some_and(|(vendor, name)| !vendor.is_empty() && !name.is_empty());
        if !has_vendor || key.chars().any(char::is_control) {
            return Err(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()
            );
        }
        let values = texts(values)?;
        let (test, negated) =
            Test::compile(base, &values, variables).map_err(|reason| match base == operator {
                true => reason,
                false => reason.replace(&format!("type : {base}."), &format!("type : {operator}.")),
            })?;
        Ok(Condition { quantifier, if_exists, negated, key: KeyName::new(key), test })
    }

    pub(super) fn holds(&self, keys: &Keys<'_>) -> bool {
        let found = keys.get(&self.key);
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&found.is_missing());
        }
        if found.is_missing() {
            return self.if_exists
                || match self.quantifier {
                    Quantifier::All => true,
                    Quantifier::Any => false,
                    Quantifier::None => self.negated,
                };
        }
        let accepts = |value: &str| self.test.matches(value, keys) != self.negated;
        match self.quantifier {
            Quantifier::All => found.iter().all(accepts),
            Quantifier::Any => found.iter().any(accepts),
            // "Not equal" to a key of several values means to none of them.
            Quantifier::None if self.negated => found.iter().all(accepts),
            Quantifier::None => found.iter().any(accepts),
        }
    }

    /// The key, if it is one of quotas, in lower case.
    pub(super) fn quota_key(&self) -> Option<&str> {
        match &self.key {
            KeyName::Other(name) if name.starts_with(PREFIX) => Some(name),
            _ => None,
        }
    }

    /// Whether its operator is one of the `Numeric...`.
    pub(super) fn compares_numbers(&self) -> bool {
        matches!(self.test, Test::Number(..))
    }

    /// Ties the request to fixed values of a key that says where or who it comes from, so that even a
    /// statement for everyone is not public.
    pub(super) fn restricts_to_known(&self) -> bool {
        let by_key = match &self.key {
            KeyName::PrincipalAccount | KeyName::PrincipalArn | KeyName::UserId => true,
            KeyName::Other(name) => matches!(
                &**name,
                "aws:sourceip"
                    | "aws:sourcearn"
                    | "aws:sourceaccount"
                    | "aws:sourceowner"
                    | "aws:sourcevpc"
                    | "aws:sourcevpce"
                    | "aws:principalorgid"
                    | "s3:dataaccesspointarn"
                    | "s3:dataaccesspointaccount"
            ),
            _ => false,
        };
        by_key
            && !self.negated
            && !self.if_exists
            && self.quantifier != Quantifier::All
            && self.test.is_fixed()
    }
}

/// A condition's values: one or a list; booleans and numbers count as their text.
fn texts(json: Json) -> Result<Vec<String>, String> {
    let list = match json {
        Json::List(list) => list,
        one => vec![one],
    };
    if list.is_empty() {
        return Err("A condition needs at least one value.".to_owned());
    }
    list.into_iter()
        .map(|value| match value {
            Json::Text(text) | Json::Number(text) => Ok(text),
            Json::Bool(value) => Ok(value.to_string()),
            other => Err(format!("A condition's value cannot be {}.", other.kind())),
        })
        .collect()
}
