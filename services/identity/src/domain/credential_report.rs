//! The credential report: one line a user, in AWS's columns.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::access_key::{AccessKey, Status};
use super::usage::KeyUse;

/// AWS's columns, in its order.
pub const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated";
/// A report is shown for so long, and no new one is made meanwhile.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(4);
/// Keys that have columns.
const KEYS: usize = 2;

/// A report that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub generated: Timestamp,
    /// CSV.
    pub content: String,
}

impl Report {
    /// Whether it is too old to be shown.
    pub fn expired(&self, now: Timestamp) -> bool {
        now.duration_since(self.generated) > GOOD_FOR
    }
}

/// What a line says of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// A root: it has none here.
    NotSupported,
    /// The user has none.
    None,
    /// It has one.
    Some {
        /// The last sign-in.
        last_used: Option<Timestamp>,
        /// When it was set.
        changed: Timestamp,
        /// When it expires; none when it does not.
        next_rotation: Option<Timestamp>,
    },
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Name; `<root_account>` for the root.
    pub user: String,
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its password.
    pub password: Password,
    /// Whether it has an MFA device.
    pub mfa_active: bool,
    /// Its keys, the first made first, each with its last use.
    pub keys: Vec<(AccessKey, Option<KeyUse>)>,
}

impl Line {
    /// The line without its end.
    pub fn csv(&self) -> String {
        let mut fields = vec![self.user.clone(), self.arn.clone(), time(self.created)];
        fields.extend(self.password_fields());
        fields.push(self.mfa_active.to_string());
        for place in 0..KEYS {
            fields.extend(key_fields(self.keys.get(place)));
        }
        // signing certificates
        fields.extend(["false", "N/A", "false", "N/A"].map(str::to_owned));
        fields.join(",")
    }

    fn password_fields(&self) -> [String; 4] {
        match &self.password {
            Password::NotSupported => {
                ["not_supported", "N/A", "not_supported", "not_supported"].map(str::to_owned)
            }
            Password::None => ["false", "N/A", "N/A", "N/A"].map(str::to_owned),
            Password::Some { last_used, changed, next_rotation } => [
                "true".into(),
                last_used.map_or_else(|| "no_information".into(), time),
                time(*changed),
                next_rotation.map_or_else(|| "N/A".into(), time),
            ],
        }
    }
}

fn key_fields(key: Option<&(AccessKey, Option<KeyUse>)>) -> [String; 5] {
    let none = || "N/A".to_owned();
    let Some((key, used)) = key else { return ["false".into(), none(), none(), none(), none()] };
    let said = |text: &str| if text.is_empty() { none() } else { text.to_owned() };
    [
        (key.status == Status::Active).to_string(),
        time(key.created),
        used.as_ref().map_or_else(none, |used| time(used.at)),
        used.as_ref().map_or_else(none, |used| said(&used.region)),
        used.as_ref().map_or_else(none, |used| said(&used.service)),
    ]
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_field_for_every_column() {
        let at = Timestamp::UNIX_EPOCH;
        let key = AccessKey {
            id: "AKIA".into(),
            account: "123456789012".into(),
            user_id: "AIDA".into(),
            sealed_secret: String::new(),
            status: Status::Active,
            created: at,
        };
        let used = KeyUse { at, service: "s3".into(), region: "us-east-1".into() };
        let line = Line {
            user: "alice".into(),
            arn: "arn:aws:iam::123456789012:user/alice".into(),
            created: at,
            password: Password::Some { last_used: None, changed: at, next_rotation: None },
            mfa_active: false,
            keys: vec![(key, Some(used))],
        };
        let csv = line.csv();
        assert_eq!(
            csv,
            "alice,arn:aws:iam::123456789012:user/alice,1970-01-01T00:00:00+00:00,true,no_information,\
             1970-01-01T00:00:00+00:00,N/A,false,true,1970-01-01T00:00:00+00:00,1970-01-01T00:00:00+00:00,us-east-1,s3,\
             false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        );
        for password in [Password::None, Password::NotSupported] {
            let line = Line { password, ..line.clone() };
            assert_eq!(line.csv().split(',').count(), HEADER.split(',').count());
        }
    }
}
