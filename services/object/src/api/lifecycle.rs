//! The lifecycle of a bucket: its rules as they are put and shown, and the headers that tell what they will do.

use std::collections::{BTreeMap, BTreeSet};

use api_spec::ErrorCode;
use api_spec::s3::lifecycle::{
    AbortIncompleteMultipartUpload, LifecycleAnd, LifecycleConfiguration, LifecycleExpiration,
    LifecycleFilter, LifecycleRule, NoncurrentVersionExpiration,
};
use api_spec::s3::tagging::Tag;
use axum::body::Body;
use axum::response::Response;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use store::Read;

use super::exchange::Exchange;
use super::reply::{document, http_date, iso_date, no_content, ok, set_named};
use super::{small_body, transitions};
use crate::domain::lifecycle::{Day, Expiration, Filter, Lifecycle, Noncurrent, Rule};
use crate::domain::names::MAX_KEY_BYTES;
use crate::domain::object::Object;
use crate::domain::transition::{ALL_128K, VARIES};
use crate::error::Error;
use crate::store::LIFECYCLES;
use crate::store::lifecycle::set;

const MAX_RULES: usize = 1000;
const MAX_ID: usize = 255;
const MAX_KEPT: i64 = 100;
const MINIMUM: &str = "x-amz-transition-default-minimum-object-size";
const MINIMA: [&str; 2] = [ALL_128K, VARIES];

pub(super) fn malformed(why: &str) -> Error {
    Error::MalformedXml(why.to_owned())
}

pub(super) fn invalid(message: &str) -> Error {
    Error::InvalidRequest(message.to_owned())
}

/// Answers PutBucketLifecycleConfiguration.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: LifecycleConfiguration = small_body::document(x, body, "LifecycleConfiguration").await?;
    if asked.rules.is_empty() || asked.rules.len() > MAX_RULES {
        return Err(Error::MalformedXml(format!("{} rules", asked.rules.len())));
    }
    let minimum = x.header(MINIMUM).unwrap_or(MINIMA[0]).to_owned();
    if !MINIMA.contains(&&*minimum) {
        return Err(Error::argument(
            MINIMUM,
            &minimum,
            "Invalid value for x-amz-transition-default-minimum-object-size",
        ));
    }
    let fresh = || format!("{:032x}", x.service.context.random.u128());
    let rules = asked.rules.into_iter().map(|rule| checked(rule, fresh)).collect::<Result<Vec<_>, _>>()?;
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    if ids.len() < rules.len() {
        return Err(Error::argument("ID", "", "Rule ID must be unique. Found same ID for one or more rules"));
    }
    let (name, lifecycle) =
        (x.place.bucket.clone(), Lifecycle { rules, transition_minimum: minimum.clone() });
    x.transact(move |tx| set(tx, &name, Some(&lifecycle))).await?;
    let mut response = ok();
    set_named(&mut response, MINIMUM, minimum);
    Ok(response)
}

/// Holds a rule to what AWS takes.
fn checked(rule: LifecycleRule, fresh: impl Fn() -> String) -> Result<Rule, Error> {
    let id = rule.id.filter(|id| !id.is_empty()).unwrap_or_else(fresh);
    if id.chars().count() > MAX_ID {
        return Err(Error::argument("ID", &id, "ID length should not exceed allowed limit of 255"));
    }
    let enabled = match rule.status.as_deref() {
        Some("Enabled") => true,
        Some("Disabled") => false,
        _ => return Err(malformed("Status is neither Enabled nor Disabled")),
    };
    let filter = match (rule.prefix, rule.filter) {
        (Some(prefix), None) => Filter { legacy: true, prefix: Some(prefix), ..Filter::default() },
        (None, Some(filter)) => of_filter(filter)?,
        _ => return Err(malformed("not exactly one of Filter and Prefix")),
    };
    if filter.prefix.as_ref().is_some_and(|prefix| prefix.len() > MAX_KEY_BYTES) {
        return Err(invalid("The maximum size of a prefix is 1024."));
    }
    let expiration = rule.expiration.map(of_expiration).transpose()?;
    let noncurrent =
        rule.noncurrent_version_expiration.map(|asked| of_noncurrent(&asked, &filter)).transpose()?;
    let noncurrent_transitions = rule.noncurrent_version_transitions;
    let rule = Rule {
        id,
        enabled,
        expiration,
        noncurrent,
        transitions: transitions::of_current(rule.transitions, &filter, expiration)?,
        noncurrent_transitions: transitions::of_noncurrent(noncurrent_transitions, &filter, noncurrent)?,
        abort_days: rule
            .abort_incomplete_multipart_upload
            .map(|asked| of_abort(&asked, &filter))
            .transpose()?,
        filter,
    };
    let moves = !rule.transitions.is_empty() || !rule.noncurrent_transitions.is_empty();
    if rule.expiration.is_none() && rule.noncurrent.is_none() && rule.abort_days.is_none() && !moves {
        return Err(invalid("At least one action needs to be specified in a rule"));
    }
    if matches!(rule.expiration, Some(Expiration::Markers(_))) && !rule.filter.tags.is_empty() {
        return Err(invalid("ExpiredObjectDeleteMarker cannot be specified with Tags."));
    }
    Ok(rule)
}

fn of_filter(asked: LifecycleFilter) -> Result<Filter, Error> {
    let LifecycleFilter { prefix, tag, object_size_greater_than, object_size_less_than, and } = asked;
    let alone = usize::from(prefix.is_some())
        + usize::from(tag.is_some())
        + usize::from(object_size_greater_than.is_some())
        + usize::from(object_size_less_than.is_some());
    let (and, several) = match and {
        Some(_) if alone > 0 => return Err(malformed("a Filter with And and something else")),
        Some(and) => (and, true),
        None if alone > 1 => return Err(malformed("a Filter with several conditions and no And")),
        None => {
            let tags = tag.into_iter().collect();
            (LifecycleAnd { prefix, tags, object_size_greater_than, object_size_less_than }, false)
        }
    };
    let asked_tags = and.tags.len();
    let mut tags = BTreeMap::new();
    for Tag { key, value } in and.tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(Error::argument("Tag", &key, "The TagKey or TagValue you have provided is invalid"));
        }
        tags.insert(key, value);
    }
    if tags.len() < asked_tags {
        return Err(invalid("Duplicate Tag Keys are not allowed."));
    }
    let bytes = |name: &str, size: Option<i64>, least: u64| match size.map(u64::try_from) {
        None => Ok(None),
        Some(Ok(size)) if size >= least => Ok(Some(size)),
        Some(_) => Err(Error::argument(name, "", format!("'{name}' must be at least {least}"))),
    };
    let larger_than = bytes("ObjectSizeGreaterThan", and.object_size_greater_than, 0)?;
    let smaller_than = bytes("ObjectSizeLessThan", and.object_size_less_than, 1)?;
    if matches!((larger_than, smaller_than), (Some(larger), Some(smaller)) if smaller <= larger) {
        return Err(invalid("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."));
    }
    let filter = Filter { legacy: false, prefix: and.prefix, tags, larger_than, smaller_than };
    match several && filter.conditions() < 2 {
        true => Err(malformed("And with fewer than two conditions")),
        false => Ok(filter),
    }
}

/// A number of days.
fn days(name: &str, action: &str, number: Option<i64>) -> Result<u32, Error> {
    let number = number.ok_or_else(|| Error::MalformedXml(format!("{action} without {name}")))?;
    u32::try_from(number).ok().filter(|days| (1..=i32::MAX as u32).contains(days)).ok_or_else(|| {
        Error::argument(
            name,
            &number.to_string(),
            format!("'{name}' for {action} action must be a positive integer"),
        )
    })
}

fn of_expiration(asked: LifecycleExpiration) -> Result<Expiration, Error> {
    match (asked.days, asked.date, asked.expired_object_delete_marker) {
        (Some(number), None, None) => days("Days", "Expiration", Some(number)).map(Expiration::Days),
        (None, Some(date), None) => midnight(&date).map(Expiration::Date),
        (None, None, Some(removed)) => Ok(Expiration::Markers(removed)),
        _ => Err(malformed("not exactly one of Days, Date and ExpiredObjectDeleteMarker")),
    }
}

/// A time of day that AWS takes for a date.
pub(super) fn midnight(text: &str) -> Result<Timestamp, Error> {
    let text = text.trim();
    let date = match text.contains('T') {
        true => text.parse(),
        false => format!("{text}T00:00:00Z").parse(),
    };
    let date: Timestamp = date.map_err(|_| malformed("Date is none"))?;
    match date.as_second() % 86_400 == 0 && date.subsec_nanosecond() == 0 {
        true => Ok(date),
        false => Err(Error::argument("Date", text, "'Date' must be at midnight GMT")),
    }
}

fn of_noncurrent(asked: &NoncurrentVersionExpiration, filter: &Filter) -> Result<Noncurrent, Error> {
    let days = days("NoncurrentDays", "NoncurrentVersionExpiration", asked.noncurrent_days)?;
    let keep = kept(asked.newer_noncurrent_versions, "NoncurrentVersionExpiration", filter)?;
    Ok(Noncurrent { days, keep })
}

/// How many newer noncurrent versions an action leaves alone.
pub(super) fn kept(number: Option<i64>, action: &str, filter: &Filter) -> Result<Option<u32>, Error> {
    match number {
        None => Ok(None),
        Some(_) if filter.legacy => {
            Err(invalid("NewerNoncurrentVersions cannot be specified without Filter."))
        }
        Some(keep) if (1..=MAX_KEPT).contains(&keep) => Ok(u32::try_from(keep).ok()),
        Some(keep) => Err(Error::argument(
            "NewerNoncurrentVersions",
            &keep.to_string(),
            format!("'NewerNoncurrentVersions' for {action} action must be an integer between 1 and 100"),
        )),
    }
}

fn of_abort(asked: &AbortIncompleteMultipartUpload, filter: &Filter) -> Result<u32, Error> {
    if !filter.tags.is_empty() {
        return Err(invalid("AbortIncompleteMultipartUpload cannot be specified with Tags."));
    }
    if filter.larger_than.is_some() || filter.smaller_than.is_some() {
        return Err(invalid("AbortIncompleteMultipartUpload cannot be specified with object size."));
    }
    days("DaysAfterInitiation", "AbortIncompleteMultipartUpload", asked.days_after_initiation)
}

/// Answers GetBucketLifecycleConfiguration.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let lifecycle = of_bucket(x)?.ok_or_else(|| Error::NotConfigured {
        code: ErrorCode::NoSuchLifecycleConfiguration,
        message: "The lifecycle configuration does not exist",
        bucket: x.place.bucket.clone(),
    })?;
    let rules = lifecycle.rules.into_iter().map(shown).collect();
    let mut response = document("LifecycleConfiguration", &LifecycleConfiguration { rules })?;
    set_named(&mut response, MINIMUM, lifecycle.transition_minimum);
    Ok(response)
}

fn of_bucket(x: &Exchange) -> Result<Option<Lifecycle>, Error> {
    match x.bucket()?.lifecycle {
        true => Ok(x.snapshot()?.get(&LIFECYCLES, &x.place.bucket)?),
        false => Ok(None),
    }
}

fn shown(rule: Rule) -> LifecycleRule {
    let (prefix, filter) = match rule.filter.legacy {
        true => (rule.filter.prefix, None),
        false => (None, Some(shown_filter(rule.filter))),
    };
    let expiration = rule.expiration.map(|expiration| match expiration {
        Expiration::Days(days) => {
            LifecycleExpiration { days: Some(days.into()), ..LifecycleExpiration::default() }
        }
        Expiration::Date(date) => {
            LifecycleExpiration { date: Some(iso_date(date)), ..LifecycleExpiration::default() }
        }
        Expiration::Markers(removed) => LifecycleExpiration {
            expired_object_delete_marker: Some(removed),
            ..LifecycleExpiration::default()
        },
    });
    LifecycleRule {
        id: Some(rule.id),
        prefix,
        filter,
        status: Some(if rule.enabled { "Enabled" } else { "Disabled" }.to_owned()),
        expiration,
        noncurrent_version_expiration: rule.noncurrent.map(|noncurrent| NoncurrentVersionExpiration {
            noncurrent_days: Some(noncurrent.days.into()),
            newer_noncurrent_versions: noncurrent.keep.map(i64::from),
        }),
        abort_incomplete_multipart_upload: rule
            .abort_days
            .map(|days| AbortIncompleteMultipartUpload { days_after_initiation: Some(days.into()) }),
        transitions: rule.transitions.into_iter().map(transitions::shown).collect(),
        noncurrent_version_transitions: rule
            .noncurrent_transitions
            .into_iter()
            .map(transitions::shown_noncurrent)
            .collect(),
    }
}

fn shown_filter(filter: Filter) -> LifecycleFilter {
    let several = filter.conditions() > 1;
    let size = |size: Option<u64>| size.and_then(|size| i64::try_from(size).ok());
    let mut and = LifecycleAnd {
        prefix: filter.prefix,
        tags: filter.tags.into_iter().map(|(key, value)| Tag { key, value }).collect(),
        object_size_greater_than: size(filter.larger_than),
        object_size_less_than: size(filter.smaller_than),
    };
    match several {
        true => LifecycleFilter { and: Some(and), ..LifecycleFilter::default() },
        false => LifecycleFilter {
            tag: and.tags.pop(),
            prefix: and.prefix,
            object_size_greater_than: and.object_size_greater_than,
            object_size_less_than: and.object_size_less_than,
            and: None,
        },
    }
}

/// Answers DeleteBucketLifecycle.
pub async fn delete(x: &Exchange) -> Result<Response, Error> {
    let name = x.place.bucket.clone();
    x.transact(move |tx| set(tx, &name, None)).await?;
    Ok(no_content())
}

fn day(x: &Exchange) -> Day {
    Day(x.service.config.lifecycle_day_seconds)
}

/// Tells when the current object of the request's key expires.
pub fn tell_expiry(x: &Exchange, response: &mut Response, object: &Object) -> Result<(), Error> {
    let Some(lifecycle) = of_bucket(x)? else { return Ok(()) };
    if let Some((when, id)) = lifecycle.expiry(day(x), &x.place.key, object) {
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let text = format!("expiry-date=\"{}\", rule-id=\"{id}\"", http_date(when));
        set_named(response, "x-amz-expiration", text);
    }
    Ok(())
}

/// Tells when an upload of the request's key is given up.
pub fn tell_abort(x: &Exchange, response: &mut Response, initiated: Timestamp) -> Result<(), Error> {
    let Some(lifecycle) = of_bucket(x)? else { return Ok(()) };
    if let Some((when, id)) = lifecycle.abort(day(x), &x.place.key, initiated) {
        set_named(response, "x-amz-abort-date", http_date(when));
        set_named(response, "x-amz-abort-rule-id", utf8_percent_encode(id, NON_ALPHANUMERIC).to_string());
    }
    Ok(())
}
