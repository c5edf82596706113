//! KMS keys, their aliases, and the keys of services.
//!
//! Whatever here is sealed under the master key passes through [`reseal`] when that key is changed.

use ::store::{Read, Tx};
use jiff::Timestamp;

use super::kms_tables::{KMS_ALIASES, KMS_ALIASES_BY_KEY, KMS_KEYS, KMS_KEYS_BY_ACCOUNT, KMS_SERVICE_KEYS};
use crate::domain::kms_error::KmsError;
use crate::domain::kms_key::{KmsAlias, KmsKey, Material, ServiceKey};
use crate::domain::kms_names::alias_arn;
use crate::error::Error;

/// Aliases that one key may have.
const MAX_ALIASES: usize = 50;

/// The key of this id.
pub fn key(read: &impl Read, id: &str) -> Result<Option<KmsKey>, Error> {
    Ok(read.get(&KMS_KEYS, &id.to_owned())?)
}

/// An account's keys, in order of id.
pub fn keys_of(read: &impl Read, account: &str) -> Result<Vec<KmsKey>, Error> {
    let found = KMS_KEYS_BY_ACCOUNT.rows(read, &KMS_KEYS, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, key)| key).collect())
}

/// All keys, for reconcilers.
pub fn all(read: &impl Read) -> Result<Vec<KmsKey>, Error> {
    Ok(read.scan(&KMS_KEYS, ..)?.into_iter().map(|(_, key)| key).collect())
}

/// Adds a key.
pub fn create(tx: &mut Tx<'_>, key: &KmsKey, limit: usize) -> Result<(), Error> {
    if keys_of(tx, &key.account)?.len() >= limit {
        return Err(KmsError::LimitExceeded(format!("An account can have at most {limit} keys")).into());
    }
    Ok(tx.put(&KMS_KEYS, &key.id, key)?)
}

/// Changes the key of this id.
pub fn change<T>(
    tx: &mut Tx<'_>,
    id: &str,
    change: impl FnOnce(&mut KmsKey) -> Result<T, KmsError>,
) -> Result<T, Error> {
    let mut key = key(tx, id)?.ok_or_else(|| KmsError::NotFound(format!("Key '{id}' does not exist")))?;
    let done = change(&mut key)?;
    tx.put(&KMS_KEYS, &key.id, &key)?;
    Ok(done)
}

/// Deletes a key whose day has come, and its aliases.
pub fn delete_due(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool, Error> {
    if !key(tx, id)?.is_some_and(|key| key.is_to_be_deleted(now)) {
        return Ok(false);
    }
    for row in KMS_ALIASES_BY_KEY.keys(tx, &id.to_owned())? {
        tx.delete(&KMS_ALIASES, &row)?;
    }
    Ok(tx.delete(&KMS_KEYS, &id.to_owned())?)
}

/// Deletes what an account has here that goes.
pub fn forget(tx: &mut Tx<'_>, account: &str) -> Result<(), Error> {
    for key in keys_of(tx, account)? {
        tx.delete(&KMS_KEYS, &key.id)?;
    }
    tx.delete_prefix(&KMS_ALIASES, &account.to_owned())?;
    Ok(())
}

/// The alias of this name.
pub fn alias(read: &impl Read, account: &str, name: &str) -> Result<Option<KmsAlias>, Error> {
    Ok(read.get(&KMS_ALIASES, &(account.to_owned(), name.to_owned()))?)
}

/// An account's aliases with their names, in order of name.
pub fn aliases_of(read: &impl Read, account: &str) -> Result<Vec<(String, KmsAlias)>, Error> {
    let found = read.scan_prefix(&KMS_ALIASES, &account.to_owned())?;
    Ok(found.into_iter().map(|((_, name), alias)| (name, alias)).collect())
}

/// The names of a key's aliases.
pub fn names_of(read: &impl Read, key_id: &str) -> Result<Vec<String>, Error> {
    let found = KMS_ALIASES_BY_KEY.keys(read, &key_id.to_owned())?;
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Gives a key a name that nobody has yet.
pub fn create_alias(
    tx: &mut Tx<'_>,
    region: &str,
    key: &KmsKey,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if alias(tx, &key.account, name)?.is_some() {
        return Err(KmsError::AliasTaken(alias_arn(region, &key.account, name)).into());
    }
    must_have_room(tx, key)?;
    let row = KmsAlias { key_id: key.id.clone(), created: now, updated: now };
    Ok(tx.put(&KMS_ALIASES, &(key.account.clone(), name.to_owned()), &row)?)
}

/// Refuses a key that has all the names that it may have.
fn must_have_room(read: &impl Read, key: &KmsKey) -> Result<(), Error> {
    match names_of(read, &key.id)?.len() < MAX_ALIASES {
        true => Ok(()),
        false => Err(KmsError::LimitExceeded(format!("A key can have at most {MAX_ALIASES} aliases")).into()),
    }
}

/// Gives an existing name to another key.
pub fn update_alias(
    tx: &mut Tx<'_>,
    region: &str,
    key: &KmsKey,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let old = alias(tx, &key.account, name)?.ok_or_else(|| no_alias(region, &key.account, name))?;
    if old.key_id != key.id {
        must_have_room(tx, key)?;
    }
    let row = KmsAlias { key_id: key.id.clone(), updated: now, ..old };
    Ok(tx.put(&KMS_ALIASES, &(key.account.clone(), name.to_owned()), &row)?)
}

/// Takes a name away.
pub fn delete_alias(tx: &mut Tx<'_>, region: &str, account: &str, name: &str) -> Result<(), Error> {
    match tx.delete(&KMS_ALIASES, &(account.to_owned(), name.to_owned()))? {
        true => Ok(()),
        false => Err(no_alias(region, account, name)),
    }
}

/// The error for a name that nobody has.
pub fn no_alias(region: &str, account: &str, name: &str) -> Error {
    KmsError::NotFound(format!("Alias {} is not found.", alias_arn(region, account, name))).into()
}

/// The service's key of this id.
pub fn service_key(read: &impl Read, id: &str) -> Result<Option<ServiceKey>, Error> {
    Ok(read.get(&KMS_SERVICE_KEYS, &id.to_owned())?)
}

/// The newest key of a service.
pub fn newest_service_key(read: &impl Read, service: &str) -> Result<Option<(String, ServiceKey)>, Error> {
    let all = read.scan(&KMS_SERVICE_KEYS, ..)?;
    Ok(all.into_iter().filter(|(_, key)| key.service == service).max_by_key(|(_, key)| key.made))
}

/// Adds a key of a service.
pub fn add_service_key(tx: &mut Tx<'_>, id: &str, key: &ServiceKey) -> Result<(), Error> {
    Ok(tx.put(&KMS_SERVICE_KEYS, &id.to_owned(), key)?)
}

/// Seals everything of KMS's that is sealed under the master key anew: `again` is given what a value is sealed for
/// and the sealed value, and gives the value sealed under the next master key. Says how many there were.
pub fn reseal(
    tx: &mut Tx<'_>,
    mut again: impl FnMut(&str, &str) -> Result<String, Error>,
) -> Result<usize, Error> {
    let mut count = 0;
    for mut key in all(tx)? {
        for material in &mut key.materials {
            material.sealed = again(&Material::owner(&key.id, material.number), &material.sealed)?;
            count += 1;
        }
        tx.put(&KMS_KEYS, &key.id, &key)?;
    }
    for (id, mut key) in tx.scan(&KMS_SERVICE_KEYS, ..)? {
        key.sealed = again(&ServiceKey::owner(&key.service, &id), &key.sealed)?;
        tx.put(&KMS_SERVICE_KEYS, &id, &key)?;
        count += 1;
    }
    Ok(count)
}
