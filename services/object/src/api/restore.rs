//! Asking archived content back. It never left the disk, so it is there at once; it can be read until the day asked for.

use api_spec::s3::restore::RestoreRequest;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::exchange::Exchange;
use super::get::existing;
use super::reply::{empty, http_date, set_named, set_version};
use super::small_body;
use crate::domain::class::StorageClass;
use crate::domain::object::Object;
use crate::error::Error;
use crate::store::versions;

const DAY_S: i64 = 86_400;
/// AWS's limit.
const MAX_DAYS: u32 = i32::MAX as u32;

/// Answers RestoreObject: 202 the first time, 200 where the content is there already.
pub async fn restore(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let object = existing(x).await?;
    let asked: RestoreRequest = small_body::document(x, body, "RestoreRequest").await?;
    let days = check(&asked, object.class)?;
    if !object.class.is_archive() {
        return Err(Error::ObjectState {
            class: object.class,
            message: "Restore is not allowed for the object's current storage class",
        });
    }
    let now = x.service.context.clock.now();
    let until = until(now, days);
    let (place, which, seen) = (x.place.clone(), x.version, object.data.clone());
    x.transact(move |tx| {
        versions::change(tx, &place, which, |object| {
            if object.data != seen {
                return Err(Error::Changed);
            }
            object.restored_until = Some(until);
            Ok(())
        })
    })
    .await?;
    let mut response = empty(match object.is_restored(now) {
        true => StatusCode::OK,
        false => StatusCode::ACCEPTED,
    });
    set_version(&mut response, x.bucket()?.version_shown(object.version).as_deref());
    Ok(response)
}

/// For how many days.
fn check(asked: &RestoreRequest, class: StorageClass) -> Result<u32, Error> {
    if asked.kind.is_some() || asked.select_parameters.is_some() || asked.output_location.is_some() {
        return Err(Error::NotImplemented("RestoreObject with a SELECT".into()));
    }
    let parameters = asked.glacier_job_parameters.as_ref().map(|parameters| &parameters.tier);
    let tier = parameters.or(asked.tier.as_ref()).map_or("Standard", String::as_str);
    match (tier, class) {
        ("Expedited", StorageClass::DeepArchive) => {
            return Err(Error::argument(
                "Tier",
                tier,
                "Retrieval option is not supported by this storage class",
            ));
        }
        ("Standard" | "Bulk" | "Expedited", _) => {}
        _ => return Err(Error::MalformedXml(format!("Tier {tier}"))),
    }
    match asked.days {
        Some(days @ 1..=MAX_DAYS) => Ok(days),
        Some(days) => {
            Err(Error::argument("Days", &days.to_string(), "Number of days must be a positive integer"))
        }
        None => Err(Error::MalformedXml("no Days".into())),
    }
}

/// The midnight (UTC) after so many days.
fn until(now: Timestamp, days: u32) -> Timestamp {
    let end = now.checked_add(SignedDuration::from_secs(i64::from(days) * DAY_S)).unwrap_or(Timestamp::MAX);
    let midnight = (end.as_second() / DAY_S + 1).saturating_mul(DAY_S);
    Timestamp::from_second(midnight).unwrap_or(Timestamp::MAX)
}

/// Tells in the reply to GET and HEAD that an archived object is there for a while.
pub fn tell(x: &Exchange, object: &Object, response: &mut Response) {
    if let Some(until) = object.restored_until.filter(|_| object.is_restored(x.service.context.clock.now())) {
        let text = format!("ongoing-request=\"false\", expiry-date=\"{}\"", http_date(until));
        set_named(response, "x-amz-restore", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_stays_to_the_midnight_after_the_days_asked_for() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(until(at("2026-01-02T03:04:05Z"), 1), at("2026-01-04T00:00:00Z"));
        assert_eq!(until(at("2026-01-02T00:00:00Z"), 3), at("2026-01-06T00:00:00Z"));
        let _ = until(at("2026-01-02T00:00:00Z"), MAX_DAYS);
    }
}
