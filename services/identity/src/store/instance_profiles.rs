//! Instance profiles. One has at most one role; a role may be in many.

use ::store::{Read, Tx};

use super::roles;
use super::tables::{INSTANCE_PROFILES, INSTANCE_PROFILES_BY_NAME, INSTANCE_PROFILES_BY_ROLE};
use crate::domain::entity::{InstanceProfile, Role};
use crate::error::Error;

/// The instance profile of this id.
pub fn by_id(read: &impl Read, account: &str, id: &str) -> Result<Option<InstanceProfile>, Error> {
    Ok(read.get(&INSTANCE_PROFILES, &(account.to_owned(), id.to_owned()))?)
}

/// The instance profile of this name.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<InstanceProfile, Error> {
    let found = INSTANCE_PROFILES_BY_NAME.rows(read, &INSTANCE_PROFILES, &key(account, name))?;
    let profile = found.into_iter().map(|(_, profile)| profile).find(|profile| profile.name == name);
    profile.ok_or_else(|| Error::NoSuchInstanceProfile(name.to_owned()))
}

/// All instance profiles of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<InstanceProfile>, Error> {
    let found = INSTANCE_PROFILES_BY_NAME.rows(read, &INSTANCE_PROFILES, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, profile)| profile).collect())
}

/// The instance profiles that a role is in, in order of name.
pub fn with_role(read: &impl Read, role: &Role) -> Result<Vec<InstanceProfile>, Error> {
    let key = (role.account.clone(), role.id.clone());
    let found = INSTANCE_PROFILES_BY_ROLE.rows(read, &INSTANCE_PROFILES, &key)?;
    let mut profiles: Vec<InstanceProfile> = found.into_iter().map(|(_, profile)| profile).collect();
    profiles.sort_by_key(|profile| profile.name.to_lowercase());
    Ok(profiles)
}

/// The role of an instance profile.
pub fn role(read: &impl Read, profile: &InstanceProfile) -> Result<Option<Role>, Error> {
    let Some(id) = &profile.role else { return Ok(None) };
    let role = roles::by_id(read, &profile.account, id)?;
    Ok(Some(role.ok_or_else(|| Error::Corrupt(format!("{} has no role {id}", profile.arn())))?))
}

/// Adds an instance profile.
pub fn create(tx: &mut Tx<'_>, profile: &InstanceProfile, limit: usize) -> Result<(), Error> {
    if INSTANCE_PROFILES_BY_NAME.any(tx, &key(&profile.account, &profile.name))? {
        return Err(Error::InstanceProfileTaken(profile.name.clone()));
    }
    if INSTANCE_PROFILES_BY_NAME.keys(tx, &profile.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "InstanceProfilesPerAccount".into(), limit });
    }
    put(tx, profile)
}

/// Writes an instance profile back.
pub fn put(tx: &mut Tx<'_>, profile: &InstanceProfile) -> Result<(), Error> {
    Ok(tx.put(&INSTANCE_PROFILES, &(profile.account.clone(), profile.id.clone()), profile)?)
}

/// Deletes an instance profile without a role.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str) -> Result<(), Error> {
    let profile = named(tx, account, name)?;
    if profile.role.is_some() {
        return Err(Error::DeleteConflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    tx.delete(&INSTANCE_PROFILES, &(profile.account, profile.id))?;
    Ok(())
}

/// Gives an instance profile its role.
pub fn add_role(tx: &mut Tx<'_>, account: &str, name: &str, role: &str) -> Result<(), Error> {
    let (profile, role) = (named(tx, account, name)?, roles::named(tx, account, role)?.unprotected()?);
    if profile.role.is_some() {
        return Err(Error::QuotaExceeded { quota: "InstanceSessionsPerInstanceProfile".into(), limit: 1 });
    }
    put(tx, &InstanceProfile { role: Some(role.id), ..profile })
}

/// Takes an instance profile's role away.
pub fn remove_role(tx: &mut Tx<'_>, account: &str, name: &str, role: &str) -> Result<(), Error> {
    let (profile, role) = (named(tx, account, name)?, roles::named(tx, account, role)?.unprotected()?);
    if profile.role.as_ref() != Some(&role.id) {
        return Err(Error::NoSuchRole(role.name));
    }
    put(tx, &InstanceProfile { role: None, ..profile })
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}
