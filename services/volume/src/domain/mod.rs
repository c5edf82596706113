//! Types, rules and state machines of volumes, snapshots, attachments and imports. Pure: no storage, no HTTP, no
//! clock but the one passed in.

pub mod device;
pub mod disk_image;
pub mod import;
pub mod snapshot;
pub mod tags;
pub mod volume;
pub mod volume_type;

/// Bytes of a GiB.
pub const GIB: u64 = 1 << 30;
