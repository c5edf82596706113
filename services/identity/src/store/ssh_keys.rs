//! SSH public keys of users.

use ::store::{Read, Tx};

use super::tables::SSH_KEYS;
use crate::domain::entity::User;
use crate::domain::ssh_key::SshKey;
use crate::error::Error;

/// Keys that a user may have.
const MAX_PER_USER: usize = 5;

/// The user's key of this id.
pub fn of(read: &impl Read, user: &User, id: &str) -> Result<SshKey, Error> {
    let found = read.get(&SSH_KEYS, &(user.account.clone(), user.id.clone(), id.to_owned()))?;
    found.ok_or_else(|| Error::NoSuchSshKey(id.to_owned()))
}

/// A user's keys, in order of id.
pub fn of_user(read: &impl Read, user: &User) -> Result<Vec<SshKey>, Error> {
    let found = read.scan_prefix(&SSH_KEYS, &(user.account.clone(), user.id.clone()))?;
    Ok(found.into_iter().map(|(_, key)| key).collect())
}

/// Adds a key that the user does not have yet.
pub fn create(tx: &mut Tx<'_>, user: &User, key: &SshKey) -> Result<(), Error> {
    let all = of_user(tx, user)?;
    if all.iter().any(|one| one.blob == key.blob) {
        return Err(Error::DuplicateSshKey);
    }
    if all.len() >= MAX_PER_USER {
        return Err(Error::QuotaExceeded { quota: "SSHPublicKeysPerUser".into(), limit: MAX_PER_USER });
    }
    put(tx, user, key)
}

/// Writes a key back.
pub fn put(tx: &mut Tx<'_>, user: &User, key: &SshKey) -> Result<(), Error> {
    Ok(tx.put(&SSH_KEYS, &(user.account.clone(), user.id.clone(), key.id.clone()), key)?)
}

/// Deletes a key.
pub fn delete(tx: &mut Tx<'_>, user: &User, id: &str) -> Result<(), Error> {
    of(tx, user, id)?;
    tx.delete(&SSH_KEYS, &(user.account.clone(), user.id.clone(), id.to_owned()))?;
    Ok(())
}
