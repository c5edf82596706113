//! Passwords: how they are kept (argon2id) and what an account asks of them.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::totp::equal;
use crate::error::Error;

/// What hashing costs: OWASP's first choice for argon2id, 19 MiB and two passes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
/// Bytes of salt.
pub const SALT_BYTES: usize = 16;
/// Earlier passwords that are remembered: as many as a policy may forbid.
const REMEMBERED: usize = 24;
/// What counts as a symbol, in AWS's words.
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
const HOURS_A_DAY: i64 = 24;

/// A password's hash, as `$argon2id$v=19$m=...,t=...,p=...$salt$hash`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash(String);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash(..)")
    }
}

impl Hash {
    /// Hashes a password. Takes tens of milliseconds and 19 MiB: not for a thread that others wait for.
    pub fn new(password: &str, salt: [u8; SALT_BYTES]) -> Result<Self, Error> {
        let hash = hashed(password, &salt, (MEMORY_KIB, PASSES, LANES))?;
        Ok(Hash(format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(hash)
        )))
    }

    /// A hash that is no password's, to compare with where there is none: it takes as long as any other.
    pub fn of_nobody(salt: [u8; SALT_BYTES]) -> Self {
        let none = STANDARD_NO_PAD.encode([0; HASH_BYTES]);
        Hash(format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${none}",
            STANDARD_NO_PAD.encode(salt)
        ))
    }

    /// Whether it is this password's; as dear as [`Hash::new`].
    pub fn matches(&self, password: &str) -> Result<bool, Error> {
        let wrong = || Error::Corrupt("a stored password's hash cannot be read".into());
        let fields: Vec<&str> = self.0.split('$').collect();
        let ["", "argon2id", "v=19", costs, salt, hash] = fields.as_slice() else { return Err(wrong()) };
        let mut numbers = costs.split(',').map(|one| one.split_once('=').and_then(|(_, n)| n.parse().ok()));
        let (Some(Some(m)), Some(Some(t)), Some(Some(p))) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(wrong());
        };
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| wrong());
        Ok(equal(&hashed(password, &decode(salt)?, (m, t, p))?, &decode(hash)?))
    }
}

fn hashed(password: &str, salt: &[u8], (m, t, p): (u32, u32, u32)) -> Result<[u8; HASH_BYTES], Error> {
    let failed = |error: argon2::Error| Error::Corrupt(format!("argon2: {error}"));
    let params = Params::new(m, t, p, Some(HASH_BYTES)).map_err(failed)?;
    let mut out = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .map_err(failed)?;
    Ok(out)
}

/// A user's password and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProfile {
    /// The password's hash.
    pub hash: Hash,
    /// When the profile was made.
    pub created: Timestamp,
    /// When the password was set.
    pub changed: Timestamp,
    /// Whether the user must choose another at the next sign-in.
    pub reset_required: bool,
    /// Hashes of earlier ones, the latest first.
    pub previous: Vec<Hash>,
    /// When it was last signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
}

impl LoginProfile {
    /// A first password.
    pub fn new(hash: Hash, now: Timestamp, reset_required: bool) -> Self {
        LoginProfile {
            hash,
            created: now,
            changed: now,
            reset_required,
            previous: Vec::new(),
            last_used: None,
        }
    }

    /// Puts another password in place of the one it has.
    pub fn set(&mut self, hash: Hash, now: Timestamp) {
        let old = std::mem::replace(&mut self.hash, hash);
        self.previous.insert(0, old);
        self.previous.truncate(REMEMBERED);
        self.changed = now;
    }

    /// The passwords that may not come back under this policy, the present one first.
    pub fn forbidden(&self, policy: &PasswordPolicy) -> Vec<Hash> {
        let count = policy.reuse_prevention.map_or(0, usize::from);
        std::iter::once(&self.hash).chain(&self.previous).take(count).cloned().collect()
    }

    /// Since when the password is too old; none while it is not.
    pub fn expires(&self, policy: &PasswordPolicy) -> Option<Timestamp> {
        let age = SignedDuration::from_hours(i64::from(policy.max_age_days?) * HOURS_A_DAY);
        Some(self.changed.saturating_add(age).unwrap_or(Timestamp::MAX))
    }
}

/// What an account asks of passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// 6 to 128.
    pub min_length: u16,
    /// Whether there must be a symbol.
    pub symbols: bool,
    /// Whether there must be a digit.
    pub numbers: bool,
    /// Whether there must be an upper-case letter.
    pub uppercase: bool,
    /// Whether there must be a lower-case letter.
    pub lowercase: bool,
    /// Whether users may change their own without any further permission.
    pub users_may_change: bool,
    /// Days that a password lasts, 1 to 1095.
    pub max_age_days: Option<u16>,
    /// How many earlier passwords may not come back, 1 to 24.
    pub reuse_prevention: Option<u16>,
    /// Whether a user cannot change an expired password.
    pub hard_expiry: bool,
}

impl PasswordPolicy {
    /// Refuses a password that is not what the account asks for.
    pub fn check(&self, password: &str) -> Result<(), Error> {
        let any = |is: fn(char) -> bool| password.chars().any(is);
        let refuse = |what: String| Err(Error::PasswordPolicyViolation(what));
        if password.chars().count() < usize::from(self.min_length) {
            return refuse(format!("Password should have a minimum length of {}", self.min_length));
        }
        if self.uppercase && !any(|c| c.is_ascii_uppercase()) {
            return refuse("Password should have at least one uppercase letter".into());
        }
        if self.lowercase && !any(|c| c.is_ascii_lowercase()) {
            return refuse("Password should have at least one lowercase letter".into());
        }
        if self.numbers && !any(|c| c.is_ascii_digit()) {
            return refuse("Password should have at least one number".into());
        }
        if self.symbols && !any(is_symbol) {
            let all: Vec<String> = SYMBOLS.chars().map(String::from).collect();
            return refuse(format!(
                "Password should have at least one of the following symbols: {}",
                all.join(" ")
            ));
        }
        Ok(())
    }
}

/// What AWS asks where an account has set nothing: eight characters of three of the four classes, and not the account's
/// name.
pub fn check_default(password: &str, account_names: &[&str]) -> Result<(), Error> {
    let refuse = |what: &str| Err(Error::PasswordPolicyViolation(what.to_owned()));
    if password.chars().count() < 8 {
        return refuse("Password should have a minimum length of 8");
    }
    let classes: [fn(char) -> bool; 4] =
        [|c| c.is_ascii_uppercase(), |c| c.is_ascii_lowercase(), |c| c.is_ascii_digit(), is_symbol];
    if classes.iter().filter(|class| password.chars().any(**class)).count() < 3 {
        return refuse(
            "Password should contain at least three of the following: uppercase letters, lowercase letters, numbers, \
             symbols",
        );
    }
    if account_names.iter().any(|name| name.eq_ignore_ascii_case(password)) {
        return refuse("Password should not be the account's name");
    }
    Ok(())
}

fn is_symbol(c: char) -> bool {
    SYMBOLS.contains(c)
}

/// The error for a password that was used before.
pub fn used_before() -> Error {
    Error::PasswordPolicyViolation(
        "Policy constraint violation with password reuse prevention during password change.".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicy {
        PasswordPolicy {
            min_length: 10,
            symbols: true,
            numbers: true,
            uppercase: true,
            lowercase: true,
            users_may_change: false,
            max_age_days: Some(90),
            reuse_prevention: Some(2),
            hard_expiry: false,
        }
    }

    #[test]
    fn a_hash_is_its_passwords_and_salted() {
        let hash = Hash::new("Correct horse 1", [1; SALT_BYTES]).unwrap();
        assert!(hash.matches("Correct horse 1").unwrap() && !hash.matches("Correct horse 2").unwrap());
        assert_ne!(hash, Hash::new("Correct horse 1", [2; SALT_BYTES]).unwrap());
        assert!(!Hash::of_nobody([3; SALT_BYTES]).matches("").unwrap());
        assert_eq!(format!("{hash:?}"), "Hash(..)");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn each_rule_is_held() {
        assert_eq!(policy().check("Abcdefgh1!"), Ok(()));
        for (bad, word) in [
            ("Abcdef1!", "minimum length of 10"),
            ("abcdefgh1!", "uppercase"),
            ("ABCDEFGH1!", "lowercase"),
            ("Abcdefghi!", "number"),
            ("Abcdefgh12", "symbols: ! @ #"),
        ] {
            let error = policy().check(bad).unwrap_err();
            assert!(error.to_string().contains(word), "{bad}: {error}");
        }
        assert_eq!(check_default("Abcdefg1", &["house"]), Ok(()));
        for bad in ["Abcde1!", "abcdefgh", "abcdefg1", "My-House1"] {
            assert!(check_default(bad, &["my-house1"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_age_and_do_not_come_back() {
        let hash = |n: u8| Hash::of_nobody([n; SALT_BYTES]);
        let mut profile = LoginProfile::new(hash(1), Timestamp::UNIX_EPOCH, false);
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
        profile.set(hash(2), later);
        profile.set(hash(3), later);
        assert_eq!(profile.forbidden(&policy()), [hash(3), hash(2)]);
        assert_eq!(profile.expires(&policy()), Some(later + SignedDuration::from_hours(90 * 24)));
        for n in 4..60 {
            profile.set(hash(n), later);
        }
        assert_eq!(profile.previous.len(), REMEMBERED);
    }
}
