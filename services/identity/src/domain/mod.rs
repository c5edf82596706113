//! What identity knows and the rules it holds: pure, no storage, no HTTP, no clock but what is passed in.

pub mod access_key;
pub mod arn;
pub mod attempts;
pub mod document;
pub mod entity;
pub mod ids;
pub mod jwt;
pub mod kms_cipher;
pub mod kms_error;
pub mod kms_key;
pub mod kms_names;
pub mod kms_policy;
pub mod managed_policy;
pub mod mfa_device;
pub mod names;
pub mod oidc_provider;
pub mod password;
pub mod permissions;
pub mod qr;
pub mod seal;
pub mod session;
pub mod tags;
pub mod token;
pub mod totp;
pub mod trust;
pub mod usage;
