//! Customer managed policies and the rules of their versions.

use std::collections::BTreeMap;

use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{arn, document};
use crate::error::Error;

/// A policy may have this many versions at once.
pub const MAX_VERSIONS: usize = 5;
/// Characters a document may have, white space aside.
pub const MAX_SIZE: usize = 6144;

/// A customer managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Account it belongs to.
    pub account: String,
    /// `ANPA...`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// `/` or `/division/`.
    pub path: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its versions last changed.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its versions by number.
    pub versions: BTreeMap<u32, Version>,
    /// Number of the version that counts.
    pub default_version: u32,
    /// Number of the next version; numbers do not come back.
    pub next_version: u32,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The JSON text.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

/// The number in `v1`, `v2`, ...
pub fn version_number(id: &str) -> Option<u32> {
    let digits = id.strip_prefix('v')?;
    let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Refuses a document that is longer than a managed policy may be.
pub fn check_size(text: &str) -> Result<(), Error> {
    match document::size(text) > MAX_SIZE {
        true => Err(Error::QuotaExceeded { quota: "PolicySize".into(), limit: MAX_SIZE }),
        false => Ok(()),
    }
}

impl ManagedPolicy {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn::policy(&self.account, &self.path, &self.name)
    }

    /// The document that counts.
    pub fn document(&self) -> Result<&str, Error> {
        let version = self.versions.get(&self.default_version);
        version
            .map(|version| version.document.as_str())
            .ok_or_else(|| Error::Corrupt(format!("{} has no default version", self.arn())))
    }

    /// The version called `v1`, `v2`, ...
    pub fn version(&self, id: &str) -> Result<(u32, &Version), Error> {
        let found = version_number(id).and_then(|n| self.versions.get(&n).map(|version| (n, version)));
        found.ok_or_else(|| Error::NoSuchPolicyVersion { arn: self.arn(), version: id.to_owned() })
    }

    /// Adds a version; tells its number.
    pub fn add_version(&mut self, document: String, default: bool, now: Timestamp) -> Result<u32, Error> {
        if self.versions.len() >= MAX_VERSIONS {
            return Err(Error::TooManyVersions);
        }
        let number = self.next_version;
        self.versions.insert(number, Version { document, created: now });
        self.next_version += 1;
        self.updated = now;
        if default {
            self.default_version = number;
        }
        Ok(number)
    }

    /// Makes a version the one that counts.
    pub fn set_default(&mut self, id: &str, now: Timestamp) -> Result<(), Error> {
        let (number, _) = self.version(id)?;
        self.default_version = number;
        self.updated = now;
        Ok(())
    }

    /// Deletes a version that does not count.
    pub fn delete_version(&mut self, id: &str, now: Timestamp) -> Result<(), Error> {
        let (number, _) = self.version(id)?;
        if number == self.default_version {
            return Err(Error::DeleteConflict("Cannot delete the default version of a policy."));
        }
        self.versions.remove(&number);
        self.updated = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> ManagedPolicy {
        let at = Timestamp::UNIX_EPOCH;
        ManagedPolicy {
            account: "123456789012".into(),
            id: "ANPA".into(),
            name: "p".into(),
            path: "/".into(),
            description: None,
            created: at,
            updated: at,
            tags: Vec::new(),
            versions: BTreeMap::from([(1, Version { document: "one".into(), created: at })]),
            default_version: 1,
            next_version: 2,
        }
    }

    #[test]
    fn a_policy_has_five_versions_at_most_and_numbers_do_not_come_back() {
        let (mut policy, now) = (policy(), Timestamp::UNIX_EPOCH);
        for n in 2..=5 {
            assert_eq!(policy.add_version(format!("{n}"), n == 3, now), Ok(n));
        }
        assert_eq!(policy.document(), Ok("3"));
        assert_eq!(policy.add_version("6".into(), true, now), Err(Error::TooManyVersions));
        policy.delete_version("v5", now).unwrap();
        assert_eq!(policy.add_version("6".into(), true, now), Ok(6));
        assert!(matches!(policy.delete_version("v6", now), Err(Error::DeleteConflict(_))));
        assert!(matches!(policy.set_default("v5", now), Err(Error::NoSuchPolicyVersion { .. })));
        policy.set_default("v1", now).unwrap();
        assert_eq!(policy.document(), Ok("one"));
    }

    #[test]
    fn version_ids_are_v_and_a_number() {
        assert_eq!(version_number("v12"), Some(12));
        for bad in ["", "v", "v0", "v01", "1", "v+1", "v-1", "V1", "v99999999999"] {
            assert_eq!(version_number(bad), None, "{bad}");
        }
    }
}
