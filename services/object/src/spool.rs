//! Access logs on their way to their target buckets: lines in memory, then in spool files, until
//! `reconcile/access_log.rs` has made objects of them.
//!
//! A request only appends its line to a buffer; what is in the buffer is written a second later, without a sync. So a
//! crash loses the lines of a second, a loss of power somewhat more, and a clean stop none: once stopping has begun each
//! line is written at once. Buffer and files are bounded: what comes beyond is dropped and counted, as AWS's promise of
//! best effort allows. What cannot be written (the disk is full) stays in the buffer for the next try, and the last of a
//! disk is left to the index, which needs it to delete anything.
//!
//! A spool file is a sequence of blocks, a line of JSON each: a [`Stream`] and the lines that it got. A write that was cut
//! short, by a kill or by the end of the disk, spoils nothing but itself: what comes next begins a line of its own.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
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
/// What is to take the place of a closed file.
const BESIDE: &str = "new";
const DROPPED: &str = "murus_object_access_log_dropped_bytes_total";

/// Lines of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Where they go.
    pub stream: Stream,
    /// The lines, each with its end.
    pub lines: String,
}

/// A [`Block`] as it is written.
#[derive(Serialize)]
struct Written<'a> {
    stream: &'a Stream,
    lines: &'a str,
}

/// The lines that are not yet objects.
pub struct Spool {
    directory: PathBuf,
    /// So many bytes of the disk are left free.
    spares: u64,
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
    /// Over a directory, which is made when it is needed. So many bytes of its disk are left free.
    pub fn new(directory: PathBuf, spares: u64, clock: Clock, metrics: Metrics) -> Self {
        Spool {
            directory,
            spares,
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
    /// Of the file system; then the lines are in the buffer still.
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
        let mut blocks = Vec::new();
        for (stream, lines) in &taken {
            serde_json::to_writer(&mut blocks, &Written { stream, lines })?;
            blocks.push(b'\n');
        }
        match self.append(&blocks, guard) {
            Ok(()) => Ok(taken.len()),
            Err(error) => {
                self.put_back(taken);
                Err(error)
            }
        }
    }

    /// Lines that could not be written go in front of those that came meanwhile.
    fn put_back(&self, lines: HashMap<Stream, String>) {
        let mut buffer = lock(&self.buffer);
        for (stream, mut earlier) in lines {
            if buffer.bytes + earlier.len() > MAX_BUFFER {
                self.metrics.count(DROPPED, "", earlier.len() as u64);
                continue;
            }
            buffer.bytes += earlier.len();
            let lines = buffer.lines.entry(stream).or_default();
            earlier.push_str(lines);
            *lines = earlier;
        }
    }

    fn append(&self, blocks: &[u8], guard: &MutexGuard<'_, ()>) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        self.check_room(blocks.len() as u64)?;
        let open = File::options().create(true).read(true).append(true).open(self.directory.join(OPEN))?;
        append_whole(&open, blocks)?;
        if open.metadata()?.len() >= MAX_FILE {
            self.close_holding(guard)?;
            self.full.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn check_room(&self, more: u64) -> io::Result<()> {
        if self.size()? + more > MAX_SPOOL {
            return Err(io::Error::other("too much of them waits for delivery"));
        }
        if self.spares == 0 {
            return Ok(());
        }
        let disk = rustix::fs::statvfs(&self.directory)?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) < self.spares.saturating_add(more) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }

    fn size(&self) -> io::Result<u64> {
        // a file that was delivered meanwhile has no size
        let sizes = fs::read_dir(&self.directory)?.map(|file| Ok(file?.metadata().map_or(0, |m| m.len())));
        sizes.sum()
    }

    /// Writes the buffer and closes the file that is open, if it has anything.
    ///
    /// # Errors
    /// Of the file system. The file is closed also when nothing could be written: delivering it makes room.
    pub fn close(&self) -> io::Result<()> {
        let guard = lock(&self.files);
        let written = self.write_holding(&guard);
        self.close_holding(&guard)?;
        written.map(drop)
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

    /// The closed files, oldest first. What a kill left beside them is removed.
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
            match name.to_str().and_then(|name| name.strip_prefix(CLOSED)?.split_once('.')) {
                Some((_, "jsonl")) => files.push(entry.path()),
                Some((_, BESIDE)) => fs::remove_file(entry.path())?,
                _ => {}
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
    let beside = file.with_extension(BESIDE);
    let written = File::create(&beside).and_then(|mut new| {
        new.write_all(&bytes)?;
        new.sync_data()
    });
    written.and_then(|()| fs::rename(&beside, file)).inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Appends all or nothing, as lines of their own.
fn append_whole(mut file: &File, blocks: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let mut last = [b'\n'];
    if before > 0 {
        file.read_exact_at(&mut last, before - 1)?;
    }
    let ended = last == [b'\n'];
    let written = if ended { Ok(()) } else { file.write_all(b"\n") };
    written.and_then(|()| file.write_all(blocks)).inspect_err(|_| drop(file.set_len(before)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
