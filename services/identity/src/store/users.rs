//! Users. Names are unique without regard to case but found by their exact spelling, so that a policy on an ARN
//! cannot be walked around by writing the name differently.

use ::store::{Read, Tx};
use kit::Quotas;
use kit::quota::Quota;

use super::tables::{USERS, USERS_BY_CREATOR, USERS_BY_GROUP, USERS_BY_NAME};
use super::{groups, keys, mfa, passwords, ssh_keys, usage};
use crate::domain::entity::{Group, User};
use crate::error::Error;

/// Which user a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The one of this name.
    Named(String),
    /// The caller itself, by its id.
    Itself {
        /// `AIDA...`.
        id: String,
        /// Its name, for the error when it is gone.
        name: String,
    },
}

/// The user of this id.
pub fn by_id(read: &impl Read, account: &str, id: &str) -> Result<Option<User>, Error> {
    Ok(read.get(&USERS, &(account.to_owned(), id.to_owned()))?)
}

/// The user of this name.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<User, Error> {
    let found = USERS_BY_NAME.rows(read, &USERS, &key(account, name))?;
    let user = found.into_iter().map(|(_, user)| user).find(|user| user.name == name);
    user.ok_or_else(|| Error::NoSuchUser(name.to_owned()))
}

/// The user that is meant.
pub fn find(read: &impl Read, account: &str, who: &Who) -> Result<User, Error> {
    match who {
        Who::Named(name) => named(read, account, name),
        Who::Itself { id, name } => by_id(read, account, id)?.ok_or_else(|| Error::NoSuchUser(name.clone())),
    }
}

/// All users of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<User>, Error> {
    let found = USERS_BY_NAME.rows(read, &USERS, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, user)| user).collect())
}

/// The users in a group, in order of name.
pub fn in_group(read: &impl Read, group: &Group) -> Result<Vec<User>, Error> {
    let found = USERS_BY_GROUP.rows(read, &USERS, &(group.account.clone(), group.id.clone()))?;
    let mut users: Vec<User> = found.into_iter().map(|(_, user)| user).collect();
    users.sort_by_key(|user| user.name.to_lowercase());
    Ok(users)
}

/// The quotas of who makes the user, which is still to be added: on all of the account's users, and on its maker's.
pub fn check_quotas(read: &impl Read, quotas: &Quotas, user: &User) -> Result<(), Error> {
    if !quotas.any() {
        return Ok(());
    }
    let own = |creator: &String| USERS_BY_CREATOR.keys(read, &(user.account.clone(), creator.clone()));
    let own = user.creator.as_ref().map(own).transpose()?.map(|own| own.len());
    let all = USERS_BY_NAME.keys(read, &user.account)?.len();
    Ok(quotas.check_one_more(Quota::Users, all, own)?)
}

/// Adds a user.
pub fn create(tx: &mut Tx<'_>, user: &User, limit: usize) -> Result<(), Error> {
    if USERS_BY_NAME.any(tx, &key(&user.account, &user.name))? {
        return Err(taken(&user.name));
    }
    if USERS_BY_NAME.keys(tx, &user.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "UsersPerAccount".into(), limit });
    }
    put(tx, user)
}

/// Writes a user back.
pub fn put(tx: &mut Tx<'_>, user: &User) -> Result<(), Error> {
    Ok(tx.put(&USERS, &(user.account.clone(), user.id.clone()), user)?)
}

/// Renames or moves a user.
pub fn update(
    tx: &mut Tx<'_>,
    account: &str,
    name: &str,
    new_name: Option<&str>,
    new_path: Option<&str>,
) -> Result<(), Error> {
    let mut user = named(tx, account, name)?;
    if let Some(new_name) = new_name {
        let holders = USERS_BY_NAME.keys(tx, &key(account, new_name))?;
        if holders.iter().any(|(_, id)| *id != user.id) {
            return Err(taken(new_name));
        }
        user.name = new_name.to_owned();
    }
    if let Some(new_path) = new_path {
        user.path = new_path.to_owned();
    }
    put(tx, &user)
}

/// Deletes a user that has nothing any more.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str) -> Result<(), Error> {
    let user = named(tx, account, name)?;
    if !keys::of_user(tx, &user)?.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must delete access keys first."));
    }
    if !ssh_keys::of_user(tx, &user)?.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must delete SSH public keys first."));
    }
    if passwords::find(tx, &user)?.is_some() {
        return Err(Error::DeleteConflict("Cannot delete entity, must delete login profile first."));
    }
    if !mfa::of_user(tx, &user)?.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must delete MFA device first."));
    }
    user.permissions.must_be_empty()?;
    if !user.groups.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must remove users from group first."));
    }
    usage::forget_principal(tx, &user.account, &user.id)?;
    tx.delete(&USERS, &(user.account, user.id))?;
    Ok(())
}

/// Puts a user into a group; doing so again changes nothing.
pub fn join(tx: &mut Tx<'_>, account: &str, user: &str, group: &str, limit: usize) -> Result<(), Error> {
    let group = groups::named(tx, account, group)?;
    let mut user = named(tx, account, user)?;
    if !user.groups.contains(&group.id) && user.groups.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "GroupsPerUser".into(), limit });
    }
    user.groups.insert(group.id);
    put(tx, &user)
}

/// Takes a user out of a group.
pub fn leave(tx: &mut Tx<'_>, account: &str, user: &str, group: &str) -> Result<(), Error> {
    let group = groups::named(tx, account, group)?;
    let mut user = named(tx, account, user)?;
    if !user.groups.remove(&group.id) {
        return Err(Error::NoSuchUser(user.name));
    }
    put(tx, &user)
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}

fn taken(name: &str) -> Error {
    Error::NameTaken { kind: "User", name: name.to_owned() }
}
