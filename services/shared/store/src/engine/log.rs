//! A log of commits: one file in two halves, which are written in turn. While one is written, a checkpoint makes what the
//! other holds superfluous; it must be done before that one is written again.
//!
//! A record is what one commit changed. Records follow each other at multiples of [`ALIGNMENT`], so that no sector that
//! holds an acknowledged one is ever written again before the checkpoint that makes it superfluous.
//!
//! Invariants:
//! - A record counts only if its number follows the one before, its checksum is right and it carries the salt of this log.
//!   The salt is chance, made anew at each opening and kept in the database, so neither what is left of earlier records
//!   nor content that somebody stored can pass for one. No number is given twice under one salt.
//! - Reading stops at the first record that does not count. Each is on the medium before the next is written, so it is the
//!   last and was never acknowledged, or it is damaged, which a later record with the same salt tells.

use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::unix::fs::FileExt;

use crc_fast::{CrcAlgorithm, Digest};

use super::Changes;
use crate::Error;

/// Where records begin.
const ALIGNMENT: usize = 4096;
/// Salt, number, length, and the checksum of these and of the payload.
const HEAD: usize = 32;

/// How much is searched at a time for records behind one that does not count; a multiple of the alignment.
const SEARCH: usize = 256 * ALIGNMENT;

/// What a log is kept on.
pub trait Medium: Send + Sync + 'static {
    /// Fills `out` from `offset` on; gives fewer bytes only at the end.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when all that was written is on the medium.
    fn sync(&self) -> io::Result<()>;
}

impl Medium for File {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() {
            match FileExt::read_at(self, &mut out[filled..], offset + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Which part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The first half.
    First,
    /// The second half.
    Second,
    /// All of it, as it was written by versions that knew no halves.
    Whole,
}

impl Part {
    /// The half that is written next.
    fn next(self) -> Part {
        match self {
            Part::First => Part::Second,
            Part::Second | Part::Whole => Part::First,
        }
    }
}

/// From where on the log counts; kept in the database with each checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lap {
    /// The last commit that the database has for sure.
    pub number: u64,
    /// Marks the records behind it.
    pub salt: u64,
    /// Where the first of them is.
    pub part: Part,
}

impl Lap {
    /// Where a database without a log stands.
    pub const NONE: Lap = Lap { number: 0, salt: 0, part: Part::First };

    /// The lap that begins behind commit `number`.
    pub fn behind(number: u64) -> Lap {
        // keyed from the operating system's randomness, which is all that is wanted of it
        let salt = std::hash::RandomState::new().build_hasher().finish();
        Lap { number, salt, part: Part::First }
    }

    pub fn to_bytes(self) -> [u8; 18] {
        let mut out = [2; 18];
        out[1..9].copy_from_slice(&self.number.to_le_bytes());
        out[9..17].copy_from_slice(&self.salt.to_le_bytes());
        out[17] = match self.part {
            Part::First => 0,
            Part::Second => 1,
            Part::Whole => 2,
        };
        out
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Lap, Error> {
        let part = match bytes {
            [1, rest @ ..] if rest.len() == 16 => Some(Part::Whole),
            [2, rest @ .., 0] if rest.len() == 16 => Some(Part::First),
            [2, rest @ .., 1] if rest.len() == 16 => Some(Part::Second),
            _ => None,
        };
        let part = part.ok_or_else(|| Error::Engine("the place in the log is not readable".into()))?;
        Ok(Lap { number: le_u64(&bytes[1..]), salt: le_u64(&bytes[9..]), part })
    }
}

/// Where a record fits that was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Behind the last.
    Here,
    /// In the other half.
    OtherHalf,
    /// In neither.
    Nowhere,
}

/// The log, open for appending.
pub(super) struct Log {
    medium: Box<dyn Medium>,
    lap: Lap,
    /// Number of the last record.
    number: u64,
    part: Part,
    offset: u64,
    capacity: u64,
    buffer: Vec<u8>,
}

impl Log {
    /// A log of at most `capacity` bytes whose records are still to be read.
    pub fn new(medium: Box<dyn Medium>, lap: Lap, capacity: u64) -> Log {
        let mut log =
            Log { medium, lap, number: lap.number, part: lap.part, offset: 0, capacity, buffer: Vec::new() };
        log.restart(lap);
        log
    }

    /// Number of the last commit.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Begin and end of a part, in bytes.
    fn bounds(&self, part: Part) -> (u64, u64) {
        let half = self.capacity / 2 / ALIGNMENT as u64 * ALIGNMENT as u64;
        match part {
            Part::First => (0, half),
            Part::Second => (half, 2 * half),
            Part::Whole => (0, self.capacity),
        }
    }

    /// The payload of the next record, if there is one that counts.
    pub fn next_record(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut found = self.record_at(self.offset, self.bounds(self.part).1)?;
        if found.is_none() && self.part == self.lap.part && self.part != Part::Whole {
            // the one before may be the last that fitted
            let next = self.part.next();
            let (begin, end) = self.bounds(next);
            found = self.record_at(begin, end)?;
            if found.is_some() {
                (self.part, self.offset) = (next, begin);
            }
        }
        if let Some(payload) = &found {
            self.number += 1;
            self.offset += padded(payload.len()) as u64;
        }
        Ok(found)
    }

    fn record_at(&self, offset: u64, end: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut head = [0; HEAD];
        if self.read(offset, &mut head)? < HEAD {
            return Ok(None);
        }
        let length = le_u64(&head[16..]);
        let ours = le_u64(&head) == self.lap.salt && le_u64(&head[8..]) == self.number + 1;
        if !ours || length > end.saturating_sub(offset + HEAD as u64) {
            return Ok(None);
        }
        let mut payload = vec![0; usize::try_from(length).map_err(engine)?];
        let whole = self.read(offset + HEAD as u64, &mut payload)? == payload.len();
        let right = whole && checksum(&head[..24], &payload) == le_u64(&head[24..]);
        Ok(right.then_some(payload))
    }

    /// Once there is no next record: whether one that was acknowledged is damaged, for there are later ones.
    pub fn is_damaged(&self) -> Result<bool, Error> {
        let mut block = vec![0; SEARCH];
        let mut at = 0;
        while at < self.capacity {
            let read = self.read(at, &mut block)?;
            let heads = block[..read].chunks(ALIGNMENT).filter(|head| head.len() >= HEAD);
            let later = |head: &[u8]| le_u64(head) == self.lap.salt && le_u64(&head[8..]) > self.number + 1;
            if heads.into_iter().any(later) {
                return Ok(true);
            }
            if read < block.len() {
                break;
            }
            at += read as u64;
        }
        Ok(false)
    }

    /// Puts the changes into the buffer as the next record; tells where it fits.
    pub fn prepare(&mut self, changes: &Changes) -> Fit {
        let Log { buffer, lap, number, .. } = self;
        buffer.clear();
        buffer.extend(lap.salt.to_le_bytes());
        buffer.extend((*number + 1).to_le_bytes());
        buffer.extend([0; 16]);
        encode(changes, buffer);
        let length = buffer.len() - HEAD;
        buffer[16..24].copy_from_slice(&(length as u64).to_le_bytes());
        let sum = checksum(&buffer[..24], &buffer[HEAD..]);
        buffer[24..HEAD].copy_from_slice(&sum.to_le_bytes());
        buffer.resize(padded(length), 0);
        let size = buffer.len() as u64;
        let fits = |begin, (_, end): (u64, u64)| begin + size <= end;
        let other = self.bounds(self.part.next());
        match (fits(self.offset, self.bounds(self.part)), fits(other.0, other)) {
            (true, _) => Fit::Here,
            (false, true) => Fit::OtherHalf,
            (false, false) => Fit::Nowhere,
        }
    }

    /// Goes on in the other half. What is there must be superfluous; what was written so far is once there is a checkpoint
    /// at the lap that this gives.
    pub fn turn(&mut self) -> Lap {
        self.part = self.part.next();
        self.offset = self.bounds(self.part).0;
        Lap { number: self.number, part: self.part, ..self.lap }
    }

    /// Writes what was prepared and waits until it is on the medium.
    pub fn write(&mut self) -> Result<(), Error> {
        self.medium.write_at(self.offset, &self.buffer).map_err(engine)?;
        self.medium.sync().map_err(engine)?;
        self.offset += self.buffer.len() as u64;
        self.number += 1;
        if self.buffer.capacity() > 4 << 20 {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    /// Begins again where `lap` does: the database has everything before it.
    pub fn restart(&mut self, lap: Lap) {
        self.lap = lap;
        self.number = lap.number;
        self.part = lap.part;
        self.offset = self.bounds(lap.part).0;
    }

    /// Whether anything was written in this half.
    pub fn is_used(&self) -> bool {
        self.offset > self.bounds(self.part).0
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<usize, Error> {
        self.medium.read_at(offset, out).map_err(engine)
    }
}

fn padded(payload: usize) -> usize {
    (HEAD + payload).next_multiple_of(ALIGNMENT)
}

fn checksum(head: &[u8], payload: &[u8]) -> u64 {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    digest.update(head);
    digest.update(payload);
    digest.finalize()
}

fn le_u64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

fn engine(error: impl std::fmt::Display) -> Error {
    Error::Engine(error.to_string())
}

/// Table by table: its name, the number of its rows, then each with its key and, unless it was deleted, its value.
fn encode(changes: &Changes, out: &mut Vec<u8>) {
    let sized = |bytes: &[u8], out: &mut Vec<u8>| {
        // keys and values are checked to be far smaller when they are put
        out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    for (table, rows) in changes.iter() {
        sized(table.as_bytes(), out);
        out.extend(u32::try_from(rows.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (key, value) in rows {
            sized(key, out);
            out.push(u8::from(value.is_some()));
            if let Some(value) = value {
                sized(value, out);
            }
        }
    }
}

/// A table of a record and its rows.
pub(super) type Decoded<'p> = Vec<(&'p str, Vec<Row<'p>>)>;

/// A row's key and, unless it was deleted, its value.
pub(super) type Row<'p> = (&'p [u8], Option<&'p [u8]>);

/// Reads a record's payload.
pub(super) fn decode(mut payload: &[u8]) -> Result<Decoded<'_>, Error> {
    let rest = &mut payload;
    let mut tables = Vec::new();
    while !rest.is_empty() {
        let name = std::str::from_utf8(sized(rest)?).map_err(engine)?;
        let count = number(rest)?;
        let mut rows = Vec::new();
        for _ in 0..count {
            let key = sized(rest)?;
            let value = match take(rest, 1)? {
                [0] => None,
                _ => Some(sized(rest)?),
            };
            rows.push((key, value));
        }
        tables.push((name, rows));
    }
    Ok(tables)
}

fn take<'p>(rest: &mut &'p [u8], count: usize) -> Result<&'p [u8], Error> {
    let (taken, left) =
        rest.split_at_checked(count).ok_or_else(|| Error::Engine("a record of the log is cut off".into()))?;
    *rest = left;
    Ok(taken)
}

fn number(rest: &mut &[u8]) -> Result<u32, Error> {
    let bytes = take(rest, 4)?;
    Ok(bytes.first_chunk().map_or(0, |four| u32::from_le_bytes(*four)))
}

fn sized<'p>(rest: &mut &'p [u8]) -> Result<&'p [u8], Error> {
    let length = number(rest)?;
    take(rest, usize::try_from(length).map_err(engine)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(n: u64) -> Changes {
        let mut changes = Changes::default();
        changes.set("numbers", n.to_be_bytes().to_vec(), Some(vec![b'x'; (n as usize * 977) % 9000]));
        changes.set("numbers", (n / 2).to_be_bytes().to_vec(), None);
        changes.set("more", b"last".to_vec(), Some(n.to_be_bytes().to_vec()));
        changes
    }

    fn open(file: &File, lap: Lap) -> Log {
        Log::new(Box::new(file.try_clone().unwrap()), lap, 1 << 20)
    }

    fn records(log: &mut Log) -> usize {
        std::iter::from_fn(|| log.next_record().unwrap()).filter(|payload| decode(payload).is_ok()).count()
    }

    #[test]
    fn what_was_written_is_read_until_the_first_record_that_does_not_count() {
        let file = tempfile::tempfile().unwrap();
        let lap = Lap::behind(7);
        let mut log = open(&file, lap);
        for n in 0..20 {
            assert_eq!(log.prepare(&changes(n)), Fit::Here);
            log.write().unwrap();
        }
        let end = log.offset;
        assert_eq!(records(&mut open(&file, lap)), 20);
        // another lap's salt or number
        assert_eq!(records(&mut open(&file, Lap { salt: !lap.salt, ..lap })), 0);
        assert_eq!(records(&mut open(&file, Lap { number: 8, ..lap })), 0);
        // the next lap writes over the first records; what is left of this one does not count
        log.restart(Lap::behind(27));
        let second = log.lap;
        assert_eq!(log.prepare(&changes(1)), Fit::Here);
        log.write().unwrap();
        assert_eq!(records(&mut open(&file, second)), 1);
        // a flipped bit ends it, and so does the end of the file
        let mut whole = open(&file, lap);
        whole.offset = end;
        file.set_len(end - 5000).unwrap();
        assert_eq!(records(&mut open(&file, second)), 1);
        file.write_all_at(b"!", 40).unwrap();
        assert_eq!(records(&mut open(&file, second)), 0);
    }

    #[test]
    fn a_damaged_record_is_told_from_one_that_was_cut_short() {
        let file = tempfile::tempfile().unwrap();
        let lap = Lap::behind(7);
        let mut log = open(&file, lap);
        let mut begins = Vec::new();
        for n in 0..20 {
            begins.push(log.offset);
            assert_eq!(log.prepare(&changes(n)), Fit::Here);
            log.write().unwrap();
        }
        let damaged = || {
            let mut log = open(&file, lap);
            (records(&mut log), log.is_damaged().unwrap())
        };
        assert_eq!(damaged(), (20, false));
        let flip = |at: u64| {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        };
        // the last may never have been acknowledged
        flip(begins[19] + 40);
        assert_eq!(damaged(), (19, false));
        flip(begins[19] + 40);
        for (damage, whole) in [(begins[3] + 50, 3), (begins[0] + 2, 0), (begins[18] + 9, 18)] {
            flip(damage);
            assert_eq!(damaged(), (whole, true));
            flip(damage);
        }
        // what an earlier lap left is no record of this one
        log.restart(Lap::behind(27));
        let next = log.lap;
        assert_eq!(log.prepare(&changes(1)), Fit::Here);
        log.write().unwrap();
        flip(40);
        let mut log = open(&file, next);
        assert_eq!((records(&mut log), log.is_damaged().unwrap()), (0, false));
    }

    #[test]
    fn halves_are_written_in_turn_and_read_from_either() {
        let file = tempfile::tempfile().unwrap();
        let small = |lap| Log::new(Box::new(file.try_clone().unwrap()), lap, 256 << 10);
        let mut log = small(Lap::behind(7));
        let mut laps = vec![log.lap];
        for n in 0..200 {
            match log.prepare(&changes(n)) {
                Fit::Here => {}
                Fit::OtherHalf => laps.push(log.turn()),
                Fit::Nowhere => panic!("it would fit"),
            }
            log.write().unwrap();
        }
        assert!(laps.len() > 4, "{}", laps.len());
        let found = |lap: Lap| {
            let mut log = small(lap);
            (records(&mut log), log.number, log.is_damaged().unwrap())
        };
        // as of the last checkpoint, and of the one before, whose half is not written over yet
        for lap in &laps[laps.len() - 2..] {
            assert_eq!(found(*lap), ((207 - lap.number) as usize, 207, false));
            assert_eq!(Lap::from_bytes(&lap.to_bytes()), Ok(*lap));
        }
        // a record that does not follow is not taken over from the other half: it tells of damage
        let [before, last] = [laps[laps.len() - 2], laps[laps.len() - 1]];
        let at = log.bounds(last.part).0;
        file.write_all_at(b"!", at + 40).unwrap();
        assert_eq!(found(before), ((last.number - before.number) as usize, last.number, true));
    }

    #[test]
    fn a_log_of_a_version_without_halves_is_read() {
        let file = tempfile::tempfile().unwrap();
        let old = Lap { part: Part::Whole, ..Lap::behind(7) };
        let mut log = Log::new(Box::new(file.try_clone().unwrap()), old, 256 << 10);
        let mut written = 0;
        while log.prepare(&changes(written)) == Fit::Here {
            log.write().unwrap();
            written += 1;
        }
        assert!(log.offset > 200 << 10);
        let place = [&[1][..], &old.number.to_le_bytes(), &old.salt.to_le_bytes()].concat();
        let lap = Lap::from_bytes(&place).unwrap();
        let mut log = Log::new(Box::new(file.try_clone().unwrap()), lap, 256 << 10);
        assert_eq!((records(&mut log) as u64, log.is_damaged().unwrap()), (written, false));
        assert!(Lap::from_bytes(&place[1..]).is_err());
    }

    #[test]
    fn changes_come_back_as_they_were() {
        let mut payload = Vec::new();
        encode(&changes(9), &mut payload);
        let tables = decode(&payload).unwrap();
        assert_eq!(
            tables.iter().map(|(name, rows)| (*name, rows.len())).collect::<Vec<_>>(),
            [("more", 1), ("numbers", 2)]
        );
        assert_eq!(tables[1].1[0], (&4u64.to_be_bytes()[..], None));
        for cut in 0..payload.len() {
            // whatever is cut off, it is an error or fewer tables, never a panic
            assert!(
                decode(&payload[..cut]).is_err() || cut == 0 || decode(&payload[..cut]).unwrap().len() < 2
            );
        }
    }
}
