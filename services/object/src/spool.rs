//! Access logs on their way to their target buckets: lines in memory, then in spool files, until
//! `reconcile/access_log.rs` has made objects of them.
//!
//! A request only appends its line to a buffer; what is in the buffer is written a second later, without a sync. So a
//! crash loses the lines of a second, a loss of power somewhat more, and a clean stop none: once stopping has begun each
//! line is written at once. Buffer and files are bounded: what comes beyond is dropped and counted, as AWS's promise of
//! best effort allows.
//!
//! A spool file is a sequence of blocks, a line of JSON each: a [`Stream`] and the lines that it got.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kit::Clock;
use kit::metrics::Metrics;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::domain::logging::Stream;

/// Lines in memory, in bytes; beyond it they are dropped.
const MAX_BUFFER: usize = 16 << 20;
/// From here on the buffer is written without waiting for the second to end.
const WRITE_FROM: usize = 1 << 20;
/// A spool file of this size is closed, and delivered at once.
const MAX_FILE: u64 = 8 << 20;
/// All spool files; beyond it lines are dropped.
const MAX_SPOOL: u64 = 512 << 20;

const OPEN: &str = "open.jsonl";
const CLOSED: &str = "closed-";
const DROPPED: &str = "murus_object_access_log_dropped_bytes_total";

/// Lines of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Where they go.
    pub stream: Stream,
    /// The lines, each with its end.
    pub lines: String,
}

/// The lines that are not yet objects.
pub struct Spool {
    directory: PathBuf,
    clock: Clock,
    metrics: Metrics,
    buffer: Mutex<Buffer>,
    /// Held while files are written, renamed and counted.
    files: Mutex<()>,
    /// Tells that there is enough in the buffer to write it.
    filling: watch::Sender<u64>,
    /// Tells that a file was closed because it is large.
    full: watch::Sender<u64>,
}

#[derive(Default)]
struct Buffer {
    lines: HashMap<Stream, String>,
    bytes: usize,
    stopping: bool,
}

impl Spool {
    /// Over a directory, which is made when it is needed.
    pub fn new(directory: PathBuf, clock: Clock, metrics: Metrics) -> Self {
        Spool {
            directory,
            clock,
            metrics,
            buffer: Mutex::default(),
            files: Mutex::default(),
            filling: watch::Sender::new(0),
            full: watch::Sender::new(0),
        }
    }

    /// Changes when the buffer should be written.
    pub fn filling(&self) -> watch::Receiver<u64> {
        self.filling.subscribe()
    }

    /// Changes when a file should be delivered.
    pub fn full(&self) -> watch::Receiver<u64> {
        self.full.subscribe()
    }

    /// Takes a line, without its end.
    pub fn add(&self, stream: Stream, line: &str) {
        let mut buffer = lock(&self.buffer);
        if buffer.bytes + line.len() > MAX_BUFFER {
            return self.metrics.count(DROPPED, "", line.len() as u64);
        }
        let before = buffer.bytes;
        buffer.bytes += line.len() + 1;
        let lines = buffer.lines.entry(stream).or_default();
        lines.push_str(line);
        lines.push('\n');
        let (wake, at_once) = (before < WRITE_FROM && buffer.bytes >= WRITE_FROM, buffer.stopping);
        drop(buffer);
        if at_once {
            self.write_or_warn();
        } else if wake {
            self.filling.send_modify(|count| *count += 1);
        }
    }

    /// From now on lines are written as they come.
    pub fn stop(&self) {
        lock(&self.buffer).stopping = true;
        self.write_or_warn();
    }

    fn write_or_warn(&self) {
        if let Err(error) = self.write() {
            tracing::warn!(%error, "access logs cannot be written");
        }
    }

    /// Writes the buffer. Says how many streams had lines.
    ///
    /// # Errors
    /// Of the file system; then these lines are lost.
    pub fn write(&self) -> io::Result<usize> {
        let guard = lock(&self.files);
        self.write_holding(&guard)
    }

    fn write_holding(&self, guard: &MutexGuard<'_, ()>) -> io::Result<usize> {
        let taken = {
            let mut buffer = lock(&self.buffer);
            buffer.bytes = 0;
            std::mem::take(&mut buffer.lines)
        };
        if taken.is_empty() {
            return Ok(0);
        }
        let count = taken.len();
        let bytes: usize = taken.values().map(String::len).sum();
        let written = self.append(taken, guard);
        if written.is_err() {
            self.metrics.count(DROPPED, "", bytes as u64);
        }
        written.map(|()| count)
    }

    fn append(&self, lines: HashMap<Stream, String>, guard: &MutexGuard<'_, ()>) -> io::Result<()> {
        let mut blocks = Vec::new();
        for (stream, lines) in lines {
            serde_json::to_writer(&mut blocks, &Block { stream, lines })?;
            blocks.push(b'\n');
        }
        fs::create_dir_all(&self.directory)?;
        if self.size()? + blocks.len() as u64 > MAX_SPOOL {
            return Err(io::Error::other("too much of them waits for delivery"));
        }
        let mut file = File::options().create(true).append(true).open(self.directory.join(OPEN))?;
        file.write_all(&blocks)?;
        if file.metadata()?.len() >= MAX_FILE {
            self.close_holding(guard)?;
            self.full.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        // a file that was delivered meanwhile has no size
        let sizes = fs::read_dir(&self.directory)?.map(|file| Ok(file?.metadata().map_or(0, |m| m.len())));
        sizes.sum()
    }

    /// Writes the buffer and closes the file that is open, if it has anything.
    ///
    /// # Errors
    /// Of the file system.
    pub fn close(&self) -> io::Result<()> {
        let guard = lock(&self.files);
        self.write_holding(&guard)?;
        self.close_holding(&guard)
    }

    fn close_holding(&self, _: &MutexGuard<'_, ()>) -> io::Result<()> {
        let name = |at: i128| self.directory.join(format!("{CLOSED}{at:020}.jsonl"));
        let mut at = self.clock.now().as_nanosecond();
        while name(at).exists() {
            at += 1;
        }
        match fs::rename(self.directory.join(OPEN), name(at)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The closed files, oldest first.
    ///
    /// # Errors
    /// Of the file system.
    pub fn closed(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(CLOSED) && name.ends_with(".jsonl")) {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    }
}

/// When a file was closed.
pub fn closed_at(file: &Path) -> Option<Timestamp> {
    let number = file.file_stem()?.to_str()?.strip_prefix(CLOSED)?;
    Timestamp::from_nanosecond(number.parse().ok()?).ok()
}

/// The blocks of a closed file, one a stream. What a crash cut short is left out.
///
/// # Errors
/// Of the file system.
pub fn read(file: &Path) -> io::Result<Vec<Block>> {
    let bytes = fs::read(file)?;
    let mut blocks: Vec<Block> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(block) = serde_json::from_slice::<Block>(line) else { continue };
        match blocks.iter_mut().find(|known| known.stream == block.stream) {
            Some(known) => known.lines.push_str(&block.lines),
            None => blocks.push(block),
        }
    }
    Ok(blocks)
}

/// Puts what is left of a closed file in its place; removes it when that is nothing.
///
/// # Errors
/// Of the file system; then the file is as it was.
pub fn keep(file: &Path, left: &[Block]) -> io::Result<()> {
    if left.is_empty() {
        return fs::remove_file(file);
    }
    let mut bytes = Vec::new();
    for block in left {
        serde_json::to_writer(&mut bytes, block)?;
        bytes.push(b'\n');
    }
    let beside = file.with_extension("new");
    fs::write(&beside, bytes)?;
    fs::rename(beside, file)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::logging::Logging;

    fn stream(source: &str) -> Stream {
        let logging = Logging { bucket: "logs".into(), prefix: "p".into(), grants: vec![], format: None };
        Stream::new(source, "111122223333", &logging, Timestamp::UNIX_EPOCH)
    }

    fn spool(dir: &tempfile::TempDir) -> Spool {
        let clock = Clock::manual(Timestamp::from_second(5).unwrap());
        Spool::new(dir.path().join("access-logs"), clock, Metrics::default())
    }

    #[test]
    fn what_was_written_is_read_by_stream_and_what_was_torn_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(&dir);
        assert!(spool.closed().unwrap().is_empty());
        for (source, line) in [("a", "one"), ("b", "two"), ("a", "three \"quoted\"")] {
            spool.add(stream(source), line);
            spool.write().unwrap();
        }
        let open = dir.path().join("access-logs").join(OPEN);
        let mut file = File::options().append(true).open(open).unwrap();
        file.write_all(b"{\"stream\":{\"sour").unwrap();
        spool.close().unwrap();
        let closed = spool.closed().unwrap();
        assert_eq!((closed.len(), closed_at(&closed[0])), (1, Timestamp::from_second(5).ok()));
        let blocks = read(&closed[0]).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0], Block { stream: stream("a"), lines: "one\nthree \"quoted\"\n".into() });
        keep(&closed[0], &blocks[1..]).unwrap();
        assert_eq!(read(&closed[0]).unwrap(), [Block { stream: stream("b"), lines: "two\n".into() }]);
        keep(&closed[0], &[]).unwrap();
        assert!(spool.closed().unwrap().is_empty());
    }

    #[test]
    fn once_stopping_each_line_is_on_disk_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = spool(&dir);
        first.add(stream("a"), "before");
        first.stop();
        first.add(stream("a"), "after");
        drop(first);
        let second = spool(&dir);
        second.close().unwrap();
        let blocks = read(&second.closed().unwrap()[0]).unwrap();
        assert_eq!(blocks[0].lines, "before\nafter\n");
    }

    #[test]
    fn the_buffer_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(&dir);
        let line = "x".repeat(1 << 20);
        for _ in 0..20 {
            spool.add(stream("a"), &line);
        }
        assert!(lock(&spool.buffer).bytes <= MAX_BUFFER);
        assert!(spool.metrics.render().contains(DROPPED));
    }
}
