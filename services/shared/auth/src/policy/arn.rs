//! ARNs and patterns over them: six fields between colons, each matched by itself.

use super::glob::{Pattern, Syntax};
use super::keys::Keys;

/// `arn`, partition, service, region, account, resource; the resource may hold colons.
pub(super) type ArnFields<'a> = [&'a str; 6];

pub(super) fn split(arn: &str) -> Option<ArnFields<'_>> {
    let mut fields = arn.splitn(6, ':');
    let fields = [(); 6].map(|()| fields.next());
    let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)] = fields else { return None };
    (a == "arn").then_some([a, b, c, d, e, f])
}

#[derive(Clone, Debug)]
pub(super) enum ArnPattern {
    /// `*`: anything at all, even what is not an ARN.
    Any,
    /// Field by field.
    Fields(Box<[Pattern; 6]>),
    /// Not of six fields (a lone variable, say): compared as text.
    Text(Pattern),
}

impl ArnPattern {
    /// The `Resource` element: `*` or an ARN; missing fields at the end stand for `*`.
    pub(super) fn resource(text: &str, variables: bool) -> Result<ArnPattern, String> {
        if text == "*" {
            return Ok(ArnPattern::Any);
        }
        let not_arn = || format!("Resource {text} must be in ARN format or \"*\".");
        if !text.starts_with("arn:") || text.chars().any(char::is_control) {
            return Err(not_arn());
        }
        let fields = split_pattern(text, variables);
        if fields.len() < 3 && !fields.last().is_some_and(|last| last.contains('*')) {
            return Err(not_arn());
        }
        if fields.get(1).is_some_and(|partition| partition.is_empty()) {
            return Err(format!("Partition \"\" is not valid for resource \"{text}\"."));
        }
        if fields.get(2).is_some_and(|service| service.is_empty()) {
            return Err(format!("The service in the resource \"{text}\" must not be empty."));
        }
        compile_fields(&fields, variables)
    }

    /// A value of an `Arn...` condition operator.
    pub(super) fn condition(text: &str, variables: bool) -> Result<ArnPattern, String> {
        if text == "*" {
            return Ok(ArnPattern::Any);
        }
        let fields = split_pattern(text, variables);
        match fields.len() == 6 && fields[0] == "arn" {
            true => compile_fields(&fields, variables),
            false => Pattern::compile(text, syntax(variables)).map(ArnPattern::Text),
        }
    }

    pub(super) fn matches(&self, text: &str, fields: Option<&ArnFields<'_>>, keys: &Keys<'_>) -> bool {
        match self {
            ArnPattern::Any => true,
            ArnPattern::Text(pattern) => pattern.matches(text, keys),
            ArnPattern::Fields(patterns) => fields.is_some_and(|fields| {
                // The last fields tell most apart.
                patterns.iter().zip(fields).rev().all(|(pattern, field)| pattern.matches(field, keys))
            }),
        }
    }

    /// Names one fixed thing.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            ArnPattern::Any => false,
            ArnPattern::Text(pattern) => pattern.is_fixed(),
            ArnPattern::Fields(patterns) => patterns.iter().all(Pattern::is_fixed),
        }
    }
}

fn syntax(variables: bool) -> Syntax {
    Syntax { wildcards: true, variables, fold: false }
}

fn compile_fields(fields: &[&str], variables: bool) -> Result<ArnPattern, String> {
    let mut patterns = [const { Pattern::Any }; 6];
    for (pattern, field) in patterns.iter_mut().zip(fields) {
        *pattern = Pattern::compile(field, syntax(variables))?;
    }
    Ok(ArnPattern::Fields(Box::new(patterns)))
}

/// Splits at the first five colons that are not inside a `${...}`.
fn split_pattern(text: &str, variables: bool) -> Vec<&str> {
    let mut fields = Vec::with_capacity(6);
    let (mut start, mut inside) = (0, false);
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if variables && i > 0 && text.as_bytes()[i - 1] == b'$' => inside = true,
            b'}' => inside = false,
            b':' if !inside && fields.len() < 5 => {
                fields.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    fields.push(&text[start..]);
    fields
}
