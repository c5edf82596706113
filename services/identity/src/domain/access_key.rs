//! Access keys as they are kept: the secret only sealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entity::User;
use crate::error::Error;

/// An access key of a user, or of an account's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA...`.
    pub id: String,
    /// Account of the user.
    pub account: String,
    /// The user's id; the account's for a key of its root.
    pub user_id: String,
    /// The secret, sealed for the key's id.
    pub sealed_secret: String,
    /// Whether it opens doors.
    pub status: Status,
    /// When it was made.
    pub created: Timestamp,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account: String,
    /// The user's id; the account's for its root.
    pub id: String,
    /// The user's name; none for the root.
    pub name: Option<String>,
}

impl Owner {
    /// A user.
    pub fn of(user: &User) -> Self {
        Owner { account: user.account.clone(), id: user.id.clone(), name: Some(user.name.clone()) }
    }

    /// The root of an account.
    pub fn root(account: &str) -> Self {
        Owner { account: account.to_owned(), id: account.to_owned(), name: None }
    }
}

impl AccessKey {
    /// Whether it is a key of its account's root.
    pub fn is_roots(&self) -> bool {
        self.user_id == self.account
    }
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

    /// The status that a request sets. AWS's models know `Expired`, too, which is told of keys and never set.
    pub fn wanted(word: &str) -> Result<Status, Error> {
        Status::from_word(word).ok_or_else(|| {
            Error::InvalidInput("A key's status can be set to Active or Inactive only.".into())
        })
    }
}
