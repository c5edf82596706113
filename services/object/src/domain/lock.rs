//! Object lock: versions that cannot be removed before a date, or as long as there is a legal hold.
//!
//! A bucket with object lock keeps versions, always: versioning cannot be suspended in it. So nothing but the removal
//! of a version by its id can take a locked version away.

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// How strictly a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Who may bypass governance may remove it or shorten its retention.
    #[serde(rename = "G")]
    Governance,
    /// Nobody may, not even the account's root.
    #[serde(rename = "C")]
    Compliance,
}

impl Mode {
    /// AWS's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Governance => "GOVERNANCE",
            Mode::Compliance => "COMPLIANCE",
        }
    }

    /// The mode of AWS's word.
    pub fn of(word: &str) -> Option<Mode> {
        [Mode::Governance, Mode::Compliance].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// Until when a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// How strictly.
    pub mode: Mode,
    /// Until then.
    pub until: Timestamp,
}

impl Retention {
    /// Whether it may be replaced by `next`: it may be made longer, and whatever else only under governance by who may
    /// bypass that.
    pub fn may_become(self, next: Option<Retention>, now: Timestamp, bypass: bool) -> bool {
        let longer = next.is_some_and(|next| next.mode == self.mode && next.until >= self.until);
        longer || self.until <= now || (bypass && self.mode == Mode::Governance)
    }
}

/// What keeps a version from being removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Until a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Whether there is a legal hold; nothing where that was never said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}

impl Lock {
    /// Whether nothing was ever said.
    pub fn is_empty(&self) -> bool {
        *self == Lock::default()
    }

    /// Whether the version may not be removed.
    pub fn protects(&self, removal: Removal) -> bool {
        let retained =
            self.retention.is_some_and(|retention| !retention.may_become(None, removal.now, removal.bypass));
        retained || self.hold == Some(true)
    }
}

/// An attempt to remove a version.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// When.
    pub now: Timestamp,
    /// Whether governance is bypassed, by somebody who may.
    pub bypass: bool,
}

/// What a bucket with object lock does for new versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketLock {
    /// How versions are retained that say nothing themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ByDefault>,
}

/// A retention relative to when a version is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByDefault {
    /// How strictly.
    pub mode: Mode,
    /// How long.
    pub period: Period,
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// 1 to 36500.
    #[serde(rename = "d")]
    Days(u32),
    /// 1 to 100.
    #[serde(rename = "y")]
    Years(u32),
}

impl ByDefault {
    /// The retention of a version made at that time.
    pub fn from(self, made: Timestamp) -> Retention {
        let day = Offset::UTC.to_datetime(made);
        let until = match self.period {
            Period::Days(days) => day.checked_add(i64::from(days).days()),
            Period::Years(years) => day.checked_add(i64::from(years).years()),
        };
        let until = until.and_then(|until| Offset::UTC.to_timestamp(until));
        Retention { mode: self.mode, until: until.unwrap_or(Timestamp::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn retention(mode: Mode, until: &str) -> Retention {
        Retention { mode, until: at(until) }
    }

    #[test]
    fn retention_gets_longer_and_only_governance_can_be_bypassed() {
        let now = at("2026-01-10T00:00:00Z");
        let (near, far) = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        for (has, next, bypass, may) in [
            (retention(Mode::Governance, near), Some(retention(Mode::Governance, far)), false, true),
            (retention(Mode::Governance, far), Some(retention(Mode::Governance, near)), false, false),
            (retention(Mode::Governance, far), Some(retention(Mode::Governance, near)), true, true),
            (retention(Mode::Governance, near), Some(retention(Mode::Compliance, far)), false, false),
            (retention(Mode::Governance, near), None, false, false),
            (retention(Mode::Governance, near), None, true, true),
            (retention(Mode::Compliance, near), Some(retention(Mode::Compliance, far)), false, true),
            (retention(Mode::Compliance, far), Some(retention(Mode::Compliance, near)), true, false),
            (retention(Mode::Compliance, near), Some(retention(Mode::Governance, far)), true, false),
            (retention(Mode::Compliance, near), None, true, false),
            (retention(Mode::Compliance, "2026-01-09T00:00:00Z"), None, false, true),
        ] {
            assert_eq!(has.may_become(next, now, bypass), may, "{has:?} {next:?} {bypass}");
        }
    }

    #[test]
    fn a_hold_protects_whatever_the_date_says() {
        let removal = Removal { now: at("2026-01-10T00:00:00Z"), bypass: true };
        assert!(!Lock::default().protects(removal));
        assert!(Lock { retention: None, hold: Some(true) }.protects(removal));
        assert!(!Lock { retention: None, hold: Some(false) }.protects(removal));
        let retention = Some(retention(Mode::Compliance, "2026-01-10T00:00:01Z"));
        assert!(Lock { retention, hold: None }.protects(removal));
    }

    #[test]
    fn a_year_is_a_year_of_the_calendar() {
        let of = |period, made| ByDefault { mode: Mode::Governance, period }.from(at(made)).until;
        assert_eq!(of(Period::Years(1), "2027-03-01T05:06:07Z"), at("2028-03-01T05:06:07Z"));
        assert_eq!(of(Period::Days(30), "2026-01-10T00:00:00Z"), at("2026-02-09T00:00:00Z"));
    }
}
