//! Accounts, users, groups, roles and instance profiles as they are kept.

use std::collections::BTreeSet;

use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn;
use super::permissions::Permissions;
use super::trust::TrustPolicy;
use crate::error::Error;

/// An account. Its root has the account's id for its own.
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
    /// What the operator calls it; empty for the one that the first start made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether it is being deleted: its keys open nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
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
    /// When a password that was taken away since was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_last_used: Option<Timestamp>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
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
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}

impl Group {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::group(&self.account, &self.path, &self.name)
    }
}

/// A role: permissions that whoever its trust policy names may take on for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Account it belongs to.
    pub account: String,
    /// `AROA...`; never comes back, so sessions die with their role.
    pub id: String,
    /// Unique in the account without regard to case; it cannot be renamed.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it is for.
    pub description: Option<String>,
    /// Seconds that a session may last, 3600 to 43200.
    pub max_session_seconds: u32,
    /// Who may assume it.
    pub trust: TrustPolicy,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its policies.
    pub permissions: Permissions,
    /// The service that it is linked to: nobody else may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_service: Option<String>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}

impl Role {
    /// Itself, unless it is linked to a service.
    pub fn unprotected(self) -> Result<Self, Error> {
        match self.linked_service {
            None => Ok(self),
            Some(_) => Err(Error::ProtectedRole(self.name)),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::role(&self.account, &self.path, &self.name)
    }
}

/// An instance profile: what hands a role to instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Account it belongs to.
    pub account: String,
    /// `AIPA...`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Id of its role.
    pub role: Option<String>,
}

impl InstanceProfile {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::instance_profile(&self.account, &self.path, &self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_creators_were_noted_is_nobodys() {
        let stored = r#"{"account":"111122223333","id":"AGPA1","name":"g","path":"/","created":"2025-01-01T00:00:00Z",
            "permissions":PERMISSIONS}"#;
        let permissions = serde_json::to_string(&Permissions::default()).unwrap();
        let group: Group = serde_json::from_str(&stored.replace("PERMISSIONS", &permissions)).unwrap();
        assert_eq!(group.creator, None);
        assert!(!serde_json::to_string(&group).unwrap().contains("creator"));
    }
}
