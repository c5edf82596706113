//! Tags of buckets and objects: put, shown, taken away; and the tags that a request brings, which are read before the
//! decision about it, because policies may ask for them.

use api_spec::ErrorCode;
use api_spec::s3::bucket::CreateBucketConfiguration;
use api_spec::s3::tagging::{Tag, TagResourceRequest, TagSet, Tagging};
use auth::policy::Context;
use axum::body::Body;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::bucket::change;
use super::exchange::Exchange;
use super::get::existing;
use super::query::form_pairs;
use super::reply::{document, no_content, ok, set_version};
use super::route::Operation;
use super::small_body;
use crate::domain::object::Object;
use crate::domain::tag::{self, Tags};
use crate::error::Error;
use crate::store::versions;

/// The header that brings tags with an object.
pub const HEADER: &str = "x-amz-tagging";

/// Reads the tags that a request brings in its body or its header.
///
/// # Errors
/// Of the body, and `InvalidTag`, `BadRequest` or `InvalidArgument` for tags that cannot be.
pub async fn brought(x: &Exchange, body: &mut Option<Body>) -> Result<Option<Tags>, Error> {
    match x.operation {
        Operation::PutObjectTagging => {
            let tags = pairs(small_body::document::<Tagging>(x, body, "Tagging").await?.tag_set)?;
            tag::few_for_an_object(&tags)?;
            Ok(Some(tags))
        }
        Operation::PutBucketTagging => {
            let tags = pairs(small_body::document::<Tagging>(x, body, "Tagging").await?.tag_set)?;
            tag::few_for_a_bucket(&tags)?;
            Ok(Some(tags))
        }
        Operation::TagResource => {
            let asked: TagResourceRequest = small_body::document(x, body, "TagResourceRequest").await?;
            pairs(asked.tags).map(Some)
        }
        Operation::PostObject => match x.form.as_ref().and_then(|form| form.field("tagging")) {
            Some(document) => of_document(document.as_bytes()).map(Some),
            None => x.header(HEADER).map(of_header).transpose(),
        },
        Operation::PutObject | Operation::CopyObject | Operation::CreateMultipartUpload => {
            x.header(HEADER).map(of_header).transpose()
        }
        _ => Ok(None),
    }
}

/// The tags of a `CreateBucketConfiguration`.
pub fn of_new_bucket(asked: &CreateBucketConfiguration) -> Result<Option<Tags>, Error> {
    let Some(set) = &asked.tags else { return Ok(None) };
    let tags = pairs(set.clone())?;
    tag::few_for_a_bucket(&tags)?;
    Ok(Some(tags).filter(|tags| !tags.is_empty()))
}

fn pairs(set: TagSet) -> Result<Tags, Error> {
    tag::checked(set.tags.into_iter().map(|tag| (tag.key, tag.value)))
}

/// `key=value&key=value`, percent-encoded.
fn of_header(text: &str) -> Result<Tags, Error> {
    let invalid = || {
        Error::argument(
            HEADER,
            text,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag \
             name duplicates.",
        )
    };
    let pairs = form_pairs(text).map_err(|_| invalid())?;
    let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|two| two[0] == two[1]) {
        return Err(invalid());
    }
    let tags = tag::checked(pairs)?;
    tag::few_for_an_object(&tags)?;
    Ok(tags)
}

/// Tags given as the document of a form's field.
pub fn of_document(bytes: &[u8]) -> Result<Tags, Error> {
    let tags = pairs(parsed::<Tagging>(bytes, "Tagging")?.tag_set)?;
    tag::few_for_an_object(&tags)?;
    Ok(tags)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8], root: &str) -> Result<T, Error> {
    api_spec::s3::read(bytes, root).map_err(|error| Error::MalformedXml(error.0))
}

/// Adds the condition keys that are about tags: those that the request brings, and those that the object has.
pub fn add_keys(x: &Exchange, action: &str, object: Option<&Object>, keys: &mut Context) {
    let brought = || x.tags.iter().flatten();
    match action {
        "s3:PutObject" | "s3:PutObjectTagging" | "s3:PutObjectVersionTagging" => {
            keys.insert_tags("s3:RequestObjectTag", brought());
            if x.tags.is_some() {
                keys.insert_many("s3:RequestObjectTagKeys", brought().map(|(key, _)| key.as_str()));
            }
        }
        "s3:CreateBucket" | "s3:PutBucketTagging" | "s3:TagResource" => {
            let tags: Vec<_> = brought().map(|(key, value)| (key.clone(), value.clone())).collect();
            if !tags.is_empty() {
                keys.insert_request_tags(&tags);
            }
        }
        "s3:UntagResource" => {
            keys.insert_many("aws:TagKeys", super::control::tag_keys(x));
        }
        _ => {}
    }
    const OF_OBJECTS: [&str; 14] = [
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:GetObjectAcl",
        "s3:GetObjectVersionAcl",
        "s3:PutObjectAcl",
        "s3:PutObjectVersionAcl",
        "s3:GetObjectTagging",
        "s3:GetObjectVersionTagging",
        "s3:PutObjectTagging",
        "s3:PutObjectVersionTagging",
        "s3:DeleteObjectTagging",
        "s3:DeleteObjectVersionTagging",
        "s3:GetObjectAttributes",
        "s3:GetObjectVersionAttributes",
    ];
    if let Some(object) = object.filter(|_| OF_OBJECTS.contains(&action)) {
        keys.insert_tags("s3:ExistingObjectTag", &object.tags);
    }
}

/// Tags as S3 writes them.
pub fn set_of(tags: &Tags) -> TagSet {
    let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
    TagSet { tags: tags.iter().map(tag).collect() }
}

/// Answers GetBucketTagging.
pub fn get_bucket(x: &Exchange) -> Result<Response, Error> {
    let tags = &x.bucket()?.tags;
    if tags.is_empty() {
        return Err(Error::NotConfigured {
            code: ErrorCode::NoSuchTagSet,
            message: "The TagSet does not exist",
            bucket: x.place.bucket.clone(),
        });
    }
    document("Tagging", &Tagging { tag_set: set_of(tags) })
}

/// Answers PutBucketTagging.
pub async fn put_bucket(x: &Exchange) -> Result<Response, Error> {
    let tags = x.tags.clone().unwrap_or_default();
    change(x, move |bucket| {
        bucket.tags.clone_from(&tags);
        Ok(())
    })
    .await?;
    Ok(no_content())
}

/// Answers DeleteBucketTagging.
pub async fn delete_bucket(x: &Exchange) -> Result<Response, Error> {
    change(x, |bucket| {
        bucket.tags.clear();
        Ok(())
    })
    .await?;
    Ok(no_content())
}

/// Answers GetObjectTagging.
pub async fn get_object(x: &Exchange) -> Result<Response, Error> {
    let object = existing(x).await?;
    let response = document("Tagging", &Tagging { tag_set: set_of(&object.tags) })?;
    of_version(x, object, response)
}

/// Answers PutObjectTagging.
pub async fn put_object(x: &Exchange) -> Result<Response, Error> {
    let object = replace(x, x.tags.clone().unwrap_or_default()).await?;
    of_version(x, object, ok())
}

/// Answers DeleteObjectTagging.
pub async fn delete_object(x: &Exchange) -> Result<Response, Error> {
    let object = replace(x, Tags::new()).await?;
    of_version(x, object, no_content())
}

fn of_version(x: &Exchange, object: &Object, mut response: Response) -> Result<Response, Error> {
    set_version(&mut response, x.bucket()?.version_shown(object.version).as_deref());
    Ok(response)
}

async fn replace(x: &Exchange, tags: Tags) -> Result<&Object, Error> {
    let object = existing(x).await?;
    let (place, which, seen) = (x.place.clone(), x.version, object.data.clone());
    x.transact(move |tx| {
        versions::change(tx, &place, which, |object| {
            if object.data != seen {
                return Err(Error::Changed);
            }
            object.tags.clone_from(&tags);
            Ok(())
        })
    })
    .await?;
    Ok(object)
}
