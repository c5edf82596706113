//! Recomputes a signature and compares; the rules about time and about what must be signed.

use super::canonical::{self, PathForm, Scratch};
use super::hash::push_hex;
use super::{
    ALGORITHM, Carrier, MAX_EXPIRES_S, MAX_SKEW_S, RequestParts, SigError, SigV4, SigningKey, sha256, unhex,
};
use jiff::Timestamp;
use jiff::tz::Offset;
use std::cell::RefCell;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Proof that a request was signed with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Age of the signature in milliseconds (`s3:signatureAge`); 0 when the client's clock is ahead.
    pub age_ms: i64,
    /// When a presigned request ends.
    pub expires_at: Option<Timestamp>,
}

/// Checks a signature against the request it came with.
///
/// `body_sha256_hex` is what the canonical request ends with: the value that [`super::Payload::declared`]
/// gives, or the [`super::sha256_hex`] of the body. It is the caller's part to hold the body to a declared digest.
///
/// # Errors
/// Rules are checked in this order: `host` and every `x-amz-*` header signed, scope day, clock, signature.
pub fn verify(
    sig: &SigV4,
    key: &SigningKey,
    parts: RequestParts<'_>,
    body_sha256_hex: &str,
    now: Timestamp,
) -> Result<Verified, SigError> {
    check_coverage(sig, &parts)?;
    check_scope_date(sig)?;
    let expires_at = check_time(sig, now)?;
    SCRATCH.with_borrow_mut(|scratch| check_signature(scratch, sig, key, &parts, body_sha256_hex))?;
    let age_ms = (now.as_millisecond() - sig.timestamp.as_millisecond()).max(0);
    Ok(Verified { signed_at: sig.timestamp, age_ms, expires_at })
}

fn check_signature(
    scratch: &mut Scratch,
    sig: &SigV4,
    key: &SigningKey,
    parts: &RequestParts<'_>,
    payload: &str,
) -> Result<(), SigError> {
    let presented = unhex(sig.signature.as_bytes());
    let matches = |scratch: &mut Scratch, form| {
        canonical::write(scratch, sig, parts, payload, form);
        write_string_to_sign(scratch, sig);
        presented.is_some_and(|tag| key.matches(&scratch.string_to_sign, &tag))
    };
    if matches(scratch, PathForm::ByRule) || (sig.scope.is_s3() && matches(scratch, PathForm::AsSent)) {
        return Ok(());
    }
    // Show the client the form that the rule asks for.
    matches(scratch, PathForm::ByRule);
    Err(SigError::SignatureMismatch {
        canonical_request: String::from_utf8_lossy(&scratch.canonical).into_owned(),
        string_to_sign: String::from_utf8_lossy(&scratch.string_to_sign).into_owned(),
    })
}

fn write_string_to_sign(scratch: &mut Scratch, sig: &SigV4) {
    let digest = sha256(&scratch.canonical);
    let out = &mut scratch.string_to_sign;
    out.clear();
    out.extend_from_slice(ALGORITHM.as_bytes());
    out.push(b'\n');
    push_context(out, sig);
    push_hex(out, &digest);
}

/// `timestamp \n scope \n`.
pub(super) fn push_context(out: &mut Vec<u8>, sig: &SigV4) {
    let time = Offset::UTC.to_datetime(sig.timestamp);
    push_digits(out, time.year(), 4);
    push_digits(out, time.month().into(), 2);
    push_digits(out, time.day().into(), 2);
    out.push(b'T');
    push_digits(out, time.hour().into(), 2);
    push_digits(out, time.minute().into(), 2);
    push_digits(out, time.second().into(), 2);
    out.extend_from_slice(b"Z\n");
    for part in [&sig.scope.date, &sig.scope.region, &sig.scope.service] {
        out.extend_from_slice(part.as_bytes());
        out.push(b'/');
    }
    out.extend_from_slice(b"aws4_request\n");
}

/// Decimal digits, with zeros in front. The standard formatter would take longer than the digest over all this.
fn push_digits(out: &mut Vec<u8>, number: i16, digits: u32) {
    for place in (0..digits).rev() {
        let digit = number.unsigned_abs() / 10u16.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

fn check_coverage(sig: &SigV4, parts: &RequestParts<'_>) -> Result<(), SigError> {
    let signed = |name: &str| sig.signed_headers.iter().any(|s| s.eq_ignore_ascii_case(name));
    if !signed("host") && !signed(":authority") {
        return Err(SigError::HostNotSigned);
    }
    for (name, _) in parts.headers {
        let must = name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"));
        if must && !signed(name) && !may_stay_unsigned(sig.carrier, name) {
            return Err(SigError::UnsignedHeader(name.to_ascii_lowercase()));
        }
    }
    Ok(())
}

/// AWS's own SDKs leave these out of what they presign. The digest is covered all the same: the canonical request ends with it.
fn may_stay_unsigned(carrier: Carrier, name: &str) -> bool {
    carrier == Carrier::Query
        && ["x-amz-content-sha256", "x-amz-user-agent", "x-amz-checksum-mode"]
            .iter()
            .any(|free| name.eq_ignore_ascii_case(free))
}

/// The day of the scope must be that of the request's date.
///
/// # Errors
/// `ScopeDateMismatch`.
pub fn check_scope_date(sig: &SigV4) -> Result<(), SigError> {
    let time = Offset::UTC.to_datetime(sig.timestamp);
    let scope: Option<i32> = sig.scope.date.parse().ok();
    let day = i32::from(time.year()) * 10_000 + i32::from(time.month()) * 100 + i32::from(time.day());
    if scope == Some(day) {
        return Ok(());
    }
    Err(SigError::ScopeDateMismatch { scope: sig.scope.date.clone(), request: format!("{day:08}") })
}

/// Checks the signature of a form against the policy that it covers, as that was sent.
///
/// # Errors
/// In this order: scope day, from the future, older than a signing key lives (seven days), signature.
pub fn verify_form(
    sig: &SigV4,
    key: &SigningKey,
    policy: &str,
    now: Timestamp,
) -> Result<Verified, SigError> {
    check_scope_date(sig)?;
    let expires_s = Some(MAX_EXPIRES_S);
    let expires_at = check_time(&SigV4 { expires_s, ..sig.clone() }, now)?;
    if !key.verify_hex(policy.as_bytes(), &sig.signature) {
        return Err(SigError::SignatureMismatch {
            canonical_request: String::new(),
            string_to_sign: policy.to_owned(),
        });
    }
    let age_ms = (now.as_millisecond() - sig.timestamp.as_millisecond()).max(0);
    Ok(Verified { signed_at: sig.timestamp, age_ms, expires_at })
}

/// When a presigned request ends, or nothing for a header signature.
fn check_time(sig: &SigV4, now: Timestamp) -> Result<Option<Timestamp>, SigError> {
    let age_s = now.as_second() - sig.timestamp.as_second();
    let (request, server) = (sig.timestamp, now);
    let Some(expires_s) = sig.expires_s else {
        return match age_s.abs() > MAX_SKEW_S {
            true => Err(SigError::Skewed { request, server }),
            false => Ok(None),
        };
    };
    if !(1..=MAX_EXPIRES_S).contains(&expires_s) {
        return Err(SigError::MalformedExpires);
    }
    if age_s < -MAX_SKEW_S {
        return Err(SigError::NotYetValid { request, server });
    }
    let end_s = sig.timestamp.as_second().saturating_add_unsigned(expires_s);
    let expired = Timestamp::from_second(end_s).unwrap_or(Timestamp::MAX);
    match now > expired {
        true => Err(SigError::Expired { expired, expires_s, server }),
        false => Ok(Some(expired)),
    }
}
