//! Roles. Names are unique without regard to case but found by their exact spelling, as those of users.

use std::collections::BTreeMap;

use ::store::{Read, Tx};
use kit::Quotas;
use kit::quota::Quota;

use super::tables::{ROLES, ROLES_BY_CREATOR, ROLES_BY_NAME};
use super::{instance_profiles, usage, users};
use crate::domain::arn::parse_role;
use crate::domain::entity::Role;
use crate::domain::trust::{self, TrustPolicy};
use crate::error::Error;

/// The role of this id.
pub fn by_id(read: &impl Read, account: &str, id: &str) -> Result<Option<Role>, Error> {
    Ok(read.get(&ROLES, &(account.to_owned(), id.to_owned()))?)
}

/// The role of this name.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<Role, Error> {
    let found = ROLES_BY_NAME.rows(read, &ROLES, &key(account, name))?;
    let role = found.into_iter().map(|(_, role)| role).find(|role| role.name == name);
    role.ok_or_else(|| Error::NoSuchRole(name.to_owned()))
}

/// The role of exactly this ARN, in whichever account; none when there is none.
pub fn by_arn(read: &impl Read, arn: &str) -> Result<Option<Role>, Error> {
    let Some(parts) = parse_role(arn) else { return Ok(None) };
    match named(read, parts.account, parts.name) {
        Ok(role) => Ok(Some(role).filter(|role| role.arn() == arn)),
        Err(Error::NoSuchRole(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// All roles of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<Role>, Error> {
    let found = ROLES_BY_NAME.rows(read, &ROLES, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, role)| role).collect())
}

/// The quotas of who makes the role, which is still to be added: on all of the account's roles, and on its maker's.
pub fn check_quotas(read: &impl Read, quotas: &Quotas, role: &Role) -> Result<(), Error> {
    if !quotas.any() {
        return Ok(());
    }
    let own = |creator: &String| ROLES_BY_CREATOR.keys(read, &(role.account.clone(), creator.clone()));
    let own = role.creator.as_ref().map(own).transpose()?.map(|own| own.len());
    let all = ROLES_BY_NAME.keys(read, &role.account)?.len();
    Ok(quotas.check_one_more(Quota::Roles, all, own)?)
}

/// Adds a role.
pub fn create(tx: &mut Tx<'_>, role: &Role, limit: usize) -> Result<(), Error> {
    if ROLES_BY_NAME.any(tx, &key(&role.account, &role.name))? {
        return Err(Error::NameTaken { kind: "Role", name: role.name.clone() });
    }
    if ROLES_BY_NAME.keys(tx, &role.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "RolesPerAccount".into(), limit });
    }
    put(tx, role)
}

/// Writes a role back.
pub fn put(tx: &mut Tx<'_>, role: &Role) -> Result<(), Error> {
    Ok(tx.put(&ROLES, &(role.account.clone(), role.id.clone()), role)?)
}

/// Deletes a role that has nothing any more.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str) -> Result<(), Error> {
    let role = named(tx, account, name)?.unprotected()?;
    role.permissions.must_be_empty()?;
    if !instance_profiles::with_role(tx, &role)?.is_empty() {
        return Err(Error::DeleteConflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    usage::forget_principal(tx, &role.account, &role.id)?;
    tx.delete(&ROLES, &(role.account, role.id))?;
    Ok(())
}

/// A checked trust policy for a role of this account, bound to the account's own users and roles that it names; one
/// that is not there is refused. What exists in another account is that account's business: it is not looked up, so
/// that nothing can be learned by asking.
pub fn bind_trust(read: &impl Read, account: &str, text: &str) -> Result<TrustPolicy, Error> {
    let mut bound = BTreeMap::new();
    for name in trust::named(text)? {
        if !name.starts_with(&format!("arn:aws:iam::{account}:")) || name.ends_with(":root") {
            continue;
        }
        let Some(id) = id_of(read, account, &name)? else {
            return Err(Error::MalformedPolicy(format!("Invalid principal in policy: \"AWS\":\"{name}\"")));
        };
        bound.insert(name, id);
    }
    let trust = TrustPolicy { text: text.to_owned(), bound };
    trust.compile()?;
    Ok(trust)
}

/// The text of a role's trust policy: the bound by the ARN they have now, by their id once they are gone.
pub fn shown_trust(read: &impl Read, role: &Role) -> Result<String, Error> {
    let mut now = BTreeMap::new();
    for (arn, id) in &role.trust.bound {
        let user = users::by_id(read, &role.account, id)?.map(|user| user.arn());
        let found = match user {
            Some(arn) => Some(arn),
            None => by_id(read, &role.account, id)?.map(|role| role.arn()),
        };
        now.insert(arn.clone(), found.unwrap_or_else(|| id.clone()));
    }
    role.trust.renamed(|arn, _| now.get(arn).filter(|now| *now != arn).cloned())
}

/// The id of the user or role that has this ARN now.
fn id_of(read: &impl Read, account: &str, arn: &str) -> Result<Option<String>, Error> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let user = match users::named(read, account, name) {
        Ok(user) => Some((user.arn(), user.id)),
        Err(Error::NoSuchUser(_)) => None,
        Err(other) => return Err(other),
    };
    let role = match named(read, account, name) {
        Ok(role) => Some((role.arn(), role.id)),
        Err(Error::NoSuchRole(_)) => None,
        Err(other) => return Err(other),
    };
    Ok(user.into_iter().chain(role).find(|(own, _)| own == arn).map(|(_, id)| id))
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}
