//! Buffers that are used again: object content passes through these and nothing larger.
//!
//! While many are in use, new ones are smaller: a thousand transfers at once then need megabytes, not gigabytes. Both
//! kinds are used again, because an allocator that keeps a heap for each of hundreds of threads keeps what was freed in
//! each of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::stored::BLOCK_BYTES;

/// Size of a buffer.
pub const BUFFER_BYTES: usize = 256 << 10;
/// Size of a buffer while [`MANY`] are in use. A block must fit.
const SMALL_BYTES: usize = BLOCK_BYTES;
/// So many buffers in use are many.
const MANY: usize = 128;
/// Idle buffers kept, of each size.
const MAX_IDLE: usize = 64;
const MAX_IDLE_SMALL: usize = 256;

/// A pool of buffers. Clones share it.
#[derive(Clone, Default)]
pub struct Pool(Arc<Inner>);

#[derive(Default)]
struct Inner {
    idle: Mutex<Idle>,
    used: AtomicUsize,
}

#[derive(Default)]
struct Idle {
    large: Vec<Vec<u8>>,
    small: Vec<Vec<u8>>,
}

impl Pool {
    /// An empty buffer.
    pub fn take(&self) -> Buffer {
        let used = self.0.used.fetch_add(1, Ordering::Relaxed);
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, size) = match used < MANY {
            true => (idle.large.pop(), BUFFER_BYTES),
            false => (idle.small.pop(), SMALL_BYTES),
        };
        drop(idle);
        // pages that are never written to cost nothing
        let bytes = kept.unwrap_or_else(|| vec![0; size]);
        Buffer { bytes, filled: 0, pool: self.clone() }
    }
}

/// A buffer of the pool; goes back when dropped.
pub struct Buffer {
    /// As long as it will ever be.
    bytes: Vec<u8>,
    filled: usize,
    pool: Pool,
}

impl Buffer {
    /// How much fits into it when it is empty.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Takes as much of `data` as fits and says how much that was.
    pub fn fill(&mut self, data: &[u8]) -> usize {
        let free = &mut self.bytes[self.filled..];
        let fits = data.len().min(free.len());
        free[..fits].copy_from_slice(&data[..fits]);
        self.filled += fits;
        fits
    }

    /// Whether nothing more fits.
    pub fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// Makes room for exactly `length` bytes (at most the capacity) to be read into.
    pub fn room(&mut self, length: usize) -> &mut [u8] {
        self.filled = length.min(self.bytes.len());
        &mut self.bytes[..self.filled]
    }

    /// The content as bytes that bring the buffer back when they are dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.0.used.fetch_sub(1, Ordering::Relaxed);
        let bytes = std::mem::take(&mut self.bytes);
        let mut idle = self.pool.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, most) = match bytes.len() {
            BUFFER_BYTES => (&mut idle.large, MAX_IDLE),
            _ => (&mut idle.small, MAX_IDLE_SMALL),
        };
        if kept.len() < most {
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty() {
        let pool = Pool::default();
        let mut buffer = pool.take();
        assert_eq!(buffer.fill(&vec![1; BUFFER_BYTES + 5]), BUFFER_BYTES);
        assert!(buffer.is_full());
        let bytes = buffer.freeze();
        assert_eq!(bytes.len(), BUFFER_BYTES);
        drop(bytes);
        assert!(pool.take().as_ref().is_empty());
    }

    #[test]
    fn buffers_are_smaller_while_many_are_in_use() {
        let pool = Pool::default();
        let many: Vec<_> = (0..MANY).map(|_| pool.take()).collect();
        assert_eq!((many[0].capacity(), pool.take().capacity()), (BUFFER_BYTES, SMALL_BYTES));
        drop(many);
        assert_eq!(pool.take().capacity(), BUFFER_BYTES);
        let idle = pool.0.idle.lock().unwrap();
        assert_eq!((idle.large.len(), idle.small.len()), (MAX_IDLE, 1), "no more are kept than may be");
    }
}
