//! Everything that is sealed under the master key, for its rotation. A table with sealed values stands here, or they are
//! lost with the old key.

use ::store::{Read, Tx};
use kit::Random;

use super::accounts::{CHECK_OWNER, MASTER_KEY_CHECK, SESSION_KEY, SESSION_KEY_OWNER};
use super::kms;
use super::tables::{ACCESS_KEYS, INSTALLATION, MFA_DEVICES, SERVER_CERTIFICATES};
use crate::domain::seal::Sealer;
use crate::domain::server_certificate::ServerCertificate;
use crate::error::Error;

/// Seals again what is not under the newest key. Tells how many values that were.
pub fn reseal(tx: &mut Tx<'_>, sealer: &Sealer, random: &Random) -> Result<usize, Error> {
    let mut count = 0;
    for (id, mut key) in tx.scan(&ACCESS_KEYS, ..)? {
        if let Some(sealed) = sealer.reseal(random.bytes(), &key.id, &key.sealed_secret)? {
            key.sealed_secret = sealed;
            tx.put(&ACCESS_KEYS, &id, &key)?;
            count += 1;
        }
    }
    for (id, mut device) in tx.scan(&MFA_DEVICES, ..)? {
        if let Some(sealed) = sealer.reseal(random.bytes(), &device.sealed_for(), &device.sealed_seed)? {
            device.sealed_seed = sealed;
            tx.put(&MFA_DEVICES, &id, &device)?;
            count += 1;
        }
    }
    for (id, mut certificate) in tx.scan(&SERVER_CERTIFICATES, ..)? {
        let owner = ServerCertificate::seal_owner(&certificate.id);
        if let Some(sealed) = sealer.reseal(random.bytes(), &owner, &certificate.sealed_key)? {
            certificate.sealed_key = sealed;
            tx.put(&SERVER_CERTIFICATES, &id, &certificate)?;
            count += 1;
        }
    }
    kms::reseal(tx, |owner, old| match sealer.reseal(random.bytes(), owner, old)? {
        Some(sealed) => {
            count += 1;
            Ok(sealed)
        }
        None => Ok(old.to_owned()),
    })?;
    for (name, owner) in [(MASTER_KEY_CHECK, CHECK_OWNER), (SESSION_KEY, SESSION_KEY_OWNER)] {
        let name = name.to_owned();
        let Some(old) = tx.get(&INSTALLATION, &name)? else { continue };
        if let Some(sealed) = sealer.reseal(random.bytes(), owner, &old)? {
            tx.put(&INSTALLATION, &name, &sealed)?;
            count += 1;
        }
    }
    Ok(count)
}
