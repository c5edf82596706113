//! Calls that identity answers: who holds a key, and when what it said has changed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::internal_call;

/// Who signs with this access key? Identity hands out a signing key for the one day, region and service asked for,
/// never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResolveCredential {
    /// `AKIA...` or `ASIA...`.
    pub access_key_id: String,
    /// The session token, required with `ASIA...` keys.
    pub session_token: Option<String>,
    /// `YYYYMMDD` of the credential scope.
    pub date: String,
    /// Region of the credential scope.
    pub region: String,
    /// Service of the credential scope.
    pub service: String,
}
internal_call!(ResolveCredential, "resolve-credential" => Resolved);

/// What is this string's HMAC-SHA1 by the key's secret? For requests presigned by Signature Version 2, which has no
/// derived keys; the secret stays with identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignVersion2 {
    /// `AKIA...` or `ASIA...`.
    pub access_key_id: String,
    /// The session token, required with `ASIA...` keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// What is signed.
    pub string_to_sign: String,
}
internal_call!(SignVersion2, "sign-version-2" => Version2Signature);

/// The answer to [`SignVersion2`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version2Signature {
    /// Base64; none when there is no such active key.
    pub signature: Option<String>,
}

/// Which of these canonical user ids are accounts'? For grants of S3's access control lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindCanonicalUsers {
    /// 64 hex digits each.
    pub ids: Vec<String>,
}
internal_call!(FindCanonicalUsers, "find-canonical-users" => FoundCanonicalUsers);

/// The answer to [`FindCanonicalUsers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundCanonicalUsers {
    /// Those of them that are an account's.
    pub found: Vec<String>,
}

/// The answer to [`ResolveCredential`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Resolved {
    /// The key is active.
    Active(Box<Credential>),
    /// No such key, or its user is gone.
    Unknown,
    /// The key exists but is Inactive.
    Inactive,
    /// The session token is none of ours, or not this key's.
    InvalidToken,
    /// The session has expired.
    Expired,
}

/// What a service needs to verify and authorize a request of this key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    /// SigV4 signing key of the scope asked for, 32 bytes, base64.
    pub signing_key: String,
    /// 12 digits.
    pub account_id: String,
    /// 64 hex digits: how S3 names the account in owners and grants.
    pub canonical_user_id: String,
    /// Who it is.
    pub principal: Principal,
    /// Identity policies of the user and its groups, or of the role.
    pub policies: Vec<NamedPolicy>,
    /// Permissions boundary, if there is one.
    pub boundary: Option<NamedPolicy>,
    /// Session policies; empty without any.
    pub session_policies: Vec<NamedPolicy>,
    /// Principal tags (`aws:PrincipalTag/...`).
    pub tags: Vec<crate::Tag>,
    /// What only a session has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The version of identity's state that this was read at; see [`WatchCredentials`].
    pub version: u64,
}

/// What temporary credentials bring beside their principal and policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// From then on the credentials are refused.
    pub expires: Timestamp,
    /// When the holder proved a second factor, if it did (`aws:MultiFactorAuthPresent`, `aws:MultiFactorAuthAge`).
    pub mfa_at: Option<Timestamp>,
    /// Condition keys that the session has in every request: `aws:TokenIssueTime`, `aws:SourceIdentity`, ...
    pub keys: Vec<(String, String)>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// A principal as identity knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// The account's root user.
    Root,
    /// An IAM user.
    User {
        /// `AIDA...`.
        user_id: String,
        /// `/` or `/division/`.
        path: String,
        /// User name.
        name: String,
    },
    /// A session of a role.
    AssumedRole {
        /// `AROA...`.
        role_id: String,
        /// Role name.
        role: String,
        /// The role's path.
        path: String,
        /// Session name.
        session: String,
    },
    /// Somebody that a user vouches for, by GetFederationToken.
    FederatedUser {
        /// The name given.
        name: String,
        /// `AIDA...` of the user who vouches; none when it is the account's root.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// A policy document and where it is attached, for audit and error messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPolicy {
    /// ARN of a managed policy, or `inline:user/alice/name`.
    pub source: String,
    /// The JSON text.
    pub document: String,
}

/// Seals the reasons of a refusal, for DecodeAuthorizationMessage: nobody but identity can open it again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealExplanation {
    /// Account of who was refused, 12 digits; only there it is opened.
    pub account_id: String,
    /// JSON.
    pub explanation: String,
}
internal_call!(SealExplanation, "seal-explanation" => SealedExplanation);

/// The answer to [`SealExplanation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedExplanation {
    /// For the client to hand to DecodeAuthorizationMessage.
    pub message: String,
}

/// Answers when identity's state has moved past `since`, or after a few seconds with no change.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WatchCredentials {
    /// The version the caller has.
    pub since: u64,
}
internal_call!(WatchCredentials, "watch-credentials" => CredentialVersion);

/// The version of identity's state: it grows with every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialVersion {
    /// Never goes back, also across restarts.
    pub version: u64,
}

/// Sets the quotas that hold for everybody in an account, its root included; for the operator alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetAccountQuotas {
    /// 12 digits.
    pub account_id: String,
    /// A policy document of quota statements only; none takes them away.
    pub document: Option<String>,
}
internal_call!(SetAccountQuotas, "set-account-quotas" => crate::Done);

/// The quotas that hold for everybody in an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetAccountQuotas {
    /// 12 digits.
    pub account_id: String,
}
internal_call!(GetAccountQuotas, "get-account-quotas" => AccountQuotas);

/// The answer to [`GetAccountQuotas`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountQuotas {
    /// The policy document, if one is set.
    pub document: Option<String>,
}

/// May this user of the console go on? Checked against the user's password, MFA devices and the account's rules;
/// attempts are limited, so it is to be sent once for each time that a person tries.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// 12 digits, or an alias.
    pub account: String,
    /// The user's name.
    pub user_name: String,
    /// Its password.
    pub password: String,
    /// The one that it wants from now on, where it must change it.
    pub new_password: Option<String>,
    /// Six digits of its MFA device.
    pub mfa_code: Option<String>,
    /// Where the person is.
    pub source_ip: Option<String>,
}
internal_call!(SignIn, "sign-in" => SignedIn);

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("account", &self.account)
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

/// The answer to [`SignIn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedIn {
    /// It is this user.
    As {
        /// 12 digits.
        account_id: String,
        /// `AIDA...`.
        user_id: String,
        /// Its name.
        user_name: String,
        /// Its ARN.
        arn: String,
    },
    /// No such user, or not its password or code: which, is not told.
    Refused,
    /// The password is right; a code of an MFA device is needed, too.
    MfaRequired,
    /// All is right, but the password must be changed first.
    PasswordChangeRequired,
    /// The new password is not what the account asks for.
    PasswordRefused {
        /// What is wrong with it.
        why: String,
    },
    /// The password has expired and only an administrator can set another.
    PasswordExpired,
    /// Too many attempts failed.
    TooManyAttempts {
        /// How long to wait.
        seconds: i64,
    },
}

/// These keys were used. Identity keeps the latest of each kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportUses {
    /// In order of time.
    pub uses: Vec<Use>,
}
internal_call!(ReportUses, "report-uses" => crate::Done);

/// A use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// `AKIA...` or `ASIA...`.
    pub access_key_id: String,
    /// The account of its holder.
    pub account_id: String,
    /// The user, role or (by the account's id) root behind it, if it is one of these.
    pub principal_id: Option<String>,
    /// `s3:GetObject`.
    pub action: String,
    /// Whether it was allowed beside the action that the request was for.
    #[serde(default)]
    pub beside: bool,
    /// Region of the credential scope; empty where the signature has none.
    pub region: String,
    /// When.
    pub at: Timestamp,
}

/// Which instance profile of the account goes by this name or ARN, and which role is in it?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUpInstanceProfile {
    /// The account.
    pub account_id: String,
    /// Name, if that is what is known.
    pub name: Option<String>,
    /// ARN, if that is what is known.
    pub arn: Option<String>,
}
internal_call!(LookUpInstanceProfile, "look-up-instance-profile" => FoundInstanceProfile);

/// The answer to [`LookUpInstanceProfile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundInstanceProfile {
    /// The instance profile; none when the account has no such.
    pub profile: Option<InstanceProfile>,
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Its ARN.
    pub arn: String,
    /// `AIPA...`.
    pub id: String,
    /// The role in it.
    pub role: Option<ProfileRole>,
}

/// The role in an instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRole {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Vec<crate::Tag>,
}

/// Credentials of the role in an instance's profile, as the instance's metadata hands them out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssumeInstanceRole {
    /// The account of instance and profile.
    pub account_id: String,
    /// `AIPA...`.
    pub profile_id: String,
    /// The instance: name of the session.
    pub instance: api_spec::ids::InstanceId,
    /// Id of the role that the caller has good credentials of; only of another role it wants new ones.
    pub has: Option<String>,
}
internal_call!(AssumeInstanceRole, "assume-instance-role" => InstanceRole);

/// The answer to [`AssumeInstanceRole`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum InstanceRole {
    /// There is no such profile, or no role in it.
    None,
    /// The role in it does not trust EC2.
    Untrusting {
        /// Name of the role.
        role: String,
    },
    /// It is the role that the caller has.
    Same,
    /// New credentials.
    Assumed(Box<RoleCredentials>),
}

/// Credentials of a role.
#[derive(Clone, Serialize, Deserialize)]
pub struct RoleCredentials {
    /// `AROA...`.
    pub role_id: String,
    /// Name of the role.
    pub role: String,
    /// `ASIA...`.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The session token.
    pub token: String,
    /// When they were made.
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
}

impl std::fmt::Debug for RoleCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("RoleCredentials");
        shown.field("role", &self.role).field("expires", &self.expires).finish_non_exhaustive()
    }
}
