//! Versioning of buckets, and lists of versions.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::Owner;
use super::list::CommonPrefix;
use crate::Timestamp;

/// The body of `PutBucketVersioning` and what its Get answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersioningConfiguration {
    /// `Enabled` or `Suspended`; nothing when it was never set.
    pub status: Option<String>,
    /// `Enabled` or `Disabled`; answered only if it was ever set.
    #[serde(rename = "MfaDelete")]
    pub mfa_delete: Option<String>,
}

/// The answer of `ListObjectVersions`. Versions and delete markers are written among each other, in the order in which
/// they were pushed, as AWS does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsResult {
    /// Bucket.
    pub name: String,
    /// As asked for.
    pub prefix: String,
    /// As asked for.
    pub key_marker: String,
    /// As asked for.
    pub version_id_marker: String,
    /// Where the next page begins.
    pub next_key_marker: Option<String>,
    /// Where the next page begins.
    pub next_version_id_marker: Option<String>,
    /// As asked for, 1000 at most.
    pub max_keys: u32,
    /// As asked for.
    pub delimiter: Option<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// `url`.
    pub encoding_type: Option<String>,
    /// The versions; see [`ListVersionsResult::push_version`].
    #[serde(rename = "Version", default)]
    pub versions: Vec<VersionEntry>,
    /// The delete markers; see [`ListVersionsResult::push_delete_marker`].
    #[serde(rename = "DeleteMarker", default)]
    pub delete_markers: Vec<DeleteMarkerEntry>,
    /// How many versions were there before each of the delete markers.
    #[serde(skip)]
    pub before: Vec<usize>,
    /// What was folded at the delimiter.
    #[serde(default)]
    pub common_prefixes: Vec<CommonPrefix>,
}

impl ListVersionsResult {
    /// Goes on with a version.
    pub fn push_version(&mut self, version: VersionEntry) {
        self.versions.push(version);
    }

    /// Goes on with a delete marker.
    pub fn push_delete_marker(&mut self, marker: DeleteMarkerEntry) {
        self.before.push(self.versions.len());
        self.delete_markers.push(marker);
    }
}

impl Serialize for ListVersionsResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("ListVersionsResult", 13)?;
        out.serialize_field("Name", &self.name)?;
        out.serialize_field("Prefix", &self.prefix)?;
        out.serialize_field("KeyMarker", &self.key_marker)?;
        out.serialize_field("VersionIdMarker", &self.version_id_marker)?;
        out.serialize_field("NextKeyMarker", &self.next_key_marker)?;
        out.serialize_field("NextVersionIdMarker", &self.next_version_id_marker)?;
        out.serialize_field("MaxKeys", &self.max_keys)?;
        out.serialize_field("Delimiter", &self.delimiter)?;
        out.serialize_field("IsTruncated", &self.is_truncated)?;
        out.serialize_field("EncodingType", &self.encoding_type)?;
        let mut written = 0;
        for (marker, before) in self.delete_markers.iter().zip(&self.before) {
            out.serialize_field("Version", &self.versions[written..*before])?;
            out.serialize_field("DeleteMarker", marker)?;
            written = *before;
        }
        out.serialize_field("Version", &self.versions[written..])?;
        out.serialize_field("CommonPrefixes", &self.common_prefixes)?;
        out.end()
    }
}

/// A version in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionEntry {
    /// Key.
    pub key: String,
    /// `null` for what was put while versioning was off.
    pub version_id: String,
    /// Whether it is what a GET finds.
    pub is_latest: bool,
    /// When it was put.
    pub last_modified: Timestamp,
    /// In quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// The algorithm of its checksum.
    #[serde(default)]
    pub checksum_algorithm: Vec<String>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub checksum_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// `STANDARD`.
    pub storage_class: String,
}

/// A delete marker in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMarkerEntry {
    /// Key.
    pub key: String,
    /// `null` for what was deleted while versioning was suspended.
    pub version_id: String,
    /// Whether the key counts as deleted because of it.
    pub is_latest: bool,
    /// When the key was deleted.
    pub last_modified: Timestamp,
    /// Whose it is.
    pub owner: Option<Owner>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::xml::{Lists, document};

    #[test]
    fn versions_and_delete_markers_stand_in_the_order_of_keys() {
        let at = Timestamp(jiff::Timestamp::UNIX_EPOCH);
        let version = |key: &str| VersionEntry {
            key: key.into(),
            version_id: "null".into(),
            is_latest: true,
            last_modified: at,
            etag: String::new(),
            checksum_algorithm: vec![],
            checksum_type: None,
            size: 0,
            owner: None,
            storage_class: "STANDARD".into(),
        };
        let marker = |key: &str| DeleteMarkerEntry {
            key: key.into(),
            version_id: "null".into(),
            is_latest: true,
            last_modified: at,
            owner: None,
        };
        let mut result = ListVersionsResult::default();
        result.push_delete_marker(marker("a"));
        result.push_version(version("b"));
        result.push_version(version("c"));
        result.push_delete_marker(marker("d"));
        result.push_version(version("e"));
        let text = document("ListVersionsResult", "x", &result, Lists::Flat).unwrap();
        let rows: Vec<&str> = text
            .split("<Key>")
            .skip(1)
            .zip(text.split("<Key>"))
            .map(|(row, before)| if before.ends_with("<Version>") { &row[..1] } else { "-" })
            .collect();
        assert_eq!(rows, ["-", "b", "c", "-", "e"], "{text}");
    }
}
