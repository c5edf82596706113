//! A disk in memory that remembers every write and sync, so that it can tell what a power loss would leave, and
//! that can fail when told.

use std::io::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use redb::{BackendError, StorageBackend};

const PAGE: usize = 4096;

#[derive(Debug, Clone)]
enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    /// What the log starts from.
    base: Vec<u8>,
    now: Vec<u8>,
    /// Each with its moment.
    log: Vec<(usize, Op)>,
    fail_syncs: bool,
}

impl State {
    fn did(&mut self, clock: &AtomicUsize, op: Op) {
        self.log.push((clock.fetch_add(1, Ordering::SeqCst), op));
    }
}

/// The disk; clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
    /// Counts operations; disks that lose power together share it.
    clock: Arc<AtomicUsize>,
}

#[allow(dead_code)] // each test binary uses its part
impl Disk {
    pub fn with_content(bytes: Vec<u8>) -> Self {
        let state = State { base: bytes.clone(), now: bytes, ..State::default() };
        Disk { state: Arc::new(Mutex::new(state)), clock: Arc::default() }
    }

    /// Another disk that loses power at the same moments.
    pub fn beside(&self, bytes: Vec<u8>) -> Self {
        Disk { clock: Arc::clone(&self.clock), ..Disk::with_content(bytes) }
    }

    /// How many operations there were: a moment that `lose_power` understands.
    pub fn moment(&self) -> usize {
        self.clock.load(Ordering::SeqCst)
    }

    pub fn syncs(&self) -> usize {
        self.state.lock().unwrap().log.iter().filter(|(_, op)| matches!(op, Op::Sync)).count()
    }

    pub fn fail_syncs(&self) {
        self.state.lock().unwrap().fail_syncs = true;
    }

    pub fn heal(&self) {
        self.state.lock().unwrap().fail_syncs = false;
    }

    /// What may be on the medium when power fails after the operation before `moment`: everything that a completed
    /// sync covers; of later writes, each 4 KiB page only with the chance `kept` (in 1/256).
    pub fn lose_power(&self, moment: usize, kept: u8, random: &mut Random) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        let log = &state.log[..state.log.partition_point(|(at, _)| *at < moment)];
        let synced = log.iter().rposition(|(_, op)| matches!(op, Op::Sync)).map_or(0, |last| last + 1);
        let mut image = state.base.clone();
        for (at, (_, op)) in log.iter().enumerate() {
            let mut survives = || at < synced || (random.next() & 0xff) < u64::from(kept);
            match op {
                Op::Sync => {}
                Op::SetLen(length) if survives() => image.resize(*length, 0),
                Op::SetLen(_) => {}
                Op::Write(offset, bytes) => {
                    for (place, piece) in pages(*offset, bytes) {
                        if survives() {
                            write(&mut image, place, piece);
                        }
                    }
                }
            }
        }
        image
    }
}

/// A write cut where pages end.
fn pages(offset: usize, bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut place, mut rest, mut pieces) = (offset, bytes, Vec::new());
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(rest.len().min(PAGE - place % PAGE));
        pieces.push((place, piece));
        (place, rest) = (place + piece.len(), tail);
    }
    pieces
}

fn write(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[offset..end].copy_from_slice(bytes);
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.state.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let state = self.state.lock().unwrap();
        let from = state.now.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(from.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        state.now.resize(length as usize, 0);
        state.did(&self.clock, Op::SetLen(length as usize));
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        if state.fail_syncs {
            return Err(Error::other("the disk is gone"));
        }
        state.did(&self.clock, Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        write(&mut state.now, offset as usize, data);
        state.did(&self.clock, Op::Write(offset as usize, data.to_vec()));
        Ok(())
    }

    fn try_lock_range(
        &self,
        _: std::ops::Bound<u64>,
        _: std::ops::Bound<u64>,
    ) -> std::result::Result<bool, BackendError> {
        Ok(true)
    }
}

impl store::engine::Medium for Disk {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize> {
        let state = self.state.lock().unwrap();
        let from = state.now.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(out.len());
        out[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        StorageBackend::write(self, offset, bytes)
    }

    fn sync(&self) -> Result<()> {
        self.sync_data()
    }
}

/// Repeatable randomness (splitmix64).
pub struct Random(pub u64);

#[allow(dead_code)]
impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
