//! The canonical request: method, path, query, headers and payload in the one form both sides hash.

use super::hash::nibble;
use super::{Carrier, RequestParts, SigV4};
use std::ops::Range;

/// Buffers that one thread uses again for each request.
#[derive(Default)]
pub(super) struct Scratch {
    /// The canonical request.
    pub canonical: Vec<u8>,
    /// The string to sign.
    pub string_to_sign: Vec<u8>,
    encoded: Vec<u8>,
    pairs: Vec<(Range<usize>, Range<usize>)>,
}

/// Which form of the path to put into the canonical request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathForm {
    /// The rule of the service: S3 encodes once, all others normalise and encode twice.
    ByRule,
    /// As sent. Some clients sign an S3 path before (or without) encoding marks such as `!` and `(`.
    AsSent,
}

/// Writes the canonical request into `scratch.canonical`.
pub(super) fn write(
    scratch: &mut Scratch,
    sig: &SigV4,
    parts: &RequestParts<'_>,
    payload: &str,
    form: PathForm,
) {
    scratch.canonical.clear();
    scratch.canonical.extend_from_slice(parts.method.as_bytes());
    scratch.canonical.push(b'\n');
    write_path(&mut scratch.canonical, parts.path, sig.scope.is_s3(), form);
    scratch.canonical.push(b'\n');
    write_query(scratch, parts.query, sig.carrier == Carrier::Query);
    scratch.canonical.push(b'\n');
    let out = &mut scratch.canonical;
    for name in &sig.signed_headers {
        write_header(out, parts, name);
    }
    out.push(b'\n');
    for (i, name) in sig.signed_headers.iter().enumerate() {
        if i > 0 {
            out.push(b';');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
}

fn write_path(out: &mut Vec<u8>, path: &str, s3: bool, form: PathForm) {
    let path = if path.is_empty() { "/" } else { path };
    match (form, s3) {
        (PathForm::AsSent, _) => out.extend_from_slice(path.as_bytes()),
        (PathForm::ByRule, true) => reencode(out, path.as_bytes(), true, false),
        (PathForm::ByRule, false) => write_normalised(out, path),
    }
}

/// Resolves `.`, `..` and empty segments, then encodes what was sent once more.
fn write_normalised(out: &mut Vec<u8>, path: &str) {
    let start = out.len();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                let parent = out[start..].iter().rposition(|b| *b == b'/').unwrap_or(0);
                out.truncate(start + parent);
            }
            _ => {
                out.push(b'/');
                segment.bytes().for_each(|b| encode(out, b));
            }
        }
    }
    let is_directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if is_directory || out.len() == start {
        out.push(b'/');
    }
}

/// Sorted by encoded name, then encoded value; the signature itself left out of a presigned query.
fn write_query(scratch: &mut Scratch, query: &str, presigned: bool) {
    let Scratch { canonical, encoded, pairs, .. } = scratch;
    encoded.clear();
    pairs.clear();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let start = encoded.len();
        reencode(encoded, name.as_bytes(), false, true);
        let middle = encoded.len();
        if presigned && &encoded[start..] == b"X-Amz-Signature" {
            encoded.truncate(start);
            continue;
        }
        reencode(encoded, value.as_bytes(), false, true);
        pairs.push((start..middle, middle..encoded.len()));
    }
    pairs.sort_unstable_by(|a, b| {
        let key =
            |(name, value): &(Range<usize>, Range<usize>)| (&encoded[name.clone()], &encoded[value.clone()]);
        key(a).cmp(&key(b))
    });
    for (i, (name, value)) in pairs.iter().enumerate() {
        if i > 0 {
            canonical.push(b'&');
        }
        canonical.extend_from_slice(&encoded[name.clone()]);
        canonical.push(b'=');
        canonical.extend_from_slice(&encoded[value.clone()]);
    }
}

/// `name:value,value\n`; a header that is signed but absent counts as empty.
fn write_header(out: &mut Vec<u8>, parts: &RequestParts<'_>, name: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut first = true;
    for (_, value) in parts.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
        if !first {
            out.push(b',');
        }
        first = false;
        write_folded(out, value);
    }
    out.push(b'\n');
}

/// Trims the ends and folds every run of white space into one space.
fn write_folded(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty());
    for (i, word) in words.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Decodes `%XX` (and `+` where it means a space), then encodes by AWS's rule: everything but
/// `A-Z a-z 0-9 - . _ ~`, in upper-case hex.
fn reencode(out: &mut Vec<u8>, text: &[u8], keep_slash: bool, plus_is_space: bool) {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let decoded = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    rest = tail;
                    high << 4 | low
                }
                _ => byte,
            },
            (b'+', _) if plus_is_space => b' ',
            _ => byte,
        };
        // An encoded slash in an S3 key is the same key, and the same canonical path, as a plain one.
        if keep_slash && decoded == b'/' { out.push(b'/') } else { encode(out, decoded) }
    }
}

fn encode(out: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        const UPPER: &[u8; 16] = b"0123456789ABCDEF";
        out.extend_from_slice(&[b'%', UPPER[usize::from(byte >> 4)], UPPER[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str, s3: bool) -> String {
        let mut out = Vec::new();
        write_path(&mut out, path, s3, PathForm::ByRule);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn other_services_normalise_and_encode_twice() {
        assert_eq!(path("", false), "/");
        assert_eq!(path("/a/../b/./c//d", false), "/b/c/d");
        assert_eq!(path("/a/..", false), "/");
        assert_eq!(path("/../..", false), "/");
        assert_eq!(path("/a/", false), "/a/");
        assert_eq!(path("/a%20b", false), "/a%2520b");
    }

    #[test]
    fn s3_keeps_dots_and_slashes_and_encodes_once() {
        assert_eq!(path("/b/a/../x//y/.", true), "/b/a/../x//y/.");
        assert_eq!(path("/b/a%20b+c(d)%2f%zz", true), "/b/a%20b%2Bc%28d%29/%25zz");
    }
}
