//! Groups. Their members are found through the users' own lists.

use ::store::{Read, Tx};
use kit::Quotas;
use kit::quota::Quota;

use super::tables::{GROUPS, GROUPS_BY_CREATOR, GROUPS_BY_NAME, USERS_BY_GROUP};
use crate::domain::entity::{Group, User};
use crate::error::Error;

/// The group of this name.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<Group, Error> {
    let found = GROUPS_BY_NAME.rows(read, &GROUPS, &key(account, name))?;
    let group = found.into_iter().map(|(_, group)| group).find(|group| group.name == name);
    group.ok_or_else(|| Error::NoSuchGroup(name.to_owned()))
}

/// All groups of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<Group>, Error> {
    let found = GROUPS_BY_NAME.rows(read, &GROUPS, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, group)| group).collect())
}

/// The groups that a user is in, in order of name.
pub fn of_user(read: &impl Read, user: &User) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::with_capacity(user.groups.len());
    for id in &user.groups {
        let group = read.get(&GROUPS, &(user.account.clone(), id.clone()))?;
        groups.push(group.ok_or_else(|| Error::Corrupt(format!("{} is in no group {id}", user.arn())))?);
    }
    groups.sort_by_key(|group| group.name.to_lowercase());
    Ok(groups)
}

/// The quotas of who makes the group, which is still to be added: on all of the account's groups, and on its maker's.
pub fn check_quotas(read: &impl Read, quotas: &Quotas, group: &Group) -> Result<(), Error> {
    if !quotas.any() {
        return Ok(());
    }
    let own = |creator: &String| GROUPS_BY_CREATOR.keys(read, &(group.account.clone(), creator.clone()));
    let own = group.creator.as_ref().map(own).transpose()?.map(|own| own.len());
    let all = GROUPS_BY_NAME.keys(read, &group.account)?.len();
    Ok(quotas.check_one_more(Quota::Groups, all, own)?)
}

/// Adds a group.
pub fn create(tx: &mut Tx<'_>, group: &Group, limit: usize) -> Result<(), Error> {
    if GROUPS_BY_NAME.any(tx, &key(&group.account, &group.name))? {
        return Err(taken(&group.name));
    }
    if GROUPS_BY_NAME.keys(tx, &group.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "GroupsPerAccount".into(), limit });
    }
    put(tx, group)
}

/// Writes a group back.
pub fn put(tx: &mut Tx<'_>, group: &Group) -> Result<(), Error> {
    Ok(tx.put(&GROUPS, &(group.account.clone(), group.id.clone()), group)?)
}

/// Renames or moves a group.
pub fn update(
    tx: &mut Tx<'_>,
    account: &str,
    name: &str,
    new_name: Option<&str>,
    new_path: Option<&str>,
) -> Result<(), Error> {
    let mut group = named(tx, account, name)?;
    if let Some(new_name) = new_name {
        let holders = GROUPS_BY_NAME.keys(tx, &key(account, new_name))?;
        if holders.iter().any(|(_, id)| *id != group.id) {
            return Err(taken(new_name));
        }
        group.name = new_name.to_owned();
    }
    if let Some(new_path) = new_path {
        group.path = new_path.to_owned();
    }
    put(tx, &group)
}

/// Deletes a group without users and policies.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str) -> Result<(), Error> {
    let group = named(tx, account, name)?;
    let key = (group.account.clone(), group.id.clone());
    if USERS_BY_GROUP.any(tx, &key)? {
        return Err(Error::DeleteConflict("Cannot delete entity, must remove users from group first."));
    }
    group.permissions.must_be_empty()?;
    tx.delete(&GROUPS, &key)?;
    Ok(())
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}

fn taken(name: &str) -> Error {
    Error::NameTaken { kind: "Group", name: name.to_owned() }
}
