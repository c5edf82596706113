//! IAM: users, groups, roles, their keys and their policies (API version 2010-05-08).

mod access_key;
mod account_alias;
mod account_details;
mod attachment;
mod boundary;
mod credential_report;
mod group;
mod inline_policy;
mod instance_profile;
mod last_accessed;
mod login_profile;
mod mfa_device;
mod murus_account;
mod oidc_provider;
mod policy;
mod policy_entities;
mod role;
mod role_policy;
mod server_certificate;
mod service_linked_role;
mod simulation;
mod ssh_public_key;
mod tags;
mod user;

pub use access_key::*;
pub use account_alias::*;
pub use account_details::*;
pub use attachment::*;
pub use boundary::*;
pub use credential_report::*;
pub use group::*;
pub use inline_policy::*;
pub use instance_profile::*;
pub use last_accessed::*;
pub use login_profile::*;
pub use mfa_device::*;
pub use murus_account::*;
pub use oidc_provider::*;
pub use policy::*;
pub use policy_entities::*;
pub use role::*;
pub use role_policy::*;
pub use server_certificate::*;
pub use service_linked_role::*;
pub use simulation::*;
pub use ssh_public_key::*;
pub use tags::*;
pub use user::*;

use serde::{Deserialize, Serialize};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// 0 to 256 characters.
    pub value: String,
}

/// A secret on its way to its owner; its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
