//! When keys and their holders were last used, and the reports about it.

use ::store::{Read, Tx};
use calls::identity::Use;
use jiff::Timestamp;

use super::tables::{ACCESS_KEYS, ACCOUNTS, ACTION_USES, CREDENTIAL_REPORTS, KEY_USES, ROLES, USERS};
use crate::domain::credential_report::Report;
use crate::domain::usage::{ActionUse, KeyUse, service_of};
use crate::error::Error;

/// Keeps the latest of these uses. Those of keys, users, roles and accounts that are gone leave nothing.
pub fn record(tx: &mut Tx<'_>, uses: &[Use]) -> Result<(), Error> {
    for one in uses {
        let key = &one.access_key_id;
        if !one.beside
            && tx.contains(&ACCESS_KEYS, key)?
            && tx.get(&KEY_USES, key)?.is_none_or(|known| known.at <= one.at)
        {
            let service = service_of(&one.action).to_owned();
            tx.put(&KEY_USES, key, &KeyUse { at: one.at, service, region: one.region.clone() })?;
        }
        let Some(principal) = &one.principal_id else { continue };
        if !is_there(tx, &one.account_id, principal)? {
            continue;
        }
        let row = (one.account_id.clone(), principal.clone(), one.action.clone());
        if tx.get(&ACTION_USES, &row)?.is_none_or(|known| known.at <= one.at) {
            tx.put(&ACTION_USES, &row, &ActionUse { at: one.at, region: one.region.clone() })?;
        }
    }
    Ok(())
}

fn is_there(read: &impl Read, account: &String, principal: &String) -> Result<bool, Error> {
    if principal == account {
        return Ok(read.contains(&ACCOUNTS, account)?);
    }
    let key = (account.clone(), principal.clone());
    Ok(read.contains(&USERS, &key)? || read.contains(&ROLES, &key)?)
}

/// Each action that a user or role asked for since a moment, with the last time that it did.
pub fn of_principal(
    read: &impl Read,
    account: &str,
    id: &str,
    since: Timestamp,
) -> Result<Vec<(String, ActionUse)>, Error> {
    let found = read.scan_prefix(&ACTION_USES, &(account.to_owned(), id.to_owned()))?;
    let recent = found.into_iter().filter(|(_, used)| used.at >= since);
    Ok(recent.map(|((_, _, action), used)| (action, used)).collect())
}

/// The last time that a user or role asked for anything, if that was since a moment.
pub fn last_of(
    read: &impl Read,
    account: &str,
    id: &str,
    since: Timestamp,
) -> Result<Option<ActionUse>, Error> {
    let all = of_principal(read, account, id, since)?;
    Ok(all.into_iter().map(|(_, used)| used).max_by_key(|used| used.at))
}

/// The last use of a key.
pub fn of_key(read: &impl Read, id: &str) -> Result<Option<KeyUse>, Error> {
    Ok(read.get(&KEY_USES, &id.to_owned())?)
}

/// Forgets a user or a role.
pub fn forget_principal(tx: &mut Tx<'_>, account: &str, id: &str) -> Result<(), Error> {
    tx.delete_prefix(&ACTION_USES, &(account.to_owned(), id.to_owned()))?;
    Ok(())
}

/// The account's credential report, if one was made.
pub fn report(read: &impl Read, account: &str) -> Result<Option<Report>, Error> {
    Ok(read.get(&CREDENTIAL_REPORTS, &account.to_owned())?)
}

/// Keeps a report in place of the one before.
pub fn put_report(tx: &mut Tx<'_>, account: &String, report: &Report) -> Result<(), Error> {
    Ok(tx.put(&CREDENTIAL_REPORTS, account, report)?)
}
