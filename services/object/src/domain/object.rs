//! Objects and what their content consists of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acl::Acl;
use super::checksum::{Algorithm, Checksum, Kind};
use super::class::StorageClass;
use super::encryption::Encryption;
use super::id::DataId;
use super::lock::Lock;
use super::tag::Tags;
use super::version::VersionId;
use crate::error::Error;

/// A version of an object. Its content never changes; a new put makes a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Bytes of content.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// When it was made.
    #[serde(with = "stored_time")]
    pub modified: Timestamp,
    /// Where the content is.
    pub data: Data,
    /// Canonical user id.
    pub owner: String,
    /// Account of the owner.
    pub account: String,
    /// The one checksum that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// What is answered with the content besides the content itself.
    #[serde(default)]
    pub meta: Meta,
    /// Grants; none means that it is the owner's alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<Acl>,
    /// How its content is encrypted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Its version id; none for the `null` version. Before it is stored: the id it would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionId>,
    /// What keeps this version from being removed.
    #[serde(default, skip_serializing_if = "Lock::is_empty")]
    pub lock: Lock,
    /// At most 10.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// As it was asked for.
    #[serde(default, skip_serializing_if = "StorageClass::is_standard")]
    pub class: StorageClass,
    /// Until when archived content can be read, if it was asked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_until: Option<Timestamp>,
    /// Its content lies in the parts of an upload that it was copied from: clients are told of none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Object {
    /// The manifest of the parts that it has for clients. A copy has none, wherever its content lies.
    pub fn parts(&self) -> Option<DataId> {
        match self.data {
            Data::Parts(id) if !self.whole => Some(id),
            _ => None,
        }
    }

    /// Whether its ETag is not the MD5 of its content.
    pub fn hides_md5(&self) -> bool {
        self.parts().is_some() || self.encryption.as_ref().is_some_and(|it| it.method.hides_md5())
    }

    /// Whether it was asked back from the archive and still is there.
    pub fn is_restored(&self, now: Timestamp) -> bool {
        self.restored_until.is_some_and(|until| until > now)
    }

    /// Whether its content may be read.
    ///
    /// # Errors
    /// `InvalidObjectState` for what is in the archive.
    pub fn check_readable(&self, now: Timestamp) -> Result<(), Error> {
        match self.class.is_archive() && !self.is_restored(now) {
            true => Err(Error::ObjectState {
                class: self.class,
                message: "The operation is not valid for the object's storage class",
            }),
            false => Ok(()),
        }
    }
}

store::packed_value!(Object, version = 2, json = 1);

/// What a list shows of an object, read where its row lies: a page has a thousand of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed<'a> {
    /// Bytes of content.
    pub size: u64,
    /// Without quotes.
    #[serde(borrow)]
    pub etag: Cow<'a, str>,
    /// When it was made.
    #[serde(with = "stored_time")]
    pub modified: Timestamp,
    /// Canonical user id.
    #[serde(borrow)]
    pub owner: Cow<'a, str>,
    /// Of which kind its checksum is.
    #[serde(default)]
    pub checksum: Option<ListedSum>,
    /// Its storage class.
    #[serde(default)]
    pub class: StorageClass,
    /// Until when archived content can be read.
    #[serde(default)]
    pub restored_until: Option<Timestamp>,
}

/// What a list shows of a checksum.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ListedSum {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Of the whole, or of parts.
    pub kind: Kind,
}

impl<'a> Listed<'a> {
    /// Reads it from the row of an [`Object`].
    pub fn of_row(bytes: &'a [u8]) -> Result<Self, store::Error> {
        match store::version_of(bytes) {
            2 => store::decode_packed(bytes),
            1 => store::decode_json(bytes),
            found => Err(store::unknown_version::<Self>(found, 2)),
        }
    }
}

/// A time as it is stored: text where people may read it, else nanoseconds. Either is read.
mod stored_time {
    use std::fmt;

    use jiff::Timestamp;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::{Serialize, Serializer};

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(at.as_nanosecond()) {
            Ok(nanoseconds) if !serializer.is_human_readable() => serializer.serialize_i64(nanoseconds),
            _ => at.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, nanoseconds: i64) -> Result<Timestamp, E> {
                Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
            }
            fn visit_u64<E: Error>(self, nanoseconds: u64) -> Result<Timestamp, E> {
                Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Headers that are kept with an object and given back as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// `content-type` and the other system headers, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub system: BTreeMap<String, String>,
    /// What follows `x-amz-meta-`, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub user: BTreeMap<String, String>,
}

/// Where content is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Data {
    /// There is none.
    #[serde(rename = "0")]
    Nothing,
    /// In the store, for this object alone.
    #[serde(rename = "i")]
    Inline(DataId),
    /// A file, counted in the table of files.
    #[serde(rename = "f")]
    File(DataId),
    /// A manifest, counted in the table of manifests.
    #[serde(rename = "m")]
    Parts(DataId),
}

/// A file that objects, parts or manifests refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// How many refer to it. The row goes with the last of them.
    pub refs: u32,
    /// Bytes.
    pub size: u64,
}

store::packed_value!(FileRow, version = 2, json = 1);

/// The parts of an object that was uploaded in parts, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// How many objects refer to it.
    pub refs: u32,
    /// The parts. Never `Data::Parts` themselves.
    pub parts: Vec<ManifestPart>,
}

store::packed_value!(Manifest, version = 2, json = 1);

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPart {
    /// The number it was uploaded under.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// Where it is.
    pub data: Data,
    /// The checksum that its client sent or asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

#[cfg(test)]
mod tests {
    use store::Value;

    use super::*;

    /// As the first version stored it; fields that came later have their defaults.
    fn object() -> Object {
        let text = r#"{"size":4096,"etag":"d41d8cd98f00b204e9800998ecf8427e",
            "modified":"2026-11-24T13:43:03.123456789Z","data":{"i":"0000000000000000000000000000004d"},
            "owner":"75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a",
            "account":"000000000001",
            "checksum":{"algorithm":"CRC64NVME","kind":"FULL_OBJECT","value":"BwcHBwcHBwc="},
            "meta":{"system":{"content-type":"text/plain"}}}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_that_were_stored_as_json_still_read() {
        let stored = store::encode_json(&object(), 1).unwrap();
        assert_eq!(Object::from_bytes(&stored).unwrap(), object());
        let row = FileRow { refs: 2, size: 9 };
        assert_eq!(FileRow::from_bytes(&store::encode_json(&row, 1).unwrap()).unwrap(), row);
    }

    #[test]
    fn a_list_reads_the_same_rows() {
        for stored in [object().to_bytes().unwrap(), store::encode_json(&object(), 1).unwrap()] {
            let listed = Listed::of_row(&stored).unwrap();
            let Object { size, etag, modified, owner, checksum, class, restored_until, .. } = object();
            let sum = checksum.map(|sum| ListedSum { algorithm: sum.algorithm, kind: sum.kind });
            let (etag, owner) = (etag.into(), owner.into());
            assert_eq!(listed, Listed { size, etag, modified, owner, checksum: sum, class, restored_until });
        }
    }

    #[test]
    fn every_kind_of_data_survives_being_stored() {
        let id = DataId::new(Timestamp::now(), u128::MAX);
        for data in [Data::Nothing, Data::Inline(id), Data::File(id), Data::Parts(id)] {
            let kept = Object { data: data.clone(), ..object() };
            let bytes = kept.to_bytes().unwrap();
            assert_eq!(Object::from_bytes(&bytes).unwrap(), kept);
            assert!(Object::from_bytes(&bytes[..bytes.len() - 1]).is_err(), "cut off");
            let manifest =
                Manifest { refs: 1, parts: vec![ManifestPart { number: 1, size: 5, data, checksum: None }] };
            assert_eq!(Manifest::from_bytes(&manifest.to_bytes().unwrap()).unwrap(), manifest);
        }
        let (packed, json) = (object().to_bytes().unwrap(), store::encode_json(&object(), 1).unwrap());
        assert!(packed.len() < json.len());
    }
}
