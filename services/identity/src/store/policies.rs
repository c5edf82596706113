//! Managed policies: the customers' own in tables, AWS's from the code.

use std::collections::BTreeSet;

use ::store::{Read, Tx};
use auth::managed::{self, Managed};

use super::tables::{
    GROUPS, GROUPS_BY_POLICY, POLICIES, POLICIES_BY_NAME, ROLES, ROLES_BY_BOUNDARY, ROLES_BY_POLICY, USERS,
    USERS_BY_BOUNDARY, USERS_BY_POLICY,
};
use crate::domain::arn::parse_policy;
use crate::domain::managed_policy::ManagedPolicy;
use crate::error::Error;

/// A managed policy, whoever manages it.
#[derive(Clone, Debug)]
pub enum AnyPolicy {
    /// One of AWS's.
    Aws(&'static Managed),
    /// One of the account's own.
    Customer(Box<ManagedPolicy>),
}

impl AnyPolicy {
    /// The document that counts.
    pub fn document(&self) -> Result<&str, Error> {
        match self {
            AnyPolicy::Aws(managed) => Ok(managed.document),
            AnyPolicy::Customer(policy) => policy.document(),
        }
    }
}

/// The policy of this ARN, as the account may see it.
pub fn find(read: &impl Read, account: &str, arn: &str) -> Result<AnyPolicy, Error> {
    if let Some(managed) = managed::lookup(arn) {
        return Ok(AnyPolicy::Aws(managed));
    }
    customer(read, account, arn).map(|policy| AnyPolicy::Customer(Box::new(policy)))
}

/// The policy of this ARN, if somebody of the account may have it.
pub fn attachable(read: &impl Read, account: &str, arn: &str) -> Result<AnyPolicy, Error> {
    match find(read, account, arn)? {
        AnyPolicy::Aws(managed) if !managed.is_attachable() => Err(Error::PolicyNotAttachable),
        policy => Ok(policy),
    }
}

/// The account's own policy of this ARN.
pub fn customer(read: &impl Read, account: &str, arn: &str) -> Result<ManagedPolicy, Error> {
    let missing = || Error::NoSuchPolicy(arn.to_owned());
    let parts = parse_policy(arn).filter(|parts| parts.account == account).ok_or_else(missing)?;
    let found = POLICIES_BY_NAME.rows(read, &POLICIES, &key(account, parts.name))?;
    found.into_iter().map(|(_, policy)| policy).find(|policy| policy.arn() == arn).ok_or_else(missing)
}

/// The account's own policies, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<ManagedPolicy>, Error> {
    let found = POLICIES_BY_NAME.rows(read, &POLICIES, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, policy)| policy).collect())
}

/// How often a managed policy is used in an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Users, groups and roles that have it attached.
    pub attachments: usize,
    /// Users and roles that it limits.
    pub boundaries: usize,
}

/// How often the account uses the policy.
pub fn usage(read: &impl Read, account: &str, arn: &str) -> Result<Usage, Error> {
    let key = (account.to_owned(), arn.to_owned());
    let (users, groups) = (USERS_BY_POLICY.keys(read, &key)?, GROUPS_BY_POLICY.keys(read, &key)?);
    let attachments = users.len() + groups.len() + ROLES_BY_POLICY.keys(read, &key)?.len();
    let boundaries = USERS_BY_BOUNDARY.keys(read, &key)?.len() + ROLES_BY_BOUNDARY.keys(read, &key)?.len();
    Ok(Usage { attachments, boundaries })
}

/// What has a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntityKind {
    /// A group.
    Group,
    /// A role.
    Role,
    /// A user.
    User,
}

impl EntityKind {
    /// AWS's word.
    pub const fn word(self) -> &'static str {
        match self {
            EntityKind::Group => "Group",
            EntityKind::Role => "Role",
            EntityKind::User => "User",
        }
    }
}

/// Somebody who has a policy or is limited by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its name in lower case, by which lists are in order.
    pub sorts_by: String,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its path.
    pub path: String,
}

/// Those of the account that have the policy attached, that it limits, or both; each once, in order of kind and name.
pub fn entities(
    read: &impl Read,
    account: &str,
    arn: &str,
    attached: bool,
    limited: bool,
) -> Result<BTreeSet<Entity>, Error> {
    let key = (account.to_owned(), arn.to_owned());
    let (mut users, mut roles, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    if attached {
        users.extend(USERS_BY_POLICY.rows(read, &USERS, &key)?);
        roles.extend(ROLES_BY_POLICY.rows(read, &ROLES, &key)?);
        groups.extend(GROUPS_BY_POLICY.rows(read, &GROUPS, &key)?);
    }
    if limited {
        users.extend(USERS_BY_BOUNDARY.rows(read, &USERS, &key)?);
        roles.extend(ROLES_BY_BOUNDARY.rows(read, &ROLES, &key)?);
    }
    let entity =
        |kind, name: String, id, path| Entity { kind, sorts_by: name.to_lowercase(), name, id, path };
    let users = users.into_iter().map(|(_, u)| entity(EntityKind::User, u.name, u.id, u.path));
    let roles = roles.into_iter().map(|(_, r)| entity(EntityKind::Role, r.name, r.id, r.path));
    let groups = groups.into_iter().map(|(_, g)| entity(EntityKind::Group, g.name, g.id, g.path));
    Ok(users.chain(roles).chain(groups).collect())
}

/// Refuses an ARN that cannot be a boundary in the account.
pub fn check_boundary(read: &impl Read, account: &str, arn: &str) -> Result<(), Error> {
    match attachable(read, account, arn) {
        Ok(_) => Ok(()),
        Err(Error::NoSuchPolicy(arn)) => Err(Error::NotABoundary(arn)),
        Err(other) => Err(other),
    }
}

/// Adds a policy.
pub fn create(tx: &mut Tx<'_>, policy: &ManagedPolicy, limit: usize) -> Result<(), Error> {
    if POLICIES_BY_NAME.any(tx, &key(&policy.account, &policy.name))? {
        return Err(Error::PolicyNameTaken(policy.name.clone()));
    }
    if POLICIES_BY_NAME.keys(tx, &policy.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "PoliciesPerAccount".into(), limit });
    }
    put(tx, policy)
}

/// Writes a policy back.
pub fn put(tx: &mut Tx<'_>, policy: &ManagedPolicy) -> Result<(), Error> {
    Ok(tx.put(&POLICIES, &(policy.account.clone(), policy.id.clone()), policy)?)
}

/// Deletes a policy that is not attached, limits nobody and has one version.
pub fn delete(tx: &mut Tx<'_>, account: &str, arn: &str) -> Result<(), Error> {
    let policy = customer(tx, account, arn)?;
    if usage(tx, account, arn)? != Usage::default() {
        return Err(Error::DeleteConflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(Error::DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's \
             versions. The default version is deleted with the policy.",
        ));
    }
    tx.delete(&POLICIES, &(policy.account, policy.id))?;
    Ok(())
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}
