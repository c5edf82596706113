//! The line that each request leaves in the log, in the form of all others there, but without tracing's formatter: it
//! would take half as long as all that is decided of a request.

use jiff::Timestamp;
use tracing::Level;

use crate::telemetry::{self, REQUESTS};

/// What the line says.
pub(super) struct LogLine<'l> {
    pub request_id: &'l str,
    pub action: &'l str,
    pub principal: Option<&'l str>,
    pub access_key_id: Option<&'l str>,
    pub source_ip: Option<&'l str>,
    pub by: Option<&'l str>,
    pub error: Option<&'l str>,
}

impl LogLine<'_> {
    /// Writes it.
    pub fn write(&self) {
        if !tracing::enabled!(target: REQUESTS, Level::INFO) {
            return;
        }
        let written = self.is_plain() && telemetry::write_text(|| self.text(Timestamp::now()));
        if !written {
            self.trace();
        }
    }

    /// Whether nothing of it has to be escaped.
    fn is_plain(&self) -> bool {
        let odd = |byte: u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
        // without a way out in the middle this compiles to a few vector instructions
        let plain = |text: &str| !text.bytes().fold(false, |found, byte| found | odd(byte));
        let known = [self.principal, self.access_key_id, self.source_ip, self.by, self.error];
        plain(self.request_id) && plain(self.action) && known.into_iter().flatten().all(plain)
    }

    fn text(&self, at: Timestamp) -> String {
        let mut line = String::with_capacity(512);
        let mut push = |parts: &[&str]| parts.iter().for_each(|part| line.push_str(part));
        push(&[&format!("{at:.6}"), "  INFO ", REQUESTS, ": request request_id=", self.request_id]);
        push(&[" action=\"", self.action, "\""]);
        let fields = [
            (" principal=", self.principal, ""),
            (" access_key_id=\"", self.access_key_id, "\""),
            (" source_ip=", self.source_ip, ""),
            (" by=\"", self.by, "\""),
            (" error=\"", self.error, "\""),
        ];
        for (name, value, end) in fields {
            value.into_iter().for_each(|value| push(&[name, value, end]));
        }
        push(&["\n"]);
        line
    }

    fn trace(&self) {
        tracing::info!(
            target: REQUESTS,
            request_id = %self.request_id,
            action = self.action,
            principal = self.principal.map(|text| tracing::field::display(text.escape_debug())),
            access_key_id = self.access_key_id,
            source_ip = self.source_ip.map(tracing::field::display),
            by = self.by,
            error = self.error,
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn traced(line: &LogLine<'_>) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || line.trace());
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    fn without_time(line: &str) -> &str {
        let (time, rest) = line.split_at(27);
        assert!(time.parse::<Timestamp>().is_ok(), "{line}");
        rest
    }

    #[test]
    fn it_is_what_tracing_would_write() {
        let full = LogLine {
            request_id: "6f1ed002-ab5f-11e3-8c5a-3b4a5c6d7e8f",
            action: "s3:GetObject",
            principal: Some("arn:aws:iam::111122223333:user/alice"),
            access_key_id: Some("AKIAIOSFODNN7EXAMPLE"),
            source_ip: Some("192.0.2.7"),
            by: Some("inline policy Notes of group Readers statement 0"),
            error: Some("AccessDenied"),
        };
        let bare =
            LogLine { principal: None, access_key_id: None, source_ip: None, by: None, error: None, ..full };
        for line in [full, bare] {
            assert!(line.is_plain());
            assert_eq!(without_time(&line.text(Timestamp::now())), without_time(&traced(&line)));
        }
    }

    #[test]
    fn what_has_to_be_escaped_is_left_to_tracing() {
        let line = LogLine {
            request_id: "id",
            action: "s3:GetObject",
            principal: Some("a\u{1b}[2J\nb"),
            access_key_id: None,
            source_ip: None,
            by: Some("policy \"x\""),
            error: None,
        };
        assert!(!line.is_plain());
        assert_eq!(traced(&line).lines().count(), 1);
    }
}
