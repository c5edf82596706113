//! The policy of a browser's form: who signed it says what may be uploaded by it and until when. Pure.
//!
//! Names of fields mean the same in any case, values do not. What the policy's words cannot mean is a wrong policy
//! (`InvalidPolicyDocument`); what a form does not meet is denied (`AccessDenied`), as S3 does.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use serde_json::Value;

use crate::error::Error;

/// The signature covers the text as it was sent, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PostPolicy {
    expires: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    /// As S3 shows it: `["eq", "$key", "value"]`.
    shown: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// The field, in lower case, has this value.
    Eq(String, String),
    /// The field, in lower case, begins so.
    StartsWith(String, String),
    /// The file has so many bytes, both included.
    Length(u64, u64),
    /// No form meets it.
    Never,
}

/// How many bytes a file may have, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

impl Sizes {
    /// Any file.
    pub const ANY: Sizes = Sizes { least: 0, most: u64::MAX };
}

/// What a policy decides on.
#[derive(Clone, Copy, Debug)]
pub struct Submitted<'a> {
    /// The form's fields in order, names as sent, without the file.
    pub fields: &'a [(String, String)],
    /// The bucket that the form was sent to: always a field, whether the form has it or not.
    pub bucket: &'a str,
    /// Fields, in lower case, that need no condition.
    pub exempt: &'a [&'a str],
}

impl Submitted<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "bucket" => Some(self.bucket),
            _ => self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| &**v),
        }
    }
}

impl PostPolicy {
    /// Reads the policy as the form sent it.
    ///
    /// # Errors
    /// `InvalidPolicyDocument`.
    pub fn parse(sent: &str) -> Result<PostPolicy, Error> {
        let invalid = |why: String| Error::InvalidPolicyDocument(why);
        let bytes = BASE64.decode(sent.trim()).map_err(|_| invalid("Invalid Base64 encoding.".into()))?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|_| invalid_json())?;
        let Value::Object(document) = document else { return Err(invalid_json()) };
        if let Some(other) =
            document.keys().find(|name| !["expiration", "conditions"].contains(&name.as_str()))
        {
            return Err(invalid(format!("Unexpected: '{}'", other.to_lowercase())));
        }
        let expires = match document.get("expiration") {
            Some(Value::String(text)) => {
                expiration(text).ok_or_else(|| invalid(format!("Invalid 'expiration' value: '{text}'")))?
            }
            Some(other) => return Err(invalid(format!("Invalid 'expiration' value: '{other}'"))),
            None => return Err(invalid("Policy missing expiration.".into())),
        };
        let conditions = match document.get("conditions") {
            Some(Value::Array(list)) => list.iter().map(condition).collect::<Result<_, _>>()?,
            Some(_) => return Err(invalid("Invalid 'conditions' value: must be a List.".into())),
            None => return Err(invalid("Policy missing conditions.".into())),
        };
        Ok(PostPolicy { expires, conditions })
    }

    /// Whether the form may be used now; what its file may weigh is known only later.
    ///
    /// # Errors
    /// `AccessDenied`: expired, a condition that is not met, a field that none is about.
    pub fn check(&self, now: Timestamp, form: Submitted<'_>) -> Result<Sizes, Error> {
        if now > self.expires {
            return Err(Error::AgainstPolicy("Policy expired.".into()));
        }
        let mut sizes = Sizes::ANY;
        for condition in &self.conditions {
            if let Test::Length(least, most) = condition.test {
                sizes = Sizes { least: sizes.least.max(least), most: sizes.most.min(most) };
            } else if !condition.test.is_met(form) {
                return Err(Error::AgainstPolicy(format!("Policy Condition failed: {}", condition.shown)));
            }
        }
        let sent = form.fields.iter().map(|(name, _)| name.as_str());
        let is_free = |name: &str| {
            let name = name.to_ascii_lowercase();
            form.exempt.contains(&name.as_str()) || name.starts_with("x-ignore-")
        };
        match sent.chain(["bucket"]).find(|name| !is_free(name) && !self.is_about(name)) {
            Some(extra) => Err(Error::AgainstPolicy(format!("Extra input fields: {extra}"))),
            None => Ok(sizes),
        }
    }

    fn is_about(&self, name: &str) -> bool {
        self.conditions.iter().any(|condition| match &condition.test {
            Test::Eq(field, _) | Test::StartsWith(field, _) => field.eq_ignore_ascii_case(name),
            Test::Length(..) | Test::Never => false,
        })
    }
}

impl Test {
    fn is_met(&self, form: Submitted<'_>) -> bool {
        match self {
            Test::Eq(field, value) => form.value(field) == Some(value),
            Test::StartsWith(field, start) => form.value(field).is_some_and(|value| match field.as_str() {
                // types may be a list, of which each must begin so
                "content-type" => value.split(',').all(|one| one.trim_start().starts_with(start)),
                _ => value.starts_with(start),
            }),
            Test::Length(..) => true,
            Test::Never => false,
        }
    }
}

fn invalid_json() -> Error {
    Error::InvalidPolicyDocument("Invalid JSON.".into())
}

/// ISO 8601 in UTC, and nothing else.
fn expiration(text: &str) -> Option<Timestamp> {
    let plain = text.len() > 10 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z');
    plain.then(|| text.parse().ok()).flatten()
}

fn condition(value: &Value) -> Result<Condition, Error> {
    let simple = |why: &str| Error::InvalidPolicyDocument(format!("Invalid Simple-Condition: {why}"));
    match value {
        Value::Object(pairs) => {
            let mut pairs = pairs.iter();
            let (Some((name, value)), None) = (pairs.next(), pairs.next()) else {
                return Err(simple("Simple-Conditions must have exactly one property specified."));
            };
            let Value::String(value) = value else { return Err(simple("value must be a string.")) };
            let shown = shown(&["eq".into(), format!("${name}").into(), value.as_str().into()]);
            Ok(Condition { shown, test: Test::Eq(name.to_ascii_lowercase(), value.clone()) })
        }
        Value::Array(words) => operation(words),
        _ => Err(Error::InvalidPolicyDocument("Invalid condition test: must be a List or Object.".into())),
    }
}

fn operation(words: &[Value]) -> Result<Condition, Error> {
    let invalid = |why: String| Error::InvalidPolicyDocument(why);
    let Some((name, operands)) = words.split_first() else {
        return Err(invalid("Invalid Condition: missing operation identifier.".into()));
    };
    let name = name.as_str().ok_or_else(invalid_json)?;
    let lower = name.to_ascii_lowercase();
    if !["eq", "starts-with", "content-length-range"].contains(&lower.as_str()) {
        return Err(invalid(format!("Invalid Condition: unknown operation '{name}'.")));
    }
    let [first, second] = operands else {
        return Err(invalid(format!("Invalid {lower}: wrong number of arguments.")));
    };
    let test = match lower.as_str() {
        "content-length-range" => length(first, second)?,
        _ => {
            let (Some(field), Some(value)) = (first.as_str(), second.as_str()) else {
                return Err(invalid_json());
            };
            match (field.strip_prefix('$'), lower.as_str()) {
                (None, _) => Test::Never,
                (Some(field), "eq") => Test::Eq(field.to_ascii_lowercase(), value.to_owned()),
                (Some(field), _) => Test::StartsWith(field.to_ascii_lowercase(), value.to_owned()),
            }
        }
    };
    Ok(Condition { shown: shown(words), test })
}

/// Two numbers of bytes, or the same as text.
fn length(first: &Value, second: &Value) -> Result<Test, Error> {
    let bound = |value: &Value| match value {
        Value::Number(number) => number.as_u64().map(Some).ok_or_else(invalid_json),
        Value::String(text) => Ok(text.trim().parse().ok()),
        _ => Err(invalid_json()),
    };
    Ok(match (bound(first)?, bound(second)?) {
        (Some(least), Some(most)) => Test::Length(least, most),
        _ => Test::Never,
    })
}

/// A list as JSON with a space behind each comma.
fn shown(words: &[Value]) -> String {
    let words: Vec<String> = words.iter().map(Value::to_string).collect();
    format!("[{}]", words.join(", "))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const NOW: &str = "2026-01-01T00:00:00Z";

    fn parse(document: &str) -> Result<PostPolicy, Error> {
        PostPolicy::parse(&STANDARD.encode(document))
    }

    fn check(conditions: &str, fields: &[(&str, &str)]) -> Result<Sizes, Error> {
        let policy =
            parse(&format!(r#"{{"expiration": "2026-01-01T00:00:00.000Z", "conditions": {conditions}}}"#))?;
        let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let exempt = ["policy"];
        policy.check(NOW.parse().unwrap(), Submitted { fields: &fields, bucket: "mine", exempt: &exempt })
    }

    fn denied(conditions: &str, fields: &[(&str, &str)]) -> String {
        match check(conditions, fields) {
            Err(Error::AgainstPolicy(why)) => why,
            other => panic!("{conditions}: {other:?}"),
        }
    }

    #[test]
    fn every_field_meets_a_condition_in_any_case_of_its_name() {
        let conditions = r#"[{"bUcKeT": "mine"}, ["StArTs-With", "$KeY", "user/"], ["eq", "$acl", "private"],
            ["content-length-range", 5, "10"], ["content-length-range", 0, 7], ["starts-with", "$Content-Type", "image/"]]"#;
        let fields = [("key", "user/a"), ("ACL", "private"), ("policy", "x"), ("x-ignore-me", "y")];
        let with = |more: &[(&str, &str)]| check(conditions, &[&fields, more].concat());
        assert_eq!(with(&[("content-type", "image/png, image/gif")]).unwrap(), Sizes { least: 5, most: 7 });
        assert!(with(&[("content-type", "image/png,text/plain")]).is_err());
        assert!(with(&[]).is_err(), "a condition about a field that is not there is not met");
        assert!(with(&[("content-type", "image/x"), ("submit", "go")]).is_err());
    }

    #[test]
    fn refusals_say_which_condition_or_field_it_was() {
        let key = ("key", "k");
        assert_eq!(
            denied(r#"[{"bucket": "mine"}, {"Key": "a\"b"}]"#, &[key]),
            r#"Policy Condition failed: ["eq", "$Key", "a\"b"]"#
        );
        assert_eq!(
            denied(r#"[["starts-with","$key","K"]]"#, &[key]),
            r#"Policy Condition failed: ["starts-with", "$key", "K"]"#
        );
        assert_eq!(
            denied(r#"[["eq", "key", "k"]]"#, &[key]),
            r#"Policy Condition failed: ["eq", "key", "k"]"#
        );
        assert!(
            denied(r#"[["content-length-range", "test", "10"]]"#, &[key])
                .starts_with("Policy Condition failed")
        );
        assert!(denied(r#"[{"bucket": "other"}, {"key": "k"}]"#, &[key]).contains("$bucket"));
        assert_eq!(denied(r#"[{"bucket": "mine"}]"#, &[("Key", "k")]), "Extra input fields: Key");
        assert_eq!(denied(r#"[{"key": "k"}]"#, &[key]), "Extra input fields: bucket");
        let late = "2026-01-01T00:00:00.001Z".parse().unwrap();
        let policy = parse(r#"{"expiration": "2026-01-01T00:00:00Z", "conditions": []}"#).unwrap();
        let form = Submitted { fields: &[], bucket: "mine", exempt: &["bucket"] };
        assert!(policy.check(NOW.parse().unwrap(), form).is_ok());
        assert!(
            matches!(policy.check(late, form), Err(Error::AgainstPolicy(why)) if why == "Policy expired.")
        );
    }

    #[test]
    fn what_is_no_policy_is_refused_in_s3s_words() {
        let conditions =
            |list: &str| format!(r#"{{"expiration": "2026-01-01T00:00:00Z", "conditions": {list}}}"#);
        for (document, why) in [
            ("{".to_owned(), "Invalid JSON."),
            ("[]".to_owned(), "Invalid JSON."),
            (r#"{"conditions": []}"#.to_owned(), "Policy missing expiration."),
            (r#"{"expiration": "2026-01-01T00:00:00Z"}"#.to_owned(), "Policy missing conditions."),
            (r#"{"EXPIRATION": "2026-01-01T00:00:00Z"}"#.to_owned(), "Unexpected: 'expiration'"),
            (
                r#"{"expiration": "2026-01-01T00:00:00+02:00", "conditions": []}"#.to_owned(),
                "Invalid 'expiration' value: '2026-01-01T00:00:00+02:00'",
            ),
            (
                r#"{"expiration": "2026-01-01 00:00:00Z", "conditions": []}"#.to_owned(),
                "Invalid 'expiration' value: '2026-01-01 00:00:00Z'",
            ),
            (conditions("{}"), "Invalid 'conditions' value: must be a List."),
            (
                conditions("[{}]"),
                "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
            ),
            (conditions(r#"[{"key": 1}]"#), "Invalid Simple-Condition: value must be a string."),
            (conditions("[[]]"), "Invalid Condition: missing operation identifier."),
            (conditions("[7]"), "Invalid condition test: must be a List or Object."),
            (
                conditions(r#"[["ends-with", "$key", "x"]]"#),
                "Invalid Condition: unknown operation 'ends-with'.",
            ),
            (
                conditions(r#"[["content-length-range", 0]]"#),
                "Invalid content-length-range: wrong number of arguments.",
            ),
            (conditions(r#"[["content-length-range", -1, 0]]"#), "Invalid JSON."),
            (conditions(r#"[["content-length-range", 0, 512.0]]"#), "Invalid JSON."),
        ] {
            match parse(&document) {
                Err(Error::InvalidPolicyDocument(found)) => assert_eq!(found, why, "{document}"),
                other => panic!("{document}: {other:?}"),
            }
        }
        assert!(PostPolicy::parse("%%%").is_err());
    }
}
