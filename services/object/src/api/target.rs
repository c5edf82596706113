//! Which bucket and key a request is about: from the path, or from the host and the path.

use axum::http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;

use super::control;
use crate::domain::names::{MAX_KEY_BYTES, climbs_out};
use crate::error::Error;

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Bucket, if any. Not yet known to be a valid name.
    pub bucket: Option<String>,
    /// Key, if any.
    pub key: Option<String>,
    /// The path is one of s3control, which names the bucket by its ARN.
    pub control: bool,
}

impl Target {
    /// Reads path and host. A path of s3control never has its bucket in the host, whose first label is the account.
    ///
    /// # Errors
    /// `InvalidURI` for what is no UTF-8 or leads out of the bucket, `KeyTooLongError`.
    pub fn of(uri: &Uri, headers: &HeaderMap, domains: &[String], region: &str) -> Result<Target, Error> {
        if control::is_control(uri) {
            return Ok(Target { bucket: Some(control::bucket(uri)?), key: None, control: true });
        }
        let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
        let (bucket, key) = match bucket_in_host(uri, headers, domains, region) {
            Some(bucket) => (bucket, path),
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                (decode(bucket, uri)?, key)
            }
        };
        let key = decode(key, uri)?;
        if climbs_out(&key) || bucket.contains(char::is_control) {
            return Err(Error::InvalidUri(uri.path().to_owned()));
        }
        if key.len() > MAX_KEY_BYTES {
            return Err(Error::KeyTooLong { size: key.len() });
        }
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Target { bucket: some(bucket), key: some(key), control: false })
    }
}

/// The bucket that a request's host names.
pub fn bucket_in_host(uri: &Uri, headers: &HeaderMap, domains: &[String], region: &str) -> Option<String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(uri.host());
    bucket_of_host(host?, domains, region)
}

/// Percent-decodes; a `+` is a `+`.
fn decode(text: &str, uri: &Uri) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Error::InvalidUri(uri.path().to_owned()))
}

/// The bucket of `bucket.domain`, `bucket.s3.domain` or `bucket.s3.region.domain`; none for the endpoint itself.
fn bucket_of_host(host: &str, domains: &[String], region: &str) -> Option<String> {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let within = |domain: &String| {
        let from = host.len().checked_sub(domain.len());
        from.is_some_and(|from| host.as_bytes()[from..].eq_ignore_ascii_case(domain.as_bytes()))
    };
    // most clients use an address, and nothing has to be put together for those
    if !domains.iter().any(within) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let mut bases: Vec<String> = domains
        .iter()
        .map(|domain| domain.to_ascii_lowercase())
        .flat_map(|domain| [format!("s3.{region}.{domain}"), format!("s3.{domain}"), domain])
        .collect();
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    if bases.contains(&host) {
        return None;
    }
    let bucket = bases.iter().find_map(|base| host.strip_suffix(base.as_str())?.strip_suffix('.'))?;
    (!bucket.is_empty()).then(|| bucket.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, path: &str) -> Result<Target, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        Target::of(
            &path.parse().unwrap(),
            &headers,
            &["localhost".into(), "cloud.example".into()],
            "us-east-1",
        )
    }

    fn of(bucket: &str, key: &str) -> Target {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Target { bucket: some(bucket), key: some(key), control: false }
    }

    #[test]
    fn both_styles_name_bucket_and_key() {
        for (host, path, bucket, key) in [
            ("127.0.0.1:8773", "/", "", ""),
            ("127.0.0.1:8773", "/b", "b", ""),
            ("127.0.0.1:8773", "/b/", "b", ""),
            ("127.0.0.1:8773", "/b/a/c%20d+e", "b", "a/c d+e"),
            ("127.0.0.1:8773", "/b//x", "b", "/x"),
            ("localhost:8773", "/b/k", "b", "k"),
            ("my.bucket.localhost:8773", "/k/l", "my.bucket", "k/l"),
            ("b.localhost", "/", "b", ""),
            ("s3.cloud.example", "/b/k", "b", "k"),
            ("s3.us-east-1.cloud.example", "/b/k", "b", "k"),
            ("b.s3.us-east-1.cloud.example", "/k", "b", "k"),
            ("b.s3.cloud.example", "/k", "b", "k"),
            ("elsewhere.example", "/b/k", "b", "k"),
            ("123456789012.localhost", "/v20180820/tags/x", "123456789012", "v20180820/tags/x"),
        ] {
            assert_eq!(target(host, path).unwrap(), of(bucket, key), "{host} {path}");
        }
    }

    #[test]
    fn s3control_names_its_bucket_by_arn_whatever_the_host() {
        for host in ["127.0.0.1:8773", "123456789012.localhost:8773", "b.localhost"] {
            let found = target(host, "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Amine").unwrap();
            assert_eq!(
                (found.bucket.as_deref(), found.key, found.control),
                (Some("mine"), None, true),
                "{host}"
            );
        }
    }

    #[test]
    fn paths_that_are_no_names_are_refused() {
        assert!(matches!(target("h", "/b/%ff"), Err(Error::InvalidUri(_))));
        assert!(matches!(target("h", "/b/../x"), Err(Error::InvalidUri(_))));
        assert!(matches!(target("h", "/b/%2e%2e/x"), Err(Error::InvalidUri(_))));
        assert!(matches!(target("h", &format!("/b/{}", "k".repeat(1025))), Err(Error::KeyTooLong { .. })));
        assert_eq!(target("h", &format!("/b/{}", "k".repeat(1024))).unwrap().key.unwrap().len(), 1024);
    }
}
