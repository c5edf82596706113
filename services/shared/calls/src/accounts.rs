//! Calls that every service with things of accounts answers, for the deletion of an account.

use serde::{Deserialize, Serialize};

use crate::{Done, internal_call};

/// What does this account own with you? Things that you made by yourself for it (its default VPC) do not count, nor
/// does what is over and only remembered for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountHoldings {
    /// 12 digits.
    pub account_id: String,
}
internal_call!(AccountHoldings, "account-holdings" => Holdings);

/// The answer to [`AccountHoldings`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// How many there are of each kind, those without any left out.
    pub counts: Vec<Count>,
}

/// How many there are of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// `instance`, `bucket`, ...
    pub kind: String,
    /// One or more.
    pub count: usize,
}

impl Holdings {
    /// Adds a kind of which there are `count`.
    #[must_use]
    pub fn and(mut self, kind: &str, count: usize) -> Self {
        if count > 0 {
            self.counts.push(Count { kind: kind.to_owned(), count });
        }
        self
    }
}

/// The account is no more: remove what you made by yourself for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetAccount {
    /// 12 digits.
    pub account_id: String,
}
internal_call!(ForgetAccount, "forget-account" => Done);
