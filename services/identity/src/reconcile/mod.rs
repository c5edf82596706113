//! What identity does on its own when its time has come.

pub mod kms_deletions;
pub mod kms_rotations;
