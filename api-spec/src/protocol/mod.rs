//! Codecs of the protocols AWS clients speak: pure functions from bytes to shapes and back.

pub mod error_document;
pub mod query;
mod query_serde;
pub mod xml;
