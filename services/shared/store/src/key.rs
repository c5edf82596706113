//! Keys as bytes: order-preserving and self-delimiting.
//!
//! Invariants of every [`Key`]: comparing encodings as bytes orders them as the type's `Ord` does (for
//! [`string_key!`](crate::string_key) types: as their text does), and no encoding is a proper prefix of another of
//! the same type. So tuples are simply their parts one after the other, and first components select a range.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use crate::Error;

/// A value that can be a table's key.
pub trait Key: Sized {
    /// Appends the order-preserving encoding.
    fn encode(&self, out: &mut Vec<u8>);
    /// Takes one encoding off the front of `input`.
    fn decode(input: &mut &[u8]) -> Result<Self, Error>;
}

/// The encoding of `key` alone.
pub fn encode_key<K: Key>(key: &K) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    key.encode(&mut out);
    out
}

/// Decodes a key that must fill `bytes` exactly.
pub fn decode_key<K: Key>(mut bytes: &[u8]) -> Result<K, Error> {
    let key = K::decode(&mut bytes)?;
    if bytes.is_empty() { Ok(key) } else { Err(Error::Key(format!("{} bytes left over", bytes.len()))) }
}

/// The text of a key's last part, a string that fills `bytes`; without copying it where it has no NUL.
pub fn text_of_key(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    match bytes.strip_suffix(&[0, 0]) {
        Some(text) if !text.contains(&0) => {
            str::from_utf8(text).map(Cow::Borrowed).map_err(|error| Error::Key(error.to_string()))
        }
        _ => decode_key(bytes).map(Cow::Owned),
    }
}

/// Encodes by `Display`; what [`string_key!`](crate::string_key) calls.
pub fn encode_text_key(key: &impl Display, out: &mut Vec<u8>) {
    encode_bytes(key.to_string().as_bytes(), out);
}

/// Decodes by `FromStr`; what [`string_key!`](crate::string_key) calls.
pub fn decode_text_key<T>(input: &mut &[u8]) -> Result<T, Error>
where
    T: FromStr,
    T::Err: Display,
{
    let text = String::decode(input)?;
    text.parse().map_err(|error| Error::Key(format!("`{text}`: {error}")))
}

/// Implements [`Key`](crate::Key) for types that have `Display` and `FromStr`, by their text.
#[macro_export]
macro_rules! string_key {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::Key for $type {
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) {
                $crate::encode_text_key(self, out);
            }
            fn decode(input: &mut &[u8]) -> ::std::result::Result<Self, $crate::Error> {
                $crate::decode_text_key(input)
            }
        }
    )+};
}

/// 00 within becomes 00 FF, the end is 00 00: shorter sorts before longer, and nothing within looks like the end.
fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    encode_open(bytes, out);
    out.extend([0, 0]);
}

/// The escaped bytes without their end: a prefix of every encoding that starts with `bytes`.
pub(crate) fn encode_open(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
}

fn decode_bytes(input: &mut &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut rest = *input;
    loop {
        match rest {
            [0, 0, tail @ ..] => {
                *input = tail;
                return Ok(out);
            }
            [0, 0xff, tail @ ..] => {
                out.push(0);
                rest = tail;
            }
            [byte, tail @ ..] if *byte != 0 => {
                out.push(*byte);
                rest = tail;
            }
            _ => return Err(Error::Key("a string without its end".into())),
        }
    }
}

impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_bytes(self.as_bytes(), out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, Error> {
        String::from_utf8(decode_bytes(input)?).map_err(|error| Error::Key(error.to_string()))
    }
}

impl Key for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_bytes(self, out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, Error> {
        decode_bytes(input)
    }
}

impl Key for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn decode(input: &mut &[u8]) -> Result<Self, Error> {
        match u8::decode(input)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Error::Key(format!("{other} is not a bool"))),
        }
    }
}

impl Key for () {
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &mut &[u8]) -> Result<Self, Error> {
        Ok(())
    }
}

macro_rules! integer_key {
    ($($type:ty),+) => {$(
        impl Key for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend(self.to_be_bytes());
            }
            fn decode(input: &mut &[u8]) -> Result<Self, Error> {
                let Some((bytes, rest)) = input.split_first_chunk() else {
                    return Err(Error::Key(format!("{} bytes are too few for {}", input.len(), stringify!($type))));
                };
                *input = rest;
                Ok(<$type>::from_be_bytes(*bytes))
            }
        }
    )+};
}
integer_key!(u8, u16, u32, u64, u128);

macro_rules! tuple_key {
    ($($part:ident . $at:tt),+) => {
        impl<$($part: Key),+> Key for ($($part,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$at.encode(out);)+
            }
            fn decode(input: &mut &[u8]) -> Result<Self, Error> {
                Ok(($($part::decode(input)?,)+))
            }
        }
    };
}
tuple_key!(A.0, B.1);
tuple_key!(A.0, B.1, C.2);
tuple_key!(A.0, B.1, C.2, D.3);
