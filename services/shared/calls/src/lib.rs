//! What the services say to each other: typed calls, one file per service that answers them.
//!
//! Plain data and no behaviour. `kit::peer` carries a call in process, over a unix socket or (later) mutual TLS. Every
//! call is idempotent: a caller that does not know whether it arrived sends it again.

use serde::Serialize;
use serde::de::DeserializeOwned;

pub mod accounts;
pub mod compute;
pub mod identity;
pub mod kms;
pub mod node;
pub mod object;
pub mod volume;

/// A question or an order from one service to another.
pub trait InternalCall: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where the answering service listens for it: `/internal/<PATH>`.
    const PATH: &'static str;
    /// What it answers.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

/// Declares the path and the reply of a call.
macro_rules! internal_call {
    ($name:ident, $path:literal => $reply:ty) => {
        impl $crate::InternalCall for $name {
            const PATH: &'static str = $path;
            type Reply = $reply;
        }
    };
}
pub(crate) use internal_call;

/// A tag on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Tag {
    /// 1 to 128 characters; `aws:` is reserved.
    pub key: String,
    /// 0 to 256 characters.
    pub value: String,
}

/// The reply of a call that only has to have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Done {}
