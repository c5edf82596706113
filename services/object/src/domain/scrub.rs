//! How far the scrubber has come, and what it found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::DataId;

/// Where a round through all stored content stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// When it began.
    pub began: Timestamp,
    /// When it had seen everything; none while it is under way.
    pub ended: Option<Timestamp>,
    /// What it is looking at.
    pub stage: Stage,
    /// The last piece that is done with.
    pub after: Option<DataId>,
    /// Bytes of the piece behind that one that are done with.
    pub offset: u64,
    /// Bytes read so far.
    pub bytes: u64,
}

store::json_value!(Round, version = 1);

/// What a round looks at, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Files.
    Files,
    /// Content in the index.
    Small,
}

impl Round {
    /// A round that begins now.
    pub fn begin(now: Timestamp) -> Round {
        Round { began: now, ended: None, stage: Stage::Files, after: None, offset: 0, bytes: 0 }
    }

    /// Notes that a piece is done with.
    pub fn passed(&mut self, id: DataId) {
        (self.after, self.offset) = (Some(id), 0);
    }
}

/// Content that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// When it was found first.
    pub at: Timestamp,
    /// What is wrong.
    pub reason: String,
    /// What consists of it.
    pub places: Vec<String>,
}

store::json_value!(Finding, version = 1);
