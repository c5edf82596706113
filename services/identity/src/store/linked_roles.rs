//! Service-linked roles: roles like others, but that nobody may change them, and that they go through a task. An account
//! keeps its newest [`MAX_DELETIONS`] tasks.

use ::store::{Read, Tx};
use jiff::Timestamp;

use super::tables::{ROLE_DELETIONS, ROLES};
use super::{roles, usage};
use crate::domain::entity::Role;
use crate::domain::service_linked::{Deletion, Task};
use crate::error::Error;

/// Deletions that an account may ask about; the oldest is forgotten when there is another.
const MAX_DELETIONS: usize = 100;

/// Adds a role. A name that is taken is told in words of its own.
pub fn create(tx: &mut Tx<'_>, role: &Role, limit: usize) -> Result<(), Error> {
    roles::create(tx, role, limit).map_err(|error| match error {
        Error::NameTaken { name, .. } => Error::LinkedRoleTaken(name),
        other => other,
    })
}

/// The service-linked role of this name, and its service; another kind of role is none.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<(Role, String), Error> {
    let role = roles::named(read, account, name)?;
    match role.linked_service.clone() {
        Some(service) => Ok((role, service)),
        None => Err(Error::NoSuchRole(name.to_owned())),
    }
}

/// Deletes a role, and gives the id of the task. Nothing of a service can hang on it: what a service makes with its role
/// it would have to tell first, and none does.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str, id: &str, now: Timestamp) -> Result<String, Error> {
    let (role, service) = named(tx, account, name)?;
    let task = Task { service: &service, role: name, id }.to_string();
    let mut kept = tx.scan_prefix(&ROLE_DELETIONS, &account.to_owned())?;
    kept.sort_by_key(|(_, deletion)| deletion.at);
    let too_many = (kept.len() + 1).saturating_sub(MAX_DELETIONS);
    for (key, _) in kept.iter().take(too_many) {
        tx.delete(&ROLE_DELETIONS, key)?;
    }
    usage::forget_principal(tx, account, &role.id)?;
    tx.delete(&ROLES, &(role.account, role.id))?;
    tx.put(&ROLE_DELETIONS, &(account.to_owned(), task.clone()), &Deletion { at: now })?;
    Ok(task)
}

/// The deletion that this task did.
pub fn deletion(read: &impl Read, account: &str, task: &str) -> Result<Deletion, Error> {
    let found = read.get(&ROLE_DELETIONS, &(account.to_owned(), task.to_owned()))?;
    found.ok_or_else(|| Error::NoSuchDeletion(task.to_owned()))
}
