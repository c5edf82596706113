//! A request as text, taken apart as a server would.
#![allow(dead_code, reason = "not every test file uses all of it")]

use auth::sigv4::{self, Payload, RequestParts, SigError, SigV4, SigningKey, Verified};
use jiff::Timestamp;

/// The secret that goes with AKIDEXAMPLE.
pub const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The secret that goes with AKIAIOSFODNN7EXAMPLE.
pub const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

pub struct Owned {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Owned {
    /// `METHOD target[ HTTP/1.1]`, headers (continued lines folded in), an empty line, the body.
    pub fn parse(text: &str) -> Owned {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap();
        let (method, target) = first.split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in lines {
            if line.starts_with(' ') {
                let value = &mut headers.last_mut().unwrap().1;
                value.push(b' ');
                value.extend_from_slice(line.as_bytes());
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        Owned {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    pub fn with<T>(&self, use_parts: impl FnOnce(RequestParts<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        use_parts(RequestParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        })
    }

    /// Sets a header, in place of its namesakes.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    pub fn presented(&self) -> Result<SigV4, SigError> {
        self.with(|parts| sigv4::parse(parts).map(|presented| presented.sigv4().cloned().unwrap()))
    }

    /// Verifies at the very time of signing.
    pub fn verify(&self, secret: &str) -> Result<Verified, SigError> {
        let now = self.presented()?.timestamp;
        self.verify_at(secret, now)
    }

    pub fn verify_at(&self, secret: &str, now: Timestamp) -> Result<Verified, SigError> {
        let sig = self.presented()?;
        let key = SigningKey::derive(secret, &sig.scope);
        let body = sigv4::sha256_hex(&self.body);
        let payload = match &sig.payload {
            Payload::Body => &body,
            declared => declared.declared().unwrap(),
        };
        self.with(|parts| sigv4::verify(&sig, &key, parts, payload, now))
    }
}
