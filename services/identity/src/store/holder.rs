//! What users, groups and roles have in common: they hold policies.

use ::store::{Read, Tx};

use super::{groups, roles, users};
use crate::domain::entity::{Group, Role, User};
use crate::domain::permissions::{self, Kind, Permissions};
use crate::error::Error;

/// Something that policies are given to.
pub trait Holder: Sized + Send + 'static {
    /// What it is.
    const KIND: Kind;

    /// The one of this name.
    fn named(read: &impl Read, account: &str, name: &str) -> Result<Self, Error>;
    /// The one of this name, to change its policies; refused where only a service may.
    fn to_change(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        Self::named(read, account, name)
    }
    /// Writes it back.
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error>;
    /// Its policies.
    fn permissions(&self) -> &Permissions;
    /// Its policies, to change them.
    fn permissions_mut(&mut self) -> &mut Permissions;
}

impl Holder for User {
    const KIND: Kind = permissions::OF_USER;

    fn named(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        users::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        users::put(tx, self)
    }
    fn permissions(&self) -> &Permissions {
        &self.permissions
    }
    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}

impl Holder for Group {
    const KIND: Kind = permissions::OF_GROUP;

    fn named(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        groups::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        groups::put(tx, self)
    }
    fn permissions(&self) -> &Permissions {
        &self.permissions
    }
    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}

impl Holder for Role {
    const KIND: Kind = permissions::OF_ROLE;

    fn named(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        roles::named(read, account, name)
    }
    fn to_change(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        roles::named(read, account, name)?.unprotected()
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        roles::put(tx, self)
    }
    fn permissions(&self) -> &Permissions {
        &self.permissions
    }
    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }
}
