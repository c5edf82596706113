//! The one error of the volume service and its mapping to AWS's codes.

use api_spec::ids::{ImportTaskId, InstanceId, SnapshotId, VolumeId};
use api_spec::{ApiError, ErrorCode};
use kit::client_token::TokenError;
use kit::quota::OverQuota;

use crate::backend::BackendError;

/// Why the service could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration makes no sense.
    #[error("{0}")]
    Config(String),
    /// A text that is no volume id.
    #[error("Value ({0}) for parameter volumeId is invalid. Expected: 'vol-...'.")]
    MalformedVolumeId(String),
    /// A text that is no snapshot id.
    #[error("Value ({0}) for parameter snapshotId is invalid. Expected: 'snap-...'.")]
    MalformedSnapshotId(String),
    /// A text that is no instance id.
    #[error("Invalid id: \"{0}\" (expecting \"i-...\")")]
    MalformedInstanceId(String),
    /// A text that is no import task id.
    #[error("Invalid id: \"{0}\" (expecting \"import-snap-...\")")]
    MalformedTaskId(String),
    /// No such volumes in this account.
    #[error("The {} not exist.", list("volume", "volumes", .0))]
    NoVolume(Vec<VolumeId>),
    /// No such snapshots in this account.
    #[error("The {} not exist.", list("snapshot", "snapshots", .0))]
    NoSnapshot(Vec<SnapshotId>),
    /// No such instance in this account.
    #[error("The instance ID '{0}' does not exist")]
    NoInstance(InstanceId),
    /// No such import task in this account.
    #[error("The conversion task ID '{0}' does not exist")]
    NoTask(ImportTaskId),
    /// No such zone.
    #[error("The zone '{0}' does not exist.")]
    NoZone(String),
    /// Volume and instance are not in the same zone.
    #[error("The volume '{0}' is not in the same availability zone as instance '{1}'")]
    ZoneMismatch(VolumeId, InstanceId),
    /// A parameter's value is not allowed.
    #[error("{0}")]
    Value(String),
    /// A volume cannot be smaller than what it is made of.
    #[error("Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {least}GB")]
    SmallerThanSnapshot {
        /// GiB asked for.
        size: u32,
        /// What it is made of.
        snapshot: SnapshotId,
        /// GiB of that.
        least: u32,
    },
    /// Two disks of a launch, or what they are, do not go together.
    #[error("{0}")]
    BlockDevices(String),
    /// As `Value`, where AWS says `InvalidParameter`.
    #[error("{0}")]
    Parameter(String),
    /// Parameters that do not go together.
    #[error("{0}")]
    Combination(String),
    /// A parameter is missing.
    #[error("The request must contain the parameter {0}")]
    Missing(&'static str),
    /// No such volume type.
    #[error("Unsupported volume type '{0}' for volume creation.")]
    UnknownVolumeType(String),
    /// A thing of AWS's that is not offered here.
    #[error("{0}")]
    NotOffered(String),
    /// The thing is not in the right state.
    #[error("{0}")]
    State(String),
    /// The volume has an instance already.
    #[error("{0} is already attached to an instance")]
    AlreadyAttached(VolumeId),
    /// The volume is attached.
    #[error("{0}")]
    VolumeInUse(String),
    /// The volume is not where the caller says.
    #[error("{0}")]
    NotAttached(String),
    /// Another disk has this place.
    #[error("Invalid value '{0}' for unixDevice. Attachment point {0} is already in use")]
    DeviceTaken(String),
    /// Not while the instance runs.
    #[error("{0}")]
    NotPermitted(String),
    /// Images are made of the snapshot.
    #[error("{0}")]
    SnapshotInUse(String),
    /// More tags than a resource may have.
    #[error("The maximum number of tags for a resource is 50.")]
    TooManyTags,
    /// More volumes or GiB than an account may have.
    #[error("{0}")]
    VolumeLimit(String),
    /// More volumes than an instance may have.
    #[error("Instance '{instance}' already has {max} volumes attached, the most it can have.")]
    AttachmentLimit {
        /// Which.
        instance: InstanceId,
        /// How many it has.
        max: u32,
    },
    /// There is no room for a disk.
    #[error("There is not enough capacity to fulfill your EBS volume create request.")]
    Capacity(String),
    /// The object may not be read.
    #[error("You are not authorized to perform this operation. {0}")]
    ObjectDenied(String),
    /// A filter, page or token that kit refused, or another service's refusal: passed on as it is.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The client token came with other parameters before.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There would be more of something than a quota lets there be.
    #[error(transparent)]
    OverQuota(#[from] OverQuota),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Disk images could not be worked on.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl Error {
    /// `InvalidParameterValue` with these words.
    pub fn value(words: impl Into<String>) -> Self {
        Error::Value(words.into())
    }
}

/// `volume 'vol-1' does` or `volumes 'vol-1, vol-2' do`.
fn list<T: std::fmt::Display>(one: &str, many: &str, ids: &[T]) -> String {
    match ids {
        [id] => format!("{one} '{id}' does"),
        ids => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            format!("{many} '{}' do", ids.join(", "))
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        let code = match error {
            Error::MalformedVolumeId(text) if text.starts_with("vol-") => ErrorCode::InvalidVolumeIdMalformed,
            Error::MalformedSnapshotId(text) if text.starts_with("snap-") => {
                ErrorCode::InvalidSnapshotIdMalformed
            }
            Error::MalformedVolumeId(_) | Error::MalformedSnapshotId(_) => ErrorCode::InvalidParameterValue,
            Error::MalformedInstanceId(_) => ErrorCode::InvalidInstanceIdMalformed,
            Error::MalformedTaskId(_) | Error::NoTask(_) => ErrorCode::InvalidConversionTaskId,
            Error::NoVolume(_) => ErrorCode::InvalidVolumeNotFound,
            Error::NoSnapshot(_) => ErrorCode::InvalidSnapshotNotFound,
            Error::NoInstance(_) => ErrorCode::InvalidInstanceIdNotFound,
            Error::NoZone(_) => ErrorCode::InvalidZoneNotFound,
            Error::ZoneMismatch(..) => ErrorCode::InvalidVolumeZoneMismatch,
            Error::Value(_) | Error::DeviceTaken(_) | Error::SmallerThanSnapshot { .. } => {
                ErrorCode::InvalidParameterValue
            }
            Error::BlockDevices(_) => ErrorCode::InvalidBlockDeviceMapping,
            Error::Parameter(_) => ErrorCode::InvalidParameter,
            Error::Combination(_) => ErrorCode::InvalidParameterCombination,
            Error::Missing(_) => ErrorCode::MissingParameter,
            Error::UnknownVolumeType(_) => ErrorCode::UnknownVolumeType,
            Error::NotOffered(_) => ErrorCode::UnsupportedOperation,
            Error::State(_) => ErrorCode::IncorrectState,
            Error::AlreadyAttached(_) | Error::VolumeInUse(_) => ErrorCode::VolumeInUse,
            Error::NotAttached(_) => ErrorCode::InvalidAttachmentNotFound,
            Error::NotPermitted(_) => ErrorCode::OperationNotPermitted,
            Error::SnapshotInUse(_) => ErrorCode::InvalidSnapshotInUse,
            Error::TooManyTags => ErrorCode::TagLimitExceeded,
            Error::VolumeLimit(_) => ErrorCode::VolumeLimitExceeded,
            Error::AttachmentLimit { .. } => ErrorCode::AttachmentLimitExceeded,
            Error::ObjectDenied(_) => ErrorCode::UnauthorizedOperation,
            Error::Capacity(why) => {
                return ApiError {
                    internal: Some(why),
                    ..ApiError::new(ErrorCode::InsufficientVolumeCapacity, words)
                };
            }
            Error::Api(error) => return error,
            Error::Token(error) => return error.into(),
            Error::OverQuota(over) => return over.into(),
            Error::Config(_) | Error::Store(_) | Error::Backend(_) => return ApiError::internal(words),
        };
        ApiError::new(code, words)
    }
}
