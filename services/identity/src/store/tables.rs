//! The tables. Everything is keyed by its account first, but for access keys and aliases, which are unique in the
//! whole installation. `accounts::remove` clears each of them.

use ::store::{Index, IndexedTable, Table, json_value};

use crate::domain::access_key::AccessKey;
use crate::domain::credential_report::Report;
use crate::domain::entity::{Account, Group, InstanceProfile, Role, User};
use crate::domain::last_accessed::Report as AccessReport;
use crate::domain::managed_policy::ManagedPolicy;
use crate::domain::mfa_device::MfaDevice;
use crate::domain::oidc_provider::OidcProvider;
use crate::domain::password::{LoginProfile, PasswordPolicy};
use crate::domain::server_certificate::ServerCertificate;
use crate::domain::service_linked::Deletion;
use crate::domain::ssh_key::SshKey;
use crate::domain::usage::{ActionUse, KeyUse};

/// (account, id of the thing in it)
pub type InAccount = (String, String);

/// `version`: see the module above.
pub const COUNTERS: Table<String, u64> = Table::new("counters");
/// What the first start settled: `account` (the installation's), `master-key-check` (opens under the master key only).
pub const INSTALLATION: Table<String, String> = Table::new("installation");

/// By id.
pub const ACCOUNTS: IndexedTable<String, Account> = IndexedTable::new("accounts", &[&ACCOUNTS_BY_ALIAS]);
/// By alias.
pub const ACCOUNTS_BY_ALIAS: Index<String, Account, String> =
    Index::new("accounts_by_alias", |_, account| account.alias.iter().cloned().collect());

/// When an account was deleted, by its id.
pub const CLOSED_ACCOUNTS: Table<String, String> = Table::new("closed_accounts");
/// Quota policies of accounts, by the account's id: documents that hold quota statements only.
pub const ACCOUNT_QUOTAS: Table<String, String> = Table::new("account_quotas");

/// By account and id.
pub const USERS: IndexedTable<InAccount, User> = IndexedTable::new(
    "users",
    &[&USERS_BY_NAME, &USERS_BY_GROUP, &USERS_BY_POLICY, &USERS_BY_BOUNDARY, &USERS_BY_CREATOR],
);
/// By account and who made it.
pub const USERS_BY_CREATOR: Index<InAccount, User, InAccount> =
    Index::new("users_by_creator", |key, user| {
        user.creator.iter().map(|creator| (key.0.clone(), creator.clone())).collect()
    });
/// By account and lower-case name.
pub const USERS_BY_NAME: Index<InAccount, User, InAccount> =
    Index::new("users_by_name", |key, user| vec![(key.0.clone(), user.name.to_lowercase())]);
/// By account and id of a group.
pub const USERS_BY_GROUP: Index<InAccount, User, InAccount> = Index::new("users_by_group", |key, user| {
    user.groups.iter().map(|group| (key.0.clone(), group.clone())).collect()
});
/// By account and ARN of an attached policy.
pub const USERS_BY_POLICY: Index<InAccount, User, InAccount> = Index::new("users_by_policy", |key, user| {
    user.permissions.attached.iter().map(|arn| (key.0.clone(), arn.clone())).collect()
});
/// By account and ARN of the boundary.
pub const USERS_BY_BOUNDARY: Index<InAccount, User, InAccount> =
    Index::new("users_by_boundary", |key, user| {
        user.permissions.boundary.iter().map(|arn| (key.0.clone(), arn.clone())).collect()
    });

/// By account and id.
pub const GROUPS: IndexedTable<InAccount, Group> =
    IndexedTable::new("groups", &[&GROUPS_BY_NAME, &GROUPS_BY_POLICY, &GROUPS_BY_CREATOR]);
/// By account and who made it.
pub const GROUPS_BY_CREATOR: Index<InAccount, Group, InAccount> =
    Index::new("groups_by_creator", |key, group| {
        group.creator.iter().map(|creator| (key.0.clone(), creator.clone())).collect()
    });
/// By account and lower-case name.
pub const GROUPS_BY_NAME: Index<InAccount, Group, InAccount> =
    Index::new("groups_by_name", |key, group| vec![(key.0.clone(), group.name.to_lowercase())]);
/// By account and ARN of an attached policy.
pub const GROUPS_BY_POLICY: Index<InAccount, Group, InAccount> =
    Index::new("groups_by_policy", |key, group| {
        group.permissions.attached.iter().map(|arn| (key.0.clone(), arn.clone())).collect()
    });

/// By account and id.
pub const ROLES: IndexedTable<InAccount, Role> =
    IndexedTable::new("roles", &[&ROLES_BY_NAME, &ROLES_BY_POLICY, &ROLES_BY_BOUNDARY, &ROLES_BY_CREATOR]);
/// By account and who made it.
pub const ROLES_BY_CREATOR: Index<InAccount, Role, InAccount> =
    Index::new("roles_by_creator", |key, role| {
        role.creator.iter().map(|creator| (key.0.clone(), creator.clone())).collect()
    });
/// By account and lower-case name.
pub const ROLES_BY_NAME: Index<InAccount, Role, InAccount> =
    Index::new("roles_by_name", |key, role| vec![(key.0.clone(), role.name.to_lowercase())]);
/// By account and ARN of an attached policy.
pub const ROLES_BY_POLICY: Index<InAccount, Role, InAccount> = Index::new("roles_by_policy", |key, role| {
    role.permissions.attached.iter().map(|arn| (key.0.clone(), arn.clone())).collect()
});
/// By account and ARN of the boundary.
pub const ROLES_BY_BOUNDARY: Index<InAccount, Role, InAccount> =
    Index::new("roles_by_boundary", |key, role| {
        role.permissions.boundary.iter().map(|arn| (key.0.clone(), arn.clone())).collect()
    });

/// By account and id.
pub const INSTANCE_PROFILES: IndexedTable<InAccount, InstanceProfile> =
    IndexedTable::new("instance_profiles", &[&INSTANCE_PROFILES_BY_NAME, &INSTANCE_PROFILES_BY_ROLE]);
/// By account and lower-case name.
pub const INSTANCE_PROFILES_BY_NAME: Index<InAccount, InstanceProfile, InAccount> =
    Index::new("instance_profiles_by_name", |key, profile| {
        vec![(key.0.clone(), profile.name.to_lowercase())]
    });
/// By account and id of the role.
pub const INSTANCE_PROFILES_BY_ROLE: Index<InAccount, InstanceProfile, InAccount> =
    Index::new("instance_profiles_by_role", |key, profile| {
        profile.role.iter().map(|role| (key.0.clone(), role.clone())).collect()
    });

/// By account and id.
pub const POLICIES: IndexedTable<InAccount, ManagedPolicy> =
    IndexedTable::new("policies", &[&POLICIES_BY_NAME]);
/// By account and lower-case name.
pub const POLICIES_BY_NAME: Index<InAccount, ManagedPolicy, InAccount> =
    Index::new("policies_by_name", |key, policy| vec![(key.0.clone(), policy.name.to_lowercase())]);

/// By id.
pub const ACCESS_KEYS: IndexedTable<String, AccessKey> =
    IndexedTable::new("access_keys", &[&ACCESS_KEYS_BY_USER]);
/// By account and the user's id.
pub const ACCESS_KEYS_BY_USER: Index<String, AccessKey, InAccount> =
    Index::new("access_keys_by_user", |_, key| vec![(key.account.clone(), key.user_id.clone())]);

/// By account and serial number.
pub const MFA_DEVICES: IndexedTable<InAccount, MfaDevice> =
    IndexedTable::new("mfa_devices", &[&MFA_DEVICES_BY_USER]);
/// By account and id of the user who has it.
pub const MFA_DEVICES_BY_USER: Index<InAccount, MfaDevice, InAccount> =
    Index::new("mfa_devices_by_user", |key, device| {
        device.enabled.iter().map(|enabled| (key.0.clone(), enabled.user_id.clone())).collect()
    });

/// By account and URL without its scheme.
pub const OIDC_PROVIDERS: IndexedTable<InAccount, OidcProvider> =
    IndexedTable::new("oidc_providers", &[&OIDC_PROVIDERS_BY_ACCOUNT]);
/// By account.
pub const OIDC_PROVIDERS_BY_ACCOUNT: Index<InAccount, OidcProvider, String> =
    Index::new("oidc_providers_by_account", |key, _| vec![key.0.clone()]);

json_value!(OidcProvider, version = 1);
/// By account and id of the user.
pub const LOGIN_PROFILES: Table<InAccount, LoginProfile> = Table::new("login_profiles");
/// By account.
pub const PASSWORD_POLICIES: Table<String, PasswordPolicy> = Table::new("password_policies");

/// The last use of each access key, by its id.
pub const KEY_USES: Table<String, KeyUse> = Table::new("key_uses");
/// (account, id of a user, a role or, as the account's id, root; action) -> the last time that it was asked for.
pub const ACTION_USES: Table<(String, String, String), ActionUse> = Table::new("action_uses");

/// By account and job: reports of last accesses.
pub const ACCESS_REPORTS: IndexedTable<InAccount, AccessReport> =
    IndexedTable::new("access_reports", &[&ACCESS_REPORTS_BY_AGE]);
/// By account and nanosecond, the oldest first.
pub const ACCESS_REPORTS_BY_AGE: Index<InAccount, AccessReport, InAccount> =
    Index::new("access_reports_by_age", |key, report| {
        vec![(key.0.clone(), format!("{:020}", report.created.as_nanosecond()))]
    });
json_value!(AccessReport, version = 1);

/// By account and id.
pub const SERVER_CERTIFICATES: IndexedTable<InAccount, ServerCertificate> =
    IndexedTable::new("server_certificates", &[&SERVER_CERTIFICATES_BY_NAME]);
/// By account and lower-case name.
pub const SERVER_CERTIFICATES_BY_NAME: Index<InAccount, ServerCertificate, InAccount> =
    Index::new("server_certificates_by_name", |key, certificate| {
        vec![(key.0.clone(), certificate.name.to_lowercase())]
    });
json_value!(ServerCertificate, version = 1);

/// By account and task: service-linked roles that were deleted.
pub const ROLE_DELETIONS: Table<InAccount, Deletion> = Table::new("role_deletions");
json_value!(Deletion, version = 1);

json_value!(LoginProfile, version = 1);
json_value!(PasswordPolicy, version = 1);
/// By account.
pub const CREDENTIAL_REPORTS: Table<String, Report> = Table::new("credential_reports");
json_value!(Report, version = 1);

/// By account, id of the user and id.
pub const SSH_KEYS: Table<(String, String, String), SshKey> = Table::new("ssh_keys");
json_value!(SshKey, version = 1);

json_value!(KeyUse, version = 1);
json_value!(ActionUse, version = 1);
json_value!(Account, version = 1);
json_value!(User, version = 1);
json_value!(Group, version = 1);
json_value!(Role, version = 1);
json_value!(InstanceProfile, version = 1);
json_value!(ManagedPolicy, version = 1);
json_value!(AccessKey, version = 1);
json_value!(MfaDevice, version = 1);
