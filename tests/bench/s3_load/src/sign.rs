//! Request heads with a SigV4 signature. The signing key is derived once a run: what is measured is the server.

use auth::sigv4::{EMPTY_SHA256, Scope, SigningKey, sha256_hex};
use jiff::Timestamp;

use crate::Failure;
use crate::plan::Plan;

const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";

/// Signs for one key, host and day.
pub struct Signer {
    host: String,
    access_key: String,
    scope: String,
    day: String,
    key: SigningKey,
    sign_payload: bool,
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path, with nothing in it that would need encoding.
    pub path: &'a str,
    /// Canonical query.
    pub query: &'a str,
}

impl Signer {
    /// A signer for today.
    pub fn new(plan: &Plan) -> Result<Signer, Failure> {
        let day = Timestamp::now().strftime("%Y%m%d").to_string();
        let scope = Scope { date: day.clone(), region: plan.region.clone(), service: "s3".into() };
        Ok(Signer {
            host: plan.endpoint.clone(),
            access_key: plan.access_key.clone(),
            key: SigningKey::derive(&plan.secret_key, &scope),
            scope: format!("{day}/{}/s3/aws4_request", plan.region),
            day,
            sign_payload: plan.sign_payload,
        })
    }

    /// The head of a request with this body.
    pub fn head(&self, target: Target<'_>, body: &[u8]) -> String {
        let digest = match (body.is_empty(), self.sign_payload) {
            (true, _) => EMPTY_SHA256.to_owned(),
            (false, true) => sha256_hex(body),
            (false, false) => "UNSIGNED-PAYLOAD".to_owned(),
        };
        self.head_of(target, &digest, body.len())
    }

    /// The head of a request with a body of so many bytes, and what it says of their digest.
    pub fn head_of(&self, target: Target<'_>, digest: &str, length: usize) -> String {
        let Target { method, path, query } = target;
        let time = Timestamp::now().strftime("%H%M%S").to_string();
        let (host, day, scope) = (&self.host, &self.day, &self.scope);
        let date = format!("{day}T{time}Z");
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{date}\n\n{SIGNED}\n{digest}"
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let signature = self.key.sign_hex(to_sign.as_bytes());
        let mark = if query.is_empty() { "" } else { "?" };
        let length = match method {
            "PUT" => format!("content-length: {length}\r\n"),
            _ => String::new(),
        };
        format!(
            "{method} {path}{mark}{query} HTTP/1.1\r\nhost: {host}\r\nx-amz-date: {date}\r\n\
             x-amz-content-sha256: {digest}\r\n{length}authorization: AWS4-HMAC-SHA256 \
             Credential={}/{scope}, SignedHeaders={SIGNED}, Signature={signature}\r\n\r\n",
            self.access_key
        )
    }
}
