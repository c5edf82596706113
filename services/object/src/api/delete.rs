//! DeleteObject and DeleteObjects.

use api_spec::ApiError;
use api_spec::s3::object::{Delete, DeleteError, DeleteResult, Deleted, ObjectIdentifier};
use axum::body::Body;
use axum::response::Response;
use store::Tx;

use super::access::{Resource, may};
use super::access_log;
use super::conditions::{of_delete, unquoted};
use super::exchange::Exchange;
use super::lock;
use super::reply::{document, no_content, set_named, set_version};
use super::small_body;
use crate::domain::id::DataId;
use crate::domain::lock::Removal;
use crate::domain::names::MAX_KEY_BYTES;
use crate::domain::version::{Marker, Which};
use crate::error::Error;
use crate::store::objects::{Place, WriteIf, Written, delete, delete_version};
use crate::store::versions::find_object;

/// The most keys of one request.
const MAX_KEYS: usize = 1000;

/// Answers DeleteObject: what is not there is deleted already.
pub async fn one(x: &Exchange) -> Result<Response, Error> {
    let condition = of_delete(&x.headers)?;
    lock::bypass_makes_sense(x)?;
    let removal = lock::removal(x, &x.place.key).await?;
    let (place, which, marker) = (x.place.clone(), x.version, marker(x)?);
    let written = x.transact(move |tx| remove(tx, &place, which, &condition, &marker, removal)).await?;
    x.service.free(written.freed);
    let mut response = no_content();
    set_version(&mut response, written.version.as_deref());
    if written.marker {
        set_named(&mut response, "x-amz-delete-marker", "true");
    }
    Ok(response)
}

/// The marker that a deletion leaves where versions are kept.
fn marker(x: &Exchange) -> Result<Marker, Error> {
    let bucket = x.bucket()?;
    let owner = match (bucket.acls_enabled(), x.caller.canonical_user_id()) {
        (false, _) | (true, "") => bucket.owner.clone(),
        (true, caller) => caller.to_owned(),
    };
    let version = Some(x.service.fresh_version());
    Ok(Marker { version, modified: x.service.context.clock.now(), owner })
}

fn remove(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Option<Which>,
    condition: &WriteIf,
    marker: &Marker,
    removal: Removal,
) -> Result<Written, Error> {
    match which {
        None => delete(tx, place, condition, marker),
        Some(which) => delete_version(tx, place, which, condition, removal),
    }
}

/// Answers DeleteObjects: each key by itself, all in one commit.
pub async fn many(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    lock::bypass_makes_sense(x)?;
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
            Ok(terms) => allowed.push((object, terms)),
            Err(error) => result.errors.push(failed(object, error)),
        }
    }
    let (deleted, errors, freed) = delete_all(x, allowed).await?;
    x.service.free(freed);
    result.errors.extend(errors);
    access_log::deleted(x, &deleted, &result.errors);
    if asked.quiet != Some(true) {
        result.deleted = deleted.into_iter().map(|(one, _)| one).collect();
    }
    document("DeleteResult", &result)
}

/// On what terms a key may be deleted.
struct Terms {
    which: Option<Which>,
    condition: WriteIf,
    removal: Removal,
}

async fn allow(x: &Exchange, object: &ObjectIdentifier) -> Result<Terms, Error> {
    if object.key.is_empty() || object.key.len() > MAX_KEY_BYTES {
        return Err(Error::KeyTooLong { size: object.key.len() });
    }
    let action = match &object.version_id {
        None => "s3:DeleteObject",
        Some(_) => "s3:DeleteObjectVersion",
    };
    let bucket = x.bucket()?;
    let place = Place { bucket: x.place.bucket.clone(), key: object.key.clone() };
    let there = match bucket.acls_enabled() && object.version_id.is_none() {
        true => find_object(&x.snapshot()?, bucket, &place, None)?,
        false => None,
    };
    let resource = Resource { name: &x.place.bucket, bucket, key: &object.key, object: there.as_ref() };
    may(x, action, &resource).await?;
    if object.etag.as_deref().is_some_and(|etag| etag.trim() != "*") {
        may(x, "s3:GetObject", &resource).await?;
    }
    let no_such = |text: &str| Error::NoSuchVersion { key: object.key.clone(), version: text.to_owned() };
    let named = |text: &str| Which::of(text).ok_or_else(|| no_such(text));
    let which = object.version_id.as_deref().map(named).transpose()?;
    // conditions that directory buckets alone have
    if object.last_modified_time.is_some() || object.size.is_some() {
        return Err(Error::NotImplemented("LastModifiedTime and Size of an object to delete".into()));
    }
    let etag = object.etag.as_deref().map(|etag| unquoted(etag).to_owned());
    let condition = WriteIf { etag, ..WriteIf::default() };
    Ok(Terms { which, condition, removal: lock::removal(x, &object.key).await? })
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

/// What is gone and its size, what is not, and files that nothing refers to any more.
type Outcome = (Vec<(Deleted, Option<u64>)>, Vec<DeleteError>, Vec<DataId>);

async fn delete_all(x: &Exchange, allowed: Vec<(ObjectIdentifier, Terms)>) -> Result<Outcome, Error> {
    let (bucket, marker) = (x.place.bucket.clone(), marker(x)?);
    x.transact(move |tx| {
        let (mut gone, mut errors, mut freed) = (Vec::new(), Vec::new(), Vec::new());
        for (object, terms) in &allowed {
            let place = Place { bucket: bucket.clone(), key: object.key.clone() };
            match remove(tx, &place, terms.which, &terms.condition, &marker, terms.removal) {
                Ok(mut written) => {
                    freed.append(&mut written.freed);
                    let size = written.size;
                    gone.push((deleted(object.clone(), written), size));
                }
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(error) => errors.push(failed(object.clone(), error)),
            }
        }
        Ok((gone, errors, freed))
    })
    .await
}

fn deleted(object: ObjectIdentifier, written: Written) -> Deleted {
    let ObjectIdentifier { key, version_id, .. } = object;
    Deleted {
        key,
        version_id,
        delete_marker: written.marker.then_some(true),
        delete_marker_version_id: written.version.filter(|_| written.marker),
    }
}
