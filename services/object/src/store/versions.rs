//! Versions of a key: finding, retiring, marking and removing them. Every function runs in the transaction that
//! changes what a key has.
//!
//! A key's newest version is in [`OBJECTS`] if it is an object; all its other versions, and a newest one that is a
//! delete marker, are in [`VERSIONS`]. So lists of current objects never meet anything else. [`NULLS`] says where in
//! [`VERSIONS`] a key's `null` version is.

use store::{Read, Tx};

use super::data::release;
use super::objects::Place;
use super::usage;
use super::{BUCKETS, NULLS, OBJECTS, VERSIONS};
use crate::domain::bucket::Bucket;
use crate::domain::id::DataId;
use crate::domain::object::Object;
use crate::domain::version::{Marker, Version, Versioning, Which};
use crate::error::Error;

/// A row's place among the versions of its key: newer ones come first.
pub fn age(order: u64) -> u64 {
    !order
}

fn row(place: &Place, age: u64) -> (String, String, u64) {
    (place.bucket.clone(), place.key.clone(), age)
}

/// The newest row behind the current object.
fn newest(read: &impl Read, place: &Place) -> Result<Option<(u64, Version)>, store::Error> {
    let found = read.first_in(&VERSIONS, &place.row())?;
    Ok(found.map(|((_, _, age), version)| (age, version)))
}

/// A version that is not the current object.
fn behind(read: &impl Read, place: &Place, which: Which) -> Result<Option<(u64, Version)>, store::Error> {
    let age = match which {
        Which::Id(id) => Some(age(id.order())),
        Which::Null => read.get(&NULLS, &place.row())?,
    };
    let Some(age) = age else { return Ok(None) };
    let found = read.get(&VERSIONS, &row(place, age))?;
    Ok(found.filter(|version| which.names(version.id())).map(|version| (age, version)))
}

/// The version that a request is about: the one it names, else the newest.
pub fn find(
    read: &impl Read,
    bucket: &Bucket,
    place: &Place,
    which: Option<Which>,
) -> Result<Option<Version>, store::Error> {
    let current = read.get(&OBJECTS, &place.row())?;
    let is_it = |object: &Object| which.is_none_or(|which| which.names(object.version));
    match (current.filter(is_it), which) {
        (Some(object), _) => Ok(Some(Version::Object(object))),
        (None, _) if bucket.versioning.is_none() => Ok(None),
        (None, None) => Ok(newest(read, place)?.map(|(_, version)| version)),
        (None, Some(which)) => Ok(behind(read, place, which)?.map(|(_, version)| version)),
    }
}

/// The same, where only an object will do.
pub fn find_object(
    read: &impl Read,
    bucket: &Bucket,
    place: &Place,
    which: Option<Which>,
) -> Result<Option<Object>, store::Error> {
    Ok(match find(read, bucket, place, which)? {
        Some(Version::Object(object)) => Some(object),
        Some(Version::Marker(_)) | None => None,
    })
}

/// Makes way for a new version as the bucket wants it: what is there becomes noncurrent, or its content is given up
/// into `freed`. Says what the new one must be newer than. The row of the current object is left to the caller.
pub fn make_way(
    tx: &mut Tx<'_>,
    versioning: Option<Versioning>,
    place: &Place,
    current: Option<Object>,
    freed: &mut Vec<DataId>,
) -> Result<Option<u64>, Error> {
    match (versioning, current) {
        (None, None) => return Ok(None),
        (None, Some(current)) => {
            release(tx, &current.data, freed)?;
            usage::taken(tx, &place.bucket, &current)?;
            return Ok(None);
        }
        (Some(Versioning::Suspended), Some(current)) if current.version.is_none() => {
            release(tx, &current.data, freed)?;
            usage::taken(tx, &place.bucket, &current)?;
        }
        (Some(_), Some(current)) => {
            retire(tx, place, Version::Object(current))?;
        }
        (Some(_), None) => {}
    }
    if versioning == Some(Versioning::Suspended) {
        take_behind(tx, place, Which::Null, freed)?;
    }
    Ok(newest(tx, place)?.map(|(age, _)| !age))
}

/// Puts a version in front of those behind the current object.
fn retire(tx: &mut Tx<'_>, place: &Place, version: Version) -> Result<(), Error> {
    let before = newest(tx, place)?.map(|(age, _)| !age);
    let order = version.order().max(before.map_or(0, |order| order.saturating_add(1)));
    if version.id().is_none() {
        tx.put(&NULLS, &place.row(), &age(order))?;
    }
    Ok(tx.put(&VERSIONS, &row(place, age(order)), &version)?)
}

/// Marks the key as deleted, in a bucket that keeps versions.
pub fn mark(
    tx: &mut Tx<'_>,
    versioning: Versioning,
    place: &Place,
    current: Option<Object>,
    marker: &Marker,
    freed: &mut Vec<DataId>,
) -> Result<Marker, Error> {
    if current.is_some() {
        tx.delete(&OBJECTS, &place.row())?;
    }
    let before = make_way(tx, Some(versioning), place, current, freed)?;
    let version = match versioning {
        Versioning::Enabled => marker.version.map(|id| id.newer_than(before)),
        Versioning::Suspended => None,
    };
    let marker = Marker { version, ..marker.clone() };
    retire(tx, place, Version::Marker(marker.clone()))?;
    Ok(marker)
}

/// Removes a version for good; the newest of those that are left takes its place.
pub fn remove(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Which,
    freed: &mut Vec<DataId>,
) -> Result<Option<Version>, Error> {
    let current = tx.get(&OBJECTS, &place.row())?;
    let had_current = current.is_some();
    let removed = match current.filter(|object| which.names(object.version)) {
        Some(object) => {
            release(tx, &object.data, freed)?;
            usage::taken(tx, &place.bucket, &object)?;
            tx.delete(&OBJECTS, &place.row())?;
            promote(tx, place)?;
            Some(Version::Object(object))
        }
        None => {
            let removed = take_behind(tx, place, which, freed)?;
            if !had_current && removed.is_some() {
                promote(tx, place)?;
            }
            removed
        }
    };
    Ok(removed)
}

/// Removes a version that is not the current object.
fn take_behind(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Which,
    freed: &mut Vec<DataId>,
) -> Result<Option<Version>, Error> {
    let Some((age, version)) = behind(tx, place, which)? else { return Ok(None) };
    forget(tx, place, age, which)?;
    if let Version::Object(object) = &version {
        release(tx, &object.data, freed)?;
        usage::taken(tx, &place.bucket, object)?;
    }
    Ok(Some(version))
}

fn forget(tx: &mut Tx<'_>, place: &Place, age: u64, which: Which) -> Result<(), Error> {
    tx.delete(&VERSIONS, &row(place, age))?;
    if which == Which::Null {
        tx.delete(&NULLS, &place.row())?;
    }
    Ok(())
}

/// Where no object is current: makes the newest version current, if it is one.
fn promote(tx: &mut Tx<'_>, place: &Place) -> Result<(), Error> {
    match newest(tx, place)? {
        Some((age, Version::Object(object))) => {
            forget(tx, place, age, object.version.into())?;
            Ok(tx.put(&OBJECTS, &place.row(), &object)?)
        }
        Some((_, Version::Marker(_))) | None => Ok(()),
    }
}

/// Changes what is kept with an object (never its content): the version named, else the current one.
pub fn change(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Option<Which>,
    change: impl FnOnce(&mut Object) -> Result<(), Error>,
) -> Result<(), Error> {
    let bucket = tx.get(&BUCKETS, &place.bucket)?;
    if bucket.is_none() {
        return Err(Error::NoSuchBucket(place.bucket.clone()));
    }
    let current = tx.get(&OBJECTS, &place.row())?;
    let is_it = |object: &Object| which.is_none_or(|which| which.names(object.version));
    if let Some(mut object) = current.filter(is_it) {
        change(&mut object)?;
        return Ok(tx.put(&OBJECTS, &place.row(), &object)?);
    }
    let Some(which) = which else { return Err(Error::NoSuchKey(place.key.clone())) };
    match behind(tx, place, which)? {
        Some((age, Version::Object(mut object))) => {
            change(&mut object)?;
            Ok(tx.put(&VERSIONS, &row(place, age), &Version::Object(object))?)
        }
        Some((_, Version::Marker(_))) | None => {
            Err(Error::NoSuchVersion { key: place.key.clone(), version: which.to_string() })
        }
    }
}
