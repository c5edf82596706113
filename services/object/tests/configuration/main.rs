//! What buckets and objects have besides content, through the real dispatcher: one file a feature.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attributes;
mod classic;
mod cors;
#[path = "../support/mod.rs"]
mod support;
mod tagging;
