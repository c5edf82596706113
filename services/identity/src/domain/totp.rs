//! Time-based one-time passwords (RFC 6238) as AWS's virtual MFA devices use them: HMAC-SHA-1, six digits, a new code
//! every 30 seconds.

use jiff::Timestamp;
use ring::hmac;

use crate::error::Error;

/// Seconds that a code lasts.
const STEP_S: i64 = 30;
/// Bytes of a seed: 64 digits in base32, as AWS makes them.
pub const SEED_BYTES: usize = 40;
/// Codes before and after the device's time that are taken when it signs in.
const WINDOW: i64 = 1;
/// Codes before and after the server's time that are looked through for a new device, or one that is out of step.
const SEARCH: i64 = 120;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The number of the 30 seconds that a moment lies in.
pub fn step(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP_S)
}

/// The code of a step.
pub fn code(seed: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0xf);
    let four = bytes.iter().skip(offset).take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
}

/// What is known of a device's clock, and which of its codes are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clockwork {
    /// Steps that the device is ahead of the server.
    pub drift: i64,
    /// The last step whose code was taken: neither it nor an earlier one is taken again.
    pub last_step: i64,
}

/// Finds where two codes in a row belong. The last one is used up with that.
pub fn find(seed: &[u8], now: Timestamp, first: &str, second: &str) -> Result<Clockwork, Error> {
    let now = step(now);
    let mut found = None;
    // all of them are looked at, so that the time it takes does not tell where the match is
    for candidate in now - SEARCH..now + SEARCH {
        if same(&code(seed, candidate), first) & same(&code(seed, candidate + 1), second) {
            found = Some(candidate + 1);
        }
    }
    let last_step = found.ok_or(Error::InvalidAuthenticationCode)?;
    Ok(Clockwork { drift: last_step - now, last_step })
}

/// The clockwork after a code was taken; none when it is not a code of this moment or was used already.
pub fn take(seed: &[u8], clockwork: Clockwork, now: Timestamp, given: &str) -> Option<Clockwork> {
    let device_now = step(now) + clockwork.drift;
    let mut found = None;
    for candidate in device_now - WINDOW..=device_now + WINDOW {
        if same(&code(seed, candidate), given) & (candidate > clockwork.last_step) {
            found = Some(candidate);
        }
    }
    found.map(|last_step| Clockwork { drift: last_step - step(now), last_step })
}

fn same(one: &str, other: &str) -> bool {
    equal(one.as_bytes(), other.as_bytes())
}

/// Whether two secrets are the same, in a time that does not tell where they differ: their tags are compared.
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"equal");
    hmac::verify(&key, one, hmac::sign(&key, other).as_ref()).is_ok()
}

/// Base32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[(buffer >> bits & 31) as usize]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(BASE32[(buffer << (5 - bits) & 31) as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // appendix B has eight digits; ours are their last six
        let seed = b"12345678901234567890";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(seed, step(at(second))), expected, "{second}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
        assert_eq!(base32(&[7; SEED_BYTES]).len(), 64);
    }

    #[test]
    fn a_code_is_taken_once_and_only_near_its_time() {
        let (seed, now) = ([3; SEED_BYTES], at(1_700_000_000));
        let this = step(now);
        let clockwork = Clockwork { drift: 0, last_step: this - 2 };
        let taken = take(&seed, clockwork, now, &code(&seed, this)).unwrap();
        assert_eq!(taken, Clockwork { drift: 0, last_step: this });
        for used in [this, this - 1] {
            assert_eq!(take(&seed, taken, now, &code(&seed, used)), None);
        }
        for far in [this - 2, this + 2] {
            assert_eq!(take(&seed, clockwork, now, &code(&seed, far)), None);
        }
        for bad in ["", "12345", "abcdef", "1234567"] {
            assert_eq!(take(&seed, clockwork, now, bad), None);
        }
    }

    #[test]
    fn two_codes_in_a_row_tell_how_far_a_device_is_off() {
        let (seed, now) = ([5; SEED_BYTES], at(1_700_000_000));
        let there = step(now) + 40;
        let clockwork = find(&seed, now, &code(&seed, there), &code(&seed, there + 1)).unwrap();
        assert_eq!(clockwork, Clockwork { drift: 41, last_step: there + 1 });
        let later = at(1_700_000_030);
        assert!(take(&seed, clockwork, later, &code(&seed, there + 2)).is_some());
        let apart = find(&seed, now, &code(&seed, there), &code(&seed, there + 2));
        assert_eq!(apart, Err(Error::InvalidAuthenticationCode));
        let same = find(&seed, now, &code(&seed, there), &code(&seed, there));
        assert_eq!(same, Err(Error::InvalidAuthenticationCode));
    }
}
