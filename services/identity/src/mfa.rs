//! Checking codes of MFA devices, for whoever needs the proof: STS, and signing in.

use jiff::SignedDuration;

use ::store::Tx;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::domain::mfa_device::MfaDevice;
use crate::domain::seal::Sealer;
use crate::domain::totp;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::{mfa, users};

impl Identity {
    /// Checks a code of a user's device (any of them where none is named) and uses it up: the same code is not taken again. Attempts are limited.
    ///
    /// # Errors
    /// [`Error::MfaFailed`] when the device is not this user's or the code is not one of this moment,
    /// [`Error::TooManyAttempts`] when there were too many wrong ones.
    pub(crate) async fn use_mfa_code(
        &self,
        account: &str,
        user_id: &str,
        serial: Option<&str>,
        code: &str,
    ) -> Result<(), Error> {
        let guessed_at = format!("mfa {account} {user_id}");
        self.attempt(&guessed_at)?;
        let (sealer, now) = (self.sealer.clone(), self.clock.now());
        let (account, user_id) = (account.to_owned(), user_id.to_owned());
        let (serial, code) = (serial.map(str::to_owned), code.to_owned());
        self.db
            .note(move |tx| {
                let Some(user) = users::by_id(tx, &account, &user_id)? else {
                    return Err(Error::MfaFailed(NOT_THEIRS));
                };
                let theirs = mfa::of_user(tx, &user)?.into_iter();
                let asked =
                    theirs.filter(|device| serial.as_ref().is_none_or(|serial| *serial == device.serial));
                let mut answer = Err(Error::MfaFailed(NOT_THEIRS));
                for mut device in asked {
                    let seed = seed(&sealer, &device)?;
                    let enabled = device.enabled.as_mut().ok_or(Error::NotTheirMfaDevice)?;
                    if let Some(taken) = totp::take(&seed, enabled.clockwork(), now, &code) {
                        enabled.set(taken);
                        return mfa::put(tx, &device);
                    }
                    answer = Err(Error::MfaFailed(WRONG_CODE));
                }
                answer
            })
            .await?;
        self.attempts.succeeded(&guessed_at);
        Ok(())
    }

    /// Whether another guess may be made at something.
    pub(crate) fn attempt(&self, at: &str) -> Result<(), Error> {
        self.attempts
            .begin(at, self.clock.now())
            .map_err(|wait: SignedDuration| Error::TooManyAttempts { seconds: wait.as_secs().max(1) })
    }

    /// A new seed in base32 and what is kept of it.
    pub(super) fn fresh_seed(&self, sealed_for: &str) -> Result<(Zeroizing<String>, String), Error> {
        let seed = Zeroizing::new(self.random.bytes::<{ totp::SEED_BYTES }>());
        let secret = crate::domain::seal::Secret::new(STANDARD.encode(seed.as_slice()));
        let sealed = self.sealer.seal(self.random.bytes(), sealed_for, &secret)?;
        Ok((Zeroizing::new(totp::base32(seed.as_slice())), sealed))
    }
}

/// What is said of a device that is not the user's.
pub const NOT_THEIRS: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                          number is valid and associated with this user.";
const WRONG_CODE: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";

/// The seed of a device.
fn seed(sealer: &Sealer, device: &MfaDevice) -> Result<Zeroizing<Vec<u8>>, Error> {
    let owner = device.sealed_for();
    let opened = sealer.open(&owner, &device.sealed_seed)?;
    STANDARD.decode(opened.reveal()).map(Zeroizing::new).map_err(|_| Error::Sealed(owner))
}

/// Gives a device to a user, or brings one that is his back in step: `enabled` says what is kept of it then.
pub fn step_in(
    tx: &mut Tx<'_>,
    sealer: &Sealer,
    mut device: MfaDevice,
    codes: (&str, &str),
    user_id: &str,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let clockwork = totp::find(&seed(sealer, &device)?, now, codes.0, codes.1)?;
    let at = device.enabled.as_ref().map_or(now, |enabled| enabled.at);
    // what was used up stays used up
    let last = device.enabled.as_ref().map_or(i64::MIN, |enabled| enabled.last_step);
    device.enabled = Some(crate::domain::mfa_device::Enabled {
        user_id: user_id.to_owned(),
        at,
        drift: clockwork.drift,
        last_step: clockwork.last_step.max(last),
    });
    mfa::put(tx, &device)
}
