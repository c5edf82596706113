//! Transitions in the rules of a lifecycle, held to what AWS takes.

use std::collections::BTreeSet;

use api_spec::s3::lifecycle::{LifecycleTransition, NoncurrentVersionTransition};

use super::lifecycle::{invalid, kept, malformed, midnight};
use super::reply::iso_date;
use crate::domain::class::StorageClass;
use crate::domain::lifecycle::{Expiration, Filter, Noncurrent};
use crate::domain::transition::{NoncurrentTransition, Transition, When};
use crate::error::Error;

/// Days that objects have to be kept before they may go to the classes for infrequent access.
const INFREQUENT_AFTER: u32 = 30;

/// What of an action is compared: its kind, how its times are called, and its targets with their times.
struct Compared<'a> {
    action: &'static str,
    field: &'static str,
    targets: &'a [(StorageClass, i64)],
}

/// The transitions of a rule.
///
/// # Errors
/// As AWS: of classes nobody goes to, times that are none, classes named twice, and times out of order.
pub fn of_current(
    asked: Vec<LifecycleTransition>,
    filter: &Filter,
    expiration: Option<Expiration>,
) -> Result<Vec<Transition>, Error> {
    let transitions = asked.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let by_date = |transition: &Transition| matches!(transition.when, When::Date(_));
    let (dated, about) = (transitions.iter().any(by_date), described(filter));
    if dated && !transitions.iter().all(by_date) {
        return Err(invalid(&format!(
            "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for {about}"
        )));
    }
    let field = if dated { "Date" } else { "Days" };
    let time = |transition: &Transition| match transition.when {
        When::Days(days) => i64::from(days),
        When::Date(date) => date.as_second(),
    };
    let targets: Vec<_> = transitions.iter().map(|it| (it.class, time(it))).collect();
    check_order(&Compared { action: "Transition", field, targets: &targets }, &about)?;
    let end = match expiration {
        Some(Expiration::Days(days)) => Some((false, i64::from(days))),
        Some(Expiration::Date(date)) => Some((true, date.as_second())),
        Some(Expiration::Markers(_)) | None => None,
    };
    match (end, targets.iter().map(|(_, time)| *time).max()) {
        (Some((by_date, _)), Some(_)) if by_date != dated => Err(invalid(&format!(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {about}"
        ))),
        (Some((_, end)), Some(last)) if end <= last => Err(Error::argument(
            field,
            "",
            format!(
                "'{field}' in the Expiration action for {about} must be greater than '{field}' in the Transition action"
            ),
        )),
        _ => Ok(transitions),
    }
}

/// The transitions of noncurrent versions.
///
/// # Errors
/// As of current ones.
pub fn of_noncurrent(
    asked: Vec<NoncurrentVersionTransition>,
    filter: &Filter,
    expiration: Option<Noncurrent>,
) -> Result<Vec<NoncurrentTransition>, Error> {
    const ACTION: &str = "NoncurrentVersionTransition";
    const FIELD: &str = "NoncurrentDays";
    let one = |asked: NoncurrentVersionTransition| {
        let class = class(asked.storage_class)?;
        let days = asked.noncurrent_days.ok_or_else(|| malformed("a transition without NoncurrentDays"))?;
        let days = days_for(class, days, FIELD, ACTION)?;
        let keep = kept(asked.newer_noncurrent_versions, ACTION, filter)?;
        Ok(NoncurrentTransition { days, keep, class })
    };
    let transitions = asked.into_iter().map(one).collect::<Result<Vec<_>, Error>>()?;
    let (about, targets) =
        (described(filter), transitions.iter().map(|it| (it.class, i64::from(it.days))).collect::<Vec<_>>());
    check_order(&Compared { action: ACTION, field: FIELD, targets: &targets }, &about)?;
    match (expiration, transitions.iter().map(|it| it.days).max()) {
        (Some(end), Some(last)) if end.days <= last => Err(Error::argument(
            FIELD,
            "",
            format!(
                "'{FIELD}' in the NoncurrentVersionExpiration action for {about} must be greater than '{FIELD}' in \
                 the {ACTION} action"
            ),
        )),
        _ => Ok(transitions),
    }
}

fn one(asked: LifecycleTransition) -> Result<Transition, Error> {
    let class = class(asked.storage_class)?;
    let when = match (asked.days, asked.date) {
        (Some(days), None) => When::Days(days_for(class, days, "Days", "Transition")?),
        (None, Some(date)) => When::Date(midnight(&date)?),
        _ => return Err(malformed("a transition with not exactly one of Days and Date")),
    };
    Ok(Transition { when, class })
}

/// A class that something can go to.
fn class(word: Option<String>) -> Result<StorageClass, Error> {
    let class = word.as_deref().and_then(StorageClass::of).filter(|class| class.depth() > 0);
    class.ok_or_else(|| malformed("a transition to no class"))
}

fn days_for(class: StorageClass, number: i64, field: &str, action: &str) -> Result<u32, Error> {
    let wrong = |why: String| {
        Error::argument(field, &number.to_string(), format!("'{field}' in {action} action must be {why}"))
    };
    let days = u32::try_from(number).ok().filter(|days| i32::try_from(*days).is_ok());
    let days = days.ok_or_else(|| wrong("nonnegative".into()))?;
    let infrequent = matches!(class, StorageClass::StandardIa | StorageClass::OnezoneIa);
    match infrequent && days < INFREQUENT_AFTER {
        true => Err(wrong(format!(
            "greater than or equal to {INFREQUENT_AFTER} for storageClass '{}'",
            class.as_str()
        ))),
        false => Ok(days),
    }
}

/// No class twice, and a lower one later.
fn check_order(Compared { action, field, targets }: &Compared<'_>, about: &str) -> Result<(), Error> {
    let classes: BTreeSet<&str> = targets.iter().map(|(class, _)| class.as_str()).collect();
    if classes.len() < targets.len() {
        return Err(invalid(&format!(
            "'StorageClass' must be different for '{action}' actions in same 'Rule' with {about}"
        )));
    }
    let mut sorted = targets.to_vec();
    sorted.sort_by_key(|(class, _)| class.depth());
    match sorted.windows(2).find(|pair| pair[0].1 >= pair[1].1) {
        None => Ok(()),
        Some(pair) => {
            let (first, second) = (pair[0].0.as_str(), pair[1].0.as_str());
            Err(Error::argument(
                field,
                "",
                format!(
                    "'{field}' in the '{action}' action for StorageClass '{second}' for {about} must be greater than \
                     '{field}' in the '{action}' action for StorageClass '{first}' for {about}"
                ),
            ))
        }
    }
}

/// A filter as AWS's messages name it.
fn described(filter: &Filter) -> String {
    let prefix = filter.prefix.as_deref().unwrap_or_default();
    if filter.legacy {
        return format!("prefix '{prefix}'");
    }
    let mut parts = vec![format!("prefix={prefix}")];
    if filter.prefix.is_none() && filter.conditions() > 0 {
        parts.clear();
    }
    parts.extend(filter.tags.iter().map(|(key, value)| format!("tag={key}:{value}")));
    parts.extend(filter.larger_than.map(|size| format!("objectSizeGreaterThan={size}")));
    parts.extend(filter.smaller_than.map(|size| format!("objectSizeLessThan={size}")));
    format!("filter '({})'", parts.join(" and "))
}

/// As it was put.
pub fn shown(transition: Transition) -> LifecycleTransition {
    let (days, date) = match transition.when {
        When::Days(days) => (Some(days.into()), None),
        When::Date(date) => (None, Some(iso_date(date))),
    };
    LifecycleTransition { days, date, storage_class: Some(transition.class.as_str().to_owned()) }
}

/// As it was put.
pub fn shown_noncurrent(transition: NoncurrentTransition) -> NoncurrentVersionTransition {
    NoncurrentVersionTransition {
        noncurrent_days: Some(transition.days.into()),
        newer_noncurrent_versions: transition.keep.map(i64::from),
        storage_class: Some(transition.class.as_str().to_owned()),
    }
}
