//! The headers of a request, which knows of most headers that they are not there without a search.
//!
//! A request has a dozen headers, and is asked for fifty: encryption, locks, conditions, checksums, lists of grants.

use std::ops::Deref;

use axum::http::header::AsHeaderName;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a request.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    all: HeaderMap,
    /// One bit for each name that is there; names may share one.
    marks: u64,
}

impl Headers {
    /// The value of a header, the first if there are several.
    pub fn get(&self, name: impl Named) -> Option<&HeaderValue> {
        if self.may_have(name.text()) { self.all.get(name) } else { None }
    }

    /// Whether a header is there.
    pub fn contains_key(&self, name: impl Named) -> bool {
        self.may_have(name.text()) && self.all.contains_key(name)
    }

    /// Sets a header, in place of what it was.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        self.marks |= mark(name.as_str());
        self.all.insert(name, value);
    }

    fn may_have(&self, name: &str) -> bool {
        self.marks & mark(name) != 0
    }
}

impl From<HeaderMap> for Headers {
    fn from(all: HeaderMap) -> Self {
        let marks = all.keys().fold(0, |marks, name| marks | mark(name.as_str()));
        Headers { all, marks }
    }
}

impl Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.all
    }
}

/// A header's name as a map can be asked for it.
pub trait Named: AsHeaderName {
    /// Its text, in any case.
    fn text(&self) -> &str;
}

impl Named for &str {
    fn text(&self) -> &str {
        self
    }
}

impl Named for &HeaderName {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Named for HeaderName {
    fn text(&self) -> &str {
        self.as_str()
    }
}

/// The bit of a name: of its length and its last letters, which tell names apart better than the first.
fn mark(name: &str) -> u64 {
    let letter = |back: usize| {
        let at = name.len().checked_sub(back);
        at.and_then(|at| name.as_bytes().get(at)).map_or(0, |byte| u32::from(byte.to_ascii_lowercase()))
    };
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
    let mixed = length.wrapping_mul(31).wrapping_add(letter(1).wrapping_mul(7)).wrapping_add(letter(3));
    1 << (mixed % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_in_any_case_and_nothing_else() {
        let names = ["host", "x-amz-date", "x-amz-acl", "if-match", "range", "x", "x-amz-content-sha256"];
        let all = names.iter().map(|name| (name.parse().unwrap(), HeaderValue::from_static("v")));
        let headers = Headers::from(all.collect::<HeaderMap>());
        for name in names {
            let written = HeaderName::from_static(name);
            assert!(headers.contains_key(name) && headers.contains_key(&written), "{name}");
            assert!(headers.get(name.to_ascii_uppercase().as_str()).is_some(), "{name}");
        }
        let marked = |name: &&&str| headers.may_have(name);
        let absent = [
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-customer-algorithm",
            "x-amz-object-lock-mode",
            "x-amz-grant-read",
            "x-amz-tagging",
            "x-amz-expected-bucket-owner",
            "if-none-match",
            "if-modified-since",
            "x-amz-storage-class",
            "x-amz-checksum-mode",
        ];
        assert!(absent.iter().all(|name| headers.get(*name).is_none()));
        assert!(absent.iter().filter(marked).count() < absent.len() / 2, "the marks save nothing");
    }
}
