//! Values as bytes. Structured values open with a byte that says their format version.

use serde::{Deserialize, Serialize};

use crate::Error;

/// A value that can be stored in a table.
pub trait Value: Sized {
    /// The stored form.
    fn to_bytes(&self) -> Result<Vec<u8>, Error>;
    /// The value of a stored form.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error>;
}

/// Implements [`Value`](crate::Value) for serde types: one byte of format version, then JSON.
///
/// A version this build does not know is [`Error::UnknownVersion`](crate::Error::UnknownVersion). When a change of
/// the type is more than an added field with a default, raise the version and name the type of the old form, which
/// converts by `Into`: `json_value!(Volume, version = 2, 1 => VolumeV1)`. Old rows are rewritten when they are put.
#[macro_export]
macro_rules! json_value {
    ($type:ty, version = $version:literal $(, $old_version:literal => $old:ty)* $(,)?) => {
        impl $crate::Value for $type {
            fn to_bytes(&self) -> ::std::result::Result<::std::vec::Vec<u8>, $crate::Error> {
                $crate::encode_json(self, $version)
            }
            fn from_bytes(bytes: &[u8]) -> ::std::result::Result<Self, $crate::Error> {
                match $crate::version_of(bytes) {
                    $version => $crate::decode_json(bytes),
                    $($old_version => $crate::decode_json::<$old>(bytes).map(::std::convert::Into::into),)*
                    found => Err($crate::unknown_version::<Self>(found, $version)),
                }
            }
        }
    };
}

/// Implements [`Value`](crate::Value) for serde types that are read so often that JSON is too slow: one byte of format
/// version, then MessagePack with the names of the fields, so that fields with defaults may be added as in JSON.
///
/// `json` is the version under which the type was stored by [`json_value!`](crate::json_value) before; such rows still
/// read, and are rewritten when they are put. Types that have another form for people and for machines
/// (`is_human_readable`) are stored in the latter.
#[macro_export]
macro_rules! packed_value {
    ($type:ty, version = $version:literal $(, json = $json:literal)? $(,)?) => {
        impl $crate::Value for $type {
            fn to_bytes(&self) -> ::std::result::Result<::std::vec::Vec<u8>, $crate::Error> {
                $crate::encode_packed(self, $version)
            }
            fn from_bytes(bytes: &[u8]) -> ::std::result::Result<Self, $crate::Error> {
                match $crate::version_of(bytes) {
                    $version => $crate::decode_packed(bytes),
                    $($json => $crate::decode_json(bytes),)?
                    found => Err($crate::unknown_version::<Self>(found, $version)),
                }
            }
        }
    };
}

/// The version byte, then MessagePack; what [`packed_value!`](crate::packed_value) calls.
pub fn encode_packed<T: Serialize>(value: &T, version: u8) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(256);
    out.push(version);
    let mut packer = rmp_serde::Serializer::new(&mut out).with_struct_map();
    value.serialize(&mut packer).map_err(value_error::<T>)?;
    Ok(out)
}

/// Decodes what follows the version byte; what [`packed_value!`](crate::packed_value) calls.
pub fn decode_packed<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    rmp_serde::from_slice(bytes.get(1..).unwrap_or_default()).map_err(value_error::<T>)
}

/// The version byte, then JSON; what [`json_value!`](crate::json_value) calls.
pub fn encode_json<T: Serialize>(value: &T, version: u8) -> Result<Vec<u8>, Error> {
    let mut out = vec![version];
    serde_json::to_writer(&mut out, value).map_err(value_error::<T>)?;
    Ok(out)
}

/// Decodes what follows the version byte; what [`json_value!`](crate::json_value) calls.
pub fn decode_json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes.get(1..).unwrap_or_default()).map_err(value_error::<T>)
}

/// The format version of a stored value: its first byte, 0 if there is none.
pub fn version_of(bytes: &[u8]) -> u8 {
    bytes.first().copied().unwrap_or(0)
}

/// The error for a version that is not known; what [`json_value!`](crate::json_value) calls.
pub fn unknown_version<T>(found: u8, known: u8) -> Error {
    Error::UnknownVersion { type_name: std::any::type_name::<T>(), found, known }
}

fn value_error<T>(reason: impl ToString) -> Error {
    Error::Value { type_name: std::any::type_name::<T>(), reason: reason.to_string() }
}

impl Value for () {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() { Ok(()) } else { Err(value_error::<()>("not empty")) }
    }
}

impl Value for String {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.as_bytes().to_vec())
    }
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        String::from_utf8(bytes.to_vec()).map_err(value_error::<String>)
    }
}

impl Value for Vec<u8> {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.clone())
    }
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(bytes.to_vec())
    }
}

impl Value for u64 {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.to_be_bytes().to_vec())
    }
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(u64::from_be_bytes).map_err(value_error::<u64>)
    }
}
