//! A snapshot: an immutable copy of a disk, and what keeps it alive.
//!
//! ```text
//! pending -> completed -> deleted -> (gone, when no volume is based on it)
//!     \-> error -> deleted
//! ```

use api_spec::ids::{SnapshotId, VolumeId};
use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Owner, 12 digits.
    pub account_id: String,
    /// What it is of; none for an imported one.
    pub volume: Option<VolumeId>,
    /// Size of that disk.
    pub size_gib: u32,
    /// The caller's words.
    pub description: String,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// Where in its life it is.
    pub state: State,
    /// Whether the copy has begun: what is written to the disk from then on is not in it.
    #[serde(default)]
    pub begun: bool,
    /// Percent copied.
    pub progress: u8,
    /// Copies that failed.
    pub failures: u32,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}
store::json_value!(Snapshot, version = 1);

/// Where in its life a snapshot is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Being copied.
    Pending,
    /// Whole.
    Completed,
    /// Could not be copied.
    Error(String),
    /// Gone for the API; its data waits for the volumes that are based on it.
    Deleted,
}

impl Snapshot {
    /// The state as EC2 names it.
    pub const fn status(&self) -> &'static str {
        match self.state {
            State::Pending => "pending",
            State::Completed => "completed",
            State::Error(_) => "error",
            // never shown: a deleted snapshot does not exist for the API
            State::Deleted => "deleted",
        }
    }

    /// Whether the API still knows it.
    pub fn visible_to(&self, account_id: &str) -> bool {
        self.account_id == account_id && self.state != State::Deleted
    }

    /// Goes, unless images hold it.
    pub fn delete(&mut self, id: &SnapshotId, held_by: &[String]) -> Result<(), Error> {
        if let Some(image) = held_by.first() {
            return Err(Error::SnapshotInUse(format!("The snapshot {id} is currently in use by {image}")));
        }
        self.state = State::Deleted;
        Ok(())
    }

    /// Whether a volume can be made of it.
    pub fn check_usable(&self) -> Result<(), Error> {
        if self.state == State::Completed {
            return Ok(());
        }
        Err(Error::State(format!("Snapshot is in invalid state - {}", self.status())))
    }
}

/// Size of a new volume: as asked, at least the snapshot's.
pub fn volume_size(asked_gib: Option<u32>, snapshot: Option<(&SnapshotId, &Snapshot)>) -> Result<u32, Error> {
    match (asked_gib, snapshot) {
        (None, None) => Err(Error::Missing("size/snapshot")),
        (Some(0), _) => Err(Error::value("Volume size must be at least 1 GiB: Size is 0")),
        (Some(size), None) => Ok(size),
        (None, Some((_, snapshot))) => Ok(snapshot.size_gib),
        (Some(size), Some((id, snapshot))) if size < snapshot.size_gib => {
            Err(Error::SmallerThanSnapshot { size, snapshot: id.clone(), least: snapshot.size_gib })
        }
        (Some(size), Some(_)) => Ok(size),
    }
}
