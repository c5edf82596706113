//! The IAM policy language and its evaluation, as AWS documents them.
//!
//! A document is parsed and compiled once ([`Policy`]); malformed ones are refused there, saying where,
//! never at evaluation. [`evaluate`] then decides for one [`Request`] against the [`Policies`] of the
//! principal and the policy of the resource, and names the statement that decided.
//!
//! Invariants: an explicit deny anywhere wins; no policies means no access (but for an account's root in
//! its own account); what cannot be compared does not match.

mod arn;
mod condition;
mod context;
mod document;
mod error;
mod evaluate;
mod glob;
mod json;
mod keys;
mod matched;
mod message;
mod operator;
mod principal;
mod principal_element;
mod quota;
mod statement;

pub use context::Context;
pub use document::{Policy, PolicyKind};
pub use error::PolicyError;
pub use evaluate::{
    Decision, Kind, Policies, Request, Source, StatementRef, evaluate, evaluate_apart, evaluate_key,
    evaluate_trust,
};
pub use matched::{Matched, matched};
pub use message::{denial, message, message_without_reason};
pub use principal::Principal;
pub use quota::{Exceeded, Quota, exceeded};
