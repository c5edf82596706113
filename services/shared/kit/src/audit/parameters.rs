//! What a request was given, as the trail keeps it: names begin in lower case, lists are lists, secrets are left out.

use api_spec::protocol::query::Node;
use serde_json::{Map, Value};

/// What stands in place of a secret, as CloudTrail writes it.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// The parameters of a query.
pub fn of_query(tree: &Node) -> Value {
    cleaned(from_node(tree))
}

/// The parameters of a JSON body; null when it is none.
pub fn of_json(body: &[u8]) -> Value {
    serde_json::from_slice(body).map_or(Value::Null, cleaned)
}

fn from_node(node: &Node) -> Value {
    let mut children: Vec<(&str, &Node)> = node.children().collect();
    if children.is_empty() {
        return node.value().map_or(Value::Null, Value::from);
    }
    if let [("member", list)] = children.as_slice() {
        return from_node(list);
    }
    let number = |name: &str| name.parse::<u32>().ok();
    if children.iter().all(|(name, _)| number(name).is_some()) {
        children.sort_by_key(|(name, _)| number(name));
        return children.into_iter().map(|(_, child)| from_node(child)).collect();
    }
    children
        .into_iter()
        .map(|(name, child)| (name.to_owned(), from_node(child)))
        .collect::<Map<_, _>>()
        .into()
}

/// With names in the trail's case and without secrets.
fn cleaned(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let about_user_data = members
                .iter()
                .any(|(name, value)| name.eq_ignore_ascii_case("attribute") && is_user_data(value));
            let clean = |(name, value): (String, Value)| {
                let hide = is_secret(&name) || (about_user_data && name.eq_ignore_ascii_case("value"));
                let value = match value {
                    Value::Null => Value::Null,
                    _ if hide => HIDDEN.into(),
                    Value::String(text) if name.eq_ignore_ascii_case("url") => without_query(&text).into(),
                    value => cleaned(value),
                };
                (lower_first(&name), value)
            };
            members.into_iter().map(clean).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        // wherever one was pasted
        Value::String(text) if text.contains("PRIVATE KEY-----") => HIDDEN.into(),
        plain => plain,
    }
}

fn is_user_data(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("userData"))
}

/// Whether a parameter's value must not be written down.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts =
        ["password", "secret", "privatekey", "samlassertion", "authenticationcode", "plaintext", "userdata"];
    let whole =
        ["tokencode", "sessiontoken", "webidentitytoken", "x-amz-security-token", "message", "keymaterial"];
    parts.iter().any(|part| name.contains(part)) || whole.contains(&name.as_str())
}

/// A presigned URL carries its signature in the query.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use api_spec::protocol::query;
    use serde_json::json;

    use super::*;

    fn of(form: &str) -> Value {
        of_query(&query::parse(form).unwrap())
    }

    #[test]
    fn both_dialects_of_lists_become_lists() {
        assert_eq!(
            of("InstanceId.2=b&InstanceId.1=a&Tags.member.1.Key=k&Tags.member.1.Value=v&MinCount=1"),
            json!({ "instanceId": ["a", "b"], "tags": [{ "key": "k", "value": "v" }], "minCount": "1" })
        );
    }

    #[test]
    fn secrets_are_left_out() {
        for (form, secret) in [
            ("UserName=a&Password=s3cr3t", "s3cr3t"),
            ("OldPassword=s3cr3t&NewPassword=t0ps3cr3t", "s3cr3t"),
            ("UserData=czNjcjN0", "czNjcjN0"),
            ("UserData.Value=czNjcjN0", "czNjcjN0"),
            ("Attribute=userData&Value=czNjcjN0", "czNjcjN0"),
            ("PrivateKey=s3cr3t&CertificateBody=x", "s3cr3t"),
            ("CertificateBody=-----BEGIN%20EC%20PRIVATE%20KEY-----%0As3cr3t", "s3cr3t"),
            ("TokenCode=123456&SerialNumber=x", "123456"),
            ("AuthenticationCode1=123456&AuthenticationCode2=123457", "123456"),
            ("WebIdentityToken=s3cr3t", "s3cr3t"),
            ("DiskContainer.Url=https://h/p?X-Amz-Signature=s3cr3t", "s3cr3t"),
        ] {
            assert!(!of(form).to_string().contains(secret), "{form}: {}", of(form));
        }
        let of_kms = of_json(br#"{"KeyId":"k","Plaintext":"czNjcjN0"}"#);
        assert_eq!(of_kms, json!({ "keyId": "k", "plaintext": HIDDEN }));
        assert_eq!(of("ClientToken=c&NextToken=n"), json!({ "clientToken": "c", "nextToken": "n" }));
    }
}
