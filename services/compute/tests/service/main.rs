//! compute through its own doors: requests signed and sent to the public router, the other services faked behind their
//! real calls.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod addresses;
mod bad_input;
mod capacity;
mod fakes;
mod groups;
mod images;
mod keys;
mod kills;
mod launches;
mod own_quotas;
mod permissions;
mod power;
mod profiles;
mod quotas;
mod tags;
mod world;
