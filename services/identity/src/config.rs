//! The section `[identity]` of the configuration file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of identity. The limits are AWS's quotas as they stand for a new account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Id of the installation's account, 12 digits. Empty: drawn at the first start. Later changes have no effect.
    pub account_id: String,
    /// Name of the administrator that the first start makes, 1 to 64 of letters, digits and `+=,.@_-`.
    pub admin_user_name: String,
    /// Users an account may have, 1 or more.
    pub max_users: usize,
    /// Groups an account may have, 1 or more.
    pub max_groups: usize,
    /// Roles an account may have, 1 or more.
    pub max_roles: usize,
    /// Instance profiles an account may have, 1 or more.
    pub max_instance_profiles: usize,
    /// Customer managed policies an account may have, 1 or more.
    pub max_policies: usize,
    /// Groups a user may be in, 1 or more.
    pub max_groups_per_user: usize,
    /// Managed policies that may be attached to one user, group or role, 1 to 20.
    pub max_attached_policies: usize,
    /// Access keys a user may have, 1 or more.
    pub max_access_keys_per_user: usize,
    /// An account that is deleted has to be seen empty twice, so many milliseconds apart, 0 to 60000: as long as a service
    /// may still take its keys for good.
    pub account_close_wait_ms: u64,
    /// OpenID Connect providers an account may have, 1 or more.
    pub max_oidc_providers: usize,
    /// Server certificates an account may have, 1 or more.
    pub max_server_certificates: usize,
    /// PEM bundle of the certificate authorities that an OpenID Connect provider's certificate may hang on.
    pub oidc_ca_bundle: PathBuf,
    /// Whether OpenID Connect providers may be on this host, over plain HTTP, too: for tests only.
    pub oidc_loopback: bool,
    /// KMS keys an account may have, 1 or more.
    pub max_kms_keys: usize,
    /// A watch of credentials is answered after this many milliseconds without a change, 100 to 3000.
    pub watch_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            account_id: String::new(),
            admin_user_name: "admin".into(),
            max_users: 5000,
            max_groups: 300,
            max_roles: 1000,
            max_instance_profiles: 1000,
            max_policies: 1500,
            max_groups_per_user: 10,
            max_attached_policies: 10,
            max_access_keys_per_user: 2,
            account_close_wait_ms: 5000,
            max_oidc_providers: 100,
            max_server_certificates: 20,
            oidc_ca_bundle: "/etc/ssl/certs/ca-certificates.crt".into(),
            oidc_loopback: false,
            max_kms_keys: 100_000,
            watch_timeout_ms: 2000,
        }
    }
}
