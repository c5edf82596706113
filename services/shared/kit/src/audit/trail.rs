//! The file that records go to: a thread of its own behind a bounded queue.
//!
//! `audit.jsonl` is written to; a file that is old or large enough is synced, renamed to `audit-<time>-<n>.jsonl` and
//! never touched again. A record is on disk within `sync_ms`; a crash of the process loses what was still queued, a
//! loss of power what was not synced. What cannot be queued or written is counted, never silently lost.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::AuditConfig;
use crate::metrics::Metrics;

/// Records that may wait for the disk.
const QUEUE: usize = 16_384;
/// Records written before the file is looked at again.
const BATCH: usize = 4096;
/// How long records gather while there are some: to wake the thread for each of them would cost a busy service more than
/// to write them.
const GATHER: Duration = Duration::from_millis(10);
/// How long the end of a process waits for the disk.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to open a file that cannot be written.
const RETRY: Duration = Duration::from_secs(1);
/// The file that is written to.
pub(super) const CURRENT: &str = "audit.jsonl";
/// Where files lie that were delivered.
pub(super) const DELIVERED: &str = "delivered";

enum Message {
    Line(Vec<u8>),
    /// Sync, then say so.
    Flush(SyncSender<()>),
}

/// The way to the file. Clones share it.
#[derive(Clone)]
pub struct Trail {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    metrics: Metrics,
}

impl Trail {
    /// Opens the file in `directory`, and starts the thread that writes it.
    ///
    /// # Errors
    /// When the directory cannot be made, the file not opened or the thread not started.
    pub fn open(directory: &Path, config: AuditConfig, metrics: Metrics) -> io::Result<Trail> {
        std::fs::create_dir_all(directory.join(DELIVERED))?;
        let (queue, lines) = sync_channel(QUEUE);
        let mut writer = Writer::new(directory.to_owned(), config, metrics.clone());
        writer.reopen()?;
        std::thread::Builder::new().name("audit".into()).spawn(move || writer.run(&lines))?;
        metrics.count("murus_audit_dropped_records_total", "", 0);
        Ok(Trail { queue, dropped: Arc::default(), metrics })
    }

    /// Queues a line, which ends in a line end; counts it as dropped when the queue is full.
    pub fn write(&self, line: Vec<u8>) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.metrics.count("murus_audit_dropped_records_total", "", 1);
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::error!(dropped, "audit records are dropped: the disk does not keep up");
            }
        }
    }

    /// Waits until everything queued so far is on disk.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.queue.send(Message::Flush(done)).is_ok() {
            // a thread that does not answer in time has a disk that does not
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

struct Writer {
    directory: PathBuf,
    config: AuditConfig,
    metrics: Metrics,
    file: Option<File>,
    size: u64,
    opened: Instant,
    /// When the first byte was written that is not synced.
    unsynced: Option<Instant>,
    failed: Option<Instant>,
    sequence: u64,
}

impl Writer {
    fn new(directory: PathBuf, config: AuditConfig, metrics: Metrics) -> Self {
        let opened = Instant::now();
        Writer {
            directory,
            config,
            metrics,
            file: None,
            size: 0,
            opened,
            unsynced: None,
            failed: None,
            sequence: 0,
        }
    }

    fn run(&mut self, lines: &Receiver<Message>) {
        let idle = Duration::from_millis(self.config.sync_ms.clamp(10, 1000));
        let gather = GATHER.min(Duration::from_millis(self.config.sync_ms));
        let mut batch = Vec::new();
        loop {
            let first = match lines.recv_timeout(idle) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.report(|writer| writer.sync());
                    return;
                }
            };
            batch.clear();
            let (mut records, mut waiting) = (0, Vec::new());
            for message in first.into_iter().chain(lines.try_iter().take(BATCH)) {
                match message {
                    Message::Line(line) => {
                        records += 1;
                        batch.extend_from_slice(&line);
                    }
                    Message::Flush(done) => waiting.push(done),
                }
            }
            self.take(&batch, records);
            if !waiting.is_empty() {
                self.report(|writer| writer.sync());
                for done in waiting {
                    // whoever waited may have given up
                    let _ = done.try_send(());
                }
            } else if records > 0 {
                std::thread::sleep(gather);
            }
        }
    }

    fn take(&mut self, batch: &[u8], records: u64) {
        let written = self.report(|writer| writer.append(batch));
        if !written {
            self.metrics.count("murus_audit_dropped_records_total", "", records);
        }
        let due = Duration::from_millis(self.config.sync_ms);
        if self.unsynced.is_some_and(|since| since.elapsed() >= due) {
            self.report(|writer| writer.sync());
        }
        let old = self.opened.elapsed() >= Duration::from_secs(self.config.rotate_s);
        if self.size > 0 && (old || self.size >= self.config.max_file_mib << 20) {
            self.report(|writer| writer.rotate());
        }
    }

    /// Does something with the file; a failure is logged and the file opened again later.
    fn report(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> bool {
        match work(self) {
            Ok(()) => true,
            Err(error) => {
                if self.failed.is_none() {
                    tracing::error!(%error, directory = %self.directory.display(), "audit records cannot be written");
                }
                self.failed = Some(Instant::now());
                self.file = None;
                false
            }
        }
    }

    fn append(&mut self, batch: &[u8]) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.file.is_none() {
            if self.failed.is_some_and(|at| at.elapsed() < RETRY) {
                return Err(io::Error::other("it failed a moment ago"));
            }
            self.reopen()?;
        }
        let Some(file) = &mut self.file else { return Err(io::Error::other("no file")) };
        file.write_all(batch)?;
        self.failed = None;
        self.size += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.unsynced.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if let (Some(file), Some(_)) = (&self.file, self.unsynced) {
            file.sync_data()?;
            self.unsynced = None;
        }
        Ok(())
    }

    /// Opens the current file; a line that a crash cut short is ended.
    fn reopen(&mut self) -> io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).append(true).read(true).open(self.directory.join(CURRENT))?;
        self.size = file.metadata()?.len();
        if self.size > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        File::open(&self.directory)?.sync_all()?;
        self.file = Some(file);
        self.opened = Instant::now();
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.unsynced.get_or_insert_with(Instant::now);
        self.sync()?;
        self.sequence += 1;
        let at = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string().replace('.', "");
        let closed = format!("audit-{at}-{:06}.jsonl", self.sequence);
        std::fs::rename(self.directory.join(CURRENT), self.directory.join(closed))?;
        self.file = None;
        self.reopen()?;
        self.prune()
    }

    /// Removes the oldest closed files beyond those that are kept: delivered ones first.
    fn prune(&self) -> io::Result<()> {
        let waiting = closed_files(&self.directory)?;
        let delivered = closed_files(&self.directory.join(DELIVERED))?;
        let surplus = (waiting.len() + delivered.len()).saturating_sub(self.config.keep_files);
        for (index, path) in delivered.iter().chain(&waiting).take(surplus).enumerate() {
            std::fs::remove_file(path)?;
            if index >= delivered.len() && !self.config.bucket.is_empty() {
                self.metrics.count("murus_audit_removed_undelivered_files_total", "", 1);
                tracing::error!(file = %path.display(), "an audit file was removed before it was delivered");
            }
        }
        Ok(())
    }
}

/// The closed files of a folder, oldest first.
pub(super) fn closed_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let is_closed = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("audit-") && name.ends_with(".jsonl")
    };
    let all = std::fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
    let mut closed: Vec<PathBuf> = all.collect::<io::Result<_>>()?;
    closed.retain(is_closed);
    closed.sort();
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    fn config() -> AuditConfig {
        AuditConfig { sync_ms: 0, keep_files: 3, ..AuditConfig::default() }
    }

    #[test]
    fn what_was_written_is_there_after_a_flush_and_after_another_start() {
        let dir = tempfile::tempdir().unwrap();
        let trail = Trail::open(dir.path(), config(), Metrics::default()).unwrap();
        (0..5000).for_each(|n| trail.write(format!("{{\"n\":{n}}}\n").into_bytes()));
        trail.flush();
        assert_eq!(lines(&dir.path().join(CURRENT)).len(), 5000);
        drop(trail);
        OpenOptions::new().append(true).open(dir.path().join(CURRENT)).unwrap().write_all(b"torn").unwrap();
        let again = Trail::open(dir.path(), config(), Metrics::default()).unwrap();
        again.write(b"whole\n".to_vec());
        again.flush();
        assert_eq!(lines(&dir.path().join(CURRENT))[5000..], ["torn", "whole"]);
    }

    #[test]
    fn a_large_file_is_closed_and_only_so_many_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let small = AuditConfig { max_file_mib: 1, ..config() };
        let trail = Trail::open(dir.path(), small, Metrics::default()).unwrap();
        for _ in 0..6 {
            trail.write([vec![b'x'; 1 << 20], b"\n".to_vec()].concat());
            trail.flush();
        }
        trail.write(b"last\n".to_vec());
        trail.flush();
        assert_eq!(closed_files(dir.path()).unwrap().len(), 3);
        assert_eq!(lines(&dir.path().join(CURRENT)), ["last"]);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nobody_waits() {
        let metrics = Metrics::default();
        let (queue, _nobody_reads) = sync_channel(1);
        let trail = Trail { queue, dropped: Arc::default(), metrics: metrics.clone() };
        (0..4).for_each(|_| trail.write(b"x\n".to_vec()));
        assert!(metrics.render().contains("murus_audit_dropped_records_total 3"), "{}", metrics.render());
    }

    #[test]
    fn records_that_cannot_be_written_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let metrics = Metrics::default();
        let mut writer = Writer::new(dir.path().join("gone"), config(), metrics.clone());
        writer.take(b"a\nb\n", 2);
        assert!(metrics.render().contains("murus_audit_dropped_records_total 2"), "{}", metrics.render());
    }
}
