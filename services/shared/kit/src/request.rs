//! What travels with a request from the gateway to the service that answers it.
//!
//! In one process an [`Origin`] goes beside the request, and [`Origin::take`] never looks at its headers. On the way to another
//! process the gateway removes these headers from what a client sent and sets its own; services believe them because only
//! services may open their sockets.

use std::cell::RefCell;
use std::net::IpAddr;

use axum::http::header::{REFERER, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::random::Random;

/// Request id of a request, from the gateway's door to every log line and the reply.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-murus-request-id");
/// Address of the client.
pub const SOURCE_IP: HeaderName = HeaderName::from_static("x-murus-source-ip");
/// `true` when the client came over TLS.
pub const SECURE: HeaderName = HeaderName::from_static("x-murus-secure");
/// `1.2` or `1.3`: the version of TLS that the client speaks.
pub const TLS_VERSION: HeaderName = HeaderName::from_static("x-murus-tls-version");
/// OpenSSL's name of the cipher suite that the client speaks TLS with, for S3's access logs.
pub const TLS_CIPHER: HeaderName = HeaderName::from_static("x-murus-tls-cipher");

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Request id.
    pub request_id: String,
    /// The client's address, when known.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The version of TLS it came over, for `s3:TlsVersion`.
    pub tls_version: Option<String>,
    /// OpenSSL's name of the cipher suite, for S3's access logs.
    pub tls_cipher: Option<String>,
    /// The client's User-Agent.
    pub user_agent: String,
    /// The client's Referer.
    pub referer: Option<String>,
}

impl Origin {
    /// Takes what the gateway said of a request: in its own process it is with the request, else in the headers.
    pub fn take(parts: &mut Parts) -> Self {
        parts.extensions.remove().unwrap_or_else(|| Origin::of(&parts.headers))
    }

    /// Reads what the gateway set; makes a request id if there is none.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| text_of(headers, name);
        Origin {
            request_id: text(&REQUEST_ID).unwrap_or_else(new_request_id),
            source_ip: text(&SOURCE_IP).and_then(|ip| ip.parse().ok()),
            secure: text(&SECURE).is_some_and(|secure| secure == "true"),
            tls_version: text(&TLS_VERSION),
            tls_cipher: text(&TLS_CIPHER),
            ..Origin::of_client(headers)
        }
    }

    /// Reads what clients say of themselves, and nothing else.
    pub fn of_client(headers: &HeaderMap) -> Self {
        Origin {
            user_agent: text_of(headers, &USER_AGENT).unwrap_or_default(),
            referer: text_of(headers, &REFERER),
            ..Origin::default()
        }
    }

    /// Sets the gateway's headers, in place of whatever a client sent under their names.
    pub fn put(&self, headers: &mut HeaderMap) {
        for name in [&REQUEST_ID, &SOURCE_IP, &SECURE, &TLS_VERSION, &TLS_CIPHER] {
            headers.remove(name);
        }
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        set(REQUEST_ID, &self.request_id);
        set(SECURE, if self.secure { "true" } else { "false" });
        let known = [(TLS_VERSION, &self.tls_version), (TLS_CIPHER, &self.tls_cipher)];
        for (name, text) in known.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            set(name, text);
        }
        if let Some(ip) = self.source_ip {
            set(SOURCE_IP, &ip.to_string());
        }
    }

    /// The client's address as text, when known.
    pub fn source(&self) -> Option<String> {
        Some(match self.source_ip?.to_canonical() {
            // several times in every request, and the formatter is slow
            IpAddr::V4(ip) => {
                let mut text = String::with_capacity(15);
                for (at, octet) in ip.octets().into_iter().enumerate() {
                    if at > 0 {
                        text.push('.');
                    }
                    push_octet(&mut text, octet);
                }
                text
            }
            ip => ip.to_string(),
        })
    }
}

fn push_octet(text: &mut String, octet: u8) {
    for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
        if octet >= least {
            text.push(char::from(b'0' + octet / unit % 10));
        }
    }
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A fresh request id, in the form AWS uses.
pub fn new_request_id() -> String {
    new_uuid()
}

/// A random UUID as text. Chance is taken from the operating system for many at a time.
pub(crate) fn new_uuid() -> String {
    const AT_ONCE: usize = 32;
    thread_local! {
        static CHANCE: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
    }
    let bytes = CHANCE.with_borrow_mut(|left| {
        if left.is_empty() {
            let fresh: [u8; 16 * AT_ONCE] = Random::system().bytes();
            left.extend(fresh.as_chunks().0);
        }
        left.pop().unwrap_or_default()
    });
    let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::http::Request;

    use super::*;

    #[test]
    fn an_address_is_written_as_everybody_writes_it() {
        for text in ["0.0.0.0", "127.0.0.1", "10.100.255.9", "2001:db8::1"] {
            let origin = Origin { source_ip: text.parse().ok(), ..Origin::default() };
            assert_eq!(origin.source().as_deref(), Some(text));
        }
        let mapped = Origin { source_ip: "::ffff:10.0.0.1".parse().ok(), ..Origin::default() };
        assert_eq!(mapped.source().as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn no_two_ids_are_the_same() {
        let ids: HashSet<_> = (0..1000).map(|_| new_request_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'), "version 4");
    }

    #[test]
    fn what_the_gateway_says_arrives_and_what_a_client_says_in_its_name_does_not() {
        let said = Origin {
            request_id: "id".into(),
            source_ip: "192.0.2.1".parse().ok(),
            secure: true,
            tls_version: Some("1.3".into()),
            tls_cipher: Some("TLS_AES_128_GCM_SHA256".into()),
            user_agent: "client/1".into(),
            referer: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("client/1"));
        headers.insert(SOURCE_IP, HeaderValue::from_static("203.0.113.9"));
        let nothing = Origin { user_agent: "client/1".into(), ..Origin::default() };
        assert_eq!(Origin::of_client(&headers), nothing);
        said.put(&mut headers);
        assert_eq!(Origin::of(&headers), said);
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.headers.insert(SOURCE_IP, HeaderValue::from_static("203.0.113.9"));
        parts.extensions.insert(said.clone());
        assert_eq!(Origin::take(&mut parts), said);
    }
}
