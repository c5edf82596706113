//! Unique ids and secrets in AWS's form.

use kit::Random;

use super::seal::Secret;

/// Digits of ids: base32 as AWS writes it.
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of secret access keys.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `AIDA` and 17 digits.
pub fn user(random: &Random) -> String {
    format!("AIDA{}", random.text(17, BASE32))
}

/// `AGPA` and 17 digits.
pub fn group(random: &Random) -> String {
    format!("AGPA{}", random.text(17, BASE32))
}

/// `AROA` and 17 digits.
pub fn role(random: &Random) -> String {
    format!("AROA{}", random.text(17, BASE32))
}

/// `ANPA` and 17 digits.
pub fn policy(random: &Random) -> String {
    format!("ANPA{}", random.text(17, BASE32))
}

/// `AKIA` and 16 digits.
pub fn access_key(random: &Random) -> String {
    format!("AKIA{}", random.text(16, BASE32))
}

/// 40 characters, 240 bits.
pub fn secret(random: &Random) -> Secret {
    Secret::new(random.text(40, BASE64))
}

/// 12 digits, the first not a zero.
pub fn account(random: &Random) -> String {
    format!("{}{}", random.text(1, b"123456789"), random.text(11, b"0123456789"))
}

/// 64 hex digits.
pub fn canonical_user(random: &Random) -> String {
    random.text(64, b"0123456789abcdef")
}
