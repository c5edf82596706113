//! The volume service as its clients and peers see it: signed requests through its router, internal calls through
//! its peers, real qemu-img below, and fake peers around it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod access;
mod attachments;
mod hostile_images;
mod imports;
mod kills;
mod launches;
mod own_quotas;
mod peers;
mod quotas;
mod restarts;
mod snapshots;
mod tags;
mod volumes;
mod world;
