//! The condition keys that policies ask about: in conditions, and as policy variables.

use std::collections::BTreeMap;

use serde_json::Value;

/// Elements whose texts may hold variables.
const WITH_VARIABLES: &[&str] = &["Resource", "NotResource", "Condition"];

/// The keys of checked documents, each once, as the first that names it writes it; in order.
pub fn asked_keys<'a>(documents: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut keys = BTreeMap::new();
    for document in documents {
        let Ok(json) = serde_json::from_str::<Value>(document) else { continue };
        let statements = match json.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        for statement in statements {
            condition(statement, &mut keys);
            for name in WITH_VARIABLES {
                statement.get(name).into_iter().for_each(|value| variables(value, &mut keys));
            }
        }
    }
    keys.into_values().collect()
}

type Keys = BTreeMap<String, String>;

fn add(keys: &mut Keys, name: &str) {
    keys.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
}

/// `Condition` is operators, below them keys.
fn condition(statement: &Value, keys: &mut Keys) {
    let operators = statement.get("Condition").and_then(Value::as_object);
    for asked in operators.into_iter().flat_map(|operators| operators.values()).filter_map(Value::as_object) {
        asked.keys().for_each(|name| add(keys, name));
    }
}

/// `${key}` and `${key, 'default'}` in all texts below; `${*}`, `${?}` and `${$}` are characters.
fn variables(value: &Value, keys: &mut Keys) {
    match value {
        Value::String(text) => {
            for part in text.split("${").skip(1) {
                let Some((inside, _)) = part.split_once('}') else { continue };
                let name = inside.split(',').next().unwrap_or_default().trim();
                if name.contains(':') {
                    add(keys, name);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| variables(one, keys)),
        Value::Object(members) => members.values().for_each(|one| variables(one, keys)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_conditions_and_variables_each_once() {
        let document = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/${*}/${aws:PrincipalTag/x, 'none'}",
             "Condition":{"StringEquals":{"s3:prefix":["${aws:userid}"]},"Bool":{"aws:SecureTransport":"true"}}},
            {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:securetransport":"false"}}}]}"#;
        let keys = asked_keys([document, document]);
        assert_eq!(
            keys,
            ["aws:PrincipalTag/x", "aws:SecureTransport", "aws:userid", "aws:username", "s3:prefix"]
        );
    }
}
