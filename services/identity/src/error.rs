//! The one error of identity and what AWS calls each case.

use std::path::PathBuf;

use api_spec::{ApiError, ErrorCode};
use kit::quota::OverQuota;

use crate::domain::kms_error::KmsError;

/// Everything that can go wrong in identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A user that is not there.
    #[error("The user with name {0} cannot be found.")]
    NoSuchUser(String),
    /// A group that is not there.
    #[error("The group with name {0} cannot be found.")]
    NoSuchGroup(String),
    /// A role that is not there.
    #[error("The role with name {0} cannot be found.")]
    NoSuchRole(String),
    /// A user, group or role that is not there, by ARN.
    #[error("The entity {0} cannot be found.")]
    NoSuchEntityArn(String),
    /// An instance profile that is not there.
    #[error("Instance Profile {0} cannot be found.")]
    NoSuchInstanceProfile(String),
    /// An instance profile's name that is taken.
    #[error("Instance Profile {0} already exists.")]
    InstanceProfileTaken(String),
    /// A managed policy that is to be a boundary and is not there.
    #[error("Scope ARN: {0} does not exist or is not attachable.")]
    NotABoundary(String),
    /// A managed policy that is not there, or is not attached.
    #[error("Policy {0} was not found.")]
    NoSuchPolicy(String),
    /// A server certificate that is not there.
    #[error("The Server Certificate with name {0} cannot be found.")]
    NoSuchServerCertificate(String),
    /// A server certificate's name that is taken.
    #[error("The Server Certificate with name {0} already exists.")]
    ServerCertificateTaken(String),
    /// A certificate, chain or private key that is none, and why.
    #[error("{0}")]
    MalformedCertificate(String),
    /// A private key that belongs to another certificate.
    #[error("The private key does not match the public key of the certificate.")]
    KeyPairMismatch,
    /// A role that only the service it is linked to may change.
    #[error("Cannot perform the operation on the protected role '{0}' - this role is only modifiable by AWS")]
    ProtectedRole(String),
    /// A service that has no service-linked role here.
    #[error("The service {0} cannot be found, or has no service-linked role.")]
    NoSuchLinkedService(String),
    /// A service-linked role's name that the account uses already.
    #[error("Service role name {0} has been taken in this account, please try a different suffix.")]
    LinkedRoleTaken(String),
    /// A deletion of a service-linked role that is not known.
    #[error("The deletion task {0} cannot be found.")]
    NoSuchDeletion(String),
    /// A managed policy of a service-linked role, which nobody else may have.
    #[error("Cannot attach a Service Role Policy to a customer role.")]
    PolicyNotAttachable,
    /// A managed policy that is to be attached and is not there.
    #[error("Policy {0} does not exist or is not attachable.")]
    NotAttachable(String),
    /// A version that its policy does not have.
    #[error("Policy {arn} version {version} does not exist or is not attachable.")]
    NoSuchPolicyVersion {
        /// The policy.
        arn: String,
        /// What was asked for.
        version: String,
    },
    /// An inline policy that is not there.
    #[error("The {kind} policy with name {name} cannot be found.")]
    NoSuchInlinePolicy {
        /// `user`, `group` or `role`.
        kind: &'static str,
        /// Name of the policy.
        name: String,
    },
    /// An access key that the user does not have.
    #[error("The Access Key with id {0} cannot be found.")]
    NoSuchAccessKey(String),
    /// An alias that the account does not have.
    #[error("The account alias {0} cannot be found.")]
    NoSuchAlias(String),
    /// An MFA device that is not there.
    #[error("VirtualMFADevice with serial number {0} does not exist.")]
    NoSuchMfaDevice(String),
    /// An MFA device that is not this user's.
    #[error("MFA Device invalid for user.")]
    NotTheirMfaDevice,
    /// An MFA device whose name is taken.
    #[error("MFADevice entity at the same path and name already exists.")]
    MfaDeviceNameTaken,
    /// An MFA device that somebody has.
    #[error("MFA Device is already in use.")]
    MfaDeviceInUse,
    /// Two codes that the device does not show one after the other now.
    #[error("Authentication code for device is not valid.")]
    InvalidAuthenticationCode,
    /// A proof of an MFA device that failed, and how.
    #[error("{0}")]
    MfaFailed(&'static str),
    /// Too many wrong guesses.
    #[error("Too many failed attempts. Wait {seconds} seconds before the next one.")]
    TooManyAttempts {
        /// How long to wait.
        seconds: i64,
    },
    /// A credential report that was never asked for.
    #[error("No report exists. Generate one first with GenerateCredentialReport.")]
    ReportNotPresent,
    /// A credential report that is too old.
    #[error("The credential report has expired. Generate another with GenerateCredentialReport.")]
    ReportExpired,
    /// A report of last accesses that is not there, or not for whoever asks.
    #[error("The job {0} cannot be found.")]
    NoSuchJob(String),
    /// An SSH public key that the user does not have.
    #[error("The SSH Public Key with id {0} cannot be found.")]
    NoSuchSshKey(String),
    /// An SSH public key that the user has already.
    #[error("The SSH public key is already associated with the user.")]
    DuplicateSshKey,
    /// Something that is no public key, or none of RSA with 2048 bits or more.
    #[error("The public key is malformed or otherwise invalid.")]
    InvalidPublicKey,
    /// A form or kind of public key that is not known.
    #[error("The public key encoding format is unsupported or unrecognized.")]
    UnrecognizedPublicKeyEncoding,
    /// A user without a password.
    #[error("Login Profile for User {0} cannot be found.")]
    NoSuchLoginProfile(String),
    /// A user that has a password.
    #[error("Login Profile for user {0} already exists.")]
    LoginProfileTaken(String),
    /// An account that has set no rules for passwords.
    #[error("The Password Policy with domain name {0} cannot be found.")]
    NoPasswordPolicy(String),
    /// A password that is not what the account asks for.
    #[error("{0}")]
    PasswordPolicyViolation(String),
    /// A present password that is another one.
    #[error("The old password was incorrect.")]
    WrongOldPassword,
    /// Somebody who has no password because he is no user.
    #[error("The request was rejected because the type of user for the transaction was incorrect.")]
    NotAUser,
    /// Something that another request is changing.
    #[error("The entity {0} is being changed by another request. Try again.")]
    TemporarilyUnmodifiable(String),
    /// An account that is not there.
    #[error("The account with id {0} cannot be found.")]
    NoSuchAccount(String),
    /// What only the installation's operator may do.
    #[error("Only principals of the installation's own account may manage accounts.")]
    NotTheOperator,
    /// An account that cannot be deleted, and why.
    #[error("{0}")]
    AccountInUse(String),
    /// A service that did not answer.
    #[error(transparent)]
    Peer(ApiError),
    /// A name that is taken.
    #[error("{kind} with name {name} already exists.")]
    NameTaken {
        /// `User`, `Group` or `Role`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A policy name that is taken.
    #[error("A policy called {0} already exists. Duplicate names are not allowed.")]
    PolicyNameTaken(String),
    /// An alias that an account has already.
    #[error("The account alias {0} already exists.")]
    AliasTaken(String),
    /// Something that cannot be deleted yet.
    #[error("{0}")]
    DeleteConflict(&'static str),
    /// More than an account or an entity may have.
    #[error("Cannot exceed quota for {quota}: {limit}")]
    QuotaExceeded {
        /// AWS's name of the quota.
        quota: String,
        /// Its value.
        limit: usize,
    },
    /// There would be more of something than a quota lets there be.
    #[error(transparent)]
    OverQuota(#[from] OverQuota),
    /// The inline policies of one entity are too long together.
    #[error("Maximum policy size of {limit} bytes exceeded for {kind} {name}")]
    InlinePoliciesTooLong {
        /// `user`, `group` or `role`.
        kind: &'static str,
        /// Whose they are.
        name: String,
        /// Characters that are not white space.
        limit: usize,
    },
    /// A sixth version of a managed policy.
    #[error(
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
    )]
    TooManyVersions,
    /// A policy document that is refused, and why.
    #[error("{0}")]
    MalformedPolicy(String),
    /// A parameter that breaks its rule.
    #[error("{0}")]
    Validation(String),
    /// A refusal of KMS.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// A parameter that cannot mean anything.
    #[error("{0}")]
    InvalidInput(String),
    /// An OpenID Connect provider that is not there.
    #[error("OpenIDConnect Provider not found for arn {0}")]
    NoSuchOidcProvider(String),
    /// An OpenID Connect provider whose URL the account has registered already.
    #[error("Provider with url {0} already exists.")]
    OidcProviderExists(String),
    /// An identity token that proves nothing.
    #[error("{0}")]
    InvalidIdentityToken(String),
    /// An identity token whose time is over.
    #[error("{0}")]
    ExpiredIdentityToken(String),
    /// An identity provider that could not be asked for its keys; why is for the log alone.
    #[error(
        "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"
    )]
    IdpCommunication(String),
    /// A claim that does not hold yet.
    #[error("{0}")]
    IdpRejectedClaim(String),
    /// An encoded authorization message that was not made here, or for another account.
    #[error("The encoded authorization message is not valid.")]
    InvalidAuthorizationMessage,
    /// Policies and tags that do not fit into a session.
    #[error("{0}")]
    PackedPolicyTooLarge(String),
    /// A session tag that may not be set.
    #[error("{0}")]
    InvalidSessionTag(String),
    /// Something that these credentials may not do, whatever policies say.
    #[error("{0}")]
    Refused(String),
    /// No user was named and the caller is none.
    #[error("Must specify userName when calling with non-User credentials")]
    MustNameUser,
    /// Stored data that cannot be right.
    #[error("{0}")]
    Corrupt(String),
    /// A secret that the master key does not open.
    #[error("the stored secret of {0} does not open with this master key")]
    Sealed(String),
    /// The master key is not 32 bytes of base64, or not the one that the store was written with.
    #[error("the master key ({origin}) is unusable: {reason}")]
    MasterKey {
        /// File or environment variable it came from.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that cannot be read, written or understood.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A configuration value out of its range.
    #[error("identity.{0}")]
    Config(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// A file and what the operating system or a parser said about it.
    pub(crate) fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Error::File { path: path.to_owned(), reason: reason.to_string() }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Error::NoSuchUser(_)
            | Error::NoSuchGroup(_)
            | Error::NoSuchRole(_)
            | Error::NoSuchInstanceProfile(_)
            | Error::NoSuchEntityArn(_)
            | Error::NotABoundary(_)
            | Error::NoSuchPolicy(_)
            | Error::NotAttachable(_)
            | Error::NoSuchPolicyVersion { .. }
            | Error::NoSuchInlinePolicy { .. }
            | Error::NoSuchAccessKey(_)
            | Error::NoSuchAlias(_)
            | Error::NoSuchAccount(_)
            | Error::NoSuchMfaDevice(_)
            | Error::NoSuchOidcProvider(_)
            | Error::NoSuchLoginProfile(_)
            | Error::NoSuchSshKey(_)
            | Error::NoSuchJob(_)
            | Error::NoSuchServerCertificate(_)
            | Error::NoSuchLinkedService(_)
            | Error::NoSuchDeletion(_)
            | Error::NoPasswordPolicy(_)
            | Error::NotTheirMfaDevice => ErrorCode::NoSuchEntity,
            Error::NotTheOperator | Error::MfaFailed(_) => ErrorCode::AccessDenied,
            Error::WrongOldPassword => ErrorCode::AccessDenied,
            Error::InvalidAuthenticationCode => ErrorCode::InvalidAuthenticationCode,
            Error::PasswordPolicyViolation(_) => ErrorCode::PasswordPolicyViolation,
            Error::NotAUser => ErrorCode::InvalidUserType,
            Error::DuplicateSshKey => ErrorCode::DuplicateSshPublicKey,
            Error::InvalidPublicKey => ErrorCode::InvalidPublicKey,
            Error::UnrecognizedPublicKeyEncoding => ErrorCode::UnrecognizedPublicKeyEncoding,
            Error::ReportNotPresent => ErrorCode::ReportNotPresent,
            Error::ReportExpired => ErrorCode::ReportExpired,
            Error::TemporarilyUnmodifiable(_) => ErrorCode::EntityTemporarilyUnmodifiable,
            Error::LoginProfileTaken(_) => ErrorCode::EntityAlreadyExists,
            Error::TooManyAttempts { .. } => ErrorCode::Throttling,
            Error::NameTaken { .. }
            | Error::PolicyNameTaken(_)
            | Error::InstanceProfileTaken(_)
            | Error::AliasTaken(_)
            | Error::ServerCertificateTaken(_)
            | Error::OidcProviderExists(_)
            | Error::MfaDeviceNameTaken
            | Error::MfaDeviceInUse => ErrorCode::EntityAlreadyExists,
            Error::DeleteConflict(_) | Error::AccountInUse(_) => ErrorCode::DeleteConflict,
            Error::Peer(error) => error.code,
            Error::QuotaExceeded { .. } | Error::InlinePoliciesTooLong { .. } | Error::TooManyVersions => {
                ErrorCode::LimitExceeded
            }
            Error::MalformedPolicy(_) => ErrorCode::MalformedPolicyDocument,
            Error::Validation(_) | Error::MustNameUser => ErrorCode::ValidationError,
            Error::InvalidInput(_) | Error::LinkedRoleTaken(_) => ErrorCode::InvalidInput,
            Error::MalformedCertificate(_) => ErrorCode::MalformedCertificate,
            Error::KeyPairMismatch => ErrorCode::KeyPairMismatch,
            Error::ProtectedRole(_) => ErrorCode::UnmodifiableEntity,
            Error::PolicyNotAttachable => ErrorCode::PolicyNotAttachable,
            Error::InvalidIdentityToken(_) => ErrorCode::InvalidIdentityToken,
            Error::ExpiredIdentityToken(_) => ErrorCode::ExpiredTokenException,
            Error::IdpCommunication(_) => ErrorCode::IdpCommunicationError,
            Error::IdpRejectedClaim(_) => ErrorCode::IdpRejectedClaim,
            Error::InvalidAuthorizationMessage => ErrorCode::InvalidAuthorizationMessage,
            Error::PackedPolicyTooLarge(_) => ErrorCode::PackedPolicyTooLarge,
            Error::InvalidSessionTag(_) => ErrorCode::InvalidParameterValue,
            Error::Refused(_) => ErrorCode::AccessDenied,
            Error::OverQuota(over) => over.code(),
            Error::Kms(refusal) => refusal.code(),
            Error::Corrupt(_)
            | Error::Sealed(_)
            | Error::MasterKey { .. }
            | Error::File { .. }
            | Error::Config(_)
            | Error::Store(_) => ErrorCode::InternalError,
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        if let Error::Peer(said) = error {
            return said;
        }
        match error.code() {
            ErrorCode::InternalError => ApiError::internal(error),
            code => ApiError::new(code, error.to_string()),
        }
    }
}
