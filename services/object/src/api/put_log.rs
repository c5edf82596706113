//! The internal call by which the audit trail's files become objects: a PutObject by `cloudtrail.amazonaws.com`, decided by
//! the bucket's policy like that of any stranger.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::Done;
use calls::object::PutLog;
use kit::Caller;
use kit::request::{Origin, new_request_id};

use super::exchange::Exchange;
use super::{access, put, trail};
use crate::domain::names::is_bucket_name;
use crate::error::Error;
use crate::service::Service;
use crate::store::objects::Place;

/// Who puts.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// Answers the call.
///
/// # Errors
/// `AccessDenied` when the bucket's policy does not allow it, and those of PutObject.
pub async fn answer(service: Arc<Service>, call: PutLog) -> Result<Done, Error> {
    let content = STANDARD.decode(&call.content).map_err(|error| Error::Internal(error.to_string()))?;
    if !is_bucket_name(&call.bucket) {
        return Err(Error::InvalidBucketName(call.bucket));
    }
    let origin = Origin {
        request_id: new_request_id(),
        source_ip: None,
        secure: true,
        tls_version: None,
        user_agent: CLOUDTRAIL.into(),
        referer: None,
    };
    let caller = Caller::service(CLOUDTRAIL, origin, service.context.clock.now());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, content.len().into());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let mut x = Exchange::of_put(service, caller, Place { bucket: call.bucket, key: call.key }, headers)?;
    if x.bucket()?.acls_enabled() {
        // else the object would be nobody's; needs s3:PutObjectAcl, too
        x.headers.insert("x-amz-acl", HeaderValue::from_static("bucket-owner-full-control"));
    }
    let result = run(&x, content).await;
    if let Err(error) = &result {
        tracing::warn!(bucket = x.place.bucket, %error, "the audit trail cannot be delivered");
    }
    let refused = result.map_err(api_spec::ApiError::from);
    trail::finished(&x, refused.as_ref().map(|_| ()));
    refused.map(|()| Done {}).map_err(Error::from)
}

async fn run(x: &Exchange, content: Vec<u8>) -> Result<(), Error> {
    access::check(x).await?;
    put::put(x, &mut Some(Body::from(content))).await.map(drop)
}
