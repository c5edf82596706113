//! Reports of last accesses: what they are made from, and those that were made. An account keeps the newest
//! [`MAX_REPORTS`] of a week.

use ::store::{Read, Tx};
use auth::policy::Policy;
use jiff::Timestamp;

use super::tables::{
    ACCESS_REPORTS, ACCESS_REPORTS_BY_AGE, GROUPS, GROUPS_BY_POLICY, ROLES, ROLES_BY_POLICY, USERS,
    USERS_BY_POLICY,
};
use super::{groups, policies, usage, users};
use crate::domain::entity::{Role, User};
use crate::domain::last_accessed::{Entity, Report};
use crate::domain::permissions::Permissions;
use crate::domain::usage::{ActionUse, tracked_since};
use crate::error::Error;

/// Reports that an account may have; the oldest goes when another is made.
const MAX_REPORTS: usize = 100;

/// What a report is made from.
pub struct Basis {
    /// The policies that open services.
    pub policies: Vec<Policy>,
    /// Those that could have used them.
    pub entities: Vec<Entity>,
    /// By entity: each action that it asked for.
    pub uses: Vec<Vec<(String, ActionUse)>>,
}

impl Basis {
    fn of(
        read: &impl Read,
        account: &str,
        policies: Vec<Policy>,
        entities: Vec<Entity>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let since = tracked_since(now);
        let uses: Result<_, Error> =
            entities.iter().map(|entity| usage::of_principal(read, account, &entity.id, since)).collect();
        Ok(Basis { policies, entities, uses: uses? })
    }

    /// A user with its policies and those of its groups.
    pub fn user(read: &impl Read, user: &User, now: Timestamp) -> Result<Self, Error> {
        let mut policies = compiled(read, &user.account, &user.permissions)?;
        for group in groups::of_user(read, user)? {
            policies.extend(compiled(read, &group.account, &group.permissions)?);
        }
        Self::of(read, &user.account, policies, vec![of_user(user)], now)
    }

    /// A role with its policies.
    pub fn role(read: &impl Read, role: &Role, now: Timestamp) -> Result<Self, Error> {
        let policies = compiled(read, &role.account, &role.permissions)?;
        Self::of(read, &role.account, policies, vec![of_role(role)], now)
    }

    /// A group with its policies and its members.
    pub fn group(read: &impl Read, account: &str, name: &str, now: Timestamp) -> Result<Self, Error> {
        let group = groups::named(read, account, name)?;
        let policies = compiled(read, account, &group.permissions)?;
        let members = users::in_group(read, &group)?.iter().map(of_user).collect();
        Self::of(read, account, policies, members, now)
    }

    /// A managed policy with everybody in the account who has it: users, roles and members of groups.
    pub fn policy(read: &impl Read, account: &str, arn: &str, now: Timestamp) -> Result<Self, Error> {
        let policy = compile(policies::find(read, account, arn)?.document()?)?;
        let key = (account.to_owned(), arn.to_owned());
        let mut entities: Vec<Entity> =
            USERS_BY_POLICY.rows(read, &USERS, &key)?.iter().map(|(_, user)| of_user(user)).collect();
        for (_, group) in GROUPS_BY_POLICY.rows(read, &GROUPS, &key)? {
            entities.extend(users::in_group(read, &group)?.iter().map(of_user));
        }
        entities.extend(ROLES_BY_POLICY.rows(read, &ROLES, &key)?.iter().map(|(_, role)| of_role(role)));
        entities.sort_by(|a, b| a.arn.cmp(&b.arn));
        entities.dedup();
        Self::of(read, account, vec![policy], entities, now)
    }
}

fn of_user(user: &User) -> Entity {
    let (name, id, path) = (user.name.clone(), user.id.clone(), user.path.clone());
    Entity { arn: user.arn(), name, is_role: false, id, path }
}

fn of_role(role: &Role) -> Entity {
    let (name, id, path) = (role.name.clone(), role.id.clone(), role.path.clone());
    Entity { arn: role.arn(), name, is_role: true, id, path }
}

fn compiled(read: &impl Read, account: &str, permissions: &Permissions) -> Result<Vec<Policy>, Error> {
    let attached =
        permissions.attached.iter().map(|arn| compile(policies::find(read, account, arn)?.document()?));
    attached.chain(permissions.inline.values().map(|text| compile(text))).collect()
}

/// A stored document, compiled.
pub fn compile(document: &str) -> Result<Policy, Error> {
    Policy::parse_identity(document).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Keeps a report, and lets go of those whose time is over and of the oldest of too many.
pub fn put(tx: &mut Tx<'_>, account: &str, report: &Report, now: Timestamp) -> Result<(), Error> {
    // reports of policies that thousands have are long: the younger ones are not read
    let kept = ACCESS_REPORTS_BY_AGE.keys(tx, &account.to_owned())?;
    let too_many = (kept.len() + 1).saturating_sub(MAX_REPORTS);
    for (index, key) in kept.iter().enumerate() {
        let goes = index < too_many || tx.get(&ACCESS_REPORTS, key)?.is_some_and(|old| old.expired(now));
        if !goes {
            break;
        }
        tx.delete(&ACCESS_REPORTS, key)?;
    }
    Ok(tx.put(&ACCESS_REPORTS, &(account.to_owned(), report.job.clone()), report)?)
}

/// The report of a job, if it was made for this principal and its time is not over.
pub fn find(
    read: &impl Read,
    account: &str,
    job: &str,
    principal: &str,
    now: Timestamp,
) -> Result<Report, Error> {
    let found = read.get(&ACCESS_REPORTS, &(account.to_owned(), job.to_owned()))?;
    found
        .filter(|report| report.asked_by == principal && !report.expired(now))
        .ok_or_else(|| Error::NoSuchJob(job.to_owned()))
}
