//! Buffers that are used again: object content passes through these and nothing larger.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Size of a buffer.
pub const BUFFER_BYTES: usize = 256 << 10;
/// Idle buffers kept.
const MAX_IDLE: usize = 64;

/// A pool of buffers. Clones share it.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// An empty buffer.
    pub fn take(&self) -> Buffer {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = bytes.unwrap_or_else(|| Vec::with_capacity(BUFFER_BYTES));
        Buffer { bytes, pool: self.clone() }
    }
}

/// A buffer of the pool; goes back when dropped.
pub struct Buffer {
    bytes: Vec<u8>,
    pool: Pool,
}

impl Buffer {
    /// Takes as much of `data` as fits and says how much that was.
    pub fn fill(&mut self, data: &[u8]) -> usize {
        let fits = data.len().min(BUFFER_BYTES.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&data[..fits]);
        fits
    }

    /// Whether nothing more fits.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= BUFFER_BYTES
    }

    /// Makes room for exactly `length` bytes (at most [`BUFFER_BYTES`]) to be read into.
    pub fn room(&mut self, length: usize) -> &mut [u8] {
        self.bytes.resize(length.min(BUFFER_BYTES), 0);
        &mut self.bytes
    }

    /// The content as bytes that bring the buffer back when they are dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut idle = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE && bytes.capacity() >= BUFFER_BYTES {
            bytes.clear();
            idle.push(bytes);
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
}
