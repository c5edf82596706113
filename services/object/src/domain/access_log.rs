//! One line of an access log, in AWS's format:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>.

use std::fmt;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a key shows as it is.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What would end a quoted field or the line.
const QUOTED: &AsciiSet = &CONTROLS.add(b'"');
/// What would end a plain field or the line.
const PLAIN: &AsciiSet = &CONTROLS.add(b'"').add(b' ');

/// One request, or one thing that S3 did by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Canonical user id of the bucket's owner.
    pub owner: String,
    /// The bucket.
    pub bucket: String,
    /// When the request came.
    pub at: Timestamp,
    /// Where from.
    pub remote_ip: Option<String>,
    /// Canonical user id, ARN or service; none for the anonymous.
    pub requester: Option<String>,
    /// Id of the request.
    pub request_id: String,
    /// Such as `REST.GET.OBJECT`.
    pub operation: &'static str,
    /// The key.
    pub key: Option<String>,
    /// `GET /bucket/key?query HTTP/1.1`.
    pub request_line: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// S3's code.
    pub error: Option<String>,
    /// Bytes of the reply's body.
    pub sent: u64,
    /// Bytes of the object.
    pub size: Option<u64>,
    /// From the request's first byte to the reply's last.
    pub total_ms: Option<u64>,
    /// From the request's last byte to the reply's first.
    pub turn_around_ms: Option<u64>,
    /// The header.
    pub referer: Option<String>,
    /// The header.
    pub user_agent: Option<String>,
    /// The version named in the request.
    pub version: Option<String>,
    /// `x-amz-id-2`.
    pub host_id: Option<String>,
    /// `SigV2` or `SigV4`.
    pub signature: Option<&'static str>,
    /// OpenSSL's name.
    pub cipher: Option<String>,
    /// `AuthHeader` or `QueryString`.
    pub auth: Option<&'static str>,
    /// The header.
    pub host: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    pub tls: Option<String>,
    /// Whether an access control list was what allowed it.
    pub by_acl: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.strftime("%d/%b/%Y:%H:%M:%S +0000");
        write!(f, "{} {} [{at}]", self.owner, self.bucket)?;
        let requester = self.requester.as_deref();
        write!(f, " {} {}", plain(self.remote_ip.as_deref()), plain(requester))?;
        write!(f, " {} {}", self.request_id, self.operation)?;
        match &self.key {
            Some(key) => write!(f, " {}", utf8_percent_encode(key, KEY))?,
            None => f.write_str(" -")?,
        }
        quoted(f, self.request_line.as_deref(), false)?;
        write!(f, " {} {}", number(self.status), self.error.as_deref().unwrap_or("-"))?;
        write!(f, " {} {}", number(Some(self.sent).filter(|sent| *sent > 0)), number(self.size))?;
        write!(f, " {} {}", number(self.total_ms), number(self.turn_around_ms))?;
        // a request without the header says so in quotes
        quoted(f, self.referer.as_deref(), self.request_line.is_some())?;
        quoted(f, self.user_agent.as_deref(), self.request_line.is_some())?;
        write!(f, " {} {}", plain(self.version.as_deref()), plain(self.host_id.as_deref()))?;
        write!(f, " {} {}", self.signature.unwrap_or("-"), plain(self.cipher.as_deref()))?;
        write!(f, " {} {}", self.auth.unwrap_or("-"), plain(self.host.as_deref()))?;
        // there are no access points
        write!(f, " {} - {}", plain(self.tls.as_deref()), if self.by_acl { "Yes" } else { "-" })
    }
}

fn plain(field: Option<&str>) -> impl fmt::Display + '_ {
    utf8_percent_encode(field.filter(|text| !text.is_empty()).unwrap_or("-"), PLAIN)
}

fn quoted(f: &mut fmt::Formatter<'_>, field: Option<&str>, asked: bool) -> fmt::Result {
    match field.filter(|text| !text.is_empty()) {
        Some(text) => write!(f, " \"{}\"", utf8_percent_encode(text, QUOTED)),
        None if asked => f.write_str(" \"-\""),
        None => f.write_str(" -"),
    }
}

fn number<N: ToString>(field: Option<N>) -> String {
    field.map_or_else(|| "-".into(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            owner: "79a5".into(),
            bucket: "bucket".into(),
            at: "2019-02-06T00:00:38Z".parse().unwrap(),
            remote_ip: Some("192.0.2.3".into()),
            requester: Some("79a5".into()),
            request_id: "3E57".into(),
            operation: "REST.GET.VERSIONING",
            key: None,
            request_line: Some("GET /bucket?versioning HTTP/1.1".into()),
            status: Some(200),
            error: None,
            sent: 113,
            size: None,
            total_ms: Some(7),
            turn_around_ms: None,
            referer: None,
            user_agent: Some("S3Console/0.4".into()),
            version: None,
            host_id: Some("s9lz=".into()),
            signature: Some("SigV4"),
            cipher: Some("ECDHE-RSA-AES128-GCM-SHA256".into()),
            auth: Some("AuthHeader"),
            host: Some("bucket.s3.us-west-1.amazonaws.com".into()),
            tls: Some("TLSv1.2".into()),
            by_acl: true,
        }
    }

    #[test]
    fn a_line_reads_as_in_aws_documentation() {
        assert_eq!(
            entry().to_string(),
            "79a5 bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 3E57 REST.GET.VERSIONING - \
             \"GET /bucket?versioning HTTP/1.1\" 200 - 113 - 7 - \"-\" \"S3Console/0.4\" - s9lz= SigV4 \
             ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket.s3.us-west-1.amazonaws.com TLSv1.2 - Yes"
        );
    }

    #[test]
    fn nothing_that_a_client_sends_ends_a_field() {
        let hostile = Entry {
            key: Some("a b\n\"c\"/ü".into()),
            user_agent: Some("x\" 200 - \"y".into()),
            referer: Some("r".into()),
            host: Some("h i".into()),
            ..entry()
        };
        let line = hostile.to_string();
        assert!(line.contains(" a%20b%0A%22c%22/%C3%BC "), "{line}");
        assert!(line.contains(" \"r\" \"x%22 200 - %22y\" "), "{line}");
        assert!(line.contains(" h%20i "), "{line}");
    }

    #[test]
    fn what_s3_does_by_itself_has_no_request() {
        let line = Entry { request_line: None, user_agent: None, ..entry() }.to_string();
        assert!(line.contains("REST.GET.VERSIONING - - 200 - 113 - 7 - - - - s9lz="), "{line}");
    }
}
