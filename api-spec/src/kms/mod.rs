//! KMS: keys that encrypt data and other keys (API version 2014-11-01).
//!
//! Requests are JSON: an unknown member is refused, an absent list or map is an empty one.

mod alias;
mod crypto;
mod key;
mod policy;
mod tag;

pub use alias::*;
pub use crypto::*;
pub use key::*;
pub use policy::*;
pub use tag::*;

use serde::{Deserialize, Serialize};

use crate::Blob;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// 1 to 128 characters.
    pub tag_key: String,
    /// 0 to 256 characters.
    pub tag_value: String,
}

/// Bytes that only their owner may see; `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plaintext(pub Blob);

impl std::fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plaintext(..)")
    }
}
