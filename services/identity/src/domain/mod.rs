//! What identity knows and the rules it holds: pure, no storage, no HTTP, no clock but what is passed in.

pub mod access_key;
pub mod arn;
pub mod document;
pub mod entity;
pub mod ids;
pub mod managed_policy;
pub mod names;
pub mod permissions;
pub mod seal;
pub mod session;
pub mod tags;
pub mod token;
pub mod trust;
