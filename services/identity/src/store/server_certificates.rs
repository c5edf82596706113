//! Server certificates.

use ::store::{Read, Tx};

use super::tables::{SERVER_CERTIFICATES, SERVER_CERTIFICATES_BY_NAME};
use crate::domain::server_certificate::ServerCertificate;
use crate::error::Error;

/// The certificate of this name.
pub fn named(read: &impl Read, account: &str, name: &str) -> Result<ServerCertificate, Error> {
    let found = SERVER_CERTIFICATES_BY_NAME.rows(read, &SERVER_CERTIFICATES, &key(account, name))?;
    let found = found.into_iter().map(|(_, one)| one).find(|one| one.name == name);
    found.ok_or_else(|| Error::NoSuchServerCertificate(name.to_owned()))
}

/// All certificates of the account, in order of name.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<ServerCertificate>, Error> {
    let found = SERVER_CERTIFICATES_BY_NAME.rows(read, &SERVER_CERTIFICATES, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, one)| one).collect())
}

/// Adds a certificate.
pub fn create(tx: &mut Tx<'_>, certificate: &ServerCertificate, limit: usize) -> Result<(), Error> {
    if SERVER_CERTIFICATES_BY_NAME.any(tx, &key(&certificate.account, &certificate.name))? {
        return Err(Error::ServerCertificateTaken(certificate.name.clone()));
    }
    if SERVER_CERTIFICATES_BY_NAME.keys(tx, &certificate.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "ServerCertificatesPerAccount".into(), limit });
    }
    put(tx, certificate)
}

/// Writes a certificate back.
pub fn put(tx: &mut Tx<'_>, certificate: &ServerCertificate) -> Result<(), Error> {
    Ok(tx.put(&SERVER_CERTIFICATES, &(certificate.account.clone(), certificate.id.clone()), certificate)?)
}

/// Renames or moves a certificate.
pub fn update(
    tx: &mut Tx<'_>,
    account: &str,
    name: &str,
    new_name: Option<&str>,
    new_path: Option<&str>,
) -> Result<(), Error> {
    let mut certificate = named(tx, account, name)?;
    if let Some(new_name) = new_name {
        let holders = SERVER_CERTIFICATES_BY_NAME.keys(tx, &key(account, new_name))?;
        if holders.iter().any(|(_, id)| *id != certificate.id) {
            return Err(Error::ServerCertificateTaken(new_name.to_owned()));
        }
        certificate.name = new_name.to_owned();
    }
    if let Some(new_path) = new_path {
        certificate.path = new_path.to_owned();
    }
    put(tx, &certificate)
}

/// Deletes a certificate with its private key.
pub fn delete(tx: &mut Tx<'_>, account: &str, name: &str) -> Result<(), Error> {
    let certificate = named(tx, account, name)?;
    tx.delete(&SERVER_CERTIFICATES, &(certificate.account, certificate.id))?;
    Ok(())
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}
