//! Assuming roles.

use serde::{Deserialize, Serialize};

use super::{Credentials, PolicyDescriptorType};
use crate::iam::Tag;

/// Gives temporary credentials of a role to whom its trust policy names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRole {
    /// The role.
    pub role_arn: String,
    /// Name of the session, 2 to 64 characters.
    pub role_session_name: String,
    /// Managed session policies.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptorType>,
    /// A session policy.
    pub policy: Option<String>,
    /// 900 to the role's maximum; 3600 when absent.
    pub duration_seconds: Option<i32>,
    /// Session tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Keys of those tags that go on to the next session.
    #[serde(default)]
    pub transitive_tag_keys: Vec<String>,
    /// What the role's owner agreed on with a third party.
    pub external_id: Option<String>,
    /// The MFA device.
    pub serial_number: Option<String>,
    /// What it shows.
    pub token_code: Option<String>,
    /// Who is behind the session.
    pub source_identity: Option<String>,
}
crate::operation!(Sts, AssumeRole => AssumeRoleResult);

/// A session of a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumedRoleUser {
    /// `AROA...:session`.
    pub assumed_role_id: String,
    /// Its ARN.
    pub arn: String,
}

/// What [`AssumeRole`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleResult {
    /// The credentials.
    pub credentials: Credentials,
    /// Whose they are.
    pub assumed_role_user: AssumedRoleUser,
    /// How much of the room for policies and tags is taken, in percent.
    pub packed_policy_size: i32,
    /// Who is behind the session.
    pub source_identity: Option<String>,
}
