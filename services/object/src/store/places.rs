//! What consists of a piece of stored content. Walks the whole index: for what should never happen.

use std::collections::HashSet;

use store::{Error, Snapshot};

use super::{MANIFESTS, OBJECTS, PARTS, VERSIONS};
use crate::domain::id::DataId;
use crate::domain::object::{Data, Object};
use crate::domain::version::{Version, Which};

/// Every object and part of an upload that has it, as an operator reads them.
pub fn places_of(snapshot: &Snapshot, id: DataId) -> Result<Vec<String>, Error> {
    let mut within = HashSet::new();
    for row in snapshot.iter(&MANIFESTS, ..)? {
        let (manifest, row) = row?;
        if row.parts.iter().any(|part| is(&part.data, id)) {
            within.insert(manifest);
        }
    }
    let has = |data: &Data| match data {
        Data::Parts(manifest) => within.contains(manifest),
        other => is(other, id),
    };
    let name = |bucket: &str, key: &str, object: &Object| {
        format!("s3://{bucket}/{key} version {}", Which::from(object.version))
    };
    let mut places = Vec::new();
    for row in snapshot.iter(&OBJECTS, ..)? {
        let ((bucket, key), object) = row?;
        if has(&object.data) {
            places.push(name(&bucket, &key, &object));
        }
    }
    for row in snapshot.iter(&VERSIONS, ..)? {
        if let ((bucket, key, _), Version::Object(object)) = row?
            && has(&object.data)
        {
            places.push(name(&bucket, &key, &object));
        }
    }
    for row in snapshot.iter(&PARTS, ..)? {
        let ((upload, number), part) = row?;
        if has(&part.data) {
            places.push(format!("part {number} of upload {upload}"));
        }
    }
    Ok(places)
}

fn is(data: &Data, id: DataId) -> bool {
    matches!(data, Data::Inline(own) | Data::File(own) if *own == id)
}
