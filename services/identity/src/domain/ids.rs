//! Unique ids and secrets in AWS's form.

use kit::Random;

use super::seal::Secret;

/// Digits of ids: base32 as AWS writes it.
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of secret access keys.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const ACCOUNT_BITS: u128 = (1 << 40) - 1;
const RANDOM_BITS: u128 = (1 << 39) - 1;

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

/// `AIPA` and 17 digits.
pub fn instance_profile(random: &Random) -> String {
    format!("AIPA{}", random.text(17, BASE32))
}

/// `ANPA` and 17 digits.
pub fn policy(random: &Random) -> String {
    format!("ANPA{}", random.text(17, BASE32))
}

/// `APKA` and 17 digits.
pub fn ssh_key(random: &Random) -> String {
    format!("APKA{}", random.text(17, BASE32))
}

/// `ASCA` and 17 digits.
pub fn server_certificate(random: &Random) -> String {
    format!("ASCA{}", random.text(17, BASE32))
}

/// `AKIA` and 16 digits.
pub fn access_key(random: &Random) -> String {
    format!("AKIA{}", random.text(16, BASE32))
}

/// `ASIA` and 16 digits: a bit that is set, the account in 40 bits, and 39 at random, as AWS lays them out. Two
/// sessions of an account may come to share an id; each has a secret of its own, which its token holds.
pub fn session_access_key(random: &Random, account: &str) -> String {
    let account: u128 = account.parse().unwrap_or(0);
    let bits = 1 << 79 | (account & ACCOUNT_BITS) << 39 | random.u128() & RANDOM_BITS;
    let digit = |index: u32| char::from(BASE32[(bits >> (75 - 5 * index) & 31) as usize]);
    let digits: String = (0..16).map(digit).collect();
    format!("ASIA{digits}")
}

/// The account that an `ASIA...` key says it belongs to, 12 digits; none when it is no such key.
pub fn account_of_session_key(id: &str) -> Option<String> {
    let digits = id.strip_prefix("ASIA").filter(|digits| digits.len() == 16)?;
    let bits = digits.bytes().try_fold(0_u128, |bits, digit| {
        BASE32.iter().position(|known| *known == digit).map(|value| bits << 5 | value as u128)
    })?;
    let account = bits >> 39 & ACCOUNT_BITS;
    (bits >> 79 == 1 && account < 1_000_000_000_000).then(|| format!("{account:012}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_key_tells_its_account_and_others_do_not() {
        for account in ["123456789012", "000000000001", "999999999999"] {
            let id = session_access_key(&Random::system(), account);
            assert!(id.len() == 20 && id[4..].bytes().all(|b| BASE32.contains(&b)), "{id}");
            assert_eq!(account_of_session_key(&id).as_deref(), Some(account));
        }
        // AWS's own example of a key and the account in it
        assert_eq!(account_of_session_key("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        for bad in [
            "",
            "ASIA",
            "AKIAQNZGKIQY56JQ7WML",
            "ASIAQNZGKIQY56JQ7WM",
            "ASIAqnzgkiqy56jq7wml",
            "ASIAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(account_of_session_key(bad), None, "{bad}");
        }
    }
}
