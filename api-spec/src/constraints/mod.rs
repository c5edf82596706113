//! What AWS's models ask of the members of a request: how long a text is, how large a number, of which form, one of which
//! words. The dispatcher checks every request against these rules before anything is read for it, as AWS does; what a
//! service knows beyond them (whether an ARN is one, whether two members go together) it checks itself.
//!
//! The end-to-end tests walk through every constrained member of every offered action in AWS's models and break each of its
//! constraints, so that no rule can be missing.

mod form;
mod given;
mod iam;
mod kms;
mod sts;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use given::Given;

use form::Form;
use given::Value;

use crate::error_code::{ApiError, ErrorCode};
use crate::operation::Service;

/// Characters of a value that an error repeats.
const SHOWN: usize = 2048;
/// Broken constraints that an error tells.
const TOLD: usize = 10;

/// Lists that an action must be given, be they empty: decoders take an absent list for an empty one.
type Lists = &'static [(&'static str, &'static [&'static str])];

/// What one member must be.
#[derive(Clone, Copy)]
struct Rule {
    /// Its path from the root of the request: `Tags.*.Key`.
    member: &'static str,
    /// The actions it is about; none: all that no other rule of this member names.
    only: &'static [&'static str],
    of: Of,
    form: Option<&'static Form>,
    /// Whether no error may show it.
    secret: bool,
}

#[derive(Clone, Copy)]
enum Of {
    /// Characters.
    Text(usize, usize),
    Word(&'static [&'static str]),
    Number(i64, i64),
    /// Elements.
    List(usize, usize),
    /// Bytes, base64 on the wire.
    Blob(usize, usize),
}

const fn rule(member: &'static str, of: Of) -> Rule {
    Rule { member, only: &[], of, form: None, secret: false }
}

const fn text(member: &'static str, min: usize, max: usize) -> Rule {
    rule(member, Of::Text(min, max))
}

const fn word(member: &'static str, words: &'static [&'static str]) -> Rule {
    rule(member, Of::Word(words))
}

const fn number(member: &'static str, min: i64, max: i64) -> Rule {
    rule(member, Of::Number(min, max))
}

const fn list(member: &'static str, min: usize, max: usize) -> Rule {
    rule(member, Of::List(min, max))
}

const fn blob(member: &'static str, min: usize, max: usize) -> Rule {
    rule(member, Of::Blob(min, max))
}

impl Rule {
    const fn form(self, form: &'static Form) -> Rule {
        Rule { form: Some(form), ..self }
    }

    const fn only(self, only: &'static [&'static str]) -> Rule {
        Rule { only, ..self }
    }

    const fn secret(self) -> Rule {
        Rule { secret: true, ..self }
    }

    /// What is wrong with a value.
    fn broken(&self, value: Value<'_>) -> Option<Broken> {
        match (self.of, value) {
            (Of::Text(min, max), Value::Text(text)) => {
                size("length", text.chars().count(), min, max).or_else(|| self.malformed(text))
            }
            (Of::Word(words), Value::Text(text)) => (!words.contains(&text)).then(|| {
                Broken::Constraint(format!("Member must satisfy enum value set: [{}]", words.join(", ")))
            }),
            (Of::Number(min, max), value) => size("value", value.number()?, min, max),
            (Of::List(min, max), Value::List(count)) => size("length", count, min, max),
            // a list without elements is written as an empty text
            (Of::List(min, max), Value::Text("")) => size("length", 0, min, max),
            (Of::Blob(min, max), Value::Text(text)) => size("length", given::base64_length(text), min, max),
            _ => None,
        }
    }

    fn malformed(&self, text: &str) -> Option<Broken> {
        let form = self.form.filter(|form| !(form.fits)(text))?;
        Some(match form.words {
            Some(words) => Broken::InWords(words),
            None => Broken::Constraint(format!(
                "Member must satisfy regular expression pattern: {}",
                form.pattern
            )),
        })
    }
}

/// A constraint that does not hold.
enum Broken {
    /// In the words of AWS's models.
    Constraint(String),
    /// In IAM's own, which it has for some forms.
    InWords(&'static str),
}

fn size<N: PartialOrd + std::fmt::Display>(what: &str, size: N, min: N, max: N) -> Option<Broken> {
    let (side, limit) = match size {
        _ if size < min => ("greater", min),
        _ if size > max => ("less", max),
        _ => return None,
    };
    Some(Broken::Constraint(format!("Member must have {what} {side} than or equal to {limit}")))
}

type Rules = HashMap<&'static str, Vec<&'static Rule>>;

static IAM: LazyLock<Rules> = LazyLock::new(|| by_member(iam::RULES));
static STS: LazyLock<Rules> = LazyLock::new(|| by_member(sts::RULES));
static KMS: LazyLock<Rules> = LazyLock::new(|| by_member(kms::RULES));

fn by_member(rules: &'static [Rule]) -> Rules {
    let mut all = Rules::new();
    for rule in rules {
        all.entry(rule.member).or_default().push(rule);
    }
    all
}

/// Refuses a request of which a member breaks a rule of AWS's model, or that lacks a list that it must have: an absent
/// list is not an empty one.
///
/// # Errors
/// `ValidationError`, with every member that breaks one.
pub fn check(service: Service, action: &str, given: &Given<'_>) -> Result<(), ApiError> {
    let (rules, lists) = match service {
        Service::Iam => (&*IAM, iam::LISTS),
        Service::Sts => (&*STS, sts::LISTS),
        Service::Kms => (&*KMS, kms::LISTS),
        // their members have rules of their own, with codes of their own
        Service::Ec2 | Service::S3 => return Ok(()),
    };
    let (mut constraints, mut in_words) = (Vec::new(), None);
    given.visit(&mut |member, place, value| {
        let Some(rule) = rules.get(member).and_then(|rules| of_action(rules, action)) else { return };
        match rule.broken(value) {
            None => {}
            Some(Broken::InWords(words)) => {
                in_words
                    .get_or_insert_with(|| format!("The specified value for {place} is invalid. {words}"));
            }
            Some(Broken::Constraint(what)) => {
                constraints.push(format!(
                    "{} at '{place}' failed to satisfy constraint: {what}",
                    shown(rule, value)
                ));
            }
        }
    });
    for (list, _) in lists.iter().filter(|(list, of)| of.contains(&action) && !given.has(list)) {
        constraints.push(null(list));
    }
    let told = constraints.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
    let message = match (constraints.len(), in_words) {
        (0, None) => return Ok(()),
        (0, Some(words)) => words,
        (1, _) => format!("1 validation error detected: {told}"),
        (count, _) => format!("{count} validation errors detected: {told}"),
    };
    Err(ApiError::new(ErrorCode::ValidationError, message))
}

/// What AWS answers when a required member is absent.
pub fn missing(member: &str) -> ApiError {
    ApiError::new(ErrorCode::ValidationError, format!("1 validation error detected: {}", null(member)))
}

fn null(member: &str) -> String {
    format!(
        "Value null at '{}' failed to satisfy constraint: Member must not be null",
        given::place_of(member)
    )
}

fn of_action<'r>(rules: &[&'r Rule], action: &str) -> Option<&'r Rule> {
    let named = rules.iter().find(|rule| rule.only.contains(&action));
    named.or_else(|| rules.iter().find(|rule| rule.only.is_empty())).copied()
}

fn shown(rule: &Rule, value: Value<'_>) -> String {
    match value {
        _ if rule.secret || matches!(rule.of, Of::Blob(..)) => "Value".to_owned(),
        Value::Text(text) => format!("Value '{}'", text.chars().take(SHOWN).collect::<String>()),
        Value::Number(number) => format!("Value '{number}'"),
        Value::List(_) => "Value '[...]'".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::query;

    fn refused(service: Service, action: &str, form: &str) -> Option<String> {
        let tree = query::parse(form).unwrap();
        let error = check(service, action, &Given::Query(&tree)).err()?;
        assert_eq!(error.code, ErrorCode::ValidationError);
        Some(error.message)
    }

    fn iam(action: &str, form: &str) -> Option<String> {
        refused(Service::Iam, action, form)
    }

    #[test]
    fn a_member_that_is_too_long_or_too_short_is_told_in_the_words_of_the_models() {
        assert_eq!(iam("CreateUser", "UserName=alice&Path=/&Tags.member.1.Key=a&Tags.member.1.Value="), None);
        assert_eq!(
            iam("CreateUser", "UserName=").unwrap(),
            "1 validation error detected: Value '' at 'userName' failed to satisfy constraint: Member must have length \
             greater than or equal to 1"
        );
        let long = "x".repeat(129);
        assert!(
            iam("CreateUser", &format!("Tags.member.3.Key={long}")).unwrap().contains("'tags.3.member.key'")
        );
        assert!(iam("CreateUser", &format!("Tags.3.Key={long}")).unwrap().contains("'tags.3.member.key'"));
        let both = iam("CreateGroup", &format!("GroupName={long}&Path=")).unwrap();
        assert!(both.starts_with("2 validation errors detected: ") && both.contains("; Value ''"), "{both}");
    }

    #[test]
    fn an_action_may_have_a_rule_of_its_own() {
        let name = format!("UserName={}", "x".repeat(100));
        assert_eq!(iam("GetUser", &name), None);
        assert!(iam("CreateUser", &name).is_some());
        assert_eq!(refused(Service::Ec2, "CreateTags", &name), None);
    }

    #[test]
    fn iam_has_words_of_its_own_for_some_forms() {
        assert_eq!(
            iam("GetUser", "UserName=a/b").unwrap(),
            "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
        );
        let pattern = refused(Service::Sts, "AssumeRole", "RoleSessionName=a/b").unwrap();
        assert!(
            pattern.ends_with("Member must satisfy regular expression pattern: [\\w+=,.@-]*"),
            "{pattern}"
        );
    }

    #[test]
    fn numbers_words_and_lists_have_their_rules() {
        for bad in ["MaxItems=0", "MaxItems=1001", "PathPrefix=x", "Marker="] {
            assert!(iam("ListUsers", bad).is_some(), "{bad}");
        }
        assert_eq!(iam("ListUsers", "MaxItems=many"), None, "that is the decoder's to tell");
        assert!(iam("UpdateAccessKey", "Status=Off").unwrap().contains("enum value set: [Active, "));
        let tags: String = (0..51).map(|n| format!("&Tags.member.{n}.Key=k{n}")).collect();
        assert!(iam("TagUser", &tags[1..]).unwrap().contains("'[...]' at 'tags'"));
        assert!(iam("ListPoliciesGrantingServiceAccess", "ServiceNamespaces=").is_some());
        assert!(iam("TagUser", "UserName=a").unwrap().contains("Value null at 'tags'"));
        assert_eq!(iam("TagUser", "UserName=a&Tags="), None);
    }

    #[test]
    fn no_error_shows_a_secret() {
        let password = iam("ChangePassword", &format!("NewPassword={}", "secret".repeat(40))).unwrap();
        assert!(password.contains("Value at 'newPassword'") && !password.contains("secret"), "{password}");
    }

    #[test]
    fn json_has_the_same_rules() {
        let refused = |action: &str, json: serde_json::Value| {
            check(Service::Kms, action, &Given::Json(&json)).err().map(|error| error.message)
        };
        assert_eq!(refused("Encrypt", serde_json::json!({"KeyId": "k", "Plaintext": "aGk="})), None);
        assert!(
            refused("Encrypt", serde_json::json!({"KeyId": "", "Plaintext": ""})).unwrap().starts_with("2 ")
        );
        let tags = serde_json::json!({"Tags": [{"TagKey": "", "TagValue": ""}]});
        assert!(refused("TagResource", tags).unwrap().contains("'tags.1.member.tagKey'"));
        assert!(refused("ListKeys", serde_json::json!({"Limit": 1001})).is_some());
        assert!(refused("ListKeys", serde_json::json!([[[]]])).is_none());
    }

    #[test]
    fn no_rule_stands_in_the_way_of_another() {
        for rules in [iam::RULES, sts::RULES, kms::RULES] {
            for rule in rules {
                let twins = rules.iter().filter(|other| {
                    other.member == rule.member
                        && (other.only.is_empty() && rule.only.is_empty()
                            || other.only.iter().any(|name| rule.only.contains(name)))
                });
                assert_eq!(twins.count(), 1, "{}", rule.member);
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(form in "[A-Za-z0-9.&=]{0,80}") {
            if let Ok(tree) = query::parse(&form) {
                let _ = check(Service::Iam, "CreateUser", &Given::Query(&tree));
            }
        }
    }
}
