//! DeleteObject and DeleteObjects.

use api_spec::ApiError;
use api_spec::s3::object::{Delete, DeleteError, DeleteResult, Deleted, ObjectIdentifier};
use axum::body::Body;
use axum::response::Response;

use super::access::{Resource, may};
use super::conditions::{of_write, unquoted};
use super::exchange::Exchange;
use super::get::check_version;
use super::reply::{document, no_content};
use super::small_body;
use crate::domain::id::DataId;
use crate::domain::names::MAX_KEY_BYTES;
use crate::error::Error;
use crate::store::objects::{Place, WriteIf, delete};

/// The most keys of one request.
const MAX_KEYS: usize = 1000;

/// Answers DeleteObject: what is not there is deleted already.
pub async fn one(x: &Exchange) -> Result<Response, Error> {
    check_version(x)?;
    let condition = of_write(&x.headers)?;
    let place = x.place.clone();
    let freed = x.transact(move |tx| delete(tx, &place, &condition)).await?;
    x.service.free(freed);
    Ok(no_content())
}

/// Answers DeleteObjects: each key by itself, all in one commit.
pub async fn many(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let bucket = x.bucket()?;
    if x.header("x-amz-expected-bucket-owner").is_some_and(|expected| expected != bucket.account) {
        return Err(Error::AccessDenied("the bucket is not owned by the expected account".into()));
    }
    let has_digest = x.headers.keys().any(|name| {
        let name = name.as_str();
        name == "content-md5" || name.starts_with("x-amz-checksum-") || name == "x-amz-trailer"
    });
    if !has_digest {
        return Err(Error::InvalidRequest(
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*".into(),
        ));
    }
    let asked: Delete = small_body::document(x, body, "Delete").await?;
    if asked.objects.is_empty() || asked.objects.len() > MAX_KEYS {
        return Err(Error::MalformedXml(format!("{} keys", asked.objects.len())));
    }
    let (mut result, mut allowed) = (DeleteResult::default(), Vec::new());
    for object in asked.objects {
        match allow(x, &object).await {
            Ok(condition) => allowed.push((object, condition)),
            Err(error) => result.errors.push(failed(object, error)),
        }
    }
    let (deleted, errors, freed) = delete_all(x, allowed).await?;
    x.service.free(freed);
    result.errors.extend(errors);
    if asked.quiet != Some(true) {
        result.deleted = deleted;
    }
    document("DeleteResult", &result)
}

async fn allow(x: &Exchange, object: &ObjectIdentifier) -> Result<WriteIf, Error> {
    if object.key.is_empty() || object.key.len() > MAX_KEY_BYTES {
        return Err(Error::KeyTooLong { size: object.key.len() });
    }
    let action = match &object.version_id {
        None => "s3:DeleteObject",
        Some(_) => "s3:DeleteObjectVersion",
    };
    let resource = Resource { name: &x.place.bucket, bucket: x.bucket()?, key: &object.key, object: None };
    may(x, action, &resource).await?;
    match object.version_id.as_deref() {
        None | Some("null") => {}
        Some(version) => {
            let (key, version) = (object.key.clone(), version.to_owned());
            return Err(Error::NoSuchVersion { key, version });
        }
    }
    Ok(WriteIf { absent: false, etag: object.etag.as_deref().map(|etag| unquoted(etag).to_owned()) })
}

fn failed(object: ObjectIdentifier, error: Error) -> DeleteError {
    let error = ApiError::from(error);
    DeleteError {
        key: object.key,
        version_id: object.version_id,
        code: error.code.as_str().to_owned(),
        message: error.message,
    }
}

type Outcome = (Vec<Deleted>, Vec<DeleteError>, Vec<DataId>);

async fn delete_all(x: &Exchange, allowed: Vec<(ObjectIdentifier, WriteIf)>) -> Result<Outcome, Error> {
    let bucket = x.place.bucket.clone();
    x.transact(move |tx| {
        let (mut deleted, mut errors, mut freed) = (Vec::new(), Vec::new(), Vec::new());
        for (object, condition) in &allowed {
            let place = Place { bucket: bucket.clone(), key: object.key.clone() };
            match delete(tx, &place, condition) {
                Ok(more) => {
                    freed.extend(more);
                    let ObjectIdentifier { key, version_id, .. } = object.clone();
                    deleted.push(Deleted { key, version_id });
                }
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(error) => errors.push(failed(object.clone(), error)),
            }
        }
        Ok((deleted, errors, freed))
    })
    .await
}
