//! Accounts, and what the first start settled about the installation.

use ::store::{Read, Tx};

use super::kms;
use super::tables::{
    ACCESS_KEYS, ACCESS_KEYS_BY_USER, ACCESS_REPORTS, ACCOUNT_QUOTAS, ACCOUNTS, ACCOUNTS_BY_ALIAS,
    ACTION_USES, CLOSED_ACCOUNTS, CREDENTIAL_REPORTS, GROUPS, INSTALLATION, INSTANCE_PROFILES, KEY_USES,
    LOGIN_PROFILES, MFA_DEVICES, OIDC_PROVIDERS, PASSWORD_POLICIES, POLICIES, ROLE_DELETIONS, ROLES,
    SERVER_CERTIFICATES, SSH_KEYS, USERS,
};
use crate::domain::entity::Account;
use crate::error::Error;

const ACCOUNT: &str = "account";
/// What opens under the master key and no other.
pub const MASTER_KEY_CHECK: &str = "master-key-check";
/// What it is sealed for.
pub const CHECK_OWNER: &str = "murus master key";
/// From what keys of sessions are derived.
pub const SESSION_KEY: &str = "session-key";
/// What it is sealed for.
pub const SESSION_KEY_OWNER: &str = "murus session key";

/// The installation's own account; none before the first start is through.
pub fn installation(read: &impl Read) -> Result<Option<String>, Error> {
    Ok(read.get(&INSTALLATION, &ACCOUNT.to_owned())?)
}

/// What opens under the installation's master key and no other.
pub fn master_key_check(read: &impl Read) -> Result<Option<String>, Error> {
    Ok(read.get(&INSTALLATION, &MASTER_KEY_CHECK.to_owned())?)
}

/// From what keys of sessions are derived, sealed; none before the first start is through.
pub fn session_key(read: &impl Read) -> Result<Option<String>, Error> {
    Ok(read.get(&INSTALLATION, &SESSION_KEY.to_owned())?)
}

/// Records from what keys of sessions are derived.
pub fn set_session_key(tx: &mut Tx<'_>, sealed: &String) -> Result<(), Error> {
    Ok(tx.put(&INSTALLATION, &SESSION_KEY.to_owned(), sealed)?)
}

/// Records the installation's account and its master key's check.
pub fn install(tx: &mut Tx<'_>, account: &Account, master_key_check: &String) -> Result<(), Error> {
    tx.put(&ACCOUNTS, &account.id, account)?;
    tx.put(&INSTALLATION, &ACCOUNT.to_owned(), &account.id)?;
    tx.put(&INSTALLATION, &MASTER_KEY_CHECK.to_owned(), master_key_check)?;
    Ok(())
}

/// The account of this id.
pub fn get(read: &impl Read, id: &str) -> Result<Account, Error> {
    read.get(&ACCOUNTS, &id.to_owned())?.ok_or_else(|| Error::Corrupt(format!("there is no account {id}")))
}

/// The account of this id, if it is there.
pub fn known(read: &impl Read, id: &str) -> Result<Option<Account>, Error> {
    Ok(read.get(&ACCOUNTS, &id.to_owned())?)
}

/// Gives the account an alias in place of any it had.
pub fn set_alias(tx: &mut Tx<'_>, id: &str, alias: &str) -> Result<(), Error> {
    if ACCOUNTS_BY_ALIAS.any(tx, &alias.to_owned())? {
        return Err(Error::AliasTaken(alias.to_owned()));
    }
    let account = Account { alias: Some(alias.to_owned()), ..get(tx, id)? };
    Ok(tx.put(&ACCOUNTS, &account.id, &account)?)
}

/// Takes the account's alias away.
pub fn remove_alias(tx: &mut Tx<'_>, id: &str, alias: &str) -> Result<(), Error> {
    let account = get(tx, id)?;
    if account.alias.as_deref() != Some(alias) {
        return Err(Error::NoSuchAlias(alias.to_owned()));
    }
    Ok(tx.put(&ACCOUNTS, &account.id, &Account { alias: None, ..account.clone() })?)
}

/// All accounts, in order of id.
pub fn list(read: &impl Read) -> Result<Vec<Account>, Error> {
    Ok(read.scan(&ACCOUNTS, ..)?.into_iter().map(|(_, account)| account).collect())
}

/// The account of this id, if there is one.
pub fn find(read: &impl Read, id: &str) -> Result<Account, Error> {
    read.get(&ACCOUNTS, &id.to_owned())?.ok_or_else(|| Error::NoSuchAccount(id.to_owned()))
}

/// Adds an account. Ids of accounts that are gone do not come back.
pub fn create(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    let name = account.name.to_lowercase();
    if list(tx)?.iter().any(|one| one.name.to_lowercase() == name) {
        return Err(Error::NameTaken { kind: "Account", name: account.name.clone() });
    }
    if tx.contains(&ACCOUNTS, &account.id)? || tx.contains(&CLOSED_ACCOUNTS, &account.id)? {
        return Err(Error::Corrupt(format!("the account id {} was drawn a second time", account.id)));
    }
    Ok(tx.put(&ACCOUNTS, &account.id, account)?)
}

/// Takes an account's keys out of use, or puts them back.
pub fn set_closing(tx: &mut Tx<'_>, id: &str, closing: bool) -> Result<(), Error> {
    let account = Account { closing, ..find(tx, id)? };
    Ok(tx.put(&ACCOUNTS, &account.id, &account)?)
}

/// Removes an account with everything that identity holds of it. Every table with things of accounts stands here.
pub fn remove(tx: &mut Tx<'_>, id: &str, now: &str) -> Result<(), Error> {
    let account = id.to_owned();
    for key in ACCESS_KEYS_BY_USER.keys(tx, &account)? {
        tx.delete(&ACCESS_KEYS, &key)?;
        tx.delete(&KEY_USES, &key)?;
    }
    tx.delete_prefix(&USERS, &account)?;
    tx.delete_prefix(&GROUPS, &account)?;
    tx.delete_prefix(&ROLES, &account)?;
    tx.delete_prefix(&ROLE_DELETIONS, &account)?;
    tx.delete_prefix(&SERVER_CERTIFICATES, &account)?;
    tx.delete_prefix(&INSTANCE_PROFILES, &account)?;
    tx.delete_prefix(&POLICIES, &account)?;
    tx.delete(&ACCOUNT_QUOTAS, &account)?;
    tx.delete_prefix(&MFA_DEVICES, &account)?;
    kms::forget(tx, &account)?;
    tx.delete_prefix(&OIDC_PROVIDERS, &account)?;
    tx.delete_prefix(&LOGIN_PROFILES, &account)?;
    tx.delete(&PASSWORD_POLICIES, &account)?;
    tx.delete_prefix(&SSH_KEYS, &account)?;
    tx.delete(&CREDENTIAL_REPORTS, &account)?;
    tx.delete_prefix(&ACTION_USES, &account)?;
    tx.delete_prefix(&ACCESS_REPORTS, &account)?;
    tx.delete(&ACCOUNTS, &account)?;
    Ok(tx.put(&CLOSED_ACCOUNTS, &account, &now.to_owned())?)
}

/// The document of an account's quotas, if it has any.
pub fn quotas(read: &impl Read, id: &str) -> Result<Option<String>, Error> {
    Ok(read.get(&ACCOUNT_QUOTAS, &id.to_owned())?)
}

/// Sets an account's quotas, or takes them away.
pub fn set_quotas(tx: &mut Tx<'_>, id: &str, document: Option<&String>) -> Result<(), Error> {
    match document {
        Some(document) => tx.put(&ACCOUNT_QUOTAS, &id.to_owned(), document)?,
        None => drop(tx.delete(&ACCOUNT_QUOTAS, &id.to_owned())?),
    }
    Ok(())
}

/// The account of this id or alias.
pub fn by_id_or_alias(read: &impl Read, text: &str) -> Result<Option<Account>, Error> {
    if let Some(account) = read.get(&ACCOUNTS, &text.to_owned())? {
        return Ok(Some(account));
    }
    let found = ACCOUNTS_BY_ALIAS.rows(read, &ACCOUNTS, &text.to_owned())?;
    Ok(found.into_iter().map(|(_, account)| account).next())
}
