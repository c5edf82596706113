//! Identity's tables and queries. Every change raises the version of the state in its own transaction, so that whoever
//! watches credentials hears of it, and who is in this process knows it before the change is answered; only what bears on nobody's permissions is written without that ([`Db::note`]).

pub mod accounts;
pub mod groups;
pub mod holder;
pub mod instance_profiles;
pub mod keys;
pub mod kms;
mod kms_tables;
pub mod last_accessed;
pub mod linked_roles;
pub mod mfa;
pub mod oidc_providers;
pub mod passwords;
pub mod policies;
pub mod roles;
pub mod sealed;
pub mod server_certificates;
pub mod ssh_keys;
mod tables;
pub mod tagged;
pub mod usage;
pub mod users;

use std::path::Path;

use ::store::{Read, Snapshot, Store, Tx};
use kit::credentials::Known;
use tokio::sync::watch;

use crate::error::Error;
use tables::COUNTERS;

const VERSION: &str = "version";

/// Identity's state.
#[derive(Clone)]
pub struct Db {
    store: Store,
    /// What the services of this process know of credentials.
    known: Known,
}

impl Db {
    /// Opens the store in this directory; `known` is told of every change.
    pub async fn open(directory: &Path, known: Known) -> Result<Self, Error> {
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || Store::open(&directory)).await;
        let store = opened.map_err(|error| Error::Corrupt(error.to_string()))??;
        Ok(Db { store, known })
    }

    /// Runs a change as one transaction, durable when this returns, and raises the version with it.
    pub async fn change<T, F>(&self, mut f: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let change = move |tx: &mut Tx<'_>| {
            let done = f(tx)?;
            let version = version(tx)? + 1;
            tx.put(&COUNTERS, &VERSION.to_owned(), &version)?;
            Ok::<_, Error>((done, version))
        };
        let (done, version) = self.store.transact(change).await?;
        self.known.is_at(version);
        Ok(done)
    }

    /// Runs a change that says nothing about who may do what (the tags of a device, a code that was used), durable
    /// when this returns: the version stays, and nobody has to ask again.
    pub async fn note<T, F>(&self, f: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.store.transact(f).await
    }

    /// What is committed now.
    pub fn read(&self) -> Result<Snapshot, Error> {
        Ok(self.store.snapshot()?)
    }

    /// Wakes after every change.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.store.changed(&COUNTERS)
    }
}

/// The version of the state: it grows with every change and never goes back. 0 before the first.
pub fn version(read: &impl Read) -> Result<u64, Error> {
    Ok(read.get(&COUNTERS, &VERSION.to_owned())?.unwrap_or(0))
}
