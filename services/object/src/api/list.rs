//! ListObjects and ListObjectsV2.

use api_spec::s3::Owner;
use api_spec::s3::list::{CommonPrefix, ListBucketResult, ListBucketResultV2, ObjectEntry};
use api_spec::s3::restore::RestoreStatus;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::StartsWith;

use super::exchange::Exchange;
use super::reply::{document, quoted};
use crate::domain::object::{Listed, Object};
use crate::error::Error;
use crate::store::LISTED;
use crate::store::list::{Entry, Found, Walk};

/// No page has more entries.
pub const MAX_KEYS: u32 = 1000;

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b'*');

/// What all lists are asked with.
pub struct Asked {
    /// Keys must start with it.
    pub prefix: String,
    /// Keys are folded at it.
    pub delimiter: Option<String>,
    /// Entries of a page.
    pub limit: u32,
    /// Names are percent-encoded in the reply.
    pub url: bool,
    /// Whether it is to be said of archived objects until when they are back.
    pub restore: bool,
    now: Timestamp,
}

impl Asked {
    /// Reads the parameters.
    pub fn of(x: &Exchange, limit: &str) -> Result<Asked, Error> {
        let url = match x.query.get("encoding-type") {
            None | Some("") => false,
            Some("url") => true,
            Some(other) => {
                return Err(Error::argument(
                    "encoding-type",
                    other,
                    "Invalid Encoding Method specified in Request",
                ));
            }
        };
        let optional = x.header("x-amz-optional-object-attributes").unwrap_or_default();
        if let Some(unknown) = optional.split(',').map(str::trim).find(|a| !["", "RestoreStatus"].contains(a))
        {
            return Err(Error::argument(
                "x-amz-optional-object-attributes",
                unknown,
                "Invalid attribute name specified",
            ));
        }
        Ok(Asked {
            restore: !optional.is_empty(),
            now: x.service.context.clock.now(),
            prefix: x.query.get("prefix").unwrap_or_default().to_owned(),
            delimiter: x.query.get("delimiter").filter(|d| !d.is_empty()).map(str::to_owned),
            limit: x.query.number(limit)?.unwrap_or(MAX_KEYS).min(MAX_KEYS),
            url,
        })
    }

    /// A name as the reply shows it.
    pub fn show(&self, name: &str) -> String {
        match self.url {
            true => utf8_percent_encode(name, PLAIN).to_string(),
            false => name.to_owned(),
        }
    }

    /// `url` where it was asked for.
    pub fn encoding(&self) -> Option<String> {
        self.url.then(|| "url".to_owned())
    }

    fn walk(&self, x: &Exchange, after: Option<String>) -> Result<Found<Listed>, Error> {
        let walk = Walk {
            prefix: self.prefix.clone(),
            delimiter: self.delimiter.clone(),
            after,
            limit: self.limit as usize,
        };
        let scan = x.snapshot.iter_prefix(&LISTED, &(x.place.bucket.clone(), StartsWith(&self.prefix)))?;
        Ok(walk.run(&x.place.bucket, scan)?)
    }

    fn split(&self, found: Found<Listed>, owner: bool) -> (Vec<ObjectEntry>, Vec<CommonPrefix>) {
        let (mut contents, mut prefixes) = (Vec::with_capacity(found.entries.len()), Vec::new());
        for entry in found.entries {
            match entry {
                Entry::Row(key, object) => contents.push(self.entry(&key, object, owner)),
                Entry::Folded(prefix) => prefixes.push(CommonPrefix { prefix: self.show(&prefix) }),
            }
        }
        (contents, prefixes)
    }

    fn entry(&self, key: &str, object: Listed, owner: bool) -> ObjectEntry {
        ObjectEntry {
            key: self.show(key),
            last_modified: object.modified.into(),
            etag: quoted(&object.etag),
            checksum_algorithm: object.checksum.iter().map(|sum| sum.algorithm.as_str().to_owned()).collect(),
            checksum_type: object.checksum.as_ref().map(|sum| sum.kind.as_str().to_owned()),
            size: object.size,
            owner: owner.then(|| owner_of(object.owner.clone())),
            storage_class: object.class.as_str().into(),
            restore_status: self.restore.then(|| restore_status(&object, self.now)).flatten(),
        }
    }
}

/// Algorithm and kind of an object's checksum.
pub fn sum_of(object: &Object) -> (Vec<String>, Option<String>) {
    let algorithm = object.checksum.iter().map(|sum| sum.algorithm.as_str().to_owned()).collect();
    (algorithm, object.checksum.as_ref().map(|sum| sum.kind.as_str().to_owned()))
}

/// Of an archived object: until when its content can be read.
fn restore_status(object: &Listed, now: Timestamp) -> Option<RestoreStatus> {
    let until = object.restored_until.filter(|until| *until > now);
    object
        .class
        .is_archive()
        .then(|| RestoreStatus { is_restore_in_progress: false, restore_expiry_date: until.map(Into::into) })
}

/// An owner in a reply.
pub fn owner_of(id: impl Into<String>) -> Owner {
    Owner { id: id.into(), display_name: None }
}

/// Answers ListObjects.
pub fn version_one(x: &Exchange) -> Result<Response, Error> {
    let asked = Asked::of(x, "max-keys")?;
    let marker = x.query.get("marker").unwrap_or_default().to_owned();
    let found = asked.walk(x, Some(marker.clone()).filter(|marker| !marker.is_empty()))?;
    let truncated = found.truncated;
    let last = found.entries.last().map(|entry| asked.show(entry.name()));
    let (contents, common_prefixes) = asked.split(found, true);
    document(
        "ListBucketResult",
        &ListBucketResult {
            name: x.place.bucket.clone(),
            prefix: asked.show(&asked.prefix),
            marker: asked.show(&marker),
            next_marker: last.filter(|_| truncated && asked.delimiter.is_some()),
            max_keys: asked.limit,
            delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
            is_truncated: truncated,
            encoding_type: asked.encoding(),
            contents,
            common_prefixes,
        },
    )
}

/// Answers ListObjectsV2.
pub fn version_two(x: &Exchange) -> Result<Response, Error> {
    match x.query.get("list-type") {
        Some("2") => {}
        other => {
            return Err(Error::argument(
                "list-type",
                other.unwrap_or_default(),
                "Invalid List Type specified in Request",
            ));
        }
    }
    let asked = Asked::of(x, "max-keys")?;
    let token = x.query.get("continuation-token");
    let start = x.query.get("start-after").filter(|start| !start.is_empty());
    let after = match token {
        Some(token) => Some(read_token(token)?),
        None => start.map(str::to_owned),
    };
    let found = asked.walk(x, after)?;
    let truncated = found.truncated;
    let next = found.entries.last().filter(|_| truncated).map(|last| write_token(last.name()));
    let owner = x.query.get("fetch-owner").is_some_and(|fetch| fetch.eq_ignore_ascii_case("true"));
    let (contents, common_prefixes) = asked.split(found, owner);
    document(
        "ListBucketResult",
        &ListBucketResultV2 {
            name: x.place.bucket.clone(),
            prefix: asked.show(&asked.prefix),
            continuation_token: token.map(str::to_owned),
            next_continuation_token: next,
            start_after: start.map(|start| asked.show(start)),
            key_count: u32::try_from(contents.len() + common_prefixes.len()).unwrap_or(MAX_KEYS),
            max_keys: asked.limit,
            delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
            is_truncated: truncated,
            encoding_type: asked.encoding(),
            contents,
            common_prefixes,
        },
    )
}

/// A token says where the page before ended; its first byte is its format.
fn write_token(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("1{name}"))
}

fn read_token(token: &str) -> Result<String, Error> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix('1').map(str::to_owned))
        .ok_or_else(|| {
            Error::argument("continuation-token", token, "The continuation token provided is incorrect")
        })
}
