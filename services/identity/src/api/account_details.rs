//! What an account has: counts, and everything about permissions at once.

use std::collections::BTreeMap;

use ::store::Read;
use api_spec::ApiError;
use api_spec::iam::{
    AttachedPolicy, GetAccountAuthorizationDetails, GetAccountAuthorizationDetailsResult, GetAccountSummary,
    GetAccountSummaryResult, GroupDetail, ManagedPolicyDetail, PolicyDetail, PolicyVersion, RoleDetail,
    UserDetail,
};
use jiff::Timestamp;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::paging::page;
use super::views;
use crate::domain::access_key::Owner;
use crate::domain::arn::parse_policy;
use crate::domain::entity::{Group, Role, User};
use crate::domain::permissions::{OF_GROUP, OF_ROLE, OF_USER, Permissions};
use crate::domain::{document, managed_policy, names, trust};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::policies::{self, AnyPolicy, Usage};
use crate::store::{groups, instance_profiles, keys, mfa, oidc_providers, roles, server_certificates, users};

const KINDS: &[&str] = &["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

impl Serve<GetAccountSummary> for Identity {
    async fn access(&self, _: &GetAccountSummary, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetAccountSummary", "*")])
    }

    async fn handle(
        &self,
        _: GetAccountSummary,
        caller: &Caller,
    ) -> Result<GetAccountSummaryResult, ApiError> {
        let (read, account) = (self.db.read()?, caller.account_id());
        let own = policies::list(&read, account)?;
        let versions: usize = own.iter().map(|policy| policy.versions.len()).sum();
        let (config, devices) = (&self.config, mfa::list(&read, account)?);
        let counts = [
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AccountAccessKeysPresent", usize::from(!keys::of(&read, &Owner::root(account))?.is_empty())),
            ("MFADevices", devices.len()),
            ("MFADevicesInUse", devices.iter().filter(|device| device.enabled.is_some()).count()),
            ("ServerCertificates", server_certificates::list(&read, account)?.len()),
            ("ServerCertificatesQuota", config.max_server_certificates),
            ("Providers", oidc_providers::list(&read, account)?.len()),
            ("Users", users::list(&read, account)?.len()),
            ("UsersQuota", config.max_users),
            ("UserPolicySizeQuota", OF_USER.max_inline),
            ("Groups", groups::list(&read, account)?.len()),
            ("GroupsQuota", config.max_groups),
            ("GroupsPerUserQuota", config.max_groups_per_user),
            ("GroupPolicySizeQuota", OF_GROUP.max_inline),
            ("Roles", roles::list(&read, account)?.len()),
            ("RolesQuota", config.max_roles),
            ("RolePolicySizeQuota", OF_ROLE.max_inline),
            ("AssumeRolePolicySizeQuota", trust::MAX_SIZE),
            ("InstanceProfiles", instance_profiles::list(&read, account)?.len()),
            ("InstanceProfilesQuota", config.max_instance_profiles),
            ("Policies", own.len()),
            ("PoliciesQuota", config.max_policies),
            ("PolicySizeQuota", managed_policy::MAX_SIZE),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", config.max_policies.saturating_mul(managed_policy::MAX_VERSIONS)),
            ("VersionsPerPolicyQuota", managed_policy::MAX_VERSIONS),
            ("AttachedPoliciesPerUserQuota", config.max_attached_policies),
            ("AttachedPoliciesPerGroupQuota", config.max_attached_policies),
            ("AttachedPoliciesPerRoleQuota", config.max_attached_policies),
            ("AccessKeysPerUserQuota", config.max_access_keys_per_user),
        ];
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let summary_map: BTreeMap<_, _> =
            counts.into_iter().map(|(name, n)| (name.to_owned(), count(n))).collect();
        Ok(GetAccountSummaryResult { summary_map })
    }
}

/// One thing that the details are about.
enum Item {
    User(Box<User>),
    Group(Box<Group>),
    Role(Box<Role>),
    Policy(AnyPolicy, Usage),
}

impl Item {
    /// Lists are in order of kind, then name.
    fn sorts_by(&self) -> String {
        match self {
            Item::User(user) => format!("1/{}", user.name.to_lowercase()),
            Item::Group(group) => format!("2/{}", group.name.to_lowercase()),
            Item::Role(role) => format!("3/{}", role.name.to_lowercase()),
            Item::Policy(AnyPolicy::Customer(policy), _) => format!("4/{}", policy.name.to_lowercase()),
            Item::Policy(AnyPolicy::Aws(managed), _) => format!("5/{}", managed.arn),
        }
    }
}

impl Serve<GetAccountAuthorizationDetails> for Identity {
    async fn access(&self, _: &GetAccountAuthorizationDetails, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:GetAccountAuthorizationDetails", "*")])
    }

    async fn handle(
        &self,
        op: GetAccountAuthorizationDetails,
        caller: &Caller,
    ) -> Result<GetAccountAuthorizationDetailsResult, ApiError> {
        op.filter.iter().try_for_each(|kind| names::one_of("filter", kind, KINDS))?;
        let wanted = |kind: &str| op.filter.is_empty() || op.filter.iter().any(|asked| asked == kind);
        let read = self.db.read()?;
        let mut all = items(&read, caller.account_id(), wanted)?;
        all.sort_by_cached_key(Item::sorts_by);
        let page = page(all, Item::sorts_by, op.marker.as_deref(), op.max_items)?;
        let mut result = GetAccountAuthorizationDetailsResult {
            user_detail_list: Vec::new(),
            group_detail_list: Vec::new(),
            role_detail_list: Vec::new(),
            policies: Vec::new(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        };
        for item in page.items {
            match item {
                Item::User(one) => result.user_detail_list.push(user(&read, &one)?),
                Item::Group(one) => result.group_detail_list.push(group(&one)),
                Item::Role(one) => result.role_detail_list.push(role(&read, &one, self.clock.now())?),
                Item::Policy(one, usage) => result.policies.push(policy(&one, usage)?),
            }
        }
        Ok(result)
    }
}

fn items(read: &impl Read, account: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Item>, Error> {
    let mut all = Vec::new();
    if wanted("User") {
        all.extend(users::list(read, account)?.into_iter().map(|one| Item::User(Box::new(one))));
    }
    if wanted("Group") {
        all.extend(groups::list(read, account)?.into_iter().map(|one| Item::Group(Box::new(one))));
    }
    if wanted("Role") {
        all.extend(roles::list(read, account)?.into_iter().map(|one| Item::Role(Box::new(one))));
    }
    if wanted("LocalManagedPolicy") {
        for policy in policies::list(read, account)? {
            let usage = policies::usage(read, account, &policy.arn())?;
            all.push(Item::Policy(AnyPolicy::Customer(Box::new(policy)), usage));
        }
    }
    if wanted("AWSManagedPolicy") {
        for managed in auth::managed::list() {
            let usage = policies::usage(read, account, &managed.arn)?;
            if usage != Usage::default() {
                all.push(Item::Policy(AnyPolicy::Aws(managed), usage));
            }
        }
    }
    Ok(all)
}

fn inline(permissions: &Permissions) -> Vec<PolicyDetail> {
    let detail = |(name, text): (&String, &String)| PolicyDetail {
        policy_name: name.clone(),
        policy_document: document::url_encoded(text),
    };
    permissions.inline.iter().map(detail).collect()
}

fn attached(permissions: &Permissions) -> Vec<AttachedPolicy> {
    let named = |arn: &String| {
        let name = parse_policy(arn)?.name.to_owned();
        Some(AttachedPolicy { policy_name: name, policy_arn: arn.clone() })
    };
    permissions.attached.iter().filter_map(named).collect()
}

fn user(read: &impl Read, user: &User) -> Result<UserDetail, Error> {
    Ok(UserDetail {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.clone(),
        arn: user.arn(),
        create_date: user.created.into(),
        user_policy_list: inline(&user.permissions),
        group_list: groups::of_user(read, user)?.into_iter().map(|group| group.name).collect(),
        attached_managed_policies: attached(&user.permissions),
        permissions_boundary: user.permissions.boundary.as_deref().map(views::boundary),
        tags: views::tags(&user.tags),
    })
}

fn group(group: &Group) -> GroupDetail {
    GroupDetail {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: group.arn(),
        create_date: group.created.into(),
        group_policy_list: inline(&group.permissions),
        attached_managed_policies: attached(&group.permissions),
    }
}

fn role(read: &impl Read, role: &Role, now: Timestamp) -> Result<RoleDetail, Error> {
    let profiles = instance_profiles::with_role(read, role)?;
    let profiles: Result<_, Error> =
        profiles.iter().map(|profile| views::listed_instance_profile(read, profile)).collect();
    Ok(RoleDetail {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(),
        create_date: role.created.into(),
        assume_role_policy_document: document::url_encoded(&roles::shown_trust(read, role)?),
        role_last_used: views::role_last_used(read, role, now)?,
        instance_profile_list: profiles?,
        role_policy_list: inline(&role.permissions),
        attached_managed_policies: attached(&role.permissions),
        permissions_boundary: role.permissions.boundary.as_deref().map(views::boundary),
        tags: views::tags(&role.tags),
    })
}

fn policy(policy: &AnyPolicy, usage: Usage) -> Result<ManagedPolicyDetail, ApiError> {
    let (shown, versions) = match policy {
        AnyPolicy::Aws(managed) => {
            let document = Some(document::url_encoded(managed.document));
            let version = PolicyVersion { document, ..views::aws_version(managed)? };
            (views::aws_policy(managed, usage)?, vec![version])
        }
        AnyPolicy::Customer(policy) => {
            let versions = policy.versions.iter().rev().map(|(number, version)| PolicyVersion {
                document: Some(document::url_encoded(&version.document)),
                ..views::version(policy, *number, version)
            });
            (views::policy(policy, usage), versions.collect())
        }
    };
    Ok(ManagedPolicyDetail {
        policy_name: shown.policy_name,
        policy_id: shown.policy_id,
        arn: shown.arn,
        path: shown.path,
        default_version_id: shown.default_version_id,
        attachment_count: shown.attachment_count,
        permissions_boundary_usage_count: shown.permissions_boundary_usage_count,
        is_attachable: shown.is_attachable,
        description: shown.description,
        create_date: shown.create_date,
        update_date: shown.update_date,
        policy_version_list: versions,
    })
}
