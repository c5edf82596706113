//! Condition keys: which there are for a request and where their values come from.

use super::{Context, Principal};
use std::borrow::Cow;
use std::cell::Cell;

/// The name of a condition key, ready for look-up. Names are not case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyName {
    PrincipalAccount,
    PrincipalArn,
    PrincipalIsAwsService,
    PrincipalServiceName,
    PrincipalType,
    UserId,
    Username,
    /// In lower case; from the request's context.
    Other(Box<str>),
}

impl KeyName {
    pub(super) fn new(name: &str) -> KeyName {
        let name = name.to_lowercase();
        match &*name {
            "aws:principalaccount" => KeyName::PrincipalAccount,
            "aws:principalarn" => KeyName::PrincipalArn,
            "aws:principalisawsservice" => KeyName::PrincipalIsAwsService,
            "aws:principalservicename" => KeyName::PrincipalServiceName,
            "aws:principaltype" => KeyName::PrincipalType,
            "aws:userid" => KeyName::UserId,
            "aws:username" => KeyName::Username,
            _ => KeyName::Other(name.into()),
        }
    }
}

/// The values of one key in one request.
pub(super) enum Found<'a> {
    Missing,
    One(Cow<'a, str>),
    Many(&'a [String]),
}

impl<'a> Found<'a> {
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Found::Missing | Found::Many([]))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Found::Missing => (None, &[][..]),
            Found::One(value) => (Some(&**value), &[][..]),
            Found::Many(values) => (None, *values),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }

    /// The value, when there is exactly one: only such a key can be a policy variable.
    pub(super) fn single(self) -> Option<Cow<'a, str>> {
        match self {
            Found::One(value) => Some(value),
            Found::Many([value]) => Some(Cow::Borrowed(value)),
            Found::Missing | Found::Many(_) => None,
        }
    }
}

/// What is known of the circumstances of a request.
#[derive(Clone, Copy)]
pub(super) enum Circumstances<'a> {
    /// All of them.
    Known(&'a Context),
    /// None; this becomes true when one is asked for.
    Asked(&'a Cell<bool>),
}

impl<'a> Circumstances<'a> {
    fn get(self, name: &str) -> Option<&'a [String]> {
        match self {
            Circumstances::Known(context) => context.get(name),
            Circumstances::Asked(asked) => {
                asked.set(true);
                None
            }
        }
    }
}

/// Where the values are: what the principal is cannot be overridden by the context.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub principal: &'a Principal,
    pub context: Circumstances<'a>,
}

impl<'a> Keys<'a> {
    pub(super) fn get(&self, key: &KeyName) -> Found<'a> {
        let principal = self.principal;
        let one = |value: Option<Cow<'a, str>>| value.map_or(Found::Missing, Found::One);
        match key {
            KeyName::PrincipalAccount => one(principal.account().map(Cow::Borrowed)),
            KeyName::PrincipalArn => one(principal.policy_arn().map(Cow::Owned)),
            KeyName::PrincipalIsAwsService => {
                let is_service = matches!(principal, Principal::Service { .. });
                Found::One(Cow::Borrowed(if is_service { "true" } else { "false" }))
            }
            KeyName::PrincipalServiceName => match principal {
                Principal::Service { name } => Found::One(Cow::Borrowed(name)),
                _ => Found::Missing,
            },
            KeyName::PrincipalType => one(principal.kind().map(Cow::Borrowed)),
            KeyName::UserId => one(principal.user_id()),
            KeyName::Username => match principal {
                Principal::User { name, .. } => Found::One(Cow::Borrowed(name)),
                _ => Found::Missing,
            },
            KeyName::Other(name) => match self.context.get(name) {
                None => Found::Missing,
                Some(values) => Found::Many(values),
            },
        }
    }
}
