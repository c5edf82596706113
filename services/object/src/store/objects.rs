//! Objects and buckets: each function is one transaction's work.

use store::{Read, StartsWith, Tx};

use super::data::{NewData, release, share};
use super::{BUCKETS, OBJECTS, PARTS, UPLOADS};
use crate::domain::bucket::Bucket;
use crate::domain::id::DataId;
use crate::domain::object::{Data, Object};
use crate::error::Error;

/// What must be true of the key for a write to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteIf {
    /// `If-None-Match: *`.
    pub absent: bool,
    /// `If-Match`: this ETag, or `*`.
    pub etag: Option<String>,
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

    /// Whether there is anything to check.
    pub fn is_empty(&self) -> bool {
        *self == WriteIf::default()
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
    fn row(&self) -> (String, String) {
        (self.bucket.clone(), self.key.clone())
    }
}

/// Makes `object` the current version. The content of the one before is given up into `freed`.
pub fn put(
    tx: &mut Tx<'_>,
    place: &Place,
    object: &Object,
    condition: &WriteIf,
    freed: &mut Vec<DataId>,
) -> Result<(), Error> {
    if !tx.contains(&BUCKETS, &place.bucket)? {
        return Err(Error::NoSuchBucket(place.bucket.clone()));
    }
    let current = tx.get(&OBJECTS, &place.row())?;
    condition.check(&place.key, current.as_ref())?;
    if let Some(current) = current {
        release(tx, &current.data, freed)?;
    }
    Ok(tx.put(&OBJECTS, &place.row(), object)?)
}

/// Publishes new content as an object.
pub fn put_new(
    tx: &mut Tx<'_>,
    place: &Place,
    object: &Object,
    data: &NewData,
    condition: &WriteIf,
) -> Result<Vec<DataId>, Error> {
    let mut freed = Vec::new();
    let object = Object { data: data.publish(tx)?, ..object.clone() };
    put(tx, place, &object, condition, &mut freed)?;
    Ok(freed)
}

/// Makes `object` share the content of `source`, provided that is still what it was.
pub fn copy(
    tx: &mut Tx<'_>,
    source: &Place,
    seen: &Data,
    place: &Place,
    object: &Object,
    condition: &WriteIf,
    fresh: DataId,
) -> Result<Vec<DataId>, Error> {
    let changed = || Error::NoSuchKey(source.key.clone());
    let current = tx.get(&OBJECTS, &source.row())?.ok_or_else(changed)?;
    if current.data != *seen {
        return Err(Error::Changed);
    }
    let mut freed = Vec::new();
    let data = share(tx, seen, fresh)?.ok_or(Error::Changed)?;
    put(tx, place, &Object { data, ..object.clone() }, condition, &mut freed)?;
    Ok(freed)
}

/// Removes the current version, if there is one.
pub fn delete(tx: &mut Tx<'_>, place: &Place, condition: &WriteIf) -> Result<Vec<DataId>, Error> {
    let mut freed = Vec::new();
    let current = tx.get(&OBJECTS, &place.row())?;
    if !condition.is_empty() {
        condition.check(&place.key, current.as_ref())?;
    }
    if let Some(current) = current {
        release(tx, &current.data, &mut freed)?;
        tx.delete(&OBJECTS, &place.row())?;
    }
    Ok(freed)
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
    let mut freed = Vec::new();
    for ((bucket, object, upload), _) in tx.scan_prefix(&UPLOADS, &key)? {
        for (part_key, part) in tx.scan_prefix(&PARTS, &upload)? {
            release(tx, &part.data, &mut freed)?;
            tx.delete(&PARTS, &part_key)?;
        }
        tx.delete(&UPLOADS, &(bucket, object, upload))?;
    }
    tx.delete(&BUCKETS, &key)?;
    Ok(freed)
}
