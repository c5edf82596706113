//! Types, rules and state machines of EC2. Pure: no storage, no HTTP, no clock but the one passed in.

pub mod address;
pub mod desired;
pub mod devices;
pub mod image;
pub mod instance;
pub mod instance_type;
pub mod key_pair;
pub mod launch;
pub mod life;
pub mod metadata;
pub mod network;
pub mod openssh;
pub mod placement;
pub mod rule;
pub mod security_group;
pub mod tags;
