//! The entries of lists, written as XML straight from where the rows lie: nothing is allocated for a row. The shapes in
//! `api_spec::s3::list` say the same, and a test holds one against the other.

use std::fmt::Write as _;

use api_spec::protocol::xml::escape_into;
use api_spec::values::Timestamp;

use super::list::Asked;
use crate::domain::object::Listed;

/// Writes an [`ObjectEntry`](api_spec::s3::list::ObjectEntry).
pub fn write_row(out: &mut String, asked: &Asked, key: &str, object: &Listed<'_>, owner: bool) {
    out.push_str("<Contents><Key>");
    escape_into(out, &asked.shown(key));
    out.push_str("</Key><LastModified>");
    push(out, &Timestamp::from(object.modified));
    out.push_str("</LastModified><ETag>&quot;");
    escape_into(out, &object.etag);
    out.push_str("&quot;</ETag>");
    if let Some(sum) = &object.checksum {
        element(out, "ChecksumAlgorithm", sum.algorithm.as_str());
        element(out, "ChecksumType", sum.kind.as_str());
    }
    out.push_str("<Size>");
    push(out, &object.size);
    out.push_str("</Size>");
    if owner {
        out.push_str("<Owner>");
        element(out, "ID", asked.owner_shown(&object.owner));
        out.push_str("</Owner>");
    }
    element(out, "StorageClass", object.class.as_str());
    if asked.restore && object.class.is_archive() {
        write_restore_status(out, asked, object);
    }
    out.push_str("</Contents>");
}

/// Of an archived object: until when its content can be read.
fn write_restore_status(out: &mut String, asked: &Asked, object: &Listed<'_>) {
    out.push_str("<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>");
    if let Some(until) = object.restored_until.filter(|until| *until > asked.now) {
        out.push_str("<RestoreExpiryDate>");
        push(out, &Timestamp::from(until));
        out.push_str("</RestoreExpiryDate>");
    }
    out.push_str("</RestoreStatus>");
}

/// Writes a [`CommonPrefix`](api_spec::s3::list::CommonPrefix); its name is as it is shown.
pub fn write_folded(out: &mut String, shown: &str) {
    out.push_str("<CommonPrefixes>");
    element(out, "Prefix", shown);
    out.push_str("</CommonPrefixes>");
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape_into(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// What has nothing in it to be escaped.
fn push(out: &mut String, value: &impl std::fmt::Display) {
    // a string takes everything
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use api_spec::protocol::xml::{self, Lists};
    use api_spec::s3::Owner;
    use api_spec::s3::list::{CommonPrefix, ObjectEntry};
    use api_spec::s3::restore::RestoreStatus;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::checksum::{Algorithm, Kind};
    use crate::domain::class::StorageClass;
    use crate::domain::object::ListedSum;

    fn time(seconds: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(seconds).unwrap()
    }

    proptest! {
        #[test]
        fn a_row_is_written_as_its_shape_says(
            key in "\\PC{1,12}", url in any::<bool>(), owner in any::<bool>(), summed in any::<bool>(),
            archived in any::<bool>(), restore in any::<bool>(), until in proptest::option::of(0i64..200),
            size in any::<u64>(), modified in 0i64..4_000_000_000,
        ) {
            let asked =
                Asked { prefix: String::new(), delimiter: None, limit: 1000, url, restore, now: time(100), owner: None };
            let class = if archived { StorageClass::DeepArchive } else { StorageClass::Standard };
            let sum = ListedSum { algorithm: Algorithm::Crc64Nvme, kind: Kind::FullObject };
            let listed = Listed {
                size,
                etag: "0123-2".into(),
                modified: time(modified),
                owner: "me & <you>".into(),
                checksum: summed.then_some(sum),
                class,
                restored_until: until.map(time),
            };
            let status = RestoreStatus {
                is_restore_in_progress: false,
                restore_expiry_date: until.filter(|until| *until > 100).map(|until| time(until).into()),
            };
            let entry = ObjectEntry {
                key: asked.show(&key),
                last_modified: listed.modified.into(),
                etag: "\"0123-2\"".into(),
                checksum_algorithm: listed.checksum.iter().map(|_| "CRC64NVME".to_owned()).collect(),
                checksum_type: listed.checksum.as_ref().map(|_| "FULL_OBJECT".to_owned()),
                size,
                owner: owner.then(|| Owner { id: "me & <you>".into(), display_name: None }),
                storage_class: class.as_str().into(),
                restore_status: (restore && archived).then_some(status),
            };
            let (mut written, mut shaped) = (String::new(), String::new());
            write_row(&mut written, &asked, &key, &listed, owner);
            xml::element(&mut shaped, "Contents", &entry, Lists::Flat).unwrap();
            prop_assert_eq!(&written, &shaped);
            let (mut written, mut shaped) = (String::new(), String::new());
            write_folded(&mut written, &asked.shown(&key));
            let folded = CommonPrefix { prefix: asked.show(&key) };
            xml::element(&mut shaped, "CommonPrefixes", &folded, Lists::Flat).unwrap();
            prop_assert_eq!(written, shaped);
        }
    }
}
