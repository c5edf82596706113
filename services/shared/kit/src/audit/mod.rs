//! The audit trail: who asked for what, from where, allowed or not and why; one record a request.
//!
//! A record is a line in the log (target `audit`) and, once [`start`] was called, a line of JSON in CloudTrail's record
//! format in `<data_dir>/<service>/audit/`. Nothing here makes a request wait: records go through a bounded queue to a
//! thread of their own, and what does not fit is counted (`murus_audit_dropped_records_total`).

mod deliver;
mod event;
mod json;
mod log_line;
mod parameters;
mod trail;

use std::sync::OnceLock;

use api_spec::{ApiError, Service};
use auth::policy::Decision;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::log_line::LogLine;

pub use self::event::Resource;
pub use self::parameters::{of_json, of_query};
pub use self::trail::Trail;
use crate::caller::Caller;
use crate::context::Context;
use crate::request::Origin;

/// How records are kept. See `docs/audit.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Whether records are written to files at all.
    pub enabled: bool,
    /// A file is closed when it has this many MiB, 1 to 1024.
    pub max_file_mib: u64,
    /// A file is closed when it is this old, in seconds, 10 to 86400.
    pub rotate_s: u64,
    /// Closed files that are kept, the newest, 1 to 100000.
    pub keep_files: usize,
    /// Records reach the disk within this many milliseconds, 0 to 60000; 0 syncs every batch.
    pub sync_ms: u64,
    /// Closed files are delivered to this bucket; empty: nowhere.
    pub bucket: String,
}

impl Default for AuditConfig {
    fn default() -> Self {
        AuditConfig {
            enabled: true,
            max_file_mib: 64,
            rotate_s: 300,
            keep_files: 2016,
            sync_ms: 1000,
            bucket: String::new(),
        }
    }
}

impl AuditConfig {
    /// Finds what parses but cannot work.
    ///
    /// # Errors
    /// Says which value.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("max_file_mib", self.max_file_mib, 1, 1024),
            ("rotate_s", self.rotate_s, 10, 86_400),
            ("keep_files", u64::try_from(self.keep_files).unwrap_or(u64::MAX), 1, 100_000),
            ("sync_ms", self.sync_ms, 0, 60_000),
        ];
        match ranges.iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            None => Ok(()),
            Some((name, value, least, most)) => {
                Err(format!("audit.{name} = {value} must be between {least} and {most}"))
            }
        }
    }
}

/// What there is to say about a finished request.
pub struct Record<'a> {
    /// The API.
    pub service: Service,
    /// AWS's name of the operation, `RunInstances`.
    pub name: &'a str,
    /// What policies call it, `ec2:RunInstances`.
    pub action: &'a str,
    /// Where the request came from.
    pub origin: &'a Origin,
    /// Who asked; none when nobody proved to be anybody.
    pub caller: Option<&'a Caller>,
    /// When it was answered.
    pub at: Timestamp,
    /// The region that this cloud is.
    pub region: &'a str,
    /// What it was given, without secrets.
    pub parameters: Option<Value>,
    /// What it was about.
    pub resources: &'a [Resource],
    /// What allowed or denied it; none when it did not come to a decision.
    pub decision: Option<&'a Decision>,
    /// How it ended.
    pub outcome: Result<(), &'a ApiError>,
}

/// The trail of this process.
static TRAIL: OnceLock<Trail> = OnceLock::new();

/// Starts writing files, once a process: below the folder of the context's service. With a bucket configured, closed
/// files are delivered until shutdown.
///
/// # Errors
/// When the folder cannot be made or the file not opened.
pub fn start(config: &AuditConfig, context: &Context) -> std::io::Result<()> {
    if !config.enabled || TRAIL.get().is_some() {
        return Ok(());
    }
    let directory = context.data_dir().join("audit");
    let trail = Trail::open(&directory, config.clone(), context.metrics.clone())?;
    // a second call in one process is the only way to find it taken, and then it is the same trail
    let _ = TRAIL.set(trail);
    deliver::start(config, context, directory);
    Ok(())
}

/// Brings everything written so far to the disk; for the end of a process. Blocks for at most five seconds.
pub fn finish() {
    if let Some(trail) = TRAIL.get() {
        trail.flush();
    }
}

/// Writes a record.
pub fn write(record: &Record<'_>) {
    let principal = record.caller.map(|caller| caller.principal().arn());
    let (source_ip, by) = (record.origin.source(), record.decision.map(reason));
    let line = LogLine {
        request_id: &record.origin.request_id,
        action: record.action,
        principal: principal.as_deref(),
        access_key_id: record.caller.and_then(Caller::access_key_id),
        source_ip: source_ip.as_deref(),
        by: by.as_deref(),
        error: record.outcome.err().map(|error| error.code.as_str()),
    };
    line.write();
    if let Some(trail) = TRAIL.get() {
        trail.write(event::line(record, principal.as_deref(), source_ip.as_deref()));
    }
}

fn reason(decision: &Decision) -> String {
    match decision {
        Decision::Allowed { by } | Decision::DeniedExplicitly { by } => {
            format!("{} statement {}", by.policy, by.index)
        }
        Decision::DeniedImplicitly { missing } => format!("no {missing:?} policy allows it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_named() {
        assert_eq!(AuditConfig::default().check(), Ok(()));
        let wrong = AuditConfig { rotate_s: 5, ..AuditConfig::default() };
        assert!(wrong.check().unwrap_err().contains("audit.rotate_s = 5"));
    }
}
