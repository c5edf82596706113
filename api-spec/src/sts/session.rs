//! Temporary credentials and the actions that give them to users, root and those they vouch for.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::iam::{Secret, Tag};

/// Temporary credentials.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    /// `ASIA...`.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Secret,
    /// Goes with every request.
    pub session_token: Secret,
    /// When they end.
    pub expiration: Timestamp,
}

/// A managed policy passed with a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyDescriptorType {
    /// Its ARN.
    pub arn: Option<String>,
}

/// Gives a user or root temporary credentials of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionToken {
    /// 900 to 129600 seconds.
    pub duration_seconds: Option<i32>,
    /// The MFA device.
    pub serial_number: Option<String>,
    /// What it shows.
    pub token_code: Option<String>,
}
crate::operation!(Sts, GetSessionToken => GetSessionTokenResult);

/// What [`GetSessionToken`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenResult {
    /// The credentials.
    pub credentials: Credentials,
}

/// Gives temporary credentials to somebody that a user or root vouches for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationToken {
    /// Its name, 2 to 32 characters.
    pub name: String,
    /// A session policy.
    pub policy: Option<String>,
    /// Managed session policies.
    #[serde(default)]
    pub policy_arns: Vec<PolicyDescriptorType>,
    /// 900 to 129600 seconds.
    pub duration_seconds: Option<i32>,
    /// Session tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}
crate::operation!(Sts, GetFederationToken => GetFederationTokenResult);

/// A federated user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FederatedUser {
    /// `ACCOUNT:name`.
    pub federated_user_id: String,
    /// Its ARN.
    pub arn: String,
}

/// What [`GetFederationToken`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationTokenResult {
    /// The credentials.
    pub credentials: Credentials,
    /// Whose they are.
    pub federated_user: FederatedUser,
    /// How much of the room for policies and tags is taken, in percent.
    pub packed_policy_size: i32,
}

/// Tells the account of an access key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfo {
    /// `AKIA...` or `ASIA...`.
    pub access_key_id: String,
}
crate::operation!(Sts, GetAccessKeyInfo => GetAccessKeyInfoResult);

/// What [`GetAccessKeyInfo`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoResult {
    /// 12 digits.
    pub account: String,
}

/// Tells what the encoded message of a refusal says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessage {
    /// What stood in the refusal, at most 10240 characters.
    pub encoded_message: String,
}
crate::operation!(Sts, DecodeAuthorizationMessage => DecodeAuthorizationMessageResult);

/// What [`DecodeAuthorizationMessage`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessageResult {
    /// JSON.
    pub decoded_message: String,
}
