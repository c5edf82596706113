//! Content as it lies encrypted: a salt, then frames of 64 KiB, each AES-256-GCM with its tag behind it.
//!
//! Every piece of content (an object, a part) is encrypted under a key of its own: HMAC-SHA256 of its salt under the
//! object's content key. A frame's nonce is its number, and the length of the whole piece is authenticated with it,
//! so that no frame can be changed, moved, left out or taken from elsewhere unnoticed. Frames have known places, so
//! a range reads only the frames it touches. Pure: where the bytes are kept does not matter here.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::service::Stretch;

/// Plain bytes of a frame; the last one may be shorter.
pub const FRAME_BYTES: usize = 64 << 10;
/// Bytes in front of the first frame.
pub const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const FRAME: u64 = FRAME_BYTES as u64;
const STORED_FRAME: u64 = FRAME + TAG_BYTES as u64;
const SALT: u64 = SALT_BYTES as u64;

/// What the content of one object is encrypted under. Wiped when the last clone is dropped.
#[derive(Clone)]
pub struct ContentKey(Arc<Secret>);

struct Secret([u8; 32]);

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

impl ContentKey {
    /// This key.
    pub fn new(bytes: [u8; 32]) -> Self {
        ContentKey(Arc::new(Secret(bytes)))
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0.0
    }

    fn of_piece(&self, salt: &[u8]) -> io::Result<LessSafeKey> {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.bytes()));
        mac.update(b"murus content 1");
        mac.update(salt);
        UnboundKey::new(&AES_256_GCM, mac.sign().as_ref()).map(LessSafeKey::new).map_err(|_| unusable())
    }
}

fn unusable() -> io::Error {
    io::Error::other("encryption failed")
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "encrypted content is not what was written")
}

fn nonce(frame: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[NONCE_LEN - 8..].copy_from_slice(&frame.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// How many bytes content of this length takes encrypted.
pub fn stored_length(plain: u64) -> u64 {
    match plain {
        0 => 0,
        _ => SALT + plain + TAG_BYTES as u64 * plain.div_ceil(FRAME),
    }
}

/// Where the frames of a stretch of content of `length` bytes lie, and the salt before them.
pub fn stored_stretches(length: u64, stretch: Stretch) -> [Option<Stretch>; 2] {
    if stretch.length == 0 || length == 0 {
        return [None, None];
    }
    let first = stretch.offset / FRAME;
    let behind = (stretch.offset + stretch.length).div_ceil(FRAME);
    let start = SALT + first * STORED_FRAME;
    let end = (SALT + behind * STORED_FRAME).min(stored_length(length));
    match first {
        0 => [Some(Stretch { offset: 0, length: end }), None],
        _ => {
            [Some(Stretch { offset: 0, length: SALT }), Some(Stretch { offset: start, length: end - start })]
        }
    }
}

/// Content being encrypted on its way to where it is kept.
pub struct Sealing {
    key: LessSafeKey,
    salt: Option<[u8; SALT_BYTES]>,
    length: u64,
    frame: u64,
    buffer: Vec<u8>,
}

impl Sealing {
    /// Of content of `length` bytes. The salt must be fresh.
    pub fn new(key: &ContentKey, salt: [u8; SALT_BYTES], length: u64) -> io::Result<Self> {
        let room = usize::try_from(length.min(FRAME)).unwrap_or(FRAME_BYTES) + TAG_BYTES;
        Ok(Sealing {
            key: key.of_piece(&salt)?,
            salt: Some(salt),
            length,
            frame: 0,
            buffer: Vec::with_capacity(room),
        })
    }

    /// Takes plain bytes in and gives out what is ready.
    pub fn push<E: From<io::Error>>(
        &mut self,
        mut plain: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !plain.is_empty() {
            let (now, later) = plain.split_at(plain.len().min(FRAME_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            plain = later;
            if self.buffer.len() == FRAME_BYTES {
                self.give(out)?;
            }
        }
        Ok(())
    }

    /// Gives out the rest.
    pub fn finish<E: From<io::Error>>(
        mut self,
        out: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.buffer.is_empty() {
            true => Ok(()),
            false => self.give(out),
        }
    }

    fn give<E: From<io::Error>>(&mut self, out: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if let Some(salt) = self.salt.take() {
            out(&salt)?;
        }
        let aad = Aad::from(self.length.to_be_bytes());
        self.key
            .seal_in_place_append_tag(nonce(self.frame), aad, &mut self.buffer)
            .map_err(|_| E::from(unusable()))?;
        out(&self.buffer)?;
        self.frame += 1;
        self.buffer.clear();
        Ok(())
    }
}

/// A stretch of one piece of content, to be decrypted.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Plain bytes of the whole piece.
    pub length: u64,
    /// What of it is wanted.
    pub stretch: Stretch,
}

/// Content being decrypted: takes the stored bytes of its segments, one after the other, as `stored_stretches` has
/// them.
pub struct Opening {
    key: ContentKey,
    segments: VecDeque<Segment>,
    current: Option<Current>,
    pending: Vec<u8>,
}

struct Current {
    key: LessSafeKey,
    length: u64,
    frame: u64,
    skip: usize,
    left: u64,
}

impl Current {
    /// Bytes of the frame that comes next, with its tag.
    fn stored(&self) -> usize {
        let plain = self.length.saturating_sub(self.frame * FRAME).min(FRAME);
        usize::try_from(plain).unwrap_or(FRAME_BYTES) + TAG_BYTES
    }

    /// Decrypts the frame that `out` ends in, from `start` on, and leaves of it what is wanted.
    fn open(&mut self, out: &mut Vec<u8>, start: usize) -> io::Result<()> {
        let aad = Aad::from(self.length.to_be_bytes());
        let plain =
            self.key.open_in_place(nonce(self.frame), aad, &mut out[start..]).map_err(|_| broken())?.len();
        let skip = std::mem::take(&mut self.skip).min(plain);
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(plain - skip);
        if skip > 0 {
            out.copy_within(start + skip..start + skip + wanted, start);
        }
        out.truncate(start + wanted);
        self.frame += 1;
        self.left -= wanted as u64;
        Ok(())
    }
}

impl Opening {
    /// Of these segments.
    pub fn new(key: ContentKey, segments: VecDeque<Segment>) -> Self {
        Opening { key, segments, current: None, pending: Vec::new() }
    }

    /// Takes stored bytes and gives the plain ones that are complete by them.
    ///
    /// # Errors
    /// `InvalidData` when they are not what was written.
    pub fn push(&mut self, mut stored: &[u8]) -> io::Result<Bytes> {
        let mut out = Vec::with_capacity(self.pending.len() + stored.len());
        while !stored.is_empty() {
            let wanted = self.current.as_ref().map_or(SALT_BYTES, Current::stored);
            let (now, later) = stored.split_at(stored.len().min(wanted - self.pending.len()));
            stored = later;
            if self.pending.len() + now.len() < wanted {
                self.pending.extend_from_slice(now);
                break;
            }
            match &mut self.current {
                None => {
                    self.pending.extend_from_slice(now);
                    self.begin()?;
                }
                Some(current) => {
                    let start = out.len();
                    out.extend_from_slice(&self.pending);
                    out.extend_from_slice(now);
                    current.open(&mut out, start)?;
                    if current.left == 0 {
                        self.current = None;
                    }
                }
            }
            self.pending.clear();
        }
        Ok(Bytes::from(out))
    }

    /// The salt of the next segment is there.
    fn begin(&mut self) -> io::Result<()> {
        let Segment { length, stretch } = self.segments.pop_front().ok_or_else(broken)?;
        self.current = Some(Current {
            key: self.key.of_piece(&self.pending)?,
            length,
            frame: stretch.offset / FRAME,
            skip: usize::try_from(stretch.offset % FRAME).unwrap_or(0),
            left: stretch.length,
        });
        Ok(())
    }

    /// Says whether everything came.
    ///
    /// # Errors
    /// `InvalidData` when something is missing.
    pub fn finish(&self) -> io::Result<()> {
        match self.current.is_none() && self.segments.is_empty() && self.pending.is_empty() {
            true => Ok(()),
            false => Err(broken()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SALTED: [u8; SALT_BYTES] = [5; SALT_BYTES];

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    fn sealed(key: &ContentKey, plain: &[u8], piece: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut take = |bytes: &[u8]| -> io::Result<()> {
            out.extend_from_slice(bytes);
            Ok(())
        };
        let mut sealing = Sealing::new(key, SALTED, plain.len() as u64).unwrap();
        for piece in plain.chunks(piece) {
            sealing.push(piece, &mut take).unwrap();
        }
        sealing.finish(&mut take).unwrap();
        out
    }

    fn opened(key: &ContentKey, stored: &[u8], segment: Segment, piece: usize) -> io::Result<Vec<u8>> {
        let mut opening = Opening::new(key.clone(), [segment].into());
        let mut out = Vec::new();
        for part in stored_stretches(segment.length, segment.stretch).into_iter().flatten() {
            let range =
                usize::try_from(part.offset).unwrap()..usize::try_from(part.offset + part.length).unwrap();
            for piece in stored[range].chunks(piece) {
                out.extend_from_slice(&opening.push(piece)?);
            }
        }
        opening.finish()?;
        Ok(out)
    }

    #[test]
    fn any_range_of_any_length_reads_back() {
        let key = ContentKey::new([7; 32]);
        for length in [1, 15, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 17] {
            let plain = content(length);
            let stored = sealed(&key, &plain, 10_007);
            assert_eq!(stored.len() as u64, stored_length(length as u64));
            for (offset, count) in
                [(0, length), (length - 1, 1), (length / 2, length - length / 2), (length / 3, 1)]
            {
                let stretch = Stretch { offset: offset as u64, length: count as u64 };
                let segment = Segment { length: length as u64, stretch };
                for piece in [1 << 20, 4_099] {
                    assert_eq!(opened(&key, &stored, segment, piece).unwrap(), plain[offset..offset + count]);
                }
            }
        }
    }

    #[test]
    fn nothing_can_be_changed_moved_or_cut_off() {
        let key = ContentKey::new([7; 32]);
        let plain = content(2 * FRAME_BYTES + 100);
        let stored = sealed(&key, &plain, 1 << 20);
        let whole = |length: usize| Segment { length: length as u64, stretch: Stretch::whole(length as u64) };
        for at in (0..stored.len()).step_by(4_001) {
            let mut changed = stored.clone();
            changed[at] ^= 1;
            assert!(opened(&key, &changed, whole(plain.len()), 1 << 20).is_err(), "byte {at}");
        }
        let mut swapped = stored.clone();
        let frame = FRAME_BYTES + TAG_BYTES;
        let (one, two) = swapped[SALT_BYTES..].split_at_mut(frame);
        one.swap_with_slice(&mut two[..frame]);
        assert!(opened(&key, &swapped, whole(plain.len()), 1 << 20).is_err(), "frames in another order");
        assert!(
            opened(&key, &stored[..SALT_BYTES + frame], whole(FRAME_BYTES), 1 << 20).is_err(),
            "cut at a frame"
        );
        assert!(
            opened(&ContentKey::new([8; 32]), &stored, whole(plain.len()), 1 << 20).is_err(),
            "another key"
        );
        assert!(!stored.windows(64).any(|window| plain.windows(64).next() == Some(window)));
    }

    #[test]
    fn segments_follow_one_another() {
        let key = ContentKey::new([7; 32]);
        let (one, two) = (content(FRAME_BYTES + 5), content(100));
        let mut stored = sealed(&key, &one, 1 << 20);
        stored.extend(sealed(&key, &two, 1 << 20));
        let of = |plain: &[u8]| Segment {
            length: plain.len() as u64,
            stretch: Stretch::whole(plain.len() as u64),
        };
        let mut opening = Opening::new(key, [of(&one), of(&two)].into());
        let mut plain = Vec::new();
        for piece in stored.chunks(33_333) {
            plain.extend_from_slice(&opening.push(piece).unwrap());
        }
        opening.finish().unwrap();
        assert_eq!(plain, [one, two].concat());
        assert!(opening.push(&[0; 16]).is_err(), "more than there is");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn ranges_read_what_the_plain_content_has(
            length in 1usize..200_000, from in 0.0f64..1.0, part in 0.0f64..1.0, piece in 1usize..90_000,
        ) {
            let key = ContentKey::new([9; 32]);
            let plain = content(length);
            let stored = sealed(&key, &plain, piece);
            let offset = (from * (length - 1) as f64) as usize;
            let count = 1 + (part * (length - offset - 1) as f64) as usize;
            let stretch = Stretch { offset: offset as u64, length: count as u64 };
            let read = opened(&key, &stored, Segment { length: length as u64, stretch }, piece).unwrap();
            prop_assert_eq!(&read[..], &plain[offset..offset + count]);
        }
    }
}
