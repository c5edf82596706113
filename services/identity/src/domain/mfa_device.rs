//! Virtual MFA devices as they are kept: the seed only sealed.

use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::totp::Clockwork;

/// A virtual MFA device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaDevice {
    /// Account it belongs to.
    pub account: String,
    /// Its ARN, which is what AWS calls its serial number.
    pub serial: String,
    /// The seed in base64, sealed for the serial number and the moment it was made.
    pub sealed_seed: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whose it is; none until it is enabled.
    pub enabled: Option<Enabled>,
}

/// A device in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enabled {
    /// Whose it is.
    pub user_id: String,
    /// Since when.
    pub at: Timestamp,
    /// Steps that it is ahead.
    pub drift: i64,
    /// The last step whose code was taken.
    pub last_step: i64,
}

impl Enabled {
    /// What is known of its clock.
    pub fn clockwork(&self) -> Clockwork {
        Clockwork { drift: self.drift, last_step: self.last_step }
    }

    /// The same with its clock as it is now.
    pub fn set(&mut self, Clockwork { drift, last_step }: Clockwork) {
        (self.drift, self.last_step) = (drift, last_step);
    }
}

impl MfaDevice {
    /// What the seed is sealed for. A device made again under its name is another.
    pub fn seal_owner(serial: &str, created: Timestamp) -> String {
        format!("mfa {serial} {created}")
    }

    /// What its own seed is sealed for.
    pub fn sealed_for(&self) -> String {
        MfaDevice::seal_owner(&self.serial, self.created)
    }
}
