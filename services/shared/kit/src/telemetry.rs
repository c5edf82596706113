//! Structured logs: one line an event, as text for people or JSON for machines. Nothing secret is ever a field.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `info`, or directives such as `info,audit=off,compute=debug`.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { format: LogFormat::Text, level: "info".into() }
    }
}

/// The target of the line that each request leaves.
pub(crate) const REQUESTS: &str = "audit";

/// Starts logging to standard error; once a process, a second call changes nothing.
///
/// # Errors
/// What is wrong with `level`, or why there is no thread to write.
pub fn init(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level).map_err(|error| format!("log.level: {error}"))?;
    if LINES.get().is_some() {
        return Ok(());
    }
    let lines = LINES.get_or_init(|| Lines::to_standard_error(config.format));
    let writing = std::thread::Builder::new().name("log".into()).spawn(|| lines.write_on());
    writing.map_err(|error| format!("log: {error}"))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    // an error means that a subscriber is already there
    let _ = match config.format {
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Writes the line of a request, if lines are text and this process has a log; tells whether it did.
pub(crate) fn write_text(line: impl FnOnce() -> String) -> bool {
    match LINES.get() {
        Some(lines) if lines.format == LogFormat::Text => {
            lines.write(line().as_bytes(), true);
            true
        }
        _ => false,
    }
}

/// Writes what waits; for the end of a process.
pub fn finish() {
    if let Some(lines) = LINES.get() {
        lines.lock().write_out();
    }
}

/// The lines of this process.
static LINES: OnceLock<Lines> = OnceLock::new();
/// How long lines of requests gather.
const GATHER: Duration = Duration::from_millis(10);
/// More than this does not wait, in bytes.
const MAX_WAITING: usize = 256 << 10;

/// Standard error. Lines of requests gather for a moment, so that a busy service writes many by one call of the system;
/// any other line is written at once, behind those that wait. So lines keep their order, and a process that is killed
/// loses 10 ms of requests and nothing else.
struct Lines {
    waiting: Mutex<Waiting>,
    some: Condvar,
    format: LogFormat,
}

struct Waiting {
    lines: Vec<u8>,
    out: fn(&[u8]),
}

impl Waiting {
    fn write_out(&mut self) {
        (self.out)(&self.lines);
        self.lines.clear();
    }
}

impl Lines {
    fn new(format: LogFormat, out: fn(&[u8])) -> Self {
        Lines { waiting: Mutex::new(Waiting { lines: Vec::new(), out }), some: Condvar::new(), format }
    }

    fn to_standard_error(format: LogFormat) -> Self {
        // there is nowhere to tell of a standard error that cannot be written to
        Lines::new(format, |lines| drop(io::stderr().write_all(lines)))
    }

    fn write(&self, bytes: &[u8], may_wait: bool) {
        let mut waiting = self.lock();
        let first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(bytes);
        if !may_wait || waiting.lines.len() > MAX_WAITING {
            waiting.write_out();
        } else if first {
            self.some.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines that gathered, forever.
    fn write_on(&self) {
        loop {
            let nothing = |waiting: &mut Waiting| waiting.lines.is_empty();
            drop(self.some.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(GATHER);
            self.lock().write_out();
        }
    }
}

impl<'a> MakeWriter<'a> for &'static Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self, may_wait: false }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        Line { lines: self, may_wait: about.target() == REQUESTS && *about.level() >= Level::INFO }
    }
}

/// One line on its way.
struct Line {
    lines: &'static Lines,
    may_wait: bool,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.write(bytes, self.may_wait);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.lock().write_out();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_requests_gather_and_any_other_takes_them_along() {
        let lines: &'static Lines = Box::leak(Box::new(Lines::new(LogFormat::Text, |_| ())));
        let waiting = || lines.lock().lines.len();
        let write = |may_wait, bytes: &[u8]| Line { lines, may_wait }.write_all(bytes).unwrap();
        write(true, b"a request\n");
        write(true, b"another\n");
        assert_eq!(waiting(), 18);
        write(false, b"something else\n");
        assert_eq!(waiting(), 0);
        write(true, &vec![b'.'; MAX_WAITING]);
        assert_eq!(waiting(), MAX_WAITING);
        write(true, b"\n");
        assert_eq!(waiting(), 0);
    }

    #[test]
    fn what_gathers_is_written_soon() {
        let lines: &'static Lines = Box::leak(Box::new(Lines::new(LogFormat::Text, |_| ())));
        std::thread::spawn(|| lines.write_on());
        Line { lines, may_wait: true }.write_all(b"a request\n").unwrap();
        let begun = std::time::Instant::now();
        while !lines.lock().lines.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the line is never written");
            std::thread::yield_now();
        }
    }
}
