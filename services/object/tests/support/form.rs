//! Browsers' forms: built field by field, their policy signed by either version.

use auth::sigv4::{Scope, SigningKey};
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use jiff::Timestamp;

use super::{Reply, Somebody, World};

pub const BOUNDARY: &str = "----WebKitFormBoundaryMurus";

/// A form, as the page that has it would send it.
#[derive(Clone)]
pub struct Form {
    pub host: &'static str,
    pub path: String,
    pub fields: Vec<(String, String)>,
    pub file: Option<(Option<&'static str>, Vec<u8>)>,
    /// Fields behind the file.
    pub behind: Vec<(&'static str, &'static str)>,
    pub headers: Vec<(&'static str, String)>,
    /// What follows the last delimiter.
    pub end: &'static str,
}

impl Form {
    /// To a bucket, with a key and a file.
    pub fn to(bucket: &str, key: &str, file: &[u8]) -> Form {
        Form {
            host: "127.0.0.1:8773",
            path: format!("/{bucket}"),
            fields: vec![("key".into(), key.into())],
            file: Some((Some("C:\\somewhere\\pic.jpg"), file.to_vec())),
            behind: vec![],
            headers: vec![],
            end: "\r\n",
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Form {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Form {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// Signs a policy that has a condition for each field so far, and these.
    pub fn signed(self, who: &Somebody, more: &str) -> Form {
        let bucket = self.path.trim_matches('/').to_owned();
        let exact = self.fields.iter().map(|(name, value)| serde_json::json!({ name: value }).to_string());
        let mut conditions = vec![serde_json::json!({ "bucket": bucket }).to_string()];
        conditions.extend(exact);
        conditions.extend((!more.is_empty()).then(|| more.to_owned()));
        self.signed_for(who, &conditions.join(", "))
    }

    /// Signs a policy of these conditions and those of the signature itself.
    pub fn signed_for(self, who: &Somebody, conditions: &str) -> Form {
        let now = Timestamp::now();
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let scope = Scope { date: date[..8].to_owned(), region: "us-east-1".into(), service: "s3".into() };
        let credential = format!("{}/{}/us-east-1/s3/aws4_request", who.access_key_id, scope.date);
        let mut conditions = vec![conditions.to_owned()];
        for (name, value) in [
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", &credential),
            ("x-amz-date", &date),
        ] {
            conditions.push(format!(r#"{{"{name}": "{value}"}}"#));
        }
        let policy = document(&conditions.join(", "));
        self.with("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
            .with("X-Amz-Credential", &credential)
            .with("x-amz-date", &date)
            .with("Policy", &policy)
            .with("X-Amz-Signature", &SigningKey::derive(who.secret, &scope).sign_hex(policy.as_bytes()))
    }

    /// The same by version 2.
    pub fn signed_v2(self, who: &Somebody, conditions: &str) -> Form {
        let policy = document(conditions);
        let signature = auth::sigv2::sign(who.secret, &policy);
        self.with("AWSAccessKeyId", who.access_key_id).with("policy", &policy).with("signature", &signature)
    }

    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let mut part = |head: String, content: &[u8]| {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.fields {
            part(format!("name=\"{name}\""), value.as_bytes());
        }
        if let Some((filename, content)) = &self.file {
            let named = filename.map(|name| format!("; filename=\"{name}\"\r\nContent-Type: image/jpeg"));
            part(format!("name=\"file\"{}", named.unwrap_or_default()), content);
        }
        for (name, value) in &self.behind {
            part(format!("name=\"{name}\""), value.as_bytes());
        }
        body.extend_from_slice(format!("--{BOUNDARY}--{}", self.end).as_bytes());
        body
    }

    pub async fn send(&self, world: &World) -> Reply {
        self.send_in(world, usize::MAX).await
    }

    /// In pieces of so many bytes.
    pub async fn send_in(&self, world: &World, piece: usize) -> Reply {
        let body = self.body();
        let mut request = Request::builder()
            .method("POST")
            .uri(&self.path)
            .header("host", self.host)
            .header("content-length", body.len());
        if !self.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let pieces: Vec<_> =
            body.chunks(piece).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        world.send(request.body(Body::from_stream(stream::iter(pieces))).unwrap()).await
    }
}

/// A policy for the next minute.
pub fn document(conditions: &str) -> String {
    let expires = Timestamp::now() + std::time::Duration::from_secs(60);
    STANDARD.encode(format!(r#"{{"expiration": "{expires}", "conditions": [{conditions}]}}"#))
}
