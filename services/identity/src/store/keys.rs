//! Access keys.

use ::store::{Read, Tx};

use super::tables::{ACCESS_KEYS, ACCESS_KEYS_BY_USER, KEY_USES};
use crate::domain::access_key::{AccessKey, Owner, Status};
use crate::domain::entity::User;
use crate::error::Error;

/// The key of this id, whoever has it.
pub fn get(read: &impl Read, id: &str) -> Result<Option<AccessKey>, Error> {
    Ok(read.get(&ACCESS_KEYS, &id.to_owned())?)
}

/// A user's keys, in order of id.
pub fn of_user(read: &impl Read, user: &User) -> Result<Vec<AccessKey>, Error> {
    of(read, &Owner::of(user))
}

/// The keys of a user or a root, in order of id.
pub fn of(read: &impl Read, owner: &Owner) -> Result<Vec<AccessKey>, Error> {
    let found = ACCESS_KEYS_BY_USER.rows(read, &ACCESS_KEYS, &(owner.account.clone(), owner.id.clone()))?;
    Ok(found.into_iter().map(|(_, key)| key).collect())
}

/// Adds a key.
pub fn create(tx: &mut Tx<'_>, owner: &Owner, key: &AccessKey, limit: usize) -> Result<(), Error> {
    if of(tx, owner)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "AccessKeysPerUser".into(), limit });
    }
    if tx.contains(&ACCESS_KEYS, &key.id)? {
        return Err(Error::Corrupt(format!("the access key {} exists already", key.id)));
    }
    Ok(tx.put(&ACCESS_KEYS, &key.id, key)?)
}

/// Switches a key of this owner on or off.
pub fn set_status(tx: &mut Tx<'_>, owner: &Owner, id: &str, status: Status) -> Result<(), Error> {
    let key = held(tx, owner, id)?;
    Ok(tx.put(&ACCESS_KEYS, &key.id, &AccessKey { status, ..key.clone() })?)
}

/// Deletes a key of this owner.
pub fn delete(tx: &mut Tx<'_>, owner: &Owner, id: &str) -> Result<(), Error> {
    let key = held(tx, owner, id)?;
    tx.delete(&ACCESS_KEYS, &key.id)?;
    tx.delete(&KEY_USES, &key.id)?;
    Ok(())
}

fn held(read: &impl Read, owner: &Owner, id: &str) -> Result<AccessKey, Error> {
    let held = get(read, id)?.filter(|key| key.account == owner.account && key.user_id == owner.id);
    held.ok_or_else(|| Error::NoSuchAccessKey(id.to_owned()))
}
