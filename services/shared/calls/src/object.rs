//! Calls that object answers.

use serde::{Deserialize, Serialize};

use crate::{Done, internal_call};

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

/// Puts a log file of the audit trail into a bucket, as `cloudtrail.amazonaws.com`: the bucket's policy must allow that
/// service `s3:PutObject`, as on AWS. Putting the same again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PutLog {
    /// Bucket name.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// The gzip file in base64.
    pub content: String,
}
internal_call!(PutLog, "put-log" => Done);

/// Use these data directories from now on, and empty some of them. The operator's: sent by `murus admin object disks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseDisks {
    /// As in the configuration.
    pub data_dirs: Vec<String>,
    /// As in the configuration.
    pub drain_dirs: Vec<String>,
}
internal_call!(UseDisks, "use-disks" => Disks);

/// The data directories as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disks {
    /// All of them.
    pub disks: Vec<DiskState>,
}

/// A data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskState {
    /// Where it is.
    pub path: String,
    /// Bytes that may still be put there.
    pub free_bytes: u64,
    /// Files that it has.
    pub files: u64,
    /// Whether it takes nothing new and is being emptied.
    pub draining: bool,
}
