//! The task of ImportSnapshot: an object becomes a snapshot, or the task says why not.
//!
//! ```text
//! active (downloading -> validating -> converting) -> completed
//!     \-> deleted, with the reason: how AWS shows an import that failed
//! ```

use std::fmt;

use api_spec::ids::SnapshotId;
use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::disk_image::Format;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTask {
    /// Owner, 12 digits.
    pub account_id: String,
    /// The caller's words.
    pub description: String,
    /// Words about the disk.
    pub disk_description: String,
    /// What the image is said to be.
    pub format: Format,
    /// Where it is.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The URL that was given instead, as it was given.
    pub url: Option<String>,
    /// On whose behalf the object is read; none once the task has ended.
    pub reader: Option<Reader>,
    /// What becomes of it: drawn at the beginning, so that a second try makes the same.
    pub snapshot: SnapshotId,
    /// When it began.
    pub started_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// Percent done of the whole.
    pub progress: u8,
    /// Bytes of the object.
    pub object_bytes: Option<u64>,
    /// Tries that were cut short.
    pub failures: u32,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}
store::json_value!(ImportTask, version = 1);

/// Whose right to read the object counts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// Access key.
    pub access_key_id: String,
    /// Session token, for keys of sessions. Kept only until the task ends.
    pub session_token: Option<String>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Under way; what is being done.
    Active(String),
    /// The snapshot is there.
    Completed,
    /// It failed, for this reason.
    Failed(String),
}

impl ImportTask {
    /// The state as EC2 names it.
    pub const fn status(&self) -> &'static str {
        match self.state {
            State::Active(_) => "active",
            State::Completed => "completed",
            State::Failed(_) => "deleted",
        }
    }

    /// What is being done, or why it failed.
    pub fn message(&self) -> Option<&str> {
        match &self.state {
            State::Active(what) => Some(what),
            State::Failed(why) => Some(why),
            State::Completed => None,
        }
    }
}
