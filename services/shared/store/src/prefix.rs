//! What selects all keys that start alike: first components of a tuple, a string's beginning, or nothing at all.
//!
//! The type parameter ties a prefix to the keys it can begin, so that a query on the wrong component does not compile.

use crate::Key;
use crate::key::encode_open;

/// Something whose encoding is a prefix of the encodings of some `K`s.
pub trait Prefix<K> {
    /// Appends the bytes that all selected keys start with.
    fn encode_prefix(&self, out: &mut Vec<u8>);
}

/// The prefix of every key.
#[derive(Debug, Clone, Copy)]
pub struct All;

/// The strings that start with this text, as a key's last given component: `StartsWith("photos/")`,
/// `(bucket, StartsWith("photos/"))`.
#[derive(Debug, Clone, Copy)]
pub struct StartsWith<'a>(pub &'a str);

pub(crate) fn prefix_bytes<K, P: Prefix<K> + ?Sized>(prefix: &P) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    prefix.encode_prefix(&mut out);
    out
}

impl<K: Key> Prefix<K> for All {
    fn encode_prefix(&self, _: &mut Vec<u8>) {}
}

macro_rules! component_prefix {
    ($(<$($part:ident),+> $prefix:ty => $key:ty;)+) => {$(
        impl<$($part: Key),+> Prefix<$key> for $prefix {
            fn encode_prefix(&self, out: &mut Vec<u8>) {
                self.encode(out);
            }
        }
    )+};
}
component_prefix! {
    <A, B> A => (A, B);
    <A, B, C> A => (A, B, C);
    <A, B, C> (A, B) => (A, B, C);
    <A, B, C, D> A => (A, B, C, D);
    <A, B, C, D> (A, B) => (A, B, C, D);
    <A, B, C, D> (A, B, C) => (A, B, C, D);
    // an index's keys are (what it is asked by, the row's key); the former may itself be a tuple
    <A, B, K> A => ((A, B), K);
    <A, B, C, K> A => ((A, B, C), K);
    <A, B, C, K> (A, B) => ((A, B, C), K);
}

impl Prefix<String> for StartsWith<'_> {
    fn encode_prefix(&self, out: &mut Vec<u8>) {
        encode_open(self.0.as_bytes(), out);
    }
}

macro_rules! text_prefix {
    ($(<$($part:ident),*> $key:ty;)+) => {$(
        impl<A: Key, $($part: Key),*> Prefix<$key> for (A, StartsWith<'_>) {
            fn encode_prefix(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
                encode_open(self.1.0.as_bytes(), out);
            }
        }
    )+};
}
text_prefix! {
    <> (A, String);
    <B> (A, String, B);
    <B, C> (A, String, B, C);
}
