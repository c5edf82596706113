//! Objects and buckets: each function is one transaction's work.

use std::sync::Arc;

use api_spec::ApiError;
use kit::Quotas;
use store::{Read, StartsWith, Tx};

use super::data::{NewData, release, share};
use super::versions::{self, make_way};
use super::{BUCKETS, CORS, LIFECYCLES, OBJECTS, PARTS, UPLOADS, VERSIONS};
use super::{buckets, usage};
use crate::domain::bucket::Bucket;
use crate::domain::id::DataId;
use crate::domain::lock::Removal;
use crate::domain::object::{Data, Object};
use crate::domain::version::{Marker, Version, VersionId, Versioning, Which};
use crate::error::Error;

/// What must be true of the key for a write to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteIf {
    /// `If-None-Match: *`.
    pub absent: bool,
    /// `If-Match`: this ETag, or `*`.
    pub etag: Option<String>,
    /// Quotas of who writes, on what the bucket would hold.
    pub quotas: Quotas,
}

impl WriteIf {
    /// Checks it against what is there.
    pub fn check(&self, key: &str, current: Option<&Object>) -> Result<(), Error> {
        if self.absent && current.is_some() {
            return Err(Error::PreconditionFailed("If-None-Match"));
        }
        match (&self.etag, current) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Error::NoSuchKey(key.to_owned())),
            (Some(etag), Some(object)) if etag == "*" || *etag == object.etag => Ok(()),
            (Some(_), Some(_)) => Err(Error::PreconditionFailed("If-Match")),
        }
    }

    /// Checks the conditions of a deletion: always against the current version.
    fn check_delete(&self, tx: &Tx<'_>, bucket: &Bucket, place: &Place) -> Result<(), Error> {
        if *self == WriteIf::default() {
            return Ok(());
        }
        let current = match versions::find(tx, bucket, place, None)? {
            Some(Version::Object(object)) => Some(object),
            Some(Version::Marker(_)) if self.etag.is_some() => {
                return Err(Error::PreconditionFailed("If-Match"));
            }
            Some(Version::Marker(_)) | None => None,
        };
        self.check(&place.key, current.as_ref())
    }
}

/// Where an object goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
}

impl Place {
    /// Its row among the current objects.
    pub fn row(&self) -> (String, String) {
        (self.bucket.clone(), self.key.clone())
    }
}

/// What became of a write.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// What replies call the version that was made or removed; nothing where versions were never kept.
    pub version: Option<String>,
    /// Whether that version is a delete marker.
    pub marker: bool,
    /// Of a deletion: bytes of the object that was removed, or hidden by a marker.
    pub size: Option<u64>,
    /// Files that nothing refers to any more.
    pub freed: Vec<DataId>,
}

/// Makes `object` the current version; its id is the one it brings, where versions are kept. The content of what it
/// replaces is given up into `freed`. Says what replies call it.
pub fn put(
    tx: &mut Tx<'_>,
    place: &Place,
    object: &Object,
    condition: &WriteIf,
    freed: &mut Vec<DataId>,
) -> Result<Option<String>, Error> {
    let bucket = bucket(tx, &place.bucket)?;
    let current = tx.get(&OBJECTS, &place.row())?;
    condition.check(&place.key, current.as_ref())?;
    let before = make_way(tx, bucket.versioning, place, current, freed)?;
    let version = match bucket.versioning {
        Some(Versioning::Enabled) => {
            // one without a name is named after its time: it must not become a second `null`
            let id = object.version.unwrap_or_else(|| VersionId::new(object.modified, 0));
            Some(id.newer_than(before))
        }
        Some(Versioning::Suspended) | None => None,
    };
    let mut lock = object.lock;
    if let Some(default) = bucket.lock.and_then(|lock| lock.default) {
        lock.retention = lock.retention.or_else(|| Some(default.from(object.modified)));
    }
    tx.put(&OBJECTS, &place.row(), &Object { version, lock, ..object.clone() })?;
    usage::given(tx, &place.bucket, object)?;
    if condition.quotas.any() {
        let counts = usage::counted(tx, &place.bucket)?.counts();
        condition.quotas.check(&counts).map_err(ApiError::from)?;
    }
    Ok(bucket.version_shown(version))
}

fn bucket(tx: &Tx<'_>, name: &str) -> Result<Arc<Bucket>, Error> {
    buckets::find(tx, name)?.ok_or_else(|| Error::NoSuchBucket(name.to_owned()))
}

/// Publishes new content as an object.
pub fn put_new(
    tx: &mut Tx<'_>,
    place: &Place,
    object: &Object,
    data: &NewData,
    condition: &WriteIf,
) -> Result<Written, Error> {
    let mut freed = Vec::new();
    let object = Object { data: data.publish(tx)?, ..object.clone() };
    let version = put(tx, place, &object, condition, &mut freed)?;
    Ok(Written { version, freed, ..Written::default() })
}

/// What is copied: the version of a key that is named, else its current object, as it was when it was looked at.
#[derive(Clone, Debug)]
pub struct Original {
    /// Where.
    pub place: Place,
    /// Which version.
    pub which: Option<Which>,
    /// Its content.
    pub seen: Data,
}

impl Original {
    /// One more reference to its content, which has the name `fresh` if it is small.
    ///
    /// # Errors
    /// `Changed` when it is not what it was any more.
    pub fn share(&self, tx: &mut Tx<'_>, fresh: DataId) -> Result<Data, Error> {
        let from = bucket(tx, &self.place.bucket)?;
        let found = versions::find_object(tx, &from, &self.place, self.which)?;
        let found = found.ok_or_else(|| Error::NoSuchKey(self.place.key.clone()))?;
        if found.data != self.seen {
            return Err(Error::Changed);
        }
        share(tx, &found.data, fresh)?.ok_or(Error::Changed)
    }
}

/// Makes `object` share the content of `original`, provided that is still what it was.
pub fn copy(
    tx: &mut Tx<'_>,
    original: &Original,
    place: &Place,
    object: &Object,
    condition: &WriteIf,
    fresh: DataId,
) -> Result<Written, Error> {
    let data = original.share(tx, fresh)?;
    let mut freed = Vec::new();
    let version = put(tx, place, &Object { data, ..object.clone() }, condition, &mut freed)?;
    Ok(Written { version, freed, ..Written::default() })
}

/// Deletes a key: removes its object, or marks it as deleted where versions are kept.
pub fn delete(
    tx: &mut Tx<'_>,
    place: &Place,
    condition: &WriteIf,
    marker: &Marker,
) -> Result<Written, Error> {
    let bucket = bucket(tx, &place.bucket)?;
    condition.check_delete(tx, &bucket, place)?;
    let current = tx.get(&OBJECTS, &place.row())?;
    let size = current.as_ref().map(|object| object.size);
    let mut freed = Vec::new();
    match (bucket.versioning, current) {
        (Some(versioning), current) => {
            let marker = versions::mark(tx, versioning, place, current, marker, &mut freed)?;
            Ok(Written { version: bucket.version_shown(marker.version), marker: true, size, freed })
        }
        (None, Some(current)) => {
            release(tx, &current.data, &mut freed)?;
            usage::taken(tx, &place.bucket, &current)?;
            tx.delete(&OBJECTS, &place.row())?;
            Ok(Written { size, freed, ..Written::default() })
        }
        (None, None) => Ok(Written::default()),
    }
}

/// Removes one version for good, unless it is locked; what is not there is removed already.
pub fn delete_version(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Which,
    condition: &WriteIf,
    removal: Removal,
) -> Result<Written, Error> {
    let bucket = bucket(tx, &place.bucket)?;
    // AWS looks at the current version, whichever is to go
    condition.check_delete(tx, &bucket, place)?;
    if let Some(object) = versions::find_object(tx, &bucket, place, Some(which))?
        && object.lock.protects(removal)
    {
        return Err(Error::Locked);
    }
    let mut freed = Vec::new();
    let removed = versions::remove(tx, place, which, &mut freed)?;
    let (marker, size) = match removed {
        Some(Version::Marker(_)) => (true, None),
        Some(Version::Object(object)) => (false, Some(object.size)),
        None => (false, None),
    };
    Ok(Written { version: bucket.versioning.map(|_| which.to_string()), marker, size, freed })
}

/// Changes a bucket.
pub fn change_bucket(
    tx: &mut Tx<'_>,
    name: &str,
    change: impl FnOnce(&mut Bucket) -> Result<(), Error>,
) -> Result<(), Error> {
    let key = name.to_owned();
    let mut bucket = tx.get(&BUCKETS, &key)?.ok_or_else(|| Error::NoSuchBucket(key.clone()))?;
    change(&mut bucket)?;
    Ok(tx.put(&BUCKETS, &key, &bucket)?)
}

/// Removes an empty bucket and the uploads that were begun in it.
pub fn delete_bucket(tx: &mut Tx<'_>, name: &str) -> Result<Vec<DataId>, Error> {
    let key = name.to_owned();
    if !tx.contains(&BUCKETS, &key)? {
        return Err(Error::NoSuchBucket(key));
    }
    if tx.first_in(&OBJECTS, &(key.clone(), StartsWith("")))?.is_some() {
        return Err(Error::BucketNotEmpty(key));
    }
    if tx.first_in(&VERSIONS, &(key.clone(), StartsWith("")))?.is_some() {
        return Err(Error::VersionsLeft(key));
    }
    let mut freed = Vec::new();
    for ((bucket, object, upload), _) in tx.scan_prefix(&UPLOADS, &key)? {
        for (part_key, part) in tx.scan_prefix(&PARTS, &upload)? {
            release(tx, &part.data, &mut freed)?;
            tx.delete(&PARTS, &part_key)?;
        }
        tx.delete(&UPLOADS, &(bucket, object, upload))?;
    }
    usage::forget(tx, &key)?;
    tx.delete(&CORS, &key)?;
    tx.delete(&LIFECYCLES, &key)?;
    tx.delete(&BUCKETS, &key)?;
    Ok(freed)
}
