//! Object lock: what a bucket does by default, retention and legal hold of versions, and the headers about them.
//!
//! The document of a retention or a hold is read before it is decided on, because policies may ask what it says.

use api_spec::ErrorCode;
use api_spec::s3::lock::{
    DefaultRetention, LegalHold, ObjectLockConfiguration, ObjectLockRule, Retention as WireRetention,
};
use axum::body::Body;
use axum::response::Response;
use jiff::Timestamp;

use super::access::{Resource, may};
use super::bucket::change;
use super::exchange::Exchange;
use super::get::existing;
use super::reply::{document, iso_date, ok, set_named};
use super::route::Operation;
use super::small_body;
use crate::domain::bucket::Bucket;
use crate::domain::lock::{BucketLock, ByDefault, Lock, Mode, Period, Removal, Retention};
use crate::domain::object::Object;
use crate::domain::version::Versioning;
use crate::error::Error;
use crate::store::versions;

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const HOLD: &str = "x-amz-object-lock-legal-hold";
const BYPASS: &str = "x-amz-bypass-governance-retention";
const MAX_DAYS: i64 = 36_500;
const MAX_YEARS: i64 = 100;

/// Answers GetObjectLockConfiguration.
pub fn get_configuration(x: &Exchange) -> Result<Response, Error> {
    let lock = x.bucket()?.lock.ok_or_else(|| Error::NotConfigured {
        code: ErrorCode::ObjectLockConfigurationNotFound,
        message: "Object Lock configuration does not exist for this bucket",
        bucket: x.place.bucket.clone(),
    })?;
    let shown = |default: ByDefault| {
        let (days, years) = match default.period {
            Period::Days(days) => (Some(days.into()), None),
            Period::Years(years) => (None, Some(years.into())),
        };
        let mode = Some(default.mode.as_str().to_owned());
        ObjectLockRule { default_retention: Some(DefaultRetention { mode, days, years }) }
    };
    document(
        "ObjectLockConfiguration",
        &ObjectLockConfiguration {
            object_lock_enabled: Some("Enabled".into()),
            rule: lock.default.map(shown),
        },
    )
}

/// Answers PutObjectLockConfiguration. What was switched on stays on.
pub async fn put_configuration(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: ObjectLockConfiguration = small_body::document(x, body, "ObjectLockConfiguration").await?;
    if asked.object_lock_enabled.as_deref() != Some("Enabled") {
        return Err(Error::MalformedXml("ObjectLockEnabled is not Enabled".into()));
    }
    let default = asked.rule.map(by_default).transpose()?;
    change(x, move |bucket| {
        if bucket.versioning != Some(Versioning::Enabled) {
            return Err(Error::Refused {
                code: ErrorCode::InvalidBucketState,
                message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            });
        }
        bucket.lock = Some(BucketLock { default });
        Ok(())
    })
    .await?;
    Ok(ok())
}

fn by_default(rule: ObjectLockRule) -> Result<ByDefault, Error> {
    let malformed = |why: &str| Error::MalformedXml(why.to_owned());
    let asked = rule.default_retention.ok_or_else(|| malformed("no DefaultRetention"))?;
    let mode = asked.mode.as_deref().and_then(Mode::of).ok_or_else(|| malformed("unknown Mode"))?;
    let within = |name: &str, number: i64, limit: i64| match number {
        number if number < 1 => Err(Error::argument(
            name,
            &number.to_string(),
            "Default retention period must be a positive integer value.",
        )),
        number if number > limit => {
            Err(Error::argument(name, &number.to_string(), "Default retention period is too large."))
        }
        number => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
    };
    let period = match (asked.days, asked.years) {
        (Some(days), None) => Period::Days(within("Days", days, MAX_DAYS)?),
        (None, Some(years)) => Period::Years(within("Years", years, MAX_YEARS)?),
        _ => return Err(malformed("not exactly one of Days and Years")),
    };
    Ok(ByDefault { mode, period })
}

/// What the headers of a request say about the new version.
///
/// # Errors
/// `InvalidRequest` in a bucket without object lock, `InvalidArgument` for values that cannot be.
pub fn of_headers(x: &Exchange) -> Result<Lock, Error> {
    let (mode, until, hold) = (x.header(MODE), x.header(UNTIL), x.header(HOLD));
    if mode.is_none() && until.is_none() && hold.is_none() {
        return Ok(Lock::default());
    }
    let retention = match (mode, until) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode =
                Mode::of(mode).ok_or_else(|| Error::argument(MODE, mode, "Unknown wormMode directive."))?;
            Some(Retention { mode, until: future(x, UNTIL, until)? })
        }
        (mode, _) => {
            return Err(Error::argument(
                if mode.is_some() { UNTIL } else { MODE },
                "",
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ));
        }
    };
    let hold = hold.map(hold_of_word).transpose()?;
    match x.bucket()?.lock {
        Some(_) => Ok(Lock { retention, hold }),
        // S3 has two spellings of it
        None => Err(Error::InvalidRequest("Bucket is missing ObjectLockConfiguration".into())),
    }
}

fn hold_of_word(word: &str) -> Result<bool, Error> {
    match word {
        "ON" => Ok(true),
        "OFF" => Ok(false),
        other => Err(Error::argument(HOLD, other, "Legal Hold must be either of 'ON' or 'OFF'")),
    }
}

/// A put that locks must prove what it sends.
pub fn needs_digest(x: &Exchange, lock: &Lock) -> Result<(), Error> {
    let proves = x.headers.keys().any(|name| {
        let name = name.as_str();
        name == "content-md5" || name == "x-amz-trailer" || name.starts_with("x-amz-checksum-")
    });
    match lock.is_empty() || proves {
        true => Ok(()),
        false => Err(Error::InvalidRequest(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock \
             parameters"
                .into(),
        )),
    }
}

fn needs_lock(bucket: &Bucket) -> Result<(), Error> {
    match bucket.lock {
        Some(_) => Ok(()),
        None => Err(Error::InvalidRequest("Bucket is missing Object Lock Configuration".into())),
    }
}

fn future(x: &Exchange, name: &str, text: &str) -> Result<Timestamp, Error> {
    let invalid = |why: &str| Error::argument(name, text, why);
    let until: Timestamp = text
        .trim()
        .parse()
        .map_err(|_| invalid("The retain until date must be provided in ISO 8601 format"))?;
    match until > x.service.context.clock.now() {
        true => Ok(until),
        false => Err(invalid("The retain until date must be in the future!")),
    }
}

/// What putting a locked object asks for besides `s3:PutObject`.
pub async fn may_lock(x: &Exchange, resource: &Resource<'_>) -> Result<(), Error> {
    let bare = || Resource { object: None, ..*resource };
    if x.headers.contains_key(MODE) || x.headers.contains_key(UNTIL) {
        may(x, "s3:PutObjectRetention", &bare()).await?;
    }
    if x.headers.contains_key(HOLD) {
        may(x, "s3:PutObjectLegalHold", &bare()).await?;
    }
    Ok(())
}

/// Whether a deletion that names governance, to bypass it or not, is in a bucket that can have any.
///
/// # Errors
/// `InvalidArgument` where there is no object lock.
pub fn bypass_makes_sense(x: &Exchange) -> Result<(), Error> {
    match (x.header(BYPASS), x.bucket()?.lock) {
        (Some(word), None) => Err(Error::argument(
            BYPASS,
            word,
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        )),
        _ => Ok(()),
    }
}

/// Whether the caller asks to bypass governance, and may.
pub async fn bypasses(x: &Exchange, key: &str) -> Result<bool, Error> {
    if !x.header(BYPASS).is_some_and(|on| on.eq_ignore_ascii_case("true")) {
        return Ok(false);
    }
    let resource = Resource { name: &x.place.bucket, bucket: x.bucket()?, key, object: None };
    match may(x, "s3:BypassGovernanceRetention", &resource).await {
        Ok(_) => Ok(true),
        Err(Error::Api(error)) if error.code != ErrorCode::AccessDenied => Err(Error::Api(error)),
        Err(_) => Ok(false),
    }
}

/// The circumstances of removing a version of `key`.
pub async fn removal(x: &Exchange, key: &str) -> Result<Removal, Error> {
    Ok(Removal { now: x.service.context.clock.now(), bypass: bypasses(x, key).await? })
}

/// The keys that policies may ask about a retention.
fn keys_of(retention: &Retention, now: Timestamp) -> Vec<(&'static str, String)> {
    let days = retention.until.duration_since(now).as_secs().div_euclid(86_400);
    vec![
        ("s3:object-lock-mode", retention.mode.as_str().to_owned()),
        ("s3:object-lock-retain-until-date", iso_date(retention.until)),
        ("s3:object-lock-remaining-retention-days", days.to_string()),
    ]
}

/// The same about what the headers of a request say that puts an object; what cannot be is complained of later. Elsewhere they
/// mean nothing, and must not stand for what a document does not say.
pub fn keys_of_headers(x: &Exchange) -> Vec<(&'static str, String)> {
    use Operation as O;
    if !matches!(x.operation, O::PutObject | O::PostObject | O::CopyObject | O::CreateMultipartUpload) {
        return Vec::new();
    }
    let now = x.service.context.clock.now();
    let mode = x.header(MODE).and_then(Mode::of);
    let until = x.header(UNTIL).and_then(|text| text.trim().parse().ok());
    let mut keys = match (mode, until) {
        (Some(mode), Some(until)) => keys_of(&Retention { mode, until }, now),
        _ => Vec::new(),
    };
    keys.extend(x.header(HOLD).map(|word| ("s3:object-lock-legal-hold", word.to_owned())));
    keys
}

/// What the document of PutObjectRetention or PutObjectLegalHold asks for.
#[derive(Clone, Copy)]
pub enum Asked {
    /// This retention, or none any more.
    Retention(Option<Retention>),
    /// Whether there is a hold.
    Hold(bool),
}

/// Reads that document, if the operation has one, and what policies may ask about it.
///
/// # Errors
/// `MalformedXML`, also for no document at all, `InvalidArgument` for a date that has passed.
pub async fn bring(x: &mut Exchange, body: &mut Option<Body>) -> Result<(), Error> {
    let empty = |error| match error {
        Error::MissingRequestBody => Error::MalformedXml("no document".into()),
        other => other,
    };
    let asked = match x.operation {
        Operation::PutObjectRetention => {
            let retention =
                retention_of(x, &small_body::document(x, body, "Retention").await.map_err(empty)?)?;
            let now = x.service.context.clock.now();
            x.keys.extend(retention.iter().flat_map(|retention| keys_of(retention, now)));
            Asked::Retention(retention)
        }
        Operation::PutObjectLegalHold => {
            let asked: LegalHold = small_body::document(x, body, "LegalHold").await.map_err(empty)?;
            x.keys.extend(asked.status.iter().map(|word| ("s3:object-lock-legal-hold", word.clone())));
            Asked::Hold(match asked.status.as_deref() {
                Some("ON") => true,
                Some("OFF") => false,
                _ => return Err(Error::MalformedXml("Status is neither ON nor OFF".into())),
            })
        }
        _ => return Ok(()),
    };
    x.lock = Some(asked);
    Ok(())
}

fn retention_of(x: &Exchange, asked: &WireRetention) -> Result<Option<Retention>, Error> {
    match (asked.mode.as_deref(), asked.retain_until_date.as_deref()) {
        (None, None) => Ok(None),
        (Some(mode), Some(until)) => {
            let mode = Mode::of(mode).ok_or_else(|| Error::MalformedXml(format!("Mode {mode}")))?;
            Ok(Some(Retention { mode, until: future(x, "RetainUntilDate", until)? }))
        }
        _ => Err(Error::MalformedXml("Mode without RetainUntilDate, or the reverse".into())),
    }
}

/// Changes the lock of the version that a request names, if there is one that can be locked.
async fn change_lock<F>(x: &Exchange, change: F) -> Result<Response, Error>
where
    F: Fn(&mut Lock) -> Result<(), Error> + Send + 'static,
{
    needs_lock(x.bucket()?)?;
    existing(x).await?;
    let (place, which) = (x.place.clone(), x.version);
    x.transact(move |tx| versions::change(tx, &place, which, |object| change(&mut object.lock))).await?;
    Ok(ok())
}

/// Answers PutObjectRetention.
pub async fn put_retention(x: &Exchange) -> Result<Response, Error> {
    let Some(Asked::Retention(retention)) = x.lock else { return Err(unread()) };
    let (now, bypass) = (x.service.context.clock.now(), bypasses(x, &x.place.key).await?);
    change_lock(x, move |lock| {
        if lock.retention.is_some_and(|had| !had.may_become(retention, now, bypass)) {
            return Err(Error::Locked);
        }
        lock.retention = retention;
        Ok(())
    })
    .await
}

fn unread() -> Error {
    Error::Internal("a lock whose document was not read".into())
}

/// Answers GetObjectRetention.
pub async fn get_retention(x: &Exchange) -> Result<Response, Error> {
    needs_lock(x.bucket()?)?;
    let retention = existing(x).await?.lock.retention.ok_or_else(no_lock)?;
    document(
        "Retention",
        &WireRetention {
            mode: Some(retention.mode.as_str().to_owned()),
            retain_until_date: Some(iso_date(retention.until)),
        },
    )
}

fn no_lock() -> Error {
    Error::Refused {
        code: ErrorCode::NoSuchObjectLockConfiguration,
        message: "The specified object does not have a ObjectLock configuration",
    }
}

/// Answers PutObjectLegalHold.
pub async fn put_hold(x: &Exchange) -> Result<Response, Error> {
    let Some(Asked::Hold(hold)) = x.lock else { return Err(unread()) };
    change_lock(x, move |lock| {
        lock.hold = Some(hold);
        Ok(())
    })
    .await
}

/// Answers GetObjectLegalHold.
pub async fn get_hold(x: &Exchange) -> Result<Response, Error> {
    needs_lock(x.bucket()?)?;
    let hold = existing(x).await?.lock.hold.ok_or_else(no_lock)?;
    document("LegalHold", &LegalHold { status: Some(word_of(hold).to_owned()) })
}

fn word_of(hold: bool) -> &'static str {
    if hold { "ON" } else { "OFF" }
}

/// As much of a version's lock as the caller may see.
pub async fn visible(x: &Exchange, object: &Object) -> Result<Lock, Error> {
    let mut lock = object.lock;
    let resource =
        Resource { name: &x.place.bucket, bucket: x.bucket()?, key: &x.place.key, object: Some(object) };
    if lock.retention.is_some() && may(x, "s3:GetObjectRetention", &resource).await.is_err() {
        lock.retention = None;
    }
    if lock.hold.is_some() && may(x, "s3:GetObjectLegalHold", &resource).await.is_err() {
        lock.hold = None;
    }
    Ok(lock)
}

/// Writes it into the reply to a GET or HEAD.
pub fn describe(response: &mut Response, lock: &Lock) {
    if let Some(retention) = lock.retention {
        set_named(response, MODE, retention.mode.as_str());
        set_named(response, UNTIL, iso_date(retention.until));
    }
    if let Some(hold) = lock.hold {
        set_named(response, HOLD, word_of(hold));
    }
}
