//! What travels with a request from the gateway to the service that answers it.
//!
//! The gateway removes these headers from what clients send and sets its own; services believe them because only
//! services may open their sockets.

use std::net::IpAddr;

use axum::http::header::{REFERER, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Request id.
    pub request_id: String,
    /// The client's address, when known.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The version of TLS it came over, for `s3:TlsVersion`.
    pub tls_version: Option<String>,
    /// The client's User-Agent.
    pub user_agent: String,
    /// The client's Referer.
    pub referer: Option<String>,
}

impl Origin {
    /// Reads what the gateway set; makes a request id if there is none.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Origin {
            request_id: text(&REQUEST_ID).unwrap_or_else(new_request_id),
            source_ip: text(&SOURCE_IP).and_then(|ip| ip.parse().ok()),
            secure: text(&SECURE).is_some_and(|secure| secure == "true"),
            tls_version: text(&TLS_VERSION),
            user_agent: text(&USER_AGENT).unwrap_or_default(),
            referer: text(&REFERER),
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
        if let Some(version) = &self.tls_version {
            set(TLS_VERSION, version);
        }
        if let Some(ip) = self.source_ip {
            set(SOURCE_IP, &ip.to_string());
        }
    }
}

/// A fresh request id, in the form AWS uses.
pub fn new_request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
