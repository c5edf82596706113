//! The head of a request: how long it may be, and which of its headers must be plain text.

use axum::http::{HeaderMap, request};

use crate::error::Error;

/// Request line and headers together have at most so many bytes.
const MAX_HEAD: usize = 8 << 10;
/// A session's token holds its policies and tags, which AWS keeps elsewhere: here it may be longer than the rest of the
/// head, and is not counted. Signature Version 2 has its name in the query in small letters.
const TOKEN: &str = "x-amz-security-token";
/// Headers of this kind are the gateway's, and no part of what the client sent.
const OURS: &str = "x-murus-";
/// Headers that may be any text, for they are kept as they are or are decoded by who reads them.
const ANY_TEXT: [&str; 2] = ["x-amz-website-redirect-location", "x-amz-copy-source"];
/// Headers that decide, besides those that begin with `x-amz-`.
const DECIDE: [&str; 5] = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range"];

/// Refuses a head that is too long, before anything is made of it.
///
/// # Errors
/// `RequestHeaderSectionTooLarge`.
pub fn check(parts: &request::Parts) -> Result<(), Error> {
    let target = parts.uri.path_and_query().map_or(1, |target| target.as_str().len());
    // two blanks, the version and the line's end; `: ` and the line's end of each header
    let line = parts.method.as_str().len() + target + 12;
    let counts = |name: &str| name != TOKEN && !name.starts_with(OURS);
    let sent = parts.headers.iter().filter(|(name, _)| counts(name.as_str()));
    let headers: usize = sent.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    // most heads are short, and need not be searched for a token
    match line + headers > MAX_HEAD && line - token_in(parts.uri.query()) + headers > MAX_HEAD {
        true => Err(Error::HeadTooLarge { limit: MAX_HEAD }),
        false => Ok(()),
    }
}

/// The length of a session's token in a query.
fn token_in(query: Option<&str>) -> usize {
    let pairs = query.unwrap_or_default().split('&');
    let named = |pair: &&str| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case(TOKEN));
    pairs.filter(named).map(str::len).sum()
}

/// Refuses a header that decides something and cannot be read: what is not understood must not be taken for not said.
///
/// # Errors
/// `InvalidArgument`.
pub fn readable(headers: &HeaderMap) -> Result<(), Error> {
    let odd = headers.iter().find(|(name, value)| must_be_plain(name.as_str()) && value.to_str().is_err());
    match odd {
        None => Ok(()),
        Some((name, value)) => Err(Error::argument(
            name.as_str(),
            &String::from_utf8_lossy(value.as_bytes()),
            "The value of the header is not US-ASCII",
        )),
    }
}

fn must_be_plain(name: &str) -> bool {
    let kept = name.starts_with("x-amz-meta-") || ANY_TEXT.contains(&name);
    !kept && (name.starts_with("x-amz-") || DECIDE.contains(&name))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn head(name: &str, value: &[u8]) -> request::Parts {
        let value = HeaderValue::from_bytes(value).unwrap();
        Request::builder().uri("/b/k?acl").header(name, value).body(()).unwrap().into_parts().0
    }

    #[test]
    fn eight_kib_of_head_are_enough() {
        let name = "x-amz-meta-a";
        let before = 3 + 8 + 12 + name.len() + 4;
        assert!(check(&head(name, &vec![b'x'; MAX_HEAD - before])).is_ok());
        assert!(matches!(
            check(&head(name, &vec![b'x'; MAX_HEAD - before + 1])),
            Err(Error::HeadTooLarge { .. })
        ));
        assert!(check(&head("x-murus-request-id", &vec![b'x'; MAX_HEAD])).is_ok());
        assert!(check(&head("x-amz-security-token", &vec![b'x'; MAX_HEAD])).is_ok());
        let of_query = |query: &str| {
            let uri = format!("/b/k?{query}={}&X-Amz-Date=x", "x".repeat(MAX_HEAD));
            check(&Request::builder().uri(uri).body(()).unwrap().into_parts().0)
        };
        assert!(of_query("X-Amz-Security-Token").is_ok());
        assert!(matches!(of_query("X-Amz-Security-Tokens"), Err(Error::HeadTooLarge { .. })));
    }

    #[test]
    fn what_decides_must_be_plain_text() {
        let of = |name, value: &str| readable(&head(name, value.as_bytes()).headers);
        for name in ["x-amz-acl", "x-amz-server-side-encryption", "if-match", "range"] {
            assert!(matches!(of(name, "privat\u{e9}"), Err(Error::InvalidArgument { .. })), "{name}");
            assert!(of(name, "private").is_ok());
        }
        for name in ["x-amz-meta-a", "x-amz-copy-source", "user-agent"] {
            assert!(of(name, "\u{e9}").is_ok(), "{name}");
        }
    }
}
