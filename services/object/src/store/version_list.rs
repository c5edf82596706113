//! Walking all versions of keys, newest first within a key: the current objects and what is behind them, merged in
//! one pass.

use store::{Error, Read, Scan, Snapshot, StartsWith};

use super::list::{Entry, Found, Walk};
use super::versions::age;
use super::{NULLS, OBJECTS, VERSIONS};
use crate::domain::object::Object;
use crate::domain::version::{Version, Which};

/// A version in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The version.
    pub version: Version,
    /// Whether it is what a request without a version id finds.
    pub latest: bool,
}

/// Walks the versions of a bucket. With `behind`, the walk begins behind that version of the key `walk.after`.
pub fn run(
    walk: &Walk,
    snapshot: &Snapshot,
    bucket: &str,
    behind: Option<Which>,
) -> Result<Found<Listed>, Error> {
    let mut merge = Merge::new(walk, snapshot, bucket)?;
    let resumed = merge.skip(walk, snapshot, behind)?;
    let mut entries = Vec::with_capacity(walk.limit.min(1000));
    let mut last = String::new();
    while entries.len() < walk.limit {
        let Some(key) = merge.key().map(str::to_owned) else {
            return Ok(Found { entries, truncated: false });
        };
        if let Some(folded) = walk.fold(&key) {
            merge.seek_past(folded)?;
            entries.push(Entry::Folded(folded.to_owned()));
            continue;
        }
        let Some((age, version)) = merge.take(&key)? else { continue };
        let latest = match (&version, age) {
            (_, None) => true,
            (Version::Object(_), Some(_)) => false,
            (Version::Marker(_), Some(_)) if last == key => false,
            (Version::Marker(_), Some(age)) if resumed.as_ref() == Some(&key) => {
                is_newest(snapshot, bucket, &key, age)?
            }
            (Version::Marker(_), Some(_)) => true,
        };
        entries.push(Entry::Row(key.clone(), Listed { version, latest }));
        last = key;
    }
    Ok(Found { truncated: walk.limit > 0 && merge.key().is_some(), entries })
}

fn is_newest(snapshot: &Snapshot, bucket: &str, key: &str, age: u64) -> Result<bool, Error> {
    let row = (bucket.to_owned(), key.to_owned());
    let first = snapshot.first_in(&VERSIONS, &row)?;
    Ok(!snapshot.contains(&OBJECTS, &row)? && first.is_some_and(|((_, _, first), _)| first == age))
}

/// Two scans and the row that each stands at.
struct Merge<'a> {
    bucket: &'a str,
    objects: Scan<(String, String), Object>,
    versions: Scan<(String, String, u64), Version>,
    object: Option<(String, Object)>,
    version: Option<(String, u64, Version)>,
}

impl<'a> Merge<'a> {
    fn new(walk: &Walk, snapshot: &Snapshot, bucket: &'a str) -> Result<Self, Error> {
        let prefix = (bucket.to_owned(), StartsWith(&walk.prefix));
        Ok(Merge {
            bucket,
            objects: snapshot.iter_prefix(&OBJECTS, &prefix)?,
            versions: snapshot.iter_prefix(&VERSIONS, &prefix)?,
            object: None,
            version: None,
        })
    }

    /// Goes to where the page begins; names the key in the middle of which that is.
    fn skip(
        &mut self,
        walk: &Walk,
        snapshot: &Snapshot,
        behind: Option<Which>,
    ) -> Result<Option<String>, Error> {
        let mut resumed = None;
        if let Some(after) = &walk.after {
            match (walk.fold(after), behind) {
                (Some(folded), _) if folded == after => {
                    self.objects.seek_past(&(self.bucket.to_owned(), StartsWith(after)))?;
                    self.versions.seek_past(&(self.bucket.to_owned(), StartsWith(after)))?;
                }
                (_, None) => {
                    let row = (self.bucket.to_owned(), after.clone());
                    self.objects.seek_after(&row)?;
                    self.versions.seek_past(&row)?;
                }
                (_, Some(which)) => {
                    self.resume(snapshot, after, which)?;
                    resumed = Some(after.clone());
                }
            }
        }
        self.object = next_object(&mut self.objects)?;
        self.version = next_version(&mut self.versions)?;
        Ok(resumed)
    }

    /// Goes on behind a version, which need no longer be there.
    fn resume(&mut self, snapshot: &Snapshot, key: &str, which: Which) -> Result<(), Error> {
        let row = (self.bucket.to_owned(), key.to_owned());
        let current = snapshot.get(&OBJECTS, &row)?;
        let is_current = current.as_ref().is_some_and(|object| which.names(object.version));
        let reached = match which {
            Which::Id(id) => Some(age(id.order())),
            Which::Null if is_current => None,
            Which::Null => snapshot.get(&NULLS, &row)?,
        };
        // a version that was newest may have been deleted, and made the next one current: that is still to come
        let to_come = match (current, reached) {
            (Some(object), Some(reached)) => age(Version::Object(object).order()) > reached,
            (Some(_), None) => !is_current,
            (None, _) => false,
        };
        match to_come {
            true => self.objects.seek(&row)?,
            false => self.objects.seek_after(&row)?,
        }
        let (bucket, key) = row;
        match reached {
            Some(reached) => self.versions.seek_after(&(bucket, key, reached)),
            None => self.versions.seek(&(bucket, key, 0)),
        }
    }

    /// The key that comes next.
    fn key(&self) -> Option<&str> {
        let object = self.object.as_ref().map(|(key, _)| key.as_str());
        let version = self.version.as_ref().map(|(key, _, _)| key.as_str());
        match (object, version) {
            (Some(object), Some(version)) => Some(object.min(version)),
            (found, None) | (None, found) => found,
        }
    }

    /// The next version of `key`; without an age it is the current object.
    fn take(&mut self, key: &str) -> Result<Option<(Option<u64>, Version)>, Error> {
        if self.object.as_ref().is_some_and(|(next, _)| next == key) {
            let taken = std::mem::replace(&mut self.object, next_object(&mut self.objects)?);
            return Ok(taken.map(|(_, object)| (None, Version::Object(object))));
        }
        let taken = std::mem::replace(&mut self.version, next_version(&mut self.versions)?);
        Ok(taken.map(|(_, age, version)| (Some(age), version)))
    }

    fn seek_past(&mut self, folded: &str) -> Result<(), Error> {
        let prefix = (self.bucket.to_owned(), StartsWith(folded));
        if self.object.as_ref().is_some_and(|(key, _)| key.starts_with(folded)) {
            self.objects.seek_past(&prefix)?;
            self.object = next_object(&mut self.objects)?;
        }
        if self.version.as_ref().is_some_and(|(key, _, _)| key.starts_with(folded)) {
            self.versions.seek_past(&prefix)?;
            self.version = next_version(&mut self.versions)?;
        }
        Ok(())
    }
}

fn next_object(scan: &mut Scan<(String, String), Object>) -> Result<Option<(String, Object)>, Error> {
    Ok(scan.next().transpose()?.map(|((_, key), object)| (key, object)))
}

fn next_version(
    scan: &mut Scan<(String, String, u64), Version>,
) -> Result<Option<(String, u64, Version)>, Error> {
    Ok(scan.next().transpose()?.map(|((_, key, age), version)| (key, age, version)))
}
