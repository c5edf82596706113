//! ListObjects and ListObjectsV2.

use std::borrow::Cow;

use api_spec::s3::Owner;
use api_spec::s3::list::{ListBucketResult, ListBucketResultV2};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::StartsWith;

use super::exchange::Exchange;
use super::list_rows::{write_folded, write_row};
use super::reply::document_around;
use crate::domain::object::{Listed, Object};
use crate::error::Error;
use crate::store::OBJECTS;
use crate::store::list::{Entry, Walk};

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
    /// When it was asked.
    pub now: Timestamp,
    /// Who owns everything, where ACLs are off.
    pub owner: Option<String>,
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
        let bucket = x.bucket()?;
        Ok(Asked {
            owner: (!bucket.acls_enabled()).then(|| bucket.owner.clone()),
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
        self.shown(name).into_owned()
    }

    /// The same; a copy only where it is shown in another way.
    pub fn shown<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.url {
            true => utf8_percent_encode(name, PLAIN).into(),
            false => Cow::Borrowed(name),
        }
    }

    /// The owner of something as the reply shows it.
    pub fn owner_shown<'a>(&'a self, owner: &'a str) -> &'a str {
        self.owner.as_deref().unwrap_or(owner)
    }

    /// `url` where it was asked for.
    pub fn encoding(&self) -> Option<String> {
        self.url.then(|| "url".to_owned())
    }

    /// Walks the bucket behind `after`.
    fn page(&self, x: &Exchange, after: Option<String>, owner: bool) -> Result<Page, Error> {
        let walk = Walk {
            prefix: self.prefix.clone(),
            delimiter: self.delimiter.clone(),
            after,
            limit: self.limit as usize,
        };
        let scan =
            x.snapshot()?.iter_prefix(&OBJECTS, &(x.place.bucket.clone(), StartsWith(&self.prefix)))?;
        let mut page = Page::default();
        page.truncated = walk.visit(&x.place.bucket, scan, |entry| {
            page.count += 1;
            page.last.clear();
            page.last.push_str(entry.name());
            match entry {
                Entry::Row(key, row) => write_row(&mut page.rows, self, key, &Listed::of_row(row)?, owner),
                Entry::Folded(prefix) => write_folded(&mut page.folded, &self.shown(prefix)),
            }
            Ok(())
        })?;
        Ok(page)
    }
}

/// The entries of a page, written.
#[derive(Default)]
struct Page {
    rows: String,
    folded: String,
    count: u32,
    /// The name of the last entry.
    last: String,
    truncated: bool,
}

/// Algorithm and kind of an object's checksum.
pub fn sum_of(object: &Object) -> (Vec<String>, Option<String>) {
    let algorithm = object.checksum.iter().map(|sum| sum.algorithm.as_str().to_owned()).collect();
    (algorithm, object.checksum.as_ref().map(|sum| sum.kind.as_str().to_owned()))
}

/// An owner in a reply.
pub fn owner_of(id: impl Into<String>) -> Owner {
    Owner { id: id.into(), display_name: None }
}

/// Answers ListObjects.
pub fn version_one(x: &Exchange) -> Result<Response, Error> {
    let asked = Asked::of(x, "max-keys")?;
    let marker = x.query.get("marker").unwrap_or_default().to_owned();
    let page = asked.page(x, Some(marker.clone()).filter(|marker| !marker.is_empty()), true)?;
    let next = page.truncated && asked.delimiter.is_some();
    document_around(
        "ListBucketResult",
        &ListBucketResult {
            name: x.place.bucket.clone(),
            prefix: asked.show(&asked.prefix),
            marker: asked.show(&marker),
            next_marker: next.then(|| asked.show(&page.last)),
            max_keys: asked.limit,
            delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
            is_truncated: page.truncated,
            encoding_type: asked.encoding(),
            contents: Vec::new(),
            common_prefixes: Vec::new(),
        },
        &[&page.rows, &page.folded],
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
    let owner = x.query.get("fetch-owner").is_some_and(|fetch| fetch.eq_ignore_ascii_case("true"));
    let page = asked.page(x, after, owner)?;
    document_around(
        "ListBucketResult",
        &ListBucketResultV2 {
            name: x.place.bucket.clone(),
            prefix: asked.show(&asked.prefix),
            continuation_token: token.map(str::to_owned),
            next_continuation_token: page.truncated.then(|| write_token(&page.last)),
            start_after: start.map(|start| asked.show(start)),
            key_count: page.count,
            max_keys: asked.limit,
            delimiter: asked.delimiter.as_deref().map(|d| asked.show(d)),
            is_truncated: page.truncated,
            encoding_type: asked.encoding(),
            contents: Vec::new(),
            common_prefixes: Vec::new(),
        },
        &[&page.rows, &page.folded],
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
