//! Headers that are kept with an object, and those that ask for what is not offered.

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;

use super::encoded_words;
use super::encryption;
use super::header_map::Headers;
use super::reply::{http_date, quoted, set, set_named};
use crate::domain::acl::Permission;
use crate::domain::checksum::Checksum;
use crate::domain::class::StorageClass;
use crate::domain::object::{Meta, Object};
use crate::error::Error;

/// System metadata may have this many bytes, names and values together.
const MAX_SYSTEM_META: usize = 2048;
/// User metadata may have this many bytes, names and values together.
const MAX_USER_META: usize = 2048;
const USER_PREFIX: &str = "x-amz-meta-";
const REDIRECT: &str = "x-amz-website-redirect-location";
const DEFAULT_TYPE: &str = "binary/octet-stream";

const SYSTEM: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::EXPIRES,
];

/// Headers that grant.
pub const GRANT_HEADERS: [(&str, Permission); 5] = [
    ("x-amz-grant-full-control", Permission::FullControl),
    ("x-amz-grant-read", Permission::Read),
    ("x-amz-grant-write", Permission::Write),
    ("x-amz-grant-read-acp", Permission::ReadAcp),
    ("x-amz-grant-write-acp", Permission::WriteAcp),
];

/// The metadata that a request brings.
///
/// # Errors
/// `MetadataTooLarge`, or `InvalidRequest` for values that are no UTF-8.
pub fn meta(headers: &Headers) -> Result<Meta, Error> {
    let mut meta = Meta::default();
    for name in SYSTEM {
        if let Some(value) = system_value(headers, &name)? {
            meta.system.insert(name.as_str().to_owned(), value);
        }
    }
    if let Some(value) = headers.get(REDIRECT) {
        let value = text(REDIRECT, value.as_bytes())?;
        if !["/", "http://", "https://"].iter().any(|start| value.starts_with(start)) {
            return Err(Error::argument(
                REDIRECT,
                &value,
                "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
            ));
        }
        meta.system.insert(REDIRECT.to_owned(), value);
    }
    for (name, value) in headers.iter() {
        let Some(own) = name.as_str().strip_prefix(USER_PREFIX).filter(|own| !own.is_empty()) else {
            continue;
        };
        let value = encoded_words::decode(&text(name.as_str(), value.as_bytes())?);
        let kept = meta.user.entry(own.to_owned());
        kept.and_modify(|before| *before = format!("{before},{value}")).or_insert(value);
    }
    let size = meta.user.iter().map(|(name, value)| name.len() + value.len()).sum();
    let system: usize = meta.system.iter().map(|(name, value)| name.len() + value.len()).sum();
    if system > MAX_SYSTEM_META {
        return Err(Error::MetadataTooLarge { size: system });
    }
    if size > MAX_USER_META {
        return Err(Error::MetadataTooLarge { size });
    }
    Ok(meta)
}

/// A system header as it is kept: `aws-chunked` is about the transfer, not about the object.
fn system_value(headers: &Headers, name: &HeaderName) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let value = text(name.as_str(), value.as_bytes())?;
    if *name != header::CONTENT_ENCODING {
        return Ok(Some(value).filter(|value| !value.is_empty()));
    }
    let kept: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    Ok(Some(kept.join(",")).filter(|value| !value.is_empty()))
}

fn text(name: &str, value: &[u8]) -> Result<String, Error> {
    std::str::from_utf8(value)
        .map(str::to_owned)
        .map_err(|_| Error::InvalidRequest(format!("The value of the header {name} is not UTF-8")))
}

/// Refuses what would change the meaning of a write and is not offered.
pub fn refuse_unsupported(headers: &HeaderMap) -> Result<(), Error> {
    for name in headers.keys().map(HeaderName::as_str) {
        if name == "x-amz-write-offset-bytes" {
            return Err(Error::NotImplementedHeader(name.to_owned()));
        }
    }
    Ok(())
}

/// The storage class that a request asks for.
///
/// # Errors
/// `InvalidStorageClass` for one that general-purpose buckets do not have.
pub fn storage_class(headers: &Headers) -> Result<StorageClass, Error> {
    let Some(value) = headers.get("x-amz-storage-class") else { return Ok(StorageClass::Standard) };
    let word = value.to_str().unwrap_or_default();
    StorageClass::of(word).ok_or_else(|| Error::InvalidStorageClass(word.to_owned()))
}

/// Writes an object's headers into the reply to a GET or HEAD.
pub fn describe(response: &mut Response, object: &Object) {
    set(response, header::ETAG, quoted(&object.etag));
    set(response, header::LAST_MODIFIED, http_date(object.modified));
    set(response, header::ACCEPT_RANGES, "bytes");
    if !object.meta.system.contains_key(header::CONTENT_TYPE.as_str()) {
        set(response, header::CONTENT_TYPE, DEFAULT_TYPE);
    }
    for (name, value) in &object.meta.system {
        set_named(response, name, value);
    }
    let (printable, missing): (Vec<_>, Vec<_>) =
        object.meta.user.iter().partition(|(_, value)| !value.contains(char::is_control));
    for (name, value) in printable {
        set_named(response, &format!("{USER_PREFIX}{name}"), encoded_words::encode(value).as_ref());
    }
    if !missing.is_empty() {
        set_named(response, "x-amz-missing-meta", missing.len().to_string());
    }
    if !object.class.is_standard() {
        set_named(response, "x-amz-storage-class", object.class.as_str());
    }
    encryption::tell(response, object.encryption.as_ref());
}

/// Writes an object's checksum into a reply.
pub fn checksum(response: &mut Response, object: &Object) {
    if let Some(checksum) = &object.checksum {
        set_named(response, checksum.algorithm.header(), &checksum.value);
        set_named(response, "x-amz-checksum-type", checksum.kind.as_str());
    }
}

/// Writes the checksum of one of its parts into a reply that has that part.
pub fn part_checksum(response: &mut Response, object: &Object, sum: &Checksum) {
    set_named(response, sum.algorithm.header(), &sum.value);
    if let Some(of_object) = &object.checksum {
        set_named(response, "x-amz-checksum-type", of_object.kind.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> Headers {
        pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap()))
            .collect::<HeaderMap>()
            .into()
    }

    #[test]
    fn metadata_is_what_was_sent_without_the_transfer_coding() {
        let meta = meta(&headers(&[
            ("content-type", "text/x"),
            ("content-encoding", "aws-chunked, gzip"),
            ("x-amz-meta-colour", "deep blue"),
            ("x-amz-date", "no metadata"),
        ]))
        .unwrap();
        assert_eq!(meta.system["content-encoding"], "gzip");
        assert_eq!(meta.system["content-type"], "text/x");
        assert_eq!(meta.user.len(), 1);
        assert_eq!(meta.user["colour"], "deep blue");
    }

    #[test]
    fn two_kib_of_metadata_are_enough() {
        let long = "x".repeat(2047);
        assert!(meta(&headers(&[("x-amz-meta-a", &long)])).is_ok());
        let longer = "x".repeat(2048);
        assert!(matches!(
            meta(&headers(&[("x-amz-meta-a", &longer)])),
            Err(Error::MetadataTooLarge { size: 2049 })
        ));
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        assert!(refuse_unsupported(&headers(&[("x-amz-write-offset-bytes", "1")])).is_err());
        let class = |word: &str| storage_class(&headers(&[("x-amz-storage-class", word)]));
        assert_eq!(class("GLACIER_IR").unwrap(), StorageClass::GlacierIr);
        for word in ["MADE_UP", "EXPRESS_ONEZONE", "OUTPOSTS", "standard", ""] {
            assert!(matches!(class(word), Err(Error::InvalidStorageClass(_))), "{word}");
        }
    }
}
