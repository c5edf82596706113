//! Versions of an object: how they are named and which is newer.
//!
//! A version id is, to clients, opaque. In it are the time it was made, a number that tells versions of one key apart
//! that were made in the same millisecond, and chance; so ids of a key sort by age, and a list can go on behind a
//! version that is no longer there. What was put while versioning was off or suspended has no id and is called `null`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::object::Object;

/// How requests and lists call the version without an id.
pub const NULL: &str = "null";

/// Whether a bucket keeps what is overwritten and deleted. A bucket that never did has no such state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Every put and delete makes a version with an id.
    Enabled,
    /// Puts and deletes replace the `null` version; the others are kept.
    Suspended,
}

impl Versioning {
    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Versioning::Enabled => "Enabled",
            Versioning::Suspended => "Suspended",
        }
    }
}

/// Names a version: 48 bits of milliseconds, 16 that count within one, 64 of chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionId(u128);

impl VersionId {
    /// A fresh name.
    pub fn new(now: Timestamp, random: u128) -> Self {
        VersionId(u128::from(first_at(now)) << 64 | random & u128::from(u64::MAX))
    }

    /// Greater for newer versions of a key.
    pub fn order(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The same chance, but newer than what has the given order.
    #[must_use]
    pub fn newer_than(self, order: Option<u64>) -> Self {
        let least = order.map_or(0, |order| order.saturating_add(1));
        VersionId(u128::from(self.order().max(least)) << 64 | self.0 & u128::from(u64::MAX))
    }
}

/// The least order of a moment.
fn first_at(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0) << 16
}

/// The order of a `null` version that was made at that time: behind the ids of its millisecond.
pub fn null_order(made: Timestamp) -> u64 {
    first_at(made) | 0xffff
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for VersionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(id) if digits => Ok(VersionId(id)),
            _ => Err(format!("`{text}` is not a version id")),
        }
    }
}

impl TryFrom<String> for VersionId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<VersionId> for String {
    fn from(id: VersionId) -> String {
        id.to_string()
    }
}

/// A version as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one without an id.
    Null,
    /// The one with this id.
    Id(VersionId),
}

impl Which {
    /// Reads `versionId`; nothing for what never was a version id.
    pub fn of(text: &str) -> Option<Which> {
        match text {
            NULL => Some(Which::Null),
            _ => text.parse().ok().map(Which::Id),
        }
    }

    /// Whether it names the version with this id.
    pub fn names(self, version: Option<VersionId>) -> bool {
        self == version.into()
    }
}

impl From<Option<VersionId>> for Which {
    fn from(version: Option<VersionId>) -> Which {
        version.map_or(Which::Null, Which::Id)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Which::Null => f.write_str(NULL),
            Which::Id(id) => id.fmt(f),
        }
    }
}

/// Stands where an object was deleted while versions are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Its id; none for the `null` version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionId>,
    /// When the object was deleted.
    pub modified: Timestamp,
    /// Canonical user id of whose it is.
    pub owner: String,
}

/// One version of a key.
#[allow(clippy::large_enum_variant, reason = "nearly all are objects, and lists would pay for each box")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// An object.
    #[serde(rename = "o")]
    Object(Object),
    /// A delete marker.
    #[serde(rename = "d")]
    Marker(Marker),
}

store::packed_value!(Version, version = 2, json = 1);

impl Version {
    /// Its id; none for the `null` version.
    pub fn id(&self) -> Option<VersionId> {
        match self {
            Version::Object(object) => object.version,
            Version::Marker(marker) => marker.version,
        }
    }

    /// When it was made.
    pub fn modified(&self) -> Timestamp {
        match self {
            Version::Object(object) => object.modified,
            Version::Marker(marker) => marker.modified,
        }
    }

    /// Greater for newer versions of a key, as far as the version itself knows.
    pub fn order(&self) -> u64 {
        self.id().map_or_else(|| null_order(self.modified()), VersionId::order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn ids_sort_by_age_whatever_the_clock_does() {
        let first = VersionId::new(at(1000), 7);
        let second = VersionId::new(at(1000), 3).newer_than(Some(first.order()));
        let back_in_time = VersionId::new(at(900), 9).newer_than(Some(second.order()));
        assert!(first.order() < second.order() && second.order() < back_in_time.order());
        assert!(
            null_order(at(1000)) < VersionId::new(at(1000), 1).newer_than(Some(null_order(at(1000)))).order()
        );
        assert!(null_order(at(999)) < first.order());
        assert_eq!(first.newer_than(None), first);
    }

    #[test]
    fn ids_survive_as_text_and_other_text_is_none() {
        let id = VersionId::new(at(1_700_000_000_000), u128::MAX);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(Which::of("null"), Some(Which::Null));
        assert!(Which::of(&id.to_string()).unwrap().names(Some(id)));
        for wrong in ["", "Null", "0", &"F".repeat(32), &"g".repeat(32)] {
            assert_eq!(Which::of(wrong), None, "{wrong}");
        }
    }
}
