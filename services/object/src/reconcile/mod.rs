//! What is brought in order behind the requests' backs.

pub mod access_log;
pub mod completed;
pub mod drain;
pub mod lifecycle;
pub mod orphans;
pub mod scrub;
