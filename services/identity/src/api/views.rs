//! What is kept, as the wire shows it.

use ::store::Read;
use api_spec::{ApiError, iam};
use jiff::Timestamp;

use crate::domain::access_key::{AccessKey, Owner};
use crate::domain::document;
use crate::domain::entity::{Group, InstanceProfile, Role, User};
use crate::domain::managed_policy::{ManagedPolicy, Version};
use crate::domain::usage::tracked_since;
use crate::error::Error;
use crate::store::policies::Usage;
use crate::store::{instance_profiles, roles, usage};

/// A user with its tags.
pub fn user(user: &User) -> iam::User {
    let tags = (!user.tags.is_empty()).then(|| tags(&user.tags));
    let permissions_boundary = user.permissions.boundary.as_deref().map(boundary);
    iam::User { tags, permissions_boundary, ..listed_user(user) }
}

/// A user as lists show it.
pub fn listed_user(user: &User) -> iam::User {
    iam::User {
        path: user.path.clone(),
        user_name: Some(user.name.clone()),
        user_id: user.id.clone(),
        arn: user.arn(),
        create_date: user.created.into(),
        permissions_boundary: None,
        tags: None,
        password_last_used: None,
    }
}

/// A role with everything, its trust policy as `read` sees the principals that it names.
pub fn role(read: &impl Read, role: &Role) -> Result<iam::Role, Error> {
    let tags = (!role.tags.is_empty()).then(|| tags(&role.tags));
    let permissions_boundary = role.permissions.boundary.as_deref().map(boundary);
    Ok(iam::Role { tags, permissions_boundary, ..listed_role(read, role)? })
}

/// A role as lists show it.
pub fn listed_role(read: &impl Read, role: &Role) -> Result<iam::Role, Error> {
    Ok(iam::Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(),
        create_date: role.created.into(),
        assume_role_policy_document: document::url_encoded(&roles::shown_trust(read, role)?),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_seconds).unwrap_or(i32::MAX),
        permissions_boundary: None,
        tags: None,
        role_last_used: None,
    })
}

/// The last use of a role's permissions.
pub fn role_last_used(read: &impl Read, role: &Role, now: Timestamp) -> Result<iam::RoleLastUsed, Error> {
    let last = usage::last_of(read, &role.account, &role.id, tracked_since(now))?;
    Ok(iam::RoleLastUsed {
        last_used_date: last.as_ref().map(|last| last.at.into()),
        region: last.map(|last| last.region).filter(|region| !region.is_empty()),
    })
}

/// An instance profile with its tags.
pub fn instance_profile(read: &impl Read, profile: &InstanceProfile) -> Result<iam::InstanceProfile, Error> {
    let tags = (!profile.tags.is_empty()).then(|| tags(&profile.tags));
    Ok(iam::InstanceProfile { tags, ..listed_instance_profile(read, profile)? })
}

/// An instance profile as lists show it.
pub fn listed_instance_profile(
    read: &impl Read,
    profile: &InstanceProfile,
) -> Result<iam::InstanceProfile, Error> {
    let role = instance_profiles::role(read, profile)?;
    let roles: Result<_, Error> = role.iter().map(|role| listed_role(read, role)).collect();
    Ok(iam::InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.clone(),
        arn: profile.arn(),
        create_date: profile.created.into(),
        roles: roles?,
        tags: None,
    })
}

/// A permissions boundary.
pub fn boundary(arn: &str) -> iam::AttachedPermissionsBoundary {
    iam::AttachedPermissionsBoundary {
        permissions_boundary_type: "PermissionsBoundaryPolicy".into(),
        permissions_boundary_arn: arn.to_owned(),
    }
}

/// A group.
pub fn group(group: &Group) -> iam::Group {
    iam::Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: group.arn(),
        create_date: group.created.into(),
    }
}

/// A key without its secret.
pub fn access_key(key: &AccessKey, owner: &Owner) -> iam::AccessKeyMetadata {
    iam::AccessKeyMetadata {
        user_name: owner.name.clone(),
        access_key_id: key.id.clone(),
        status: key.status.as_str().to_owned(),
        create_date: key.created.into(),
    }
}

/// A customer managed policy, whole.
pub fn policy(policy: &ManagedPolicy, usage: Usage) -> iam::Policy {
    let tags = (!policy.tags.is_empty()).then(|| tags(&policy.tags));
    iam::Policy { description: policy.description.clone(), tags, ..listed_policy(policy, usage) }
}

/// A customer managed policy as lists show it.
pub fn listed_policy(policy: &ManagedPolicy, usage: Usage) -> iam::Policy {
    iam::Policy {
        policy_name: policy.name.clone(),
        policy_id: policy.id.clone(),
        arn: policy.arn(),
        path: policy.path.clone(),
        default_version_id: version_id(policy.default_version),
        attachment_count: count(usage.attachments),
        permissions_boundary_usage_count: count(usage.boundaries),
        is_attachable: true,
        description: None,
        create_date: policy.created.into(),
        update_date: policy.updated.into(),
        tags: None,
    }
}

/// A policy that AWS manages, whole.
pub fn aws_policy(managed: &auth::managed::Managed, usage: Usage) -> Result<iam::Policy, ApiError> {
    let created = aws_date(managed)?;
    Ok(iam::Policy {
        policy_name: managed.name.to_owned(),
        policy_id: managed.id.to_owned(),
        arn: managed.arn.clone(),
        path: managed.path.to_owned(),
        default_version_id: managed.default_version.to_owned(),
        attachment_count: count(usage.attachments),
        permissions_boundary_usage_count: count(usage.boundaries),
        is_attachable: managed.is_attachable(),
        description: Some(managed.description.to_owned()),
        create_date: created,
        update_date: created,
        tags: None,
    })
}

/// The one version that is known of a policy that AWS manages.
pub fn aws_version(managed: &auth::managed::Managed) -> Result<iam::PolicyVersion, ApiError> {
    Ok(iam::PolicyVersion {
        document: None,
        version_id: managed.default_version.to_owned(),
        is_default_version: true,
        create_date: aws_date(managed)?,
    })
}

/// A version of a customer managed policy, without its document.
pub fn version(policy: &ManagedPolicy, number: u32, version: &Version) -> iam::PolicyVersion {
    iam::PolicyVersion {
        document: None,
        version_id: version_id(number),
        is_default_version: number == policy.default_version,
        create_date: version.created.into(),
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}

fn aws_date(managed: &auth::managed::Managed) -> Result<api_spec::Timestamp, ApiError> {
    let date: Result<Timestamp, _> = managed.create_date.parse();
    Ok(date.map_err(|error| Error::Corrupt(format!("{}: {error}", managed.arn)))?.into())
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Tags where an answer leaves them out when there are none.
pub fn some_tags(all: &[calls::Tag]) -> Option<Vec<iam::Tag>> {
    (!all.is_empty()).then(|| tags(all))
}

/// Tags as the wire has them.
pub fn tags(tags: &[calls::Tag]) -> Vec<iam::Tag> {
    tags.iter().map(|tag| iam::Tag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}
