//! Accounts, users and groups as they are kept.

use std::collections::BTreeSet;

use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn;
use super::permissions::Permissions;

/// An account. Its root has no keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// 12 digits.
    pub id: String,
    /// S3's name of it, 64 hex digits.
    pub canonical_user_id: String,
    /// The name it goes by.
    pub alias: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Account it belongs to.
    pub account: String,
    /// `AIDA...`; stays when the user is renamed, and never comes back.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Ids of the groups it is in.
    pub groups: BTreeSet<String>,
    /// Its policies.
    pub permissions: Permissions,
}

impl User {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::user(&self.account, &self.path, &self.name)
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Account it belongs to.
    pub account: String,
    /// `AGPA...`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its policies.
    pub permissions: Permissions,
}

impl Group {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::group(&self.account, &self.path, &self.name)
    }
}
