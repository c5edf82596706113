//! Calls that object answers.

use serde::{Deserialize, Serialize};

/// Reads an object for a caller whose key is known (ImportSnapshot). Object checks that this caller may
/// `s3:GetObject` it, by the same rules as for a GET. Sent by `kit::peer::Peer::open`: the reply is the object's bytes
/// as the body of a plain HTTP answer with `content-length`, or an error document in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadObject {
    /// Bucket name.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// First byte wanted, for resuming.
    pub offset: u64,
    /// The caller's access key.
    pub access_key_id: String,
    /// The caller's session token, if it is a session.
    pub session_token: Option<String>,
}

impl ReadObject {
    /// Where object listens for it, below `/internal/`.
    pub const PATH: &'static str = "read-object";
}
