//! OpenID Connect providers, by account and URL.

use ::store::{Read, Tx};

use super::tables::{OIDC_PROVIDERS, OIDC_PROVIDERS_BY_ACCOUNT};
use crate::domain::oidc_provider::{self, OidcProvider};
use crate::error::Error;

/// The account's provider of this name.
pub fn find(read: &impl Read, account: &str, name: &str) -> Result<Option<OidcProvider>, Error> {
    Ok(read.get(&OIDC_PROVIDERS, &key(account, name))?)
}

/// The account's own provider of this ARN.
pub fn by_arn(read: &impl Read, account: &str, arn: &str) -> Result<OidcProvider, Error> {
    let missing = || Error::NoSuchOidcProvider(arn.to_owned());
    let (owner, name) = oidc_provider::parse_arn(arn)?;
    if owner != account {
        return Err(missing());
    }
    find(read, account, name)?.ok_or_else(missing)
}

/// All of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<OidcProvider>, Error> {
    let found = OIDC_PROVIDERS_BY_ACCOUNT.rows(read, &OIDC_PROVIDERS, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, provider)| provider).collect())
}

/// Adds a provider.
pub fn create(tx: &mut Tx<'_>, provider: &OidcProvider, limit: usize) -> Result<(), Error> {
    if find(tx, &provider.account, &provider.name)?.is_some() {
        return Err(Error::OidcProviderExists(provider.issuer()));
    }
    if OIDC_PROVIDERS_BY_ACCOUNT.keys(tx, &provider.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "OpenIdConnectProvidersPerAccount".into(), limit });
    }
    put(tx, provider)
}

/// Writes a provider back.
pub fn put(tx: &mut Tx<'_>, provider: &OidcProvider) -> Result<(), Error> {
    Ok(tx.put(&OIDC_PROVIDERS, &key(&provider.account, &provider.name), provider)?)
}

/// Deletes a provider.
pub fn delete(tx: &mut Tx<'_>, account: &str, arn: &str) -> Result<(), Error> {
    let provider = by_arn(tx, account, arn)?;
    tx.delete(&OIDC_PROVIDERS, &key(&provider.account, &provider.name))?;
    Ok(())
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_owned())
}
