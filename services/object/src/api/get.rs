//! GetObject and HeadObject.

use axum::http::{StatusCode, header};
use axum::response::Response;
use store::Read;

use super::access::{Resource, may};
use super::conditions::{OF_OBJECT, Verdict, of_read};
use super::encryption;
use super::exchange::Exchange;
use super::headers::{checksum, describe, part_checksum};
use super::lifecycle::tell_expiry;
use super::lock;
use super::reply::{empty, http_date, quoted, set, set_named, set_version};
use super::route::Operation;
use super::sealed::{check_key, open_for};
use super::{range, restore};
use crate::data::cipher::ContentKey;
use crate::data::read::Content;
use crate::domain::checksum::{Checksum, Kind};
use crate::domain::object::{Manifest, Object};
use crate::domain::version::Which;
use crate::error::Error;
use crate::service::Stretch;
use crate::store::MANIFESTS;
use crate::store::versions::find_object;

/// An object that keeps being replaced while it is looked up is looked up again so often.
const MAX_TRIES: u32 = 8;

/// The object that a request is about.
///
/// # Errors
/// `NoSuchKey` or `NoSuchVersion`, or `AccessDenied` for who may not know which keys there are; `MethodNotAllowed`
/// where the version named is a delete marker.
pub async fn existing(x: &Exchange) -> Result<&Object, Error> {
    if let Some(object) = &x.object {
        return Ok(object);
    }
    let bucket = x.bucket()?;
    let name = &x.place.bucket;
    match (&x.marker, x.version) {
        (Some(marker), Some(which)) => Err(Error::VersionIsMarker {
            method: if x.operation == Operation::HeadObject { "HEAD" } else { "GET" }.into(),
            version: which.to_string(),
            modified: marker.modified,
        }),
        (None, Some(which)) => {
            let resource = Resource { name, bucket, key: "", object: None };
            may(x, "s3:ListBucketVersions", &resource).await?;
            Err(Error::NoSuchVersion { key: x.place.key.clone(), version: which.to_string() })
        }
        (Some(marker), None) => match missing(x, name, bucket, &x.place.key).await {
            Error::NoSuchKey(key) => {
                Err(Error::DeletedKey { key, version: Which::from(marker.version).to_string() })
            }
            error => Err(error),
        },
        (None, None) => Err(missing(x, name, bucket, &x.place.key).await),
    }
}

/// Why a key that is not there cannot be read.
pub async fn missing(x: &Exchange, name: &str, bucket: &crate::domain::bucket::Bucket, key: &str) -> Error {
    let resource = Resource { name, bucket, key: "", object: None };
    match may(x, "s3:ListBucket", &resource).await {
        Ok(_) => Error::NoSuchKey(key.to_owned()),
        Err(error) => error,
    }
}

/// Answers GET and HEAD.
pub async fn get(x: &Exchange) -> Result<Response, Error> {
    let mut object = existing(x).await?.clone();
    encryption::refuse_method(&x.headers)?;
    let customer = encryption::customer(x)?;
    let overrides = overrides(x)?;
    let lock = lock::visible(x, &object).await?;
    let mut snapshot = x.snapshot()?;
    for _ in 0..MAX_TRIES {
        let key = match x.operation {
            Operation::HeadObject => {
                check_key(&x.place, object.encryption.as_ref(), customer.as_ref())?;
                None
            }
            _ => open_for(x, &x.place, object.encryption.as_ref(), customer.as_ref()).await?,
        };
        match answer(x, &snapshot, &object, key.as_ref()) {
            Err(Error::Changed) => {
                snapshot = x.service.store.snapshot()?;
                object = find_object(&snapshot, x.bucket()?, &x.place, x.version)?
                    .ok_or_else(|| Error::NoSuchKey(x.place.key.clone()))?;
            }
            Ok(mut response) => {
                lock::describe(&mut response, &lock);
                if x.version.is_none() {
                    tell_expiry(x, &mut response, &object)?;
                }
                set_version(&mut response, x.bucket()?.version_shown(object.version).as_deref());
                count_tags(x, &object, &mut response).await;
                restore::tell(x, &object, &mut response);
                for (name, value) in overrides {
                    set_named(&mut response, name, value);
                }
                return Ok(response);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Internal(format!(
        "{}/{} cannot be opened: its content is missing",
        x.place.bucket, x.place.key
    )))
}

/// How many tags there are is told to those who may read them.
async fn count_tags(x: &Exchange, object: &Object, response: &mut Response) {
    let Ok(bucket) = x.bucket() else { return };
    let resource = Resource { name: &x.place.bucket, bucket, key: &x.place.key, object: Some(object) };
    let action = match x.version {
        Some(_) => "s3:GetObjectVersionTagging",
        None => "s3:GetObjectTagging",
    };
    if !object.tags.is_empty() && may(x, action, &resource).await.is_ok() {
        set_named(response, "x-amz-tagging-count", object.tags.len().to_string());
    }
}

fn answer(
    x: &Exchange,
    snapshot: &store::Snapshot,
    object: &Object,
    key: Option<&ContentKey>,
) -> Result<Response, Error> {
    match of_read(&x.headers, &OF_OBJECT, object) {
        Verdict::Holds => {}
        Verdict::Failed(condition) => return Err(Error::PreconditionFailed(condition)),
        Verdict::NotModified => {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            set(&mut response, header::ETAG, quoted(&object.etag));
            set(&mut response, header::LAST_MODIFIED, http_date(object.modified));
            return Ok(response);
        }
    }
    if x.operation != Operation::HeadObject {
        object.check_readable(x.service.context.clock.now())?;
    }
    let Asked { stretch, parts, sum } = asked(x, snapshot, object)?;
    let asked = stretch.unwrap_or(Stretch::whole(object.size));
    let mut response = match x.operation {
        Operation::HeadObject => empty(StatusCode::OK),
        _ => Response::new(x.service.open(snapshot, object, asked, key).map(Content::into_body)?),
    };
    describe(&mut response, object);
    set(&mut response, header::CONTENT_LENGTH, asked.length.to_string());
    if let Some(Stretch { offset, length }) = stretch {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = (offset + length).saturating_sub(1);
        set(&mut response, header::CONTENT_RANGE, format!("bytes {offset}-{last}/{}", object.size));
    }
    if let Some(parts) = parts {
        set_named(&mut response, "x-amz-mp-parts-count", parts.to_string());
    }
    match sum {
        Some(sum) => part_checksum(&mut response, object, &sum),
        None if asked == Stretch::whole(object.size) && wants_checksum(x) => checksum(&mut response, object),
        None => {}
    }
    Ok(response)
}

fn wants_checksum(x: &Exchange) -> bool {
    x.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled"))
}

/// What is wanted of the object.
#[derive(Default)]
struct Asked {
    /// None for all of it.
    stretch: Option<Stretch>,
    /// How many parts it has, if it was asked by part.
    parts: Option<usize>,
    /// The checksum of the part that is exactly what is wanted, if that is to be told.
    sum: Option<Checksum>,
}

fn asked(x: &Exchange, snapshot: &store::Snapshot, object: &Object) -> Result<Asked, Error> {
    let range = x.header("range");
    let manifest = |id| snapshot.get(&MANIFESTS, &id)?.ok_or(Error::Changed);
    let Some(number) = x.query.number("partNumber")? else {
        let stretch = range.map(|text| range::parse(text, object.size)).transpose()?.flatten();
        let sum = match (object.parts(), stretch) {
            (Some(id), Some(stretch)) if wants_checksum(x) => {
                aligned(&manifest(id)?, stretch).filter(|_| tells_of_parts(object))
            }
            _ => None,
        };
        return Ok(Asked { stretch, parts: None, sum });
    };
    if range.is_some() {
        return Err(Error::InvalidRequest(
            "Cannot specify both Range header and partNumber query parameter".into(),
        ));
    }
    let Some(id) = object.parts() else {
        return match (number, object.size) {
            (1, 0) => Ok(Asked::default()),
            (1, size) => Ok(Asked { stretch: Some(Stretch::whole(size)), ..Asked::default() }),
            _ => Err(Error::InvalidPartNumber),
        };
    };
    let manifest = manifest(id)?;
    let tells = wants_checksum(x) && (tells_of_parts(object) || manifest.parts.len() == 1);
    let mut offset = 0;
    // parts are numbered anew, without the gaps of the upload
    for (index, part) in (1u32..).zip(&manifest.parts) {
        if index == number {
            return Ok(Asked {
                stretch: Some(Stretch { offset, length: part.size }),
                parts: Some(manifest.parts.len()),
                sum: part.checksum.clone().filter(|_| tells),
            });
        }
        offset += part.size;
    }
    Err(Error::InvalidPartNumber)
}

/// Whether the checksums of its parts are told: not where there is one of the whole.
fn tells_of_parts(object: &Object) -> bool {
    object.checksum.as_ref().is_none_or(|sum| sum.kind == Kind::Composite)
}

/// The checksum of the part that a stretch is.
fn aligned(manifest: &Manifest, stretch: Stretch) -> Option<Checksum> {
    let mut offset = 0;
    for part in &manifest.parts {
        if offset == stretch.offset && part.size == stretch.length {
            return part.checksum.clone();
        }
        offset += part.size;
    }
    None
}

/// `response-content-type` and its siblings.
fn overrides(x: &Exchange) -> Result<Vec<(&'static str, String)>, Error> {
    const NAMES: [(&str, &str); 6] = [
        ("response-content-type", "content-type"),
        ("response-content-language", "content-language"),
        ("response-expires", "expires"),
        ("response-cache-control", "cache-control"),
        ("response-content-disposition", "content-disposition"),
        ("response-content-encoding", "content-encoding"),
    ];
    let found: Vec<_> = NAMES
        .into_iter()
        .filter_map(|(parameter, name)| Some((name, x.query.get(parameter)?.to_owned())))
        .collect();
    if !found.is_empty() && x.caller.holder().is_none() {
        return Err(Error::InvalidRequest(
            "Request specific response headers cannot be used for anonymous GET requests.".into(),
        ));
    }
    Ok(found)
}
