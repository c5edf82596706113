//! The policies of one user, group or role: managed ones attached by ARN, its own inline ones, and the boundary that
//! limits a user or a role.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::document;
use crate::error::Error;

/// Whose permissions they are, for the words of errors and the size that inline policies may have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `user`, `group` or `role`.
    pub name: &'static str,
    /// AWS's name of the quota of attached policies.
    pub attach_quota: &'static str,
    /// Characters that the inline policies may have together.
    pub max_inline: usize,
}

/// Of users.
pub const OF_USER: Kind = Kind { name: "user", attach_quota: "PoliciesPerUser", max_inline: 2048 };
/// Of groups.
pub const OF_GROUP: Kind = Kind { name: "group", attach_quota: "PoliciesPerGroup", max_inline: 5120 };
/// Of roles.
pub const OF_ROLE: Kind = Kind { name: "role", attach_quota: "PoliciesPerRole", max_inline: 10_240 };

/// Attached and inline policies, and the boundary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
    /// Documents by name.
    pub inline: BTreeMap<String, String>,
    /// ARN of the managed policy that limits the rest; groups have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
}

impl Permissions {
    /// Attaches a policy; attaching it again changes nothing.
    pub fn attach(&mut self, kind: Kind, arn: String, limit: usize) -> Result<(), Error> {
        if !self.attached.contains(&arn) && self.attached.len() >= limit {
            return Err(Error::QuotaExceeded { quota: kind.attach_quota.into(), limit });
        }
        self.attached.insert(arn);
        Ok(())
    }

    /// Detaches a policy.
    pub fn detach(&mut self, arn: &str) -> Result<(), Error> {
        if self.attached.remove(arn) { Ok(()) } else { Err(Error::NoSuchPolicy(arn.to_owned())) }
    }

    /// Sets an inline policy of the entity called `owner`.
    pub fn put(&mut self, kind: Kind, owner: &str, name: String, text: String) -> Result<(), Error> {
        self.inline.insert(name, text);
        let total: usize = self.inline.values().map(|text| document::size(text)).sum();
        if total > kind.max_inline {
            return Err(Error::InlinePoliciesTooLong {
                kind: kind.name,
                name: owner.to_owned(),
                limit: kind.max_inline,
            });
        }
        Ok(())
    }

    /// An inline policy's document.
    pub fn inline(&self, kind: Kind, name: &str) -> Result<&str, Error> {
        self.inline.get(name).map(String::as_str).ok_or_else(|| no_inline(kind, name))
    }

    /// Removes an inline policy.
    pub fn remove(&mut self, kind: Kind, name: &str) -> Result<(), Error> {
        self.inline.remove(name).map(|_| ()).ok_or_else(|| no_inline(kind, name))
    }

    /// Refuses while any are attached or inline, as deleting an entity does.
    pub fn must_be_empty(&self) -> Result<(), Error> {
        if !self.attached.is_empty() {
            return Err(Error::DeleteConflict("Cannot delete entity, must detach all policies first."));
        }
        if !self.inline.is_empty() {
            return Err(Error::DeleteConflict("Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }
}

fn no_inline(kind: Kind, name: &str) -> Error {
    Error::NoSuchInlinePolicy { kind: kind.name, name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attaching_twice_is_once_and_the_quota_holds() {
        let mut permissions = Permissions::default();
        permissions.attach(OF_USER, "a".into(), 1).unwrap();
        permissions.attach(OF_USER, "a".into(), 1).unwrap();
        assert_eq!(
            permissions.attach(OF_USER, "b".into(), 1).unwrap_err().to_string(),
            "Cannot exceed quota for PoliciesPerUser: 1"
        );
        assert!(permissions.must_be_empty().is_err());
        permissions.detach("a").unwrap();
        assert_eq!(permissions.detach("a"), Err(Error::NoSuchPolicy("a".into())));
        assert_eq!(permissions.must_be_empty(), Ok(()));
    }

    #[test]
    fn inline_policies_share_one_allowance() {
        let mut permissions = Permissions::default();
        permissions.put(OF_USER, "alice", "p".into(), "x".repeat(2048)).unwrap();
        assert_eq!(
            permissions.clone().put(OF_USER, "alice", "q".into(), "x".into()).unwrap_err().to_string(),
            "Maximum policy size of 2048 bytes exceeded for user alice"
        );
        permissions.put(OF_USER, "alice", "p".into(), "y".into()).unwrap();
        assert_eq!(permissions.inline(OF_USER, "p"), Ok("y"));
        assert_eq!(
            permissions.remove(OF_USER, "q").unwrap_err().to_string(),
            "The user policy with name q cannot be found."
        );
    }
}
