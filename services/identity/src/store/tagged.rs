//! What users, roles, policies, instance profiles, server certificates and MFA devices have in common: they have tags.

use ::store::{Read, Tx};
use calls::Tag;

use super::{instance_profiles, mfa, policies, roles, server_certificates, users};
use crate::domain::entity::{InstanceProfile, Role, User};
use crate::domain::managed_policy::ManagedPolicy;
use crate::domain::mfa_device::MfaDevice;
use crate::domain::server_certificate::ServerCertificate;
use crate::error::Error;

/// Something that has tags.
pub trait Tagged: Sized + Send + 'static {
    /// The one that a request calls so: by name, a policy by ARN.
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error>;
    /// Writes it back.
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error>;
    /// Its tags.
    fn tags_mut(&mut self) -> &mut Vec<Tag>;
}

impl Tagged for User {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        users::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        users::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

impl Tagged for Role {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        roles::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        roles::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

impl Tagged for ManagedPolicy {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        policies::customer(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        policies::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

impl Tagged for InstanceProfile {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        instance_profiles::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        instance_profiles::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

impl Tagged for ServerCertificate {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        server_certificates::named(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        server_certificates::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

impl Tagged for MfaDevice {
    fn find(read: &impl Read, account: &str, name: &str) -> Result<Self, Error> {
        mfa::get(read, account, name)
    }
    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        mfa::put(tx, self)
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}
