//! What a bucket holds, kept for buckets that somebody's quota asks about: all versions of all objects, delete markers and
//! uploads under way left out.
//!
//! A row begins with the first question, by one look through the bucket; from then on every write of the bucket keeps
//! it. Buckets that nobody asks about have no row and cost nothing.

use auth::policy::Quota;
use serde::{Deserialize, Serialize};
use store::{Read, Tx};

use super::{OBJECTS, USAGES, VERSIONS};
use crate::domain::object::Object;
use crate::domain::version::Version;
use crate::error::Error;

/// What there is in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Bytes of content.
    pub bytes: u64,
    /// Objects, noncurrent versions included.
    pub objects: u64,
}
store::json_value!(Usage, version = 1);

impl Usage {
    /// As quotas compare it.
    pub fn counts(&self) -> [(Quota, u64); 2] {
        [(Quota::BucketBytes, self.bytes), (Quota::BucketObjects, self.objects)]
    }

    fn with(self, object: &Object) -> Usage {
        Usage { bytes: self.bytes.saturating_add(object.size), objects: self.objects.saturating_add(1) }
    }

    fn without(self, object: &Object) -> Usage {
        Usage { bytes: self.bytes.saturating_sub(object.size), objects: self.objects.saturating_sub(1) }
    }
}

/// A version with content came into the bucket.
pub fn given(tx: &mut Tx<'_>, bucket: &str, object: &Object) -> Result<(), Error> {
    change(tx, bucket, |usage| usage.with(object))
}

/// A version with content is gone from the bucket.
pub fn taken(tx: &mut Tx<'_>, bucket: &str, object: &Object) -> Result<(), Error> {
    change(tx, bucket, |usage| usage.without(object))
}

fn change(tx: &mut Tx<'_>, bucket: &str, change: impl FnOnce(Usage) -> Usage) -> Result<(), Error> {
    let bucket = bucket.to_owned();
    match tx.get(&USAGES, &bucket)? {
        Some(usage) => Ok(tx.put(&USAGES, &bucket, &change(usage))?),
        None => Ok(()),
    }
}

/// What the bucket holds now, this transaction's own writes included.
pub fn counted(tx: &mut Tx<'_>, bucket: &str) -> Result<Usage, Error> {
    let bucket = bucket.to_owned();
    if let Some(usage) = tx.get(&USAGES, &bucket)? {
        return Ok(usage);
    }
    let mut usage = Usage::default();
    for (_, object) in tx.scan_prefix(&OBJECTS, &bucket)? {
        usage = usage.with(&object);
    }
    for (_, version) in tx.scan_prefix(&VERSIONS, &bucket)? {
        if let Version::Object(object) = version {
            usage = usage.with(&object);
        }
    }
    tx.put(&USAGES, &bucket, &usage)?;
    Ok(usage)
}

/// The bucket is gone.
pub fn forget(tx: &mut Tx<'_>, bucket: &str) -> Result<(), Error> {
    tx.delete(&USAGES, &bucket.to_owned())?;
    Ok(())
}
