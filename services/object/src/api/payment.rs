//! Who pays for requests, and acceleration. Nobody is charged here, but a bucket whose requesters are to pay answers
//! only those who say that they would.

use api_spec::s3::configuration::{AccelerateConfiguration, RequestPaymentConfiguration};
use axum::body::Body;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::reply::{document, ok, set_named};
use super::small_body;
use crate::error::Error;

const HEADER: &str = "x-amz-request-payer";

/// Answers GetBucketRequestPayment.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let payer = if x.bucket()?.requester_pays { "Requester" } else { "BucketOwner" };
    document("RequestPaymentConfiguration", &RequestPaymentConfiguration { payer: payer.into() })
}

/// Answers PutBucketRequestPayment.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: RequestPaymentConfiguration =
        small_body::document(x, body, "RequestPaymentConfiguration").await?;
    let requester_pays = match asked.payer.trim() {
        "Requester" => true,
        "BucketOwner" => false,
        other => return Err(Error::MalformedXml(format!("Payer {other}"))),
    };
    change(x, move |bucket| {
        bucket.requester_pays = requester_pays;
        Ok(())
    })
    .await?;
    Ok(ok())
}

/// Whether this request is one that its sender pays.
fn is_charged(x: &Exchange) -> bool {
    x.bucket().is_ok_and(|bucket| bucket.requester_pays && bucket.account != x.caller.account_id())
}

/// Refuses those who would have to pay and do not say that they will; nobody can send a bill to the anonymous.
pub fn check(x: &Exchange) -> Result<(), Error> {
    if !is_charged(x) {
        return Ok(());
    }
    let said = x.header(HEADER).or_else(|| x.query.get(HEADER));
    match x.caller.holder().is_some() && said == Some("requester") {
        true => Ok(()),
        false => Err(Error::AccessDenied("the requester has to pay and did not agree to".into())),
    }
}

/// Tells a requester that the request was at its charge.
pub fn tell(x: &Exchange, response: &mut Response) {
    if is_charged(x) {
        set_named(response, "x-amz-request-charged", "requester");
    }
}

/// Answers GetBucketAccelerateConfiguration.
pub fn get_acceleration(x: &Exchange) -> Result<Response, Error> {
    let status = x.bucket()?.acceleration_suspended.then(|| "Suspended".to_owned());
    document("AccelerateConfiguration", &AccelerateConfiguration { status })
}

/// Answers PutBucketAccelerateConfiguration: there is no edge network that would accelerate anything.
pub async fn put_acceleration(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: AccelerateConfiguration = small_body::document(x, body, "AccelerateConfiguration").await?;
    if x.place.bucket.contains('.') {
        return Err(Error::InvalidRequest(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names".into(),
        ));
    }
    match asked.status.as_deref() {
        Some("Suspended") => {}
        Some("Enabled") => return Err(Error::NotImplemented("Transfer Acceleration".into())),
        other => return Err(Error::MalformedXml(format!("Status {}", other.unwrap_or_default()))),
    }
    change(x, |bucket| {
        bucket.acceleration_suspended = true;
        Ok(())
    })
    .await?;
    Ok(ok())
}
