//! Wire to domain and back, one file per resource; and the lists of what is offered.

mod access;
mod access_keys;
mod account_details;
mod aliases;
mod assume_role;
mod attachments;
mod boundaries;
mod caller_identity;
mod credential_reports;
mod explanations;
mod granting_policies;
mod groups;
mod inline_policies;
mod instance_profiles;
mod instance_roles;
pub mod internal;
mod kms_access;
mod kms_aliases;
mod kms_crypto;
pub mod kms_internal;
mod kms_keys;
mod kms_material;
mod kms_paging;
mod kms_policies;
mod kms_rotation;
mod kms_tags;
mod last_accessed;
mod login_profiles;
mod mfa_devices;
mod murus_accounts;
mod oidc_providers;
mod paging;
mod policies;
mod policy_entities;
mod policy_sources;
mod policy_versions;
mod quotas;
mod role_policies;
mod roles;
mod server_certificates;
mod service_linked_roles;
mod session_holder;
mod sessions;
mod sign_in;
mod simulations;
mod ssh_public_keys;
mod tags;
mod users;
mod views;
mod web_identity;

use api_spec::iam::{
    AddUserToGroup, AttachGroupPolicy, AttachUserPolicy, CreateAccessKey, CreateAccountAlias, CreateGroup,
    CreatePolicy, CreatePolicyVersion, CreateUser, DeleteAccessKey, DeleteAccountAlias, DeleteGroup,
    DeleteGroupPolicy, DeletePolicy, DeletePolicyVersion, DeleteUser, DeleteUserPolicy, DetachGroupPolicy,
    DetachUserPolicy, GetGroup, GetGroupPolicy, GetPolicy, GetPolicyVersion, GetUser, GetUserPolicy,
    ListAccessKeys, ListAccountAliases, ListAttachedGroupPolicies, ListAttachedUserPolicies,
    ListGroupPolicies, ListGroups, ListGroupsForUser, ListPolicies, ListPolicyVersions, ListUserPolicies,
    ListUsers, PutGroupPolicy, PutUserPolicy, RemoveUserFromGroup, SetDefaultPolicyVersion, UpdateAccessKey,
    UpdateGroup, UpdateUser,
};
use api_spec::iam::{CreateMurusAccount, DeleteMurusAccount, ListMurusAccounts};
use api_spec::sts::{
    AssumeRole, AssumeRoleWithWebIdentity, DecodeAuthorizationMessage, GetAccessKeyInfo, GetCallerIdentity,
    GetFederationToken, GetSessionToken,
};
use api_spec::{Service, iam, kms};
use kit::dispatch::Actions;

use crate::identity::Identity;

/// IAM's actions.
pub fn iam_actions() -> Actions<Identity> {
    let actions = role_actions(policy_actions(user_actions()));
    certificate_actions(password_actions(oidc_actions(mfa_actions(tag_actions(actions)))))
}

fn certificate_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::UploadServerCertificate>()
        .offer::<iam::GetServerCertificate>()
        .offer::<iam::ListServerCertificates>()
        .offer::<iam::UpdateServerCertificate>()
        .offer::<iam::DeleteServerCertificate>()
        .offer::<iam::TagServerCertificate>()
        .offer::<iam::UntagServerCertificate>()
        .offer::<iam::ListServerCertificateTags>()
}

fn user_actions() -> Actions<Identity> {
    Actions::of(Service::Iam)
        .offer::<CreateUser>()
        .offer::<GetUser>()
        .offer::<ListUsers>()
        .offer::<UpdateUser>()
        .offer::<DeleteUser>()
        .offer::<ListGroupsForUser>()
        .offer::<CreateGroup>()
        .offer::<GetGroup>()
        .offer::<ListGroups>()
        .offer::<UpdateGroup>()
        .offer::<DeleteGroup>()
        .offer::<AddUserToGroup>()
        .offer::<RemoveUserFromGroup>()
        .offer::<CreateAccessKey>()
        .offer::<ListAccessKeys>()
        .offer::<UpdateAccessKey>()
        .offer::<DeleteAccessKey>()
        .offer::<CreateAccountAlias>()
        .offer::<ListAccountAliases>()
        .offer::<DeleteAccountAlias>()
}

fn password_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::CreateLoginProfile>()
        .offer::<iam::GetLoginProfile>()
        .offer::<iam::UpdateLoginProfile>()
        .offer::<iam::DeleteLoginProfile>()
        .offer::<iam::ChangePassword>()
        .offer::<iam::GetAccountPasswordPolicy>()
        .offer::<iam::UpdateAccountPasswordPolicy>()
        .offer::<iam::DeleteAccountPasswordPolicy>()
        .offer::<iam::GetAccessKeyLastUsed>()
        .offer::<iam::GenerateServiceLastAccessedDetails>()
        .offer::<iam::GetServiceLastAccessedDetails>()
        .offer::<iam::GetServiceLastAccessedDetailsWithEntities>()
        .offer::<iam::ListPoliciesGrantingServiceAccess>()
        .offer::<iam::GenerateCredentialReport>()
        .offer::<iam::GetCredentialReport>()
        .offer::<iam::UploadSSHPublicKey>()
        .offer::<iam::GetSSHPublicKey>()
        .offer::<iam::ListSSHPublicKeys>()
        .offer::<iam::UpdateSSHPublicKey>()
        .offer::<iam::DeleteSSHPublicKey>()
}

fn mfa_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::CreateVirtualMFADevice>()
        .offer::<iam::EnableMFADevice>()
        .offer::<iam::ResyncMFADevice>()
        .offer::<iam::DeactivateMFADevice>()
        .offer::<iam::DeleteVirtualMFADevice>()
        .offer::<iam::ListMFADevices>()
        .offer::<iam::ListVirtualMFADevices>()
        .offer::<iam::GetMFADevice>()
        .offer::<iam::TagMFADevice>()
        .offer::<iam::UntagMFADevice>()
        .offer::<iam::ListMFADeviceTags>()
}

fn role_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::CreateRole>()
        .offer::<iam::GetRole>()
        .offer::<iam::ListRoles>()
        .offer::<iam::UpdateRole>()
        .offer::<iam::UpdateRoleDescription>()
        .offer::<iam::UpdateAssumeRolePolicy>()
        .offer::<iam::DeleteRole>()
        .offer::<iam::CreateServiceLinkedRole>()
        .offer::<iam::DeleteServiceLinkedRole>()
        .offer::<iam::GetServiceLinkedRoleDeletionStatus>()
        .offer::<iam::GetAccountSummary>()
        .offer::<iam::GetAccountAuthorizationDetails>()
        .offer::<iam::SimulateCustomPolicy>()
        .offer::<iam::SimulatePrincipalPolicy>()
        .offer::<iam::GetContextKeysForCustomPolicy>()
        .offer::<iam::GetContextKeysForPrincipalPolicy>()
        .offer::<iam::PutRolePolicy>()
        .offer::<iam::GetRolePolicy>()
        .offer::<iam::ListRolePolicies>()
        .offer::<iam::DeleteRolePolicy>()
        .offer::<iam::AttachRolePolicy>()
        .offer::<iam::DetachRolePolicy>()
        .offer::<iam::ListAttachedRolePolicies>()
        .offer::<iam::PutUserPermissionsBoundary>()
        .offer::<iam::DeleteUserPermissionsBoundary>()
        .offer::<iam::PutRolePermissionsBoundary>()
        .offer::<iam::DeleteRolePermissionsBoundary>()
        .offer::<iam::ListEntitiesForPolicy>()
        .offer::<iam::CreateInstanceProfile>()
        .offer::<iam::GetInstanceProfile>()
        .offer::<iam::ListInstanceProfiles>()
        .offer::<iam::ListInstanceProfilesForRole>()
        .offer::<iam::DeleteInstanceProfile>()
        .offer::<iam::AddRoleToInstanceProfile>()
        .offer::<iam::RemoveRoleFromInstanceProfile>()
}

fn tag_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::TagUser>()
        .offer::<iam::UntagUser>()
        .offer::<iam::ListUserTags>()
        .offer::<iam::TagRole>()
        .offer::<iam::UntagRole>()
        .offer::<iam::ListRoleTags>()
        .offer::<iam::TagPolicy>()
        .offer::<iam::UntagPolicy>()
        .offer::<iam::ListPolicyTags>()
        .offer::<iam::TagInstanceProfile>()
        .offer::<iam::UntagInstanceProfile>()
        .offer::<iam::ListInstanceProfileTags>()
}

fn policy_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<AttachUserPolicy>()
        .offer::<DetachUserPolicy>()
        .offer::<ListAttachedUserPolicies>()
        .offer::<AttachGroupPolicy>()
        .offer::<DetachGroupPolicy>()
        .offer::<ListAttachedGroupPolicies>()
        .offer::<PutUserPolicy>()
        .offer::<GetUserPolicy>()
        .offer::<ListUserPolicies>()
        .offer::<DeleteUserPolicy>()
        .offer::<PutGroupPolicy>()
        .offer::<GetGroupPolicy>()
        .offer::<ListGroupPolicies>()
        .offer::<DeleteGroupPolicy>()
        .offer::<CreatePolicy>()
        .offer::<GetPolicy>()
        .offer::<ListPolicies>()
        .offer::<DeletePolicy>()
        .offer::<CreatePolicyVersion>()
        .offer::<GetPolicyVersion>()
        .offer::<ListPolicyVersions>()
        .offer::<DeletePolicyVersion>()
        .offer::<SetDefaultPolicyVersion>()
}

/// The operator's own, which are not AWS's and stand in no register of its actions.
pub fn operator_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<CreateMurusAccount>()
        .offer::<ListMurusAccounts>()
        .offer::<DeleteMurusAccount>()
        .offer::<iam::RotateMurusMasterKey>()
}

fn oidc_actions(actions: Actions<Identity>) -> Actions<Identity> {
    actions
        .offer::<iam::CreateOpenIDConnectProvider>()
        .offer::<iam::GetOpenIDConnectProvider>()
        .offer::<iam::ListOpenIDConnectProviders>()
        .offer::<iam::DeleteOpenIDConnectProvider>()
        .offer::<iam::UpdateOpenIDConnectProviderThumbprint>()
        .offer::<iam::AddClientIDToOpenIDConnectProvider>()
        .offer::<iam::RemoveClientIDFromOpenIDConnectProvider>()
        .offer::<iam::TagOpenIDConnectProvider>()
        .offer::<iam::UntagOpenIDConnectProvider>()
        .offer::<iam::ListOpenIDConnectProviderTags>()
}

/// STS's actions.
pub fn sts_actions() -> Actions<Identity> {
    Actions::of(Service::Sts)
        .offer::<GetCallerIdentity>()
        .offer::<AssumeRole>()
        .offer_unsigned::<AssumeRoleWithWebIdentity>()
        .not_offered_unsigned("AssumeRoleWithSAML")
        .offer::<GetSessionToken>()
        .offer::<GetFederationToken>()
        .offer::<GetAccessKeyInfo>()
        .offer::<DecodeAuthorizationMessage>()
}

/// KMS's actions.
pub fn kms_actions() -> Actions<Identity> {
    Actions::of(Service::Kms)
        .offer::<kms::CreateKey>()
        .offer::<kms::DescribeKey>()
        .offer::<kms::ListKeys>()
        .offer::<kms::EnableKey>()
        .offer::<kms::DisableKey>()
        .offer::<kms::UpdateKeyDescription>()
        .offer::<kms::ScheduleKeyDeletion>()
        .offer::<kms::CancelKeyDeletion>()
        .offer::<kms::GetKeyRotationStatus>()
        .offer::<kms::EnableKeyRotation>()
        .offer::<kms::DisableKeyRotation>()
        .offer::<kms::CreateAlias>()
        .offer::<kms::UpdateAlias>()
        .offer::<kms::DeleteAlias>()
        .offer::<kms::ListAliases>()
        .offer::<kms::GetKeyPolicy>()
        .offer::<kms::PutKeyPolicy>()
        .offer::<kms::ListKeyPolicies>()
        .offer::<kms::TagResource>()
        .offer::<kms::UntagResource>()
        .offer::<kms::ListResourceTags>()
        .offer::<kms::Encrypt>()
        .offer::<kms::Decrypt>()
        .offer::<kms::ReEncrypt>()
        .offer::<kms::GenerateDataKey>()
        .offer::<kms::GenerateDataKeyWithoutPlaintext>()
        .offer::<kms::GenerateRandom>()
}

/// Tags as they are kept.
fn tags(tags: &[iam::Tag]) -> Vec<calls::Tag> {
    tags.iter().map(|tag| calls::Tag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}
