//! Filters, ids asked for, and pages of Describe requests.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use api_spec::ErrorCode;
use api_spec::ec2::common::Filter;
use api_spec::ids::MalformedId;
use calls::Tag;
use kit::{filters, paging};

use crate::error::{Error, Kind, id};

/// Something that can be filtered.
pub trait Filtered {
    /// Names of its filters, `tag:...`, `tag-key` and `tag-value` aside.
    const FILTERS: &'static [&'static str];
    /// Its tags.
    fn tags(&self) -> &[Tag];
    /// Its values for one of its filters; none or several are possible.
    fn values(&self, filter: &str) -> Vec<String>;
}

/// The items that pass all filters.
///
/// # Errors
/// `InvalidParameterValue` naming an unknown filter, also when there are no items.
pub fn select<T: Filtered>(items: Vec<T>, asked: &[Filter]) -> Result<Vec<T>, Error> {
    let mut wanted = Vec::with_capacity(asked.len());
    for filter in asked {
        let name = filter.name.as_deref().ok_or_else(|| Error::missing("Filter.Name"))?;
        let known = name.starts_with("tag:")
            || ["tag-key", "tag-value"].contains(&name)
            || T::FILTERS.contains(&name);
        if !known {
            return Err(Error::Peer(filters::unknown(name)));
        }
        if filter.values.is_empty() {
            return Err(Error::value(format!("The filter '{name}' has no values")));
        }
        wanted.push((name, filter.values.as_slice()));
    }
    let mut passed = Vec::with_capacity(items.len());
    for item in items {
        let values = |name: &str| Some(item.values(name).into_iter().map(Cow::Owned).collect());
        if filters::passes(&wanted, item.tags(), values).map_err(Error::Peer)? {
            passed.push(item);
        }
    }
    Ok(passed)
}

/// The items asked for by id: all of them when none are named.
///
/// # Errors
/// Malformed ids, and ids of which there is no item.
pub fn by_id<T, I>(
    items: Vec<T>,
    ids: &[String],
    kind: Kind,
    of: impl Fn(&T) -> String,
) -> Result<Vec<T>, Error>
where
    I: FromStr<Err = MalformedId> + Display,
{
    for text in ids {
        id::<I>(kind, text)?;
    }
    by_name(items, ids, kind, of)
}

/// The items asked for by name: all of them when none are named.
///
/// # Errors
/// Names of which there is no item.
pub fn by_name<T>(
    items: Vec<T>,
    names: &[String],
    kind: Kind,
    of: impl Fn(&T) -> String,
) -> Result<Vec<T>, Error> {
    if names.is_empty() {
        return Ok(items);
    }
    let there: BTreeSet<String> = items.iter().map(&of).collect();
    let missing: Vec<&str> = names.iter().filter(|name| !there.contains(*name)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(Error::none_found(kind, &missing));
    }
    Ok(items.into_iter().filter(|item| names.contains(&of(item))).collect())
}

/// One page of the items, in the order of their keys.
///
/// # Errors
/// For `MaxResults` out of range, `MaxResults` together with ids, and tokens that are not ours.
pub fn page<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    max_results: Option<i32>,
    next_token: Option<&str>,
    ids: &[String],
) -> Result<(Vec<T>, Option<String>), Error> {
    let limit = paging::max_results(max_results).map_err(Error::Peer)?;
    if limit != usize::MAX && !ids.is_empty() {
        return Err(Error::combination("The parameter maxResults cannot be used with a list of ids"));
    }
    items.sort_by_key(&key);
    let page =
        paging::page(items, key, next_token, limit, ErrorCode::InvalidNextToken).map_err(Error::Peer)?;
    Ok((page.items, page.next))
}

/// `true` or `false`, as filters compare it.
pub fn flag(value: bool) -> Vec<String> {
    vec![value.to_string()]
}

/// One value.
pub fn one(value: impl ToString) -> Vec<String> {
    vec![value.to_string()]
}

/// A value that may be absent.
pub fn maybe(value: Option<impl ToString>) -> Vec<String> {
    value.map(|value| value.to_string()).into_iter().collect()
}
