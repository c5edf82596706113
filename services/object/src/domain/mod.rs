//! Types and rules of buckets and objects: pure, without storage, HTTP or clock.

pub mod access_log;
pub mod acl;
pub mod bucket;
pub mod checksum;
pub mod class;
pub mod cors;
pub mod encryption;
pub mod id;
pub mod lifecycle;
pub mod lock;
pub mod logging;
pub mod names;
pub mod object;
pub mod post_policy;
pub mod scrub;
pub mod tag;
pub mod transition;
pub mod upload;
pub mod version;
