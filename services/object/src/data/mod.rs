//! Object content on disk: immutable files under random names, written once, read through pooled buffers.

pub mod files;
pub mod pool;
pub mod read;
