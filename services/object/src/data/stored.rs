//! What a file of content looks like: the content, then a checksum of every block of it, then a trailer.
//!
//! A checksum covers the name of the file and the number of the block, too, so that a block that got somewhere else
//! does not pass. Nothing is given out before the checksums of the blocks it lies in were compared. Files that were
//! written before there were checksums have another name ([`Format`]) and no trailer.

use std::fs::File;
use std::io::{self, ErrorKind, IoSliceMut};
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
use rustix::fs::{Advice, fadvise};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::pool::Buffer;
use crate::domain::id::DataId;

/// Content that one checksum covers.
pub const BLOCK_BYTES: usize = 64 << 10;
/// How much the disk is asked to read ahead of a reader that had to wait for it.
const AHEAD_BYTES: u64 = 2 << 20;
const SUM_BYTES: usize = 8;
/// Checksums that are kept until they are written: those of 128 MiB. A large file has megabytes of them.
const SPILL_BYTES: usize = 16 << 10;
/// Magic, bytes of a block, bytes of content, checksum of these.
const TRAILER_BYTES: usize = 32;
const MAGIC: [u8; 8] = *b"murusum1";

/// How a file is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Content alone.
    Bare,
    /// With checksums.
    Summed,
}

/// Checksums of content on its way into a file.
pub struct Sums {
    id: DataId,
    block: Box<Digest>,
    filled: usize,
    length: u64,
    /// Blocks that are done.
    ended: u64,
    /// The checksums of the last of them.
    sums: Vec<u8>,
}

impl Sums {
    /// Of a file of this name.
    pub fn new(id: DataId) -> Self {
        Sums { id, block: Box::new(digest(id, 0)), filled: 0, length: 0, ended: 0, sums: Vec::new() }
    }

    /// Takes in what is written next.
    pub fn update(&mut self, mut data: &[u8]) {
        self.length += data.len() as u64;
        while !data.is_empty() {
            let (now, later) = data.split_at(data.len().min(BLOCK_BYTES - self.filled));
            self.block.update(now);
            self.filled += now.len();
            data = later;
            if self.filled == BLOCK_BYTES {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        self.ended += 1;
        let ended = std::mem::replace(&mut *self.block, digest(self.id, self.ended));
        self.sums.extend(ended.finalize().to_le_bytes());
        self.filled = 0;
    }

    /// What there is of the checksums, once there is much of it: where it belongs, counted from the end of the
    /// content, and the bytes. It is not kept.
    pub fn spill(&mut self) -> Option<(u64, Vec<u8>)> {
        (self.sums.len() >= SPILL_BYTES).then(|| self.take())
    }

    fn take(&mut self) -> (u64, Vec<u8>) {
        let at = self.ended * SUM_BYTES as u64 - self.sums.len() as u64;
        (at, std::mem::take(&mut self.sums))
    }

    /// What stands behind the content, without what was spilled: where it begins, counted from the end of the content,
    /// and the bytes.
    pub fn finish(mut self) -> (u64, Vec<u8>) {
        if self.filled > 0 {
            self.end_block();
        }
        let (at, mut out) = self.take();
        let mut trailer = MAGIC.to_vec();
        trailer.extend((BLOCK_BYTES as u64).to_le_bytes());
        trailer.extend(self.length.to_le_bytes());
        let sum = trailer_sum(self.id, &trailer);
        trailer.extend(sum.to_le_bytes());
        out.extend(trailer);
        (at, out)
    }
}

/// The checksum of a small piece of content as it is kept in the index.
pub fn small_sum(id: DataId, content: &[u8]) -> u64 {
    let mut digest = digest(id, 0);
    digest.update(content);
    digest.finalize()
}

fn digest(id: DataId, block: u64) -> Digest {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    let mut place = [0; 24];
    place[..16].copy_from_slice(&id.to_bytes());
    place[16..].copy_from_slice(&block.to_le_bytes());
    digest.update(&place);
    digest
}

fn trailer_sum(id: DataId, fields: &[u8]) -> u64 {
    let mut digest = digest(id, u64::MAX);
    digest.update(fields);
    digest.finalize()
}

/// The error for content that is not what was written.
pub fn rotten(id: DataId, what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("stored data {id}: {what}"))
}

/// A file open for reading.
pub struct StoredFile {
    file: File,
    id: DataId,
    format: Format,
    length: OnceLock<u64>,
}

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It may: this thread may block.
    Disk,
    /// Only what is in memory; `WouldBlock` otherwise.
    Never,
}

impl StoredFile {
    /// Takes an open file.
    pub fn new(file: File, id: DataId, format: Format) -> Self {
        StoredFile { file, id, format, length: OnceLock::new() }
    }

    /// Its name.
    pub fn id(&self) -> DataId {
        self.id
    }

    /// Bytes of content.
    pub fn length(&self, wait: Wait) -> io::Result<u64> {
        if let Some(length) = self.length.get() {
            return Ok(*length);
        }
        let size = self.file.metadata()?.len();
        let length = match self.format {
            Format::Bare => size,
            Format::Summed => self.read_trailer(size, wait)?,
        };
        Ok(*self.length.get_or_init(|| length))
    }

    fn read_trailer(&self, size: u64, wait: Wait) -> io::Result<u64> {
        let broken = || rotten(self.id, "its trailer is not what was written");
        let at = size.checked_sub(TRAILER_BYTES as u64).ok_or_else(broken)?;
        let mut trailer = [0; TRAILER_BYTES];
        self.fill(&mut trailer, at, wait)?;
        let field = |from: usize| le_u64(&trailer[from..]);
        let (block, length) = (field(8), field(16));
        let blocks = length.div_ceil(BLOCK_BYTES as u64);
        let whole = trailer[..8] == MAGIC
            && block == BLOCK_BYTES as u64
            && field(24) == trailer_sum(self.id, &trailer[..24])
            && length.checked_add(blocks * SUM_BYTES as u64) == Some(at);
        whole.then_some(length).ok_or_else(broken)
    }

    /// Reads from `offset` on, at most `length` bytes and at most what the buffer takes; never nothing.
    ///
    /// # Errors
    /// `InvalidData` when it is not what was written; `WouldBlock` when it may not wait and would have to.
    pub fn read(&self, offset: u64, length: u64, mut buffer: Buffer, wait: Wait) -> io::Result<Bytes> {
        let end = self.length(wait)?;
        if length == 0 || offset.checked_add(length).is_none_or(|behind| behind > end) {
            return Err(rotten(self.id, "it is shorter than the index says"));
        }
        let capacity = buffer.capacity() as u64;
        if self.format == Format::Bare {
            let room = buffer.room(usize::try_from(length.min(capacity)).map_err(io::Error::other)?);
            self.fill(room, offset, wait)?;
            return Ok(buffer.freeze());
        }
        let start = offset - offset % BLOCK_BYTES as u64;
        let behind = (offset + length).next_multiple_of(BLOCK_BYTES as u64).min(start + capacity).min(end);
        let room = buffer.room(usize::try_from(behind - start).map_err(io::Error::other)?);
        self.fill(room, start, wait)?;
        self.verify(start / BLOCK_BYTES as u64, end, room, wait)?;
        let first = usize::try_from(offset - start).map_err(io::Error::other)?;
        let last = usize::try_from((offset + length).min(behind) - start).map_err(io::Error::other)?;
        Ok(buffer.freeze().slice(first..last))
    }

    /// Compares whole blocks, the first of which has this number, with their checksums.
    fn verify(&self, first: u64, end: u64, content: &[u8], wait: Wait) -> io::Result<()> {
        let count = content.len().div_ceil(BLOCK_BYTES);
        let mut sums = vec![0; count * SUM_BYTES];
        self.fill(&mut sums, end + first * SUM_BYTES as u64, wait)?;
        for (number, (block, sum)) in
            (first..).zip(content.chunks(BLOCK_BYTES).zip(sums.chunks_exact(SUM_BYTES)))
        {
            let mut digest = digest(self.id, number);
            digest.update(block);
            if digest.finalize() != le_u64(sum) {
                return Err(rotten(self.id, &format!("block {number} is not what was written")));
            }
        }
        Ok(())
    }

    fn fill(&self, out: &mut [u8], offset: u64, wait: Wait) -> io::Result<()> {
        match wait {
            Wait::Disk => {
                // what follows will be wanted next; advice that is not taken does no harm
                let next = offset + out.len() as u64;
                let _ = fadvise(&self.file, next, NonZero::new(AHEAD_BYTES), Advice::WillNeed);
                self.file.read_exact_at(out, offset)
            }
            Wait::Never => {
                let wanted = out.len();
                match preadv2(&self.file, &mut [IoSliceMut::new(out)], offset, ReadWriteFlags::NOWAIT) {
                    Ok(read) if read == wanted => Ok(()),
                    // part of it is on disk; or this file system cannot tell
                    Ok(_) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => {
                        Err(ErrorKind::WouldBlock.into())
                    }
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

fn le_u64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::data::pool::Pool;

    fn id(n: u128) -> DataId {
        DataId::new(jiff::Timestamp::UNIX_EPOCH, n)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 7 % 251) as u8).collect()
    }

    fn stored(id: DataId, content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        let mut sums = Sums::new(id);
        for piece in content.chunks(10_007) {
            sums.update(piece);
        }
        file.write_all(content).unwrap();
        file.write_all(&sums.finish().1).unwrap();
        file
    }

    fn read(file: &StoredFile, mut offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let pool = Pool::default();
        let (mut out, end) = (Vec::new(), offset + length);
        while offset < end {
            let piece = file.read(offset, end - offset, pool.take(), Wait::Disk)?;
            assert!(!piece.is_empty());
            offset += piece.len() as u64;
            out.extend_from_slice(&piece);
        }
        Ok(out)
    }

    #[test]
    fn every_range_reads_as_it_was_written() {
        for length in [1, 100, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES + 17] {
            let content = content(length);
            let file = StoredFile::new(stored(id(1), &content), id(1), Format::Summed);
            assert_eq!(file.length(Wait::Disk).unwrap(), length as u64);
            for (offset, count) in
                [(0, length), (length - 1, 1), (length / 2, length - length / 2), (length / 3, 1)]
            {
                assert_eq!(
                    read(&file, offset as u64, count as u64).unwrap(),
                    content[offset..offset + count]
                );
            }
            assert!(read(&file, 0, length as u64 + 1).is_err(), "behind the end");
        }
    }

    #[test]
    fn checksums_that_are_written_early_are_the_same() {
        let blocks = 3 * SPILL_BYTES / SUM_BYTES + 5;
        let (mut kept, mut spilled, mut out) = (Sums::new(id(1)), Sums::new(id(1)), Vec::new());
        for n in 0..blocks {
            let block = vec![n as u8; if n + 1 == blocks { 77 } else { BLOCK_BYTES }];
            kept.update(&block);
            spilled.update(&block);
            if let Some((at, bytes)) = spilled.spill() {
                assert_eq!(at, out.len() as u64);
                out.extend(bytes);
            }
        }
        assert_eq!(out.len(), 3 * SPILL_BYTES);
        let (at, rest) = spilled.finish();
        assert_eq!(at, out.len() as u64);
        out.extend(rest);
        assert_eq!(kept.finish(), (0, out));
    }

    #[test]
    fn any_flipped_byte_is_found_where_it_is_read() {
        let content = content(3 * BLOCK_BYTES + 9);
        let file = stored(id(1), &content);
        let size = file.metadata().unwrap().len();
        for at in (0..size).step_by(9_973).chain(content.len() as u64..size) {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 1], at).unwrap();
            let broken = StoredFile::new(file.try_clone().unwrap(), id(1), Format::Summed);
            let error = read(&broken, 0, content.len() as u64).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "byte {at}");
            file.write_all_at(&byte, at).unwrap();
        }
        let whole = StoredFile::new(file.try_clone().unwrap(), id(1), Format::Summed);
        assert_eq!(read(&whole, 0, content.len() as u64).unwrap(), content);
        let other = StoredFile::new(file.try_clone().unwrap(), id(2), Format::Summed);
        assert!(read(&other, 0, 1).is_err(), "another file's content");
        file.set_len(size - 1).unwrap();
        let short = StoredFile::new(file, id(1), Format::Summed);
        assert!(read(&short, 0, 1).is_err(), "cut off");
    }

    #[test]
    fn what_is_in_memory_is_read_without_waiting() {
        let content = content(BLOCK_BYTES);
        let file = StoredFile::new(stored(id(1), &content), id(1), Format::Summed);
        match file.read(5, 10, Pool::default().take(), Wait::Never) {
            Ok(bytes) => assert_eq!(bytes, content[5..15]),
            // a file system that cannot tell
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }

    #[test]
    fn content_without_checksums_reads_as_before() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"old content").unwrap();
        let file = StoredFile::new(file, id(1), Format::Bare);
        assert_eq!(read(&file, 4, 7).unwrap(), b"content");
        assert!(read(&file, 4, 8).is_err());
    }
}
