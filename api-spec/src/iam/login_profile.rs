//! Passwords: users' login profiles and the account's rules for them.

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Empty, Timestamp};

/// A user's password, as far as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginProfile {
    /// Whose it is.
    pub user_name: String,
    /// When it was made.
    pub create_date: Timestamp,
    /// Whether the user must choose another at the next sign-in.
    pub password_reset_required: bool,
}

/// Gives a user a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLoginProfile {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// 1 to 128 characters, as the account's rules ask.
    pub password: Option<Secret>,
    /// Whether the user must choose another at the next sign-in.
    pub password_reset_required: Option<bool>,
}
crate::operation!(Iam, CreateLoginProfile => CreateLoginProfileResult);

/// What [`CreateLoginProfile`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLoginProfileResult {
    /// The profile.
    pub login_profile: LoginProfile,
}

/// Tells whether a user has a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetLoginProfile {
    /// The caller when absent.
    pub user_name: Option<String>,
}
crate::operation!(Iam, GetLoginProfile => GetLoginProfileResult);

/// What [`GetLoginProfile`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetLoginProfileResult {
    /// The profile.
    pub login_profile: LoginProfile,
}

/// Changes a user's password.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateLoginProfile {
    /// The user.
    pub user_name: String,
    /// The new one.
    pub password: Option<Secret>,
    /// Whether the user must choose another at the next sign-in.
    pub password_reset_required: Option<bool>,
}
crate::operation!(Iam, UpdateLoginProfile => Empty);

/// Takes a user's password away.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteLoginProfile {
    /// The caller when absent.
    pub user_name: Option<String>,
}
crate::operation!(Iam, DeleteLoginProfile => Empty);

/// Changes the caller's own password.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePassword {
    /// The one it has.
    pub old_password: Secret,
    /// The one it gets.
    pub new_password: Secret,
}
crate::operation!(Iam, ChangePassword => Empty);

/// The account's rules for passwords.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PasswordPolicy {
    /// 6 to 128.
    pub minimum_password_length: i32,
    /// Whether there must be one of ``!@#$%^&*()_+-=[]{}|'``.
    pub require_symbols: bool,
    /// Whether there must be a digit.
    pub require_numbers: bool,
    /// Whether there must be a letter from A to Z.
    pub require_uppercase_characters: bool,
    /// Whether there must be a letter from a to z.
    pub require_lowercase_characters: bool,
    /// Whether users may change their own without any further permission.
    pub allow_users_to_change_password: bool,
    /// Whether passwords expire.
    pub expire_passwords: bool,
    /// Days that a password lasts.
    pub max_password_age: Option<i32>,
    /// How many earlier passwords may not come back.
    pub password_reuse_prevention: Option<i32>,
    /// Whether a user cannot change an expired password.
    pub hard_expiry: bool,
}

/// Shows the account's rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountPasswordPolicy {}
crate::operation!(Iam, GetAccountPasswordPolicy => GetAccountPasswordPolicyResult);

/// What [`GetAccountPasswordPolicy`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountPasswordPolicyResult {
    /// The rules.
    pub password_policy: PasswordPolicy,
}

/// Sets the account's rules; what is absent goes back to its default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAccountPasswordPolicy {
    /// 6 to 128, 6 when absent.
    pub minimum_password_length: Option<i32>,
    /// See [`PasswordPolicy`]; false when absent.
    pub require_symbols: Option<bool>,
    /// See [`PasswordPolicy`]; false when absent.
    pub require_numbers: Option<bool>,
    /// See [`PasswordPolicy`]; false when absent.
    pub require_uppercase_characters: Option<bool>,
    /// See [`PasswordPolicy`]; false when absent.
    pub require_lowercase_characters: Option<bool>,
    /// See [`PasswordPolicy`]; false when absent.
    pub allow_users_to_change_password: Option<bool>,
    /// 1 to 1095; passwords do not expire when absent.
    pub max_password_age: Option<i32>,
    /// 1 to 24; none when absent.
    pub password_reuse_prevention: Option<i32>,
    /// See [`PasswordPolicy`]; false when absent.
    pub hard_expiry: Option<bool>,
}
crate::operation!(Iam, UpdateAccountPasswordPolicy => Empty);

/// Removes the account's rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccountPasswordPolicy {}
crate::operation!(Iam, DeleteAccountPasswordPolicy => Empty);
