//! `ClientToken`: the same token with the same parameters gives the same resource, with other ones an error.
//!
//! The record is written in the transaction that makes the resource, so a crash cannot leave one without the other.

use api_spec::{ApiError, ErrorCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

/// Tokens are remembered this long.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// (account, action, token) -> what it made. Each service keeps its own.
const CLIENT_TOKENS: Table<(String, String, String), Made> = Table::new("client_tokens");

/// What a token made.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Made {
    parameters: String,
    resource: String,
    at: Timestamp,
}

store::json_value!(Made, version = 1);

/// A token as it came with a request.
#[derive(Clone, Debug)]
pub struct ClientToken {
    key: (String, String, String),
    parameters: String,
}

impl ClientToken {
    /// The token of a request; none without one. `parameters` is any text that differs when the request differs.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a token longer than 64 characters.
    pub fn of(
        account_id: &str,
        action: &str,
        token: Option<&str>,
        parameters: &impl std::fmt::Debug,
    ) -> Result<Option<Self>, ApiError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if token.chars().count() > 64 {
            return Err(ApiError::new(
                ErrorCode::InvalidParameterValue,
                "ClientToken may be at most 64 characters long",
            ));
        }
        let parameters = auth::sigv4::sha256_hex(format!("{parameters:?}").as_bytes());
        Ok(Some(ClientToken { key: (account_id.into(), action.into(), token.into()), parameters }))
    }

    /// The resource that this token made before, if it did.
    ///
    /// # Errors
    /// `IdempotentParameterMismatch` when it came with other parameters then.
    pub fn replay(&self, tx: &Tx<'_>, now: Timestamp) -> Result<Option<String>, TokenError> {
        match tx.get(&CLIENT_TOKENS, &self.key)? {
            Some(made) if now.duration_since(made.at) > KEPT => Ok(None),
            Some(made) if made.parameters == self.parameters => Ok(Some(made.resource)),
            Some(_) => Err(TokenError::Mismatch),
            None => Ok(None),
        }
    }

    /// Remembers what the token makes, in the same transaction.
    pub fn remember(&self, tx: &mut Tx<'_>, resource: String, now: Timestamp) -> Result<(), store::Error> {
        tx.put(&CLIENT_TOKENS, &self.key, &Made { parameters: self.parameters.clone(), resource, at: now })
    }
}

/// Why a token cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It came with other parameters before.
    #[error("The client token was used before with other parameters")]
    Mismatch,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Mismatch => ApiError::new(ErrorCode::IdempotentParameterMismatch, error.to_string()),
            TokenError::Store(error) => ApiError::internal(error),
        }
    }
}
