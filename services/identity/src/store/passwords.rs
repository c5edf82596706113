//! Login profiles and the accounts' rules for passwords.

use ::store::{Read, Tx};
use jiff::Timestamp;

use super::tables::{LOGIN_PROFILES, PASSWORD_POLICIES};
use super::users;
use crate::domain::entity::User;
use crate::domain::password::{LoginProfile, PasswordPolicy};
use crate::error::Error;

/// A user's login profile.
pub fn profile(read: &impl Read, user: &User) -> Result<LoginProfile, Error> {
    find(read, user)?.ok_or_else(|| Error::NoSuchLoginProfile(user.name.clone()))
}

/// A user's login profile, if it has one.
pub fn find(read: &impl Read, user: &User) -> Result<Option<LoginProfile>, Error> {
    Ok(read.get(&LOGIN_PROFILES, &(user.account.clone(), user.id.clone()))?)
}

/// Gives a user a profile.
pub fn create(tx: &mut Tx<'_>, user: &User, profile: &LoginProfile) -> Result<(), Error> {
    must_have_none(tx, user)?;
    put(tx, user, profile)
}

/// Refuses when the user has a profile.
pub fn must_have_none(read: &impl Read, user: &User) -> Result<(), Error> {
    match find(read, user)? {
        None => Ok(()),
        Some(_) => Err(Error::LoginProfileTaken(user.name.clone())),
    }
}

/// Writes a profile back.
pub fn put(tx: &mut Tx<'_>, user: &User, profile: &LoginProfile) -> Result<(), Error> {
    Ok(tx.put(&LOGIN_PROFILES, &(user.account.clone(), user.id.clone()), profile)?)
}

/// Takes a user's profile away; when it was last used is kept with the user.
pub fn delete(tx: &mut Tx<'_>, user: &User) -> Result<(), Error> {
    let used = profile(tx, user)?.last_used;
    if used.is_some() {
        users::put(tx, &User { password_last_used: used, ..user.clone() })?;
    }
    tx.delete(&LOGIN_PROFILES, &(user.account.clone(), user.id.clone()))?;
    Ok(())
}

/// When the user last signed in with a password, its present one or one that it has no more.
pub fn last_used(read: &impl Read, user: &User) -> Result<Option<Timestamp>, Error> {
    Ok(find(read, user)?.and_then(|profile| profile.last_used).or(user.password_last_used))
}

/// The account's rules, if it has set any.
pub fn policy(read: &impl Read, account: &str) -> Result<Option<PasswordPolicy>, Error> {
    Ok(read.get(&PASSWORD_POLICIES, &account.to_owned())?)
}

/// Sets the account's rules.
pub fn set_policy(tx: &mut Tx<'_>, account: &String, policy: &PasswordPolicy) -> Result<(), Error> {
    Ok(tx.put(&PASSWORD_POLICIES, account, policy)?)
}

/// Removes the account's rules.
pub fn remove_policy(tx: &mut Tx<'_>, account: &String) -> Result<(), Error> {
    match tx.delete(&PASSWORD_POLICIES, account)? {
        true => Ok(()),
        false => Err(Error::NoPasswordPolicy(account.clone())),
    }
}
