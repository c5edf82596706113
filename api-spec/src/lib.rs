//! The AWS wire contract: request and response shapes, identifiers, error codes, protocols.
//!
//! Nothing here does I/O or knows a service. A shape is a plain struct whose serde names are AWS's wire names; a
//! contract test walks [`shape`] descriptions of all of them against botocore's models.

pub mod constraints;
pub mod ec2;
pub mod error_code;
pub mod iam;
pub mod ids;
pub mod kms;
pub mod operation;
pub mod protocol;
pub mod s3;
pub mod shape;
pub mod sts;
pub mod values;

pub use error_code::{ApiError, ErrorCode};
pub use operation::{Operation, Protocol, Service, Status};
pub use values::{Blob, Empty, EpochSeconds, Return, Timestamp};
