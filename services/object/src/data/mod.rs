//! Object content on disk: immutable files under random names, written once, read through pooled buffers and never
//! without comparing checksums.

pub mod cipher;
pub mod disk;
pub mod files;
pub mod pool;
pub mod read;
pub mod stored;
