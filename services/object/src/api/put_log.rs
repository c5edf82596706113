//! Log files that services of this cloud put into buckets, each decided by the bucket's policy like the request of any
//! stranger: the audit trail's by `cloudtrail.amazonaws.com`, access logs by `logging.s3.amazonaws.com`.

use std::sync::Arc;

use api_spec::ApiError;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::Done;
use calls::object::PutLog;
use kit::Caller;
use kit::request::{Origin, new_request_id};

use super::exchange::Exchange;
use super::header_map::Headers;
use super::headers::GRANT_HEADERS;
use super::{access, access_log, put, trail};
use crate::domain::acl::{ALL_USERS, AUTHENTICATED_USERS, Grant, Grantee, LOG_DELIVERY, Permission};
use crate::domain::logging::{Logging, Stream};
use crate::domain::names::is_bucket_name;
use crate::error::Error;
use crate::service::Service;
use crate::store::objects::Place;

/// Who puts the audit trail.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";
/// Who puts access logs.
pub const LOGGING: &str = "logging.s3.amazonaws.com";

/// Answers the call that puts a file of the audit trail.
///
/// # Errors
/// `AccessDenied` when the bucket's policy does not allow it, and those of PutObject.
pub async fn answer(service: Arc<Service>, call: PutLog) -> Result<Done, Error> {
    let content = STANDARD.decode(&call.content).map_err(|error| Error::Internal(error.to_string()))?;
    if !is_bucket_name(&call.bucket) {
        return Err(Error::InvalidBucketName(call.bucket));
    }
    let mut headers = Headers::default();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    to_bucket_owner(&mut headers);
    let place = Place { bucket: call.bucket, key: call.key };
    let x = exchange(service, CLOUDTRAIL, place, headers)?;
    let result = run(x, content).await;
    result.inspect_err(|error| tracing::warn!(%error, "the audit trail cannot be delivered"))?;
    Ok(Done {})
}

/// Puts a log object for a stream of access logs.
///
/// # Errors
/// As the audit trail's, and `InvalidLogTarget` for a bucket that has become somebody else's.
pub async fn deliver(
    service: Arc<Service>,
    stream: &Stream,
    key: String,
    lines: &str,
) -> Result<(), ApiError> {
    let x = for_stream(service, &stream.source, &stream.account, &stream.logging, key)?;
    run(x, lines.as_bytes().to_vec()).await
}

/// Whether the bucket that access logs are to go to lets them in now.
pub async fn may_deliver(x: &Exchange, logging: &Logging) -> bool {
    let Ok(bucket) = x.bucket() else { return false };
    let key = format!("{}0000", logging.prefix);
    let probe = for_stream(Arc::clone(&x.service), &x.place.bucket, &bucket.account, logging, key);
    match probe {
        Ok(probe) => access::check(&probe).await.is_ok(),
        Err(_) => false,
    }
}

fn for_stream(
    service: Arc<Service>,
    source: &str,
    account: &str,
    logging: &Logging,
    key: String,
) -> Result<Exchange, Error> {
    let mut headers = Headers::default();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    let place = Place { bucket: logging.bucket.clone(), key };
    let mut x = exchange(service, LOGGING, place, headers)?;
    let (owner, acls) = {
        let bucket = x.bucket()?;
        if bucket.account != account {
            return Err(Error::InvalidLogTarget(logging.bucket.clone()));
        }
        (bucket.owner.clone(), bucket.acls_enabled())
    };
    match acls && !logging.grants.is_empty() {
        true => grant_to(&mut x.headers, &owner, &logging.grants)?,
        false => to_bucket_owner(&mut x.headers),
    }
    x.keys.push(("aws:SourceArn", format!("arn:aws:s3:::{source}")));
    x.keys.push(("aws:SourceAccount", account.to_owned()));
    Ok(x)
}

/// As AWS's services do, whatever the bucket's ownership: policies may ask for it.
fn to_bucket_owner(headers: &mut Headers) {
    headers
        .insert(HeaderName::from_static("x-amz-acl"), HeaderValue::from_static("bucket-owner-full-control"));
}

/// Grants in place of a canned list: all to the bucket's owner, and what was asked for.
fn grant_to(headers: &mut Headers, owner: &str, grants: &[Grant]) -> Result<(), Error> {
    let owners = Grant { grantee: Grantee::User(owner.to_owned()), permission: Permission::FullControl };
    for (name, permission) in GRANT_HEADERS {
        let all = std::iter::once(&owners).chain(grants);
        let grantees: Vec<String> =
            all.filter(|grant| grant.permission == permission).map(|grant| named(&grant.grantee)).collect();
        if !grantees.is_empty() {
            let value = HeaderValue::from_str(&grantees.join(", "))
                .map_err(|error| Error::Internal(error.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(())
}

fn named(grantee: &Grantee) -> String {
    match grantee {
        Grantee::User(id) => format!("id=\"{id}\""),
        Grantee::AllUsers => format!("uri=\"{ALL_USERS}\""),
        Grantee::AuthenticatedUsers => format!("uri=\"{AUTHENTICATED_USERS}\""),
        Grantee::LogDelivery => format!("uri=\"{LOG_DELIVERY}\""),
    }
}

fn exchange(
    service: Arc<Service>,
    name: &'static str,
    place: Place,
    headers: Headers,
) -> Result<Exchange, Error> {
    let origin =
        Origin { request_id: new_request_id(), secure: true, user_agent: name.into(), ..Origin::default() };
    let caller = Caller::service(name, origin, service.context.clock.now());
    Exchange::of_put(service, caller, place, headers)
}

async fn run(mut x: Exchange, content: Vec<u8>) -> Result<(), ApiError> {
    let size = content.len();
    x.headers.insert(header::CONTENT_LENGTH, size.into());
    let result = checked(&x, content).await.map_err(ApiError::from);
    trail::finished(&x, result.as_ref().copied());
    access_log::of_service(&x, size, result.as_ref().err().map(|error| error.code));
    result
}

async fn checked(x: &Exchange, content: Vec<u8>) -> Result<(), Error> {
    access::check(x).await?;
    put::put(x, &mut Some(Body::from(content))).await.map(drop)
}
