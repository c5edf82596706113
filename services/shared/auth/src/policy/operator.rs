//! The condition operators by name, and how one value is tested by each.

use super::arn::{self, ArnPattern};
use super::glob::{Pattern, Syntax};
use super::keys::Keys;
use ipnet::IpNet;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A comparison of numbers or dates, by what the request's value may be to the policy's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Order {
    fn accepts(self, ordering: Ordering) -> bool {
        match ordering {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

/// An operator with the policy's values compiled for it. Any one of the values will do.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// String operators; `fold` ignores case.
    Text {
        patterns: Vec<Pattern>,
        fold: bool,
    },
    Arn(Vec<ArnPattern>),
    Number(Order, Vec<f64>),
    Date(Order, Vec<Timestamp>),
    Bool(Vec<Pattern>),
    Binary(Vec<String>),
    Ip(Vec<IpNet>),
    /// Whether the key must be absent.
    Null(Vec<bool>),
}

/// What kind of test an operator's name asks for, and whether its outcome is reversed.
#[derive(Clone, Copy)]
enum Kind {
    Text { wildcards: bool, fold: bool },
    Arn,
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Null,
}

const EQUAL: Order = Order { less: false, equal: true, greater: false };

fn order(name: &str) -> Option<(Order, bool)> {
    let (less, equal, greater) = match name {
        "Equals" => return Some((EQUAL, false)),
        "NotEquals" => return Some((EQUAL, true)),
        "LessThan" => (true, false, false),
        "LessThanEquals" => (true, true, false),
        "GreaterThan" => (false, false, true),
        "GreaterThanEquals" => (false, true, true),
        _ => return None,
    };
    Some((Order { less, equal, greater }, false))
}

/// The operator without `ForAnyValue:` and `IfExists`; the flag tells the negated ones.
fn kind(name: &str) -> Option<(Kind, bool)> {
    let text = |wildcards, fold| Kind::Text { wildcards, fold };
    Some(match name {
        "StringEquals" => (text(false, false), false),
        "StringNotEquals" => (text(false, false), true),
        "StringEqualsIgnoreCase" => (text(false, true), false),
        "StringNotEqualsIgnoreCase" => (text(false, true), true),
        "StringLike" => (text(true, false), false),
        "StringNotLike" => (text(true, false), true),
        "ArnEquals" | "ArnLike" => (Kind::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Kind::Arn, true),
        "Bool" => (Kind::Bool, false),
        "BinaryEquals" => (Kind::Binary, false),
        "IpAddress" => (Kind::Ip, false),
        "NotIpAddress" => (Kind::Ip, true),
        "Null" => (Kind::Null, false),
        _ => {
            if let Some(rest) = name.strip_prefix("Numeric") {
                let (order, negated) = order(rest)?;
                (Kind::Number(order), negated)
            } else {
                let (order, negated) = order(name.strip_prefix("Date")?)?;
                (Kind::Date(order), negated)
            }
        }
    })
}

impl Test {
    /// Compiles the values for the operator `name`; the flag tells whether the outcome is reversed.
    pub(super) fn compile(name: &str, values: &[String], variables: bool) -> Result<(Test, bool), String> {
        let (kind, negated) = kind(name).ok_or_else(|| format!("Invalid Condition type : {name}."))?;
        let test = match kind {
            Kind::Text { wildcards, fold } => Test::Text {
                patterns: each(values, |v| Pattern::compile(v, Syntax { wildcards, variables, fold }))?,
                fold,
            },
            Kind::Arn => Test::Arn(each(values, |v| ArnPattern::condition(v, variables))?),
            Kind::Number(order) => Test::Number(order, each(values, |v| want(v, number(v), "a number"))?),
            Kind::Date(order) => Test::Date(order, each(values, |v| want(v, date(v), "a date"))?),
            Kind::Bool => Test::Bool(each(values, |v| boolean_pattern(v, variables))?),
            Kind::Binary => Test::Binary(each(values, |v| want(v, binary(v), "base64"))?),
            Kind::Ip => Test::Ip(each(values, |v| want(v, network(v), "an IP address or CIDR block"))?),
            Kind::Null => Test::Null(each(values, |v| want(v, boolean(v), "true or false"))?),
        };
        Ok((test, negated))
    }

    /// Whether any of the policy's values matches this one of the request's.
    pub(super) fn matches(&self, value: &str, keys: &Keys<'_>) -> bool {
        match self {
            Test::Text { patterns, fold: false } => patterns.iter().any(|p| p.matches(value, keys)),
            Test::Text { patterns, fold: true } => {
                let value = value.to_lowercase();
                patterns.iter().any(|p| p.matches(&value, keys))
            }
            Test::Arn(patterns) => {
                let fields = arn::split(value);
                patterns.iter().any(|p| p.matches(value, fields.as_ref(), keys))
            }
            Test::Number(order, wanted) => number(value).is_some_and(|value| {
                wanted.iter().any(|w| value.partial_cmp(w).is_some_and(|found| order.accepts(found)))
            }),
            Test::Date(order, wanted) => {
                date(value).is_some_and(|value| wanted.iter().any(|w| order.accepts(value.cmp(w))))
            }
            Test::Bool(patterns) => {
                let value = value.to_ascii_lowercase();
                patterns.iter().any(|p| p.matches(&value, keys))
            }
            Test::Binary(wanted) => wanted.iter().any(|w| w == value.trim_end_matches('=')),
            Test::Ip(networks) => address(value).is_some_and(|ip| networks.iter().any(|n| n.contains(&ip))),
            Test::Null(_) => false,
        }
    }

    /// Holds the request to fixed values: no wildcard, no variable, no network of all addresses.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Test::Text { patterns, .. } => patterns.iter().all(Pattern::is_fixed),
            Test::Arn(patterns) => patterns.iter().all(ArnPattern::is_fixed),
            Test::Ip(networks) => networks.iter().all(|network| network.prefix_len() > 0),
            Test::Number(..) | Test::Date(..) | Test::Bool(_) | Test::Binary(_) | Test::Null(_) => false,
        }
    }
}

fn each<T>(values: &[String], parse: impl FnMut(&String) -> Result<T, String>) -> Result<Vec<T>, String> {
    values.iter().map(parse).collect()
}

fn want<T>(text: &str, parsed: Option<T>, what: &str) -> Result<T, String> {
    parsed.ok_or_else(|| format!("The value \"{text}\" is not {what}."))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

fn boolean_pattern(text: &str, variables: bool) -> Result<Pattern, String> {
    let pattern = Pattern::compile(text, Syntax { wildcards: false, variables, fold: true })?;
    if matches!(pattern, Pattern::Literal(_)) {
        want(text, boolean(text), "true or false")?;
    }
    Ok(pattern)
}

/// Base64 without its padding: equal text is equal bytes.
fn binary(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    (digits.bytes().all(is_digit) && digits.len() % 4 != 1 && text.len() - digits.len() <= 2)
        .then(|| digits.to_owned())
}

fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    match text.contains('/') {
        true => text.parse().ok().map(|network: IpNet| network.trunc()),
        false => address(text).map(IpNet::from),
    }
}

/// The W3C profile of ISO 8601 from the year alone to fractions of a second, or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 4 && text.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || (i == 0 && b == b'-')) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    match text.len() {
        4 => format!("{text}-01-01T00:00:00Z").parse().ok(),
        7 => format!("{text}-01T00:00:00Z").parse().ok(),
        10 => format!("{text}T00:00:00Z").parse().ok(),
        _ => text.parse().ok(),
    }
}
