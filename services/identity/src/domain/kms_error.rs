//! What can go wrong in KMS, in its own words and codes. Part of [`crate::error::Error`].

use api_spec::ErrorCode;

/// A refusal of KMS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KmsError {
    /// A key, or what was given for one.
    #[error("{0}")]
    NotFound(String),
    /// An alias that is taken, by its ARN.
    #[error("An alias with the name {0} already exists")]
    AliasTaken(String),
    /// A key that is switched off, by its ARN.
    #[error("{0} is disabled.")]
    Disabled(String),
    /// A key whose state does not fit, by its ARN.
    #[error("{arn} {state}.")]
    InvalidState {
        /// The key.
        arn: String,
        /// `is pending deletion`, `is not pending deletion`.
        state: &'static str,
    },
    /// An alias that breaks its rules.
    #[error("{0}")]
    InvalidAlias(String),
    /// An ARN that is none.
    #[error("{0} is not a valid ARN")]
    InvalidArn(String),
    /// A ciphertext that was changed, or bound to another context.
    #[error("The ciphertext cannot be decrypted: it is damaged, or its encryption context is another")]
    InvalidCiphertext,
    /// A ciphertext of a key that the caller may not know of.
    #[error(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you \
         are not allowed to access."
    )]
    UnknownCiphertext,
    /// A ciphertext of another key than the one that was named.
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    IncorrectKey,
    /// A grant token, though grants are not offered.
    #[error("The grant token is not valid: grants are not offered")]
    GrantToken,
    /// Where a page is to begin.
    #[error("The marker is not valid")]
    Marker,
    /// Tags that break their rules.
    #[error("{0}")]
    Tag(String),
    /// What is not offered.
    #[error("{0}")]
    Unsupported(String),
    /// A parameter that breaks its rule.
    #[error("{0}")]
    Validation(String),
    /// More than there may be.
    #[error("{0}")]
    LimitExceeded(String),
    /// A key policy that is refused, and why.
    #[error("{0}")]
    MalformedPolicy(String),
    /// It would have worked.
    #[error("The request would have succeeded, but the DryRun option is set.")]
    DryRun,
}

impl KmsError {
    /// AWS's code of it.
    pub fn code(&self) -> ErrorCode {
        match self {
            KmsError::NotFound(_) => ErrorCode::NotFoundException,
            KmsError::AliasTaken(_) => ErrorCode::AlreadyExistsException,
            KmsError::Disabled(_) => ErrorCode::DisabledException,
            KmsError::InvalidState { .. } => ErrorCode::KmsInvalidStateException,
            KmsError::InvalidAlias(_) => ErrorCode::InvalidAliasNameException,
            KmsError::InvalidArn(_) => ErrorCode::InvalidArnException,
            KmsError::InvalidCiphertext => ErrorCode::InvalidCiphertextException,
            KmsError::UnknownCiphertext => ErrorCode::AccessDenied,
            KmsError::IncorrectKey => ErrorCode::IncorrectKeyException,
            KmsError::GrantToken => ErrorCode::InvalidGrantTokenException,
            KmsError::Marker => ErrorCode::InvalidMarkerException,
            KmsError::Tag(_) => ErrorCode::TagException,
            KmsError::Unsupported(_) => ErrorCode::UnsupportedOperationException,
            KmsError::Validation(_) => ErrorCode::ValidationError,
            KmsError::LimitExceeded(_) => ErrorCode::LimitExceeded,
            KmsError::MalformedPolicy(_) => ErrorCode::MalformedPolicyDocument,
            KmsError::DryRun => ErrorCode::DryRunOperationException,
        }
    }
}
