//! KMS keys: what is kept of them and the states they go through.
//!
//! ```text
//!            DisableKey              ScheduleKeyDeletion
//!   Enabled ──────────▶ Disabled ──────────▶ PendingDeletion ──(its day)──▶ gone
//!      ▲ ◀────────────   ▲  EnableKey           │        ▲
//!      │                 └── CancelKeyDeletion ─┘        │
//!      └─────────────────────────────────────────────────┘ ScheduleKeyDeletion
//! ```

use calls::Tag;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::kms_error::KmsError;

/// A key. Its material is sealed under the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsKey {
    /// Account it belongs to.
    pub account: String,
    /// A UUID.
    pub id: String,
    /// Free text.
    pub description: String,
    /// Who may use it: a resource policy.
    pub policy: String,
    /// Whether it can be used.
    pub state: KeyState,
    /// Whether a service made it for itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed_by_aws: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Whether new material is made from time to time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Oldest first, never empty; the last one encrypts, all decrypt.
    pub materials: Vec<Material>,
}

/// The states of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It can be used.
    Enabled,
    /// It cannot.
    Disabled,
    /// It will be deleted.
    PendingDeletion {
        /// When.
        at: Timestamp,
        /// Days from the order to then.
        window_days: i32,
    },
}

/// When new material is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Days between two of them.
    pub period_days: i32,
    /// The next time.
    pub next: Timestamp,
}

/// What encrypts, sealed under the master key for [`Material::owner`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// Counts from 1; stands in the ciphertexts made with it.
    pub number: u32,
    /// Base64 of 32 bytes, sealed.
    pub sealed: String,
    /// When it was made.
    pub made: Timestamp,
}

impl Material {
    /// What the material of this number of this key is sealed for.
    pub fn owner(key_id: &str, number: u32) -> String {
        format!("kms key {key_id} material {number}")
    }
}

/// A name for a key. Key of its row: account and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsAlias {
    /// The key.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last given a key.
    pub updated: Timestamp,
}

/// A key that a service of the cloud encrypts its own data with; nobody calls it by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// `s3`.
    pub service: String,
    /// Base64 of 32 bytes, sealed under the master key for [`ServiceKey::owner`].
    pub sealed: String,
    /// When it was made.
    pub made: Timestamp,
}

impl ServiceKey {
    /// What a service's key is sealed for.
    pub fn owner(service: &str, id: &str) -> String {
        format!("service key {service} {id}")
    }
}

/// `now` and some days.
pub fn days_after(now: Timestamp, days: i32) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MAX)
}

impl KmsKey {
    /// Its ARN.
    pub fn arn(&self, region: &str) -> String {
        super::kms_names::key_arn(region, &self.account, &self.id)
    }

    /// AWS's word for the state.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion { .. } => "PendingDeletion",
        }
    }

    /// Refuses to be used unless enabled.
    pub fn check_usable(&self, region: &str) -> Result<(), KmsError> {
        match self.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(KmsError::Disabled(self.arn(region))),
            KeyState::PendingDeletion { .. } => Err(self.pending(region)),
        }
    }

    /// Refuses what makes no sense for a key that is going.
    pub fn check_staying(&self, region: &str) -> Result<(), KmsError> {
        match self.state {
            KeyState::Enabled | KeyState::Disabled => Ok(()),
            KeyState::PendingDeletion { .. } => Err(self.pending(region)),
        }
    }

    /// Back from pending deletion: it comes back disabled.
    pub fn cancel_deletion(&mut self, region: &str) -> Result<(), KmsError> {
        match self.state {
            KeyState::PendingDeletion { .. } => {
                self.state = KeyState::Disabled;
                Ok(())
            }
            KeyState::Enabled | KeyState::Disabled => {
                Err(KmsError::InvalidState { arn: self.arn(region), state: "is not pending deletion" })
            }
        }
    }

    /// Whether its day has come.
    pub fn is_to_be_deleted(&self, now: Timestamp) -> bool {
        matches!(self.state, KeyState::PendingDeletion { at, .. } if at <= now)
    }

    /// Whether new material is due.
    pub fn is_to_be_rotated(&self, now: Timestamp) -> bool {
        self.state == KeyState::Enabled && self.rotation.as_ref().is_some_and(|rotation| rotation.next <= now)
    }

    fn pending(&self, region: &str) -> KmsError {
        KmsError::InvalidState { arn: self.arn(region), state: "is pending deletion" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(state: KeyState) -> KmsKey {
        KmsKey {
            account: "123456789012".into(),
            id: "k".into(),
            description: String::new(),
            policy: String::new(),
            state,
            managed_by_aws: false,
            created: Timestamp::UNIX_EPOCH,
            tags: vec![],
            rotation: Some(Rotation { period_days: 365, next: days_after(Timestamp::UNIX_EPOCH, 365) }),
            materials: vec![],
        }
    }

    #[test]
    fn a_key_is_used_when_enabled_only() {
        assert_eq!(key(KeyState::Enabled).check_usable("r"), Ok(()));
        assert!(matches!(key(KeyState::Disabled).check_usable("r"), Err(KmsError::Disabled(_))));
        let pending = KeyState::PendingDeletion { at: Timestamp::UNIX_EPOCH, window_days: 7 };
        assert!(matches!(key(pending.clone()).check_usable("r"), Err(KmsError::InvalidState { .. })));
        assert!(key(pending).check_staying("r").is_err());
    }

    #[test]
    fn deletion_waits_for_its_day_and_can_be_called_off() {
        let at = days_after(Timestamp::UNIX_EPOCH, 7);
        let mut going = key(KeyState::PendingDeletion { at, window_days: 7 });
        assert!(!going.is_to_be_deleted(days_after(Timestamp::UNIX_EPOCH, 6)));
        assert!(going.is_to_be_deleted(at));
        going.cancel_deletion("r").unwrap();
        assert_eq!(going.state, KeyState::Disabled);
        assert!(going.cancel_deletion("r").is_err());
    }

    #[test]
    fn only_an_enabled_key_is_rotated_when_it_is_time() {
        let due = days_after(Timestamp::UNIX_EPOCH, 365);
        assert!(key(KeyState::Enabled).is_to_be_rotated(due));
        assert!(!key(KeyState::Enabled).is_to_be_rotated(Timestamp::UNIX_EPOCH));
        assert!(!key(KeyState::Disabled).is_to_be_rotated(due));
    }
}
