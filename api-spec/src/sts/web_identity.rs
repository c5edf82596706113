//! Assuming a role with the token of an identity provider.

use serde::{Deserialize, Serialize};

use super::{AssumedRoleUser, Credentials, PolicyDescriptorType};

/// Gives temporary credentials of a role for an identity token. Not signed: the token is the proof.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentity {
    /// The role.
    pub role_arn: String,
    /// Name of the session, 2 to 64 characters.
    pub role_session_name: String,
    /// A JSON Web Token, at most 20000 characters.
    pub web_identity_token: String,
    /// A provider of OAuth 2.0, of which there is none here.
    pub provider_id: Option<String>,
    /// Managed session policies.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptorType>,
    /// A session policy.
    pub policy: Option<String>,
    /// 900 to the role's maximum; 3600 when absent.
    pub duration_seconds: Option<i32>,
}
crate::operation!(Sts, AssumeRoleWithWebIdentity => AssumeRoleWithWebIdentityResult);

/// What [`AssumeRoleWithWebIdentity`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentityResult {
    /// The credentials.
    pub credentials: Credentials,
    /// `sub` of the token.
    pub subject_from_web_identity_token: String,
    /// Whose the credentials are.
    pub assumed_role_user: AssumedRoleUser,
    /// How much of the room for policies and tags is taken, in percent.
    pub packed_policy_size: i32,
    /// `iss` of the token.
    pub provider: String,
    /// `azp` of the token, or `aud`.
    pub audience: String,
    /// Who is behind the session.
    pub source_identity: Option<String>,
}
