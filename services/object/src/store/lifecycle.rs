//! A bucket's lifecycle, and what carries it out: each action looks again whether what it was decided on is still so.

use jiff::Timestamp;
use store::{Read, Tx};

use super::objects::{Place, WriteIf, change_bucket, delete};
use super::versions;
use super::{LIFECYCLES, OBJECTS, VERSIONS, uploads};
use crate::domain::class::StorageClass;
use crate::domain::id::DataId;
use crate::domain::lifecycle::Lifecycle;
use crate::domain::lock::Removal;
use crate::domain::version::{Marker, Version, VersionId, Which};
use crate::error::Error;

/// Sets or removes the lifecycle of a bucket.
pub fn set(tx: &mut Tx<'_>, name: &str, lifecycle: Option<&Lifecycle>) -> Result<(), Error> {
    change_bucket(tx, name, |bucket| {
        bucket.lifecycle = lifecycle.is_some();
        Ok(())
    })?;
    let name = name.to_owned();
    match lifecycle {
        Some(lifecycle) => tx.put(&LIFECYCLES, &name, lifecycle)?,
        None => drop(tx.delete(&LIFECYCLES, &name)?),
    }
    Ok(())
}

/// One thing that a lifecycle wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum Action {
    /// The current object, as it was seen, is deleted (or marked as deleted).
    Expire { key: String, modified: Timestamp, version: Option<VersionId> },
    /// A noncurrent version is removed.
    Remove { key: String, which: Which },
    /// A delete marker that hides nothing is removed.
    RemoveMarker { key: String, which: Which },
    /// An object, as it was seen, goes to a lower storage class.
    Move { key: String, which: Which, modified: Timestamp, to: StorageClass },
    /// An upload is given up.
    Abort { key: String, upload_id: String },
}

/// When actions are carried out, and what a version made by them is called.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// A fresh version id.
    pub version: VersionId,
}

/// What an action did, for the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Key.
    pub key: String,
    /// How the log calls it.
    pub operation: &'static str,
    /// Which version it was done to, where versions are kept.
    pub version: Option<Which>,
    /// Bytes of an object.
    pub size: Option<u64>,
}

/// Carries out what `lifecycle` wants of a bucket, provided that it is still the bucket's. Says what was done.
pub fn carry_out(
    tx: &mut Tx<'_>,
    bucket: &str,
    lifecycle: &Lifecycle,
    actions: &[Action],
    moment: &Moment,
) -> Result<(Vec<Carried>, Vec<DataId>), Error> {
    let (mut done, mut freed) = (Vec::new(), Vec::new());
    if tx.get(&LIFECYCLES, &bucket.to_owned())?.as_ref() != Some(lifecycle) {
        return Ok((done, freed));
    }
    for action in actions {
        done.extend(carry_out_one(tx, bucket, action, moment, &mut freed)?);
    }
    Ok((done, freed))
}

fn carry_out_one(
    tx: &mut Tx<'_>,
    bucket: &str,
    action: &Action,
    moment: &Moment,
    freed: &mut Vec<DataId>,
) -> Result<Option<Carried>, Error> {
    let carried = |key: &str, operation, version, size| {
        Ok(Some(Carried { key: key.to_owned(), operation, version, size }))
    };
    let place = |key: &String| Place { bucket: bucket.to_owned(), key: key.clone() };
    match action {
        Action::Expire { key, modified, version } => {
            let place = place(key);
            let seen = |object: &crate::domain::object::Object| {
                object.modified == *modified && object.version == *version
            };
            let Some(object) = tx.get(&OBJECTS, &place.row())?.filter(seen) else { return Ok(None) };
            let owner =
                tx.get(&super::BUCKETS, &place.bucket)?.map(|bucket| bucket.owner).unwrap_or_default();
            let marker = Marker { version: Some(moment.version), modified: moment.now, owner };
            let mut written = delete(tx, &place, &WriteIf::default(), &marker)?;
            freed.append(&mut written.freed);
            let operation = if written.marker { "S3.CREATE.DELETEMARKER" } else { "S3.EXPIRE.OBJECT" };
            carried(key, operation, version.map(Which::Id), Some(object.size))
        }
        Action::Remove { key, which } => match remove_noncurrent(tx, &place(key), *which, moment, freed)? {
            Some(removed) => {
                let size = match removed {
                    Version::Object(object) => Some(object.size),
                    Version::Marker(_) => None,
                };
                carried(key, "S3.EXPIRE.OBJECT", Some(*which), size)
            }
            None => Ok(None),
        },
        Action::RemoveMarker { key, which } => {
            let place = place(key);
            let left = tx.page(&VERSIONS, &place.row(), None, 2)?.items;
            let alone = matches!(&left[..], [(_, Version::Marker(marker))] if which.names(marker.version));
            if !alone || tx.contains(&OBJECTS, &place.row())? {
                return Ok(None);
            }
            match versions::remove(tx, &place, *which, freed)? {
                Some(_) => carried(key, "S3.EXPIRE.OBJECT", Some(*which), None),
                None => Ok(None),
            }
        }
        Action::Move { key, which, modified, to } => {
            match transition(tx, &place(key), *which, *modified, *to) {
                Ok(size) => carried(key, log_name(*to), Some(*which), Some(size)),
                Err(Error::Changed | Error::NoSuchKey(_) | Error::NoSuchVersion { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        }
        Action::Abort { key, upload_id } => match uploads::abort(tx, &place(key), upload_id) {
            Ok(mut more) => {
                freed.append(&mut more);
                carried(key, "S3.DELETE.UPLOAD", None, None)
            }
            Err(Error::NoSuchUpload(_)) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Changes the class of an object that is still what was seen. Says its size.
fn transition(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Which,
    modified: Timestamp,
    to: StorageClass,
) -> Result<u64, Error> {
    let mut size = 0;
    versions::change(tx, place, Some(which), |object| {
        if object.modified != modified || !to.is_below(object.class) {
            return Err(Error::Changed);
        }
        (object.class, size) = (to, object.size);
        Ok(())
    })?;
    Ok(size)
}

/// How the access log calls a transition.
fn log_name(to: StorageClass) -> &'static str {
    match to {
        StorageClass::StandardIa => "S3.TRANSITION_SIA.OBJECT",
        StorageClass::OnezoneIa => "S3.TRANSITION_ZIA.OBJECT",
        StorageClass::IntelligentTiering => "S3.TRANSITION_INT.OBJECT",
        StorageClass::GlacierIr => "S3.TRANSITION_GIR.OBJECT",
        StorageClass::DeepArchive => "S3.TRANSITION_GDA.OBJECT",
        // nothing goes to the first two
        StorageClass::Standard | StorageClass::ReducedRedundancy | StorageClass::Glacier => {
            "S3.TRANSITION.OBJECT"
        }
    }
}

/// Removes a version that is noncurrent still, and not locked.
fn remove_noncurrent(
    tx: &mut Tx<'_>,
    place: &Place,
    which: Which,
    moment: &Moment,
    freed: &mut Vec<DataId>,
) -> Result<Option<Version>, Error> {
    let Some(bucket) = tx.get(&super::BUCKETS, &place.bucket)? else { return Ok(None) };
    let newest = versions::find(tx, &bucket, place, None)?;
    if newest.is_none_or(|newest| which.names(newest.id())) {
        return Ok(None);
    }
    let removal = Removal { now: moment.now, bypass: false };
    match versions::find(tx, &bucket, place, Some(which))? {
        Some(Version::Object(object)) if object.lock.protects(removal) => return Ok(None),
        Some(_) => {}
        None => return Ok(None),
    }
    versions::remove(tx, place, which, freed)
}
