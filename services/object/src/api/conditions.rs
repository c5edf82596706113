//! Conditional requests: `If-Match` and its kin, on reading, copying and writing.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::header_map::Headers;
use crate::domain::object::Object;
use crate::error::Error;
use crate::store::objects::WriteIf;

/// What conditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Holds,
    /// The reader has it already.
    NotModified,
    /// This condition did not hold.
    Failed(&'static str),
}

/// The headers of the four conditions of a read.
pub struct ReadHeaders {
    matches: &'static str,
    none_match: &'static str,
    modified_since: &'static str,
    unmodified_since: &'static str,
}

/// Those about the object itself.
pub const OF_OBJECT: ReadHeaders = ReadHeaders {
    matches: "if-match",
    none_match: "if-none-match",
    modified_since: "if-modified-since",
    unmodified_since: "if-unmodified-since",
};

/// Those about the source of a copy.
pub const OF_SOURCE: ReadHeaders = ReadHeaders {
    matches: "x-amz-copy-source-if-match",
    none_match: "x-amz-copy-source-if-none-match",
    modified_since: "x-amz-copy-source-if-modified-since",
    unmodified_since: "x-amz-copy-source-if-unmodified-since",
};

/// Evaluates the four read conditions.
pub fn of_read(headers: &Headers, names: &ReadHeaders, object: &Object) -> Verdict {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // HTTP's times have no fractions
    let modified = object.modified.as_second();
    let since = |name: &str| text(name).and_then(parse_date).map(Timestamp::as_second);
    match text(names.matches) {
        Some(list) if !lists(list, &object.etag) => return Verdict::Failed("If-Match"),
        Some(_) => {}
        None if since(names.unmodified_since).is_some_and(|since| modified > since) => {
            return Verdict::Failed("If-Unmodified-Since");
        }
        None => {}
    }
    match text(names.none_match) {
        Some(list) if lists(list, &object.etag) => Verdict::NotModified,
        Some(_) => Verdict::Holds,
        None if since(names.modified_since).is_some_and(|since| modified <= since) => Verdict::NotModified,
        None => Verdict::Holds,
    }
}

/// The conditions of a write.
///
/// # Errors
/// `NotImplemented` for an `If-None-Match` other than `*`.
pub fn of_write(headers: &Headers) -> Result<WriteIf, Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let absent = match text("if-none-match").map(str::trim) {
        None => false,
        Some("*") => true,
        Some(_) => return Err(Error::NotImplementedHeader("If-None-Match".into())),
    };
    let etag = text("if-match").map(|etag| unquoted(etag).to_owned());
    if absent && etag.is_some() {
        return Err(Error::InvalidRequest("If-Match and If-None-Match cannot be used together".into()));
    }
    Ok(WriteIf { absent, etag, ..WriteIf::default() })
}

/// Conditions of a deletion that directory buckets alone have.
const OF_DIRECTORIES: [&str; 2] = ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"];

/// The conditions of a deletion.
///
/// # Errors
/// `NotImplemented` for `If-None-Match`, and for the conditions of directory buckets.
pub fn of_delete(headers: &Headers) -> Result<WriteIf, Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("if-none-match") {
        return Err(Error::NotImplementedHeader("If-None-Match".into()));
    }
    if let Some(name) = OF_DIRECTORIES.into_iter().find(|name| headers.contains_key(*name)) {
        return Err(Error::NotImplementedHeader(name.into()));
    }
    let etag = text("if-match").map(|etag| unquoted(etag).to_owned());
    Ok(WriteIf { etag, ..WriteIf::default() })
}

/// An ETag without its quotes.
pub fn unquoted(etag: &str) -> &str {
    let etag = etag.trim();
    etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).unwrap_or(etag)
}

fn lists(list: &str, etag: &str) -> bool {
    list.split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == "*" || unquoted(one) == etag)
}

fn parse_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};

    use super::*;
    use crate::domain::object::{Data, Meta};

    fn verdict(pairs: &[(&'static str, &str)]) -> Verdict {
        let object = Object {
            size: 1,
            etag: "abc".into(),
            modified: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            data: Data::Nothing,
            owner: String::new(),
            account: String::new(),
            checksum: None,
            meta: Meta::default(),
            acl: None,
            version: None,
            lock: crate::domain::lock::Lock::default(),
            tags: Default::default(),
            class: Default::default(),
            restored_until: None,
            whole: false,
            encryption: None,
        };
        let headers = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap()));
        of_read(&headers.collect::<HeaderMap>().into(), &OF_OBJECT, &object)
    }

    #[test]
    fn conditions_hold_or_fail_as_http_says() {
        let (before, same, after) = (
            "Fri, 02 Jan 2026 03:04:04 GMT",
            "Fri, 02 Jan 2026 03:04:05 GMT",
            "Fri, 02 Jan 2026 03:04:06 GMT",
        );
        for (pairs, expected) in [
            (vec![], Verdict::Holds),
            (vec![("if-match", "\"abc\"")], Verdict::Holds),
            (vec![("if-match", "*")], Verdict::Holds),
            (vec![("if-match", "\"x\", \"abc\"")], Verdict::Holds),
            (vec![("if-match", "\"x\"")], Verdict::Failed("If-Match")),
            (vec![("if-none-match", "abc")], Verdict::NotModified),
            (vec![("if-none-match", "\"x\"")], Verdict::Holds),
            (vec![("if-modified-since", same)], Verdict::NotModified),
            (vec![("if-modified-since", before)], Verdict::Holds),
            (vec![("if-unmodified-since", before)], Verdict::Failed("If-Unmodified-Since")),
            (vec![("if-unmodified-since", same)], Verdict::Holds),
            (vec![("if-match", "abc"), ("if-unmodified-since", before)], Verdict::Holds),
            (vec![("if-none-match", "abc"), ("if-modified-since", before)], Verdict::NotModified),
            (vec![("if-none-match", "x"), ("if-modified-since", after)], Verdict::Holds),
            (vec![("if-modified-since", "nonsense")], Verdict::Holds),
        ] {
            assert_eq!(verdict(&pairs), expected, "{pairs:?}");
        }
    }
}
