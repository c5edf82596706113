//! The one error of this service and its mapping to AWS's codes.

use std::str::FromStr;

use api_spec::ids::MalformedId;
use api_spec::{ApiError, ErrorCode};
use kit::client_token::TokenError;
use kit::quota::OverQuota;

/// What a request can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An instance.
    Instance,
    /// A machine image.
    Image,
    /// A snapshot.
    Snapshot,
    /// A volume.
    Volume,
    /// A key pair.
    KeyPair,
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// A security group.
    SecurityGroup,
    /// A rule of a security group.
    SecurityGroupRule,
    /// A network interface.
    NetworkInterface,
    /// An elastic IP's allocation.
    Allocation,
    /// An elastic IP's association.
    Association,
    /// A public address.
    Address,
    /// An availability zone.
    Zone,
    /// Anything that has tags.
    Tagged,
}

impl Kind {
    fn malformed(self) -> ErrorCode {
        match self {
            Kind::Instance => ErrorCode::InvalidInstanceIdMalformed,
            Kind::Image => ErrorCode::InvalidAmiIdMalformed,
            Kind::Snapshot => ErrorCode::InvalidSnapshotIdMalformed,
            Kind::Volume => ErrorCode::InvalidVolumeIdMalformed,
            Kind::Vpc => ErrorCode::InvalidVpcIdMalformed,
            Kind::Subnet => ErrorCode::InvalidSubnetIdMalformed,
            Kind::SecurityGroup => ErrorCode::InvalidGroupIdMalformed,
            Kind::SecurityGroupRule => ErrorCode::InvalidSecurityGroupRuleIdMalformed,
            Kind::NetworkInterface => ErrorCode::InvalidNetworkInterfaceIdMalformed,
            Kind::Allocation => ErrorCode::InvalidAllocationIdNotFound,
            Kind::Association => ErrorCode::InvalidAssociationIdNotFound,
            Kind::KeyPair => ErrorCode::InvalidKeyPairNotFound,
            Kind::Zone => ErrorCode::InvalidZoneNotFound,
            Kind::Address => ErrorCode::InvalidAddressMalformed,
            Kind::Tagged => ErrorCode::InvalidId,
        }
    }

    fn not_found(self) -> (ErrorCode, &'static str) {
        match self {
            Kind::Instance => (ErrorCode::InvalidInstanceIdNotFound, "The instance ID"),
            Kind::Image => (ErrorCode::InvalidAmiIdNotFound, "The image id"),
            Kind::Snapshot => (ErrorCode::InvalidSnapshotNotFound, "The snapshot"),
            Kind::Volume => (ErrorCode::InvalidVolumeNotFound, "The volume"),
            Kind::Vpc => (ErrorCode::InvalidVpcIdNotFound, "The vpc ID"),
            Kind::Subnet => (ErrorCode::InvalidSubnetIdNotFound, "The subnet ID"),
            Kind::SecurityGroup => (ErrorCode::InvalidGroupNotFound, "The security group"),
            Kind::SecurityGroupRule => {
                (ErrorCode::InvalidSecurityGroupRuleIdNotFound, "The security group rule ID")
            }
            Kind::NetworkInterface => {
                (ErrorCode::InvalidNetworkInterfaceIdNotFound, "The networkInterface ID")
            }
            Kind::Allocation => (ErrorCode::InvalidAllocationIdNotFound, "The allocation ID"),
            Kind::Association => (ErrorCode::InvalidAssociationIdNotFound, "The association ID"),
            Kind::KeyPair => (ErrorCode::InvalidKeyPairNotFound, "The key pair"),
            Kind::Zone => (ErrorCode::InvalidZoneNotFound, "The zone"),
            Kind::Address => (ErrorCode::InvalidAddressNotFound, "The address"),
            Kind::Tagged => (ErrorCode::InvalidId, "The ID"),
        }
    }
}

/// Why a request failed, or a reconciler's pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot work.
    #[error("configuration: {0}")]
    Config(String),
    /// Not an id of this kind.
    #[error("Invalid id: \"{id}\"{}", .expected.map(|p| format!(" (expecting \"{p}-...\")")).unwrap_or_default())]
    Malformed {
        /// Kind expected.
        kind: Kind,
        /// Prefix expected.
        expected: Option<&'static str>,
        /// What came.
        id: String,
    },
    /// The account has no such thing.
    #[error("{} '{id}' does not exist", .kind.not_found().1)]
    NotFound {
        /// Kind.
        kind: Kind,
        /// Id or name.
        id: String,
    },
    /// A parameter or a state that AWS answers with a code of its own.
    #[error("{message}")]
    Refused {
        /// The code.
        code: ErrorCode,
        /// For the caller.
        message: String,
    },
    /// Another service answered with an error, or not at all.
    #[error(transparent)]
    Peer(ApiError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A client token came with other parameters before.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What cannot be: a fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// An error with a code of its own.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Error::Refused { code, message: message.into() }
    }

    /// `InvalidParameterValue`.
    pub fn value(message: impl Into<String>) -> Self {
        Error::refused(ErrorCode::InvalidParameterValue, message)
    }

    /// `InvalidParameterCombination`.
    pub fn combination(message: impl Into<String>) -> Self {
        Error::refused(ErrorCode::InvalidParameterCombination, message)
    }

    /// `MissingParameter`.
    pub fn missing(name: &str) -> Self {
        Error::refused(ErrorCode::MissingParameter, format!("The request must contain the parameter {name}"))
    }

    /// `UnsupportedOperation`.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::refused(ErrorCode::UnsupportedOperation, message)
    }

    /// `InsufficientInstanceCapacity`, in AWS's words.
    pub fn no_room(instance_type: &str, zone: &str) -> Self {
        Error::refused(
            ErrorCode::InsufficientInstanceCapacity,
            format!(
                "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested \
                 ({zone})."
            ),
        )
    }

    /// None of these things exist; a long list is cut short.
    pub fn none_found(kind: Kind, ids: &[&str]) -> Self {
        const SHOWN: usize = 20;
        let more = if ids.len() > SHOWN { ", ..." } else { "" };
        Error::NotFound { kind, id: ids[..ids.len().min(SHOWN)].join(", ") + more }
    }

    /// The thing named does not exist.
    pub fn not_found(kind: Kind, id: impl ToString) -> Self {
        Error::NotFound { kind, id: id.to_string() }
    }
}

/// Reads an id of this kind.
///
/// # Errors
/// [`Error::Malformed`].
pub fn id<T: FromStr<Err = MalformedId>>(kind: Kind, text: &str) -> Result<T, Error> {
    text.parse().map_err(|wrong: MalformedId| Error::Malformed {
        kind,
        expected: Some(wrong.expected),
        id: text.chars().take(128).collect(),
    })
}

impl From<OverQuota> for Error {
    fn from(over: OverQuota) -> Self {
        Error::refused(over.code(), over.to_string())
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Malformed { kind, .. } => ApiError::new(kind.malformed(), message),
            Error::NotFound { kind: Kind::Image, id } => ApiError::new(
                ErrorCode::InvalidAmiIdNotFound,
                format!("The image id '[{id}]' does not exist"),
            ),
            Error::NotFound { kind, .. } => ApiError::new(kind.not_found().0, message),
            Error::Refused { code, message } => ApiError::new(code, message),
            Error::Peer(error) => error,
            Error::Store(error) => ApiError::internal(error),
            Error::Token(error) => error.into(),
            Error::Config(why) | Error::Internal(why) => ApiError::internal(why),
        }
    }
}
