//! Who asks: the principals that can make a request, and the names by which policies know them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The authenticated (or anonymous) caller of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Principal {
    /// An account's root.
    Root {
        /// Twelve digits.
        account: String,
    },
    /// An IAM user, or a session that the user got for itself with GetSessionToken.
    User {
        /// Twelve digits.
        account: String,
        /// `/` or `/some/where/`.
        path: String,
        /// The user name.
        name: String,
        /// `AIDA...`
        id: String,
    },
    /// A session of a role.
    AssumedRole {
        /// Twelve digits.
        account: String,
        /// The role's path: `/` or `/some/where/`.
        path: String,
        /// The role's name.
        role: String,
        /// `AROA...`
        role_id: String,
        /// Name of the session.
        session_name: String,
    },
    /// A session made by GetFederationToken.
    FederatedUser {
        /// Twelve digits.
        account: String,
        /// Name of the federated user.
        name: String,
    },
    /// Somebody known to an identity provider only, asking for AssumeRoleWithWebIdentity.
    WebIdentity {
        /// The ARN of the OIDC provider, or the host of a provider known to everyone.
        provider: String,
        /// The token's subject.
        subject: String,
    },
    /// A service of this cloud acting for itself.
    Service {
        /// Such as `ec2.amazonaws.com`.
        name: String,
    },
    /// Nobody in particular.
    Anonymous,
}

impl Principal {
    /// The ARN as GetCallerIdentity and error messages show it. A service is its name, nobody is `anonymous`.
    pub fn arn(&self) -> String {
        match self {
            Principal::Root { account } => format!("arn:aws:iam::{account}:root"),
            Principal::User { account, path, name, .. } => format!("arn:aws:iam::{account}:user{path}{name}"),
            Principal::AssumedRole { account, role, session_name, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session_name}")
            }
            Principal::FederatedUser { account, name } => {
                format!("arn:aws:sts::{account}:federated-user/{name}")
            }
            Principal::WebIdentity { subject, .. } => subject.clone(),
            Principal::Service { name } => name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The account it belongs to, if any.
    pub fn account(&self) -> Option<&str> {
        match self {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::AssumedRole { account, .. }
            | Principal::FederatedUser { account, .. } => Some(account),
            Principal::WebIdentity { .. } | Principal::Service { .. } | Principal::Anonymous => None,
        }
    }

    /// `aws:userid`, and the UserId of GetCallerIdentity: `AIDA...`, `AROA...:session`, `ACCOUNT:name` or the account.
    pub fn user_id(&self) -> Option<Cow<'_, str>> {
        match self {
            Principal::Root { account } => Some(Cow::Borrowed(account)),
            Principal::User { id, .. } => Some(Cow::Borrowed(id)),
            Principal::AssumedRole { role_id, session_name, .. } => {
                Some(Cow::Owned(format!("{role_id}:{session_name}")))
            }
            Principal::FederatedUser { account, name } => Some(Cow::Owned(format!("{account}:{name}"))),
            Principal::WebIdentity { .. } | Principal::Service { .. } => None,
            Principal::Anonymous => Some(Cow::Borrowed("anonymous")),
        }
    }

    /// The ARN of the role behind a role session.
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Principal::AssumedRole { account, path, role, .. } => {
                Some(format!("arn:aws:iam::{account}:role{path}{role}"))
            }
            _ => None,
        }
    }

    /// `aws:PrincipalType`.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Principal::Root { .. } => Some("Account"),
            Principal::User { .. } => Some("User"),
            Principal::AssumedRole { .. } => Some("AssumedRole"),
            Principal::FederatedUser { .. } => Some("FederatedUser"),
            Principal::Anonymous => Some("Anonymous"),
            Principal::WebIdentity { .. } | Principal::Service { .. } => None,
        }
    }

    /// `aws:PrincipalArn`: for a role session the role's ARN, not the session's.
    pub(super) fn policy_arn(&self) -> Option<String> {
        match self {
            Principal::AssumedRole { .. } => self.role_arn(),
            Principal::WebIdentity { .. } | Principal::Service { .. } | Principal::Anonymous => None,
            _ => Some(self.arn()),
        }
    }
}
