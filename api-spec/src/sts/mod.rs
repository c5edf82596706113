//! STS: who am I, and sessions (API version 2011-06-15).

mod role;
mod session;
mod web_identity;

pub use role::*;
pub use session::*;
pub use web_identity::*;

use serde::{Deserialize, Serialize};

/// Tells callers who they are. Needs no permission.
#[derive(Clone, Debug, Deserialize)]
pub struct GetCallerIdentity {}
crate::operation!(Sts, GetCallerIdentity => GetCallerIdentityResult);

/// What [`GetCallerIdentity`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityResult {
    /// `AIDA...`; the account id for an account's root.
    pub user_id: String,
    /// 12 digits.
    pub account: String,
    /// ARN of the caller.
    pub arn: String,
}
