//! The internal call by which another service reads an object for one of its callers: decided by the same rules as
//! that caller's own GetObject.

use std::sync::Arc;

use api_spec::{ApiError, ErrorCode};
use axum::body::Bytes;
use axum::http::header;
use axum::response::Response;
use calls::identity::ResolveCredential;
use calls::object::ReadObject;
use kit::Caller;
use kit::credentials::NoHolder;
use kit::request::Origin;

use super::access;
use super::exchange::Exchange;
use super::get::existing;
use super::reply::set;
use super::sealed::open_for;
use crate::data::read::Content;
use crate::domain::names::is_bucket_name;
use crate::error::Error;
use crate::service::{Service, Stretch};
use crate::store::objects::Place;

/// Answers the call.
pub async fn answer(service: Arc<Service>, body: Bytes) -> Response {
    match read(service, &body).await {
        Ok(response) => response,
        Err(error) => kit::internal::fail(error.into()),
    }
}

async fn read(service: Arc<Service>, body: &[u8]) -> Result<Response, Error> {
    let call: ReadObject = serde_json::from_slice(body)
        .map_err(|error| Error::Internal(format!("unreadable {}: {error}", ReadObject::PATH)))?;
    let caller = caller(&service, &call).await?;
    if !is_bucket_name(&call.bucket) {
        return Err(Error::InvalidBucketName(call.bucket));
    }
    let place = Place { bucket: call.bucket, key: call.key };
    for _ in 0..8 {
        let x = Exchange::of_call(Arc::clone(&service), caller.clone(), place.clone())?;
        access::check(&x).await?;
        let object = existing(&x).await?;
        object.check_readable(service.context.clock.now())?;
        let offset = call.offset;
        let length = object
            .size
            .checked_sub(offset)
            .ok_or(Error::InvalidRange { asked: format!("bytes={offset}-"), size: object.size })?;
        let key = open_for(&x, &x.place, object.encryption.as_ref(), None).await?;
        match service.open(&x.snapshot()?, object, Stretch { offset, length }, key.as_ref()) {
            Err(Error::Changed) => {}
            content => {
                let mut response = Response::new(content.map(Content::into_body)?);
                set(&mut response, header::CONTENT_LENGTH, length.to_string());
                set(&mut response, header::ETAG, super::reply::quoted(&object.etag));
                return Ok(response);
            }
        }
    }
    Err(Error::Changed)
}

/// The caller by its key. Its signature was verified by the service that calls.
async fn caller(service: &Service, call: &ReadObject) -> Result<Caller, Error> {
    let now = service.context.clock.now();
    let question = ResolveCredential {
        access_key_id: call.access_key_id.clone(),
        session_token: call.session_token.clone(),
        date: now.strftime("%Y%m%d").to_string(),
        region: service.context.common.region.clone(),
        service: "s3".into(),
    };
    let holder = service.context.credentials.ask(question).await.map_err(|why| match why {
        NoHolder::Failed(error) => error,
        NoHolder::Expired => ApiError::new(ErrorCode::ExpiredToken, "The provided token has expired."),
        NoHolder::InvalidToken => {
            ApiError::new(ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid.")
        }
        NoHolder::Unknown | NoHolder::Inactive => ApiError::new(
            ErrorCode::InvalidAccessKeyId,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    })?;
    let origin = Origin {
        request_id: kit::request::new_request_id(),
        secure: true,
        user_agent: "murus".into(),
        ..Origin::default()
    };
    Ok(Caller::on_behalf(holder, origin, now))
}
