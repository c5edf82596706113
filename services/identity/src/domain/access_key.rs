//! Access keys as they are kept: the secret only sealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A user's access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA...`.
    pub id: String,
    /// Account of the user.
    pub account: String,
    /// The user's id.
    pub user_id: String,
    /// The secret, sealed for the key's id.
    pub sealed_secret: String,
    /// Whether it opens doors.
    pub status: Status,
    /// When it was made.
    pub created: Timestamp,
}

/// Whether a key is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It is.
    Active,
    /// It is not.
    Inactive,
}

impl Status {
    /// The words that a request may use.
    pub const WORDS: &'static [&'static str] = &["Active", "Inactive"];

    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "Active",
            Status::Inactive => "Inactive",
        }
    }

    /// The status of a word.
    pub fn from_word(word: &str) -> Option<Status> {
        match word {
            "Active" => Some(Status::Active),
            "Inactive" => Some(Status::Inactive),
            _ => None,
        }
    }
}
