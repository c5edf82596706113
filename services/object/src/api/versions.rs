//! Versioning of buckets: switching it on and off, and lists of versions.

use api_spec::ErrorCode;
use api_spec::s3::list::CommonPrefix;
use api_spec::s3::versioning::{
    DeleteMarkerEntry, ListVersionsResult, VersionEntry, VersioningConfiguration,
};
use axum::body::Body;
use axum::response::Response;

use super::bucket::change;
use super::exchange::Exchange;
use super::list::{Asked, owner_of, sum_of};
use super::reply::{document, ok, quoted};
use super::small_body;
use crate::domain::object::Object;
use crate::domain::version::{Marker, NULL, Version, Versioning, Which};
use crate::error::Error;
use crate::store::list::{Entry, Walk};
use crate::store::version_list::{self, Listed};

/// Answers GetBucketVersioning.
pub fn get(x: &Exchange) -> Result<Response, Error> {
    let status = x.bucket()?.versioning.map(|versioning| versioning.as_str().to_owned());
    document("VersioningConfiguration", &VersioningConfiguration { status, mfa_delete: None })
}

/// Answers PutBucketVersioning.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let asked: VersioningConfiguration = small_body::document(x, body, "VersioningConfiguration").await?;
    match asked.mfa_delete.as_deref() {
        None | Some("Disabled") => {}
        Some("Enabled") => return Err(Error::NotImplemented("MfaDelete".into())),
        Some(other) => return Err(Error::MalformedXml(format!("MfaDelete {other}"))),
    }
    let versioning = match asked.status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        Some(other) => return Err(Error::MalformedXml(format!("Status {other}"))),
        None => {
            return Err(Error::Refused {
                code: ErrorCode::IllegalVersioningConfiguration,
                message: "The Versioning element must be specified",
            });
        }
    };
    change(x, move |bucket| {
        if bucket.lock.is_some() && versioning == Versioning::Suspended {
            return Err(Error::Refused {
                code: ErrorCode::InvalidBucketState,
                message: "An Object Lock configuration is present on this bucket, so the versioning state cannot \
                          be changed.",
            });
        }
        bucket.versioning = Some(versioning);
        Ok(())
    })
    .await?;
    Ok(ok())
}

/// Answers ListObjectVersions.
pub fn list(x: &Exchange) -> Result<Response, Error> {
    let asked = Asked::of(x, "max-keys")?;
    let marker = x.query.get("key-marker").unwrap_or_default().to_owned();
    let version_marker = x.query.get("version-id-marker").unwrap_or_default().to_owned();
    if marker.is_empty() && !version_marker.is_empty() {
        return Err(Error::argument(
            "version-id-marker",
            &version_marker,
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let walk = Walk {
        prefix: asked.prefix.clone(),
        delimiter: asked.delimiter.clone(),
        after: Some(marker.clone()).filter(|marker| !marker.is_empty()),
        limit: asked.limit as usize,
    };
    let behind = match version_marker.as_str() {
        "" => None,
        text => Some(
            Which::of(text)
                .ok_or_else(|| Error::argument("version-id-marker", text, "Invalid version id specified"))?,
        ),
    };
    let found = version_list::run(&walk, &x.snapshot()?, &x.place.bucket, behind)?;
    let mut result = ListVersionsResult {
        name: x.place.bucket.clone(),
        prefix: asked.show(&asked.prefix),
        key_marker: asked.show(&marker),
        version_id_marker: version_marker,
        max_keys: asked.limit,
        delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
        is_truncated: found.truncated,
        encoding_type: asked.encoding(),
        ..ListVersionsResult::default()
    };
    if let Some(last) = found.entries.last().filter(|_| found.truncated) {
        result.next_key_marker = Some(asked.show(last.name()));
        result.next_version_id_marker = match last {
            Entry::Row(_, listed) => Some(Which::from(listed.version.id()).to_string()),
            // AWS's clients pass both markers on; behind a folded prefix this one says nothing
            Entry::Folded(_) => Some(NULL.to_owned()),
        };
    }
    for entry in found.entries {
        match entry {
            Entry::Row(key, Listed { version: Version::Object(object), latest }) => {
                result.push_version(version(&asked, &key, object, latest));
            }
            Entry::Row(key, Listed { version: Version::Marker(marker), latest }) => {
                result.push_delete_marker(delete_marker(&asked, &key, marker, latest));
            }
            Entry::Folded(prefix) => {
                result.common_prefixes.push(CommonPrefix { prefix: asked.show(&prefix) });
            }
        }
    }
    document("ListVersionsResult", &result)
}

fn version(asked: &Asked, key: &str, object: Object, latest: bool) -> VersionEntry {
    let (algorithm, kind) = sum_of(&object);
    VersionEntry {
        key: asked.show(key),
        version_id: Which::from(object.version).to_string(),
        is_latest: latest,
        last_modified: object.modified.into(),
        etag: quoted(&object.etag),
        checksum_algorithm: algorithm,
        checksum_type: kind,
        size: object.size,
        owner: Some(owner_of(asked.owner_shown(&object.owner))),
        storage_class: object.class.as_str().into(),
    }
}

fn delete_marker(asked: &Asked, key: &str, marker: Marker, latest: bool) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: asked.show(key),
        version_id: Which::from(marker.version).to_string(),
        is_latest: latest,
        last_modified: marker.modified.into(),
        owner: Some(owner_of(asked.owner_shown(&marker.owner))),
    }
}
