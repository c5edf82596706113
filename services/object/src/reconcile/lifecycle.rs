//! For every bucket that has a lifecycle, once a day of the lifecycle and whenever the lifecycle was changed: walk its
//! versions and uploads, and expire, remove, move to another class and abort what the rules say is due.
//!
//! Where several things are due, the order is AWS's: what removes content for good, then a transition, then what only
//! leaves a delete marker.
//!
//! The walk goes page by page, each on a state of its own, so that it may take as long as it needs. What is due is
//! looked at again in the transaction that does it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use kit::reconcile::Reconciler;
use store::{Read, Snapshot};
use tokio::sync::Mutex;

use crate::api::access_log;
use crate::domain::lifecycle::{Day, Lifecycle};
use crate::domain::object::Object;
use crate::domain::version::{Version, Which};
use crate::error::Error;
use crate::service::Service;
use crate::store::lifecycle::{Action, Moment, carry_out};
use crate::store::list::{Entry, Walk};
use crate::store::version_list::{self, Listed};
use crate::store::{BUCKETS, LIFECYCLES, UPLOADS, VERSIONS};

/// Rows of a page, and at most so many actions in a transaction.
const PAGE: usize = 500;

/// The reconciler.
pub struct Expire {
    service: Arc<Service>,
    /// What was carried out for a bucket, and on which day.
    done: Mutex<HashMap<String, (i64, Lifecycle)>>,
}

impl Expire {
    /// Begins with every bucket.
    pub fn new(service: Arc<Service>) -> Self {
        Expire { service, done: Mutex::default() }
    }

    async fn bucket(&self, name: &str, lifecycle: &Lifecycle) -> Result<usize, Error> {
        let (day, now) = (Day(self.service.config.lifecycle_day_seconds), self.service.context.clock.now());
        let mut done = self.abort_uploads(name, lifecycle, day, now).await?;
        let mut walk = Walk { limit: PAGE, ..Walk::default() };
        let bucket = self.service.store.snapshot()?.get(&BUCKETS, &name.to_owned())?;
        let marks = bucket.is_some_and(|bucket| bucket.versioning.is_some());
        let (mut behind, mut judge) = (None, Judge::new(lifecycle, day, now, marks));
        loop {
            let snapshot = self.service.store.snapshot()?;
            let page = version_list::run(&walk, &snapshot, name, behind)?;
            let mut actions = Vec::new();
            for entry in page.entries {
                let Entry::Row(key, listed) = entry else { continue };
                behind = Some(Which::from(listed.version.id()));
                walk.after = Some(key.clone());
                actions.extend(judge.of(&snapshot, name, key, listed)?);
            }
            done += self.act(name, lifecycle, actions, now).await?;
            if !page.truncated {
                return Ok(done);
            }
        }
    }

    async fn abort_uploads(
        &self,
        name: &str,
        lifecycle: &Lifecycle,
        day: Day,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let (mut done, mut after) = (0, None);
        loop {
            let snapshot = self.service.store.snapshot()?;
            let page = snapshot.page(&UPLOADS, &name.to_owned(), after.as_ref(), PAGE)?;
            let due =
                |((_, key, upload_id), upload): &((_, String, String), crate::domain::upload::Upload)| {
                    let (when, _) = lifecycle.abort(day, key, upload.initiated)?;
                    let (key, upload_id) = (key.clone(), upload_id.clone());
                    (when <= now).then_some(Action::Abort { key, upload_id })
                };
            let actions = page.items.iter().filter_map(due).collect();
            after = page.items.last().map(|(key, _)| key.clone());
            done += self.act(name, lifecycle, actions, now).await?;
            if !page.more {
                return Ok(done);
            }
        }
    }

    async fn act(
        &self,
        name: &str,
        lifecycle: &Lifecycle,
        actions: Vec<Action>,
        now: Timestamp,
    ) -> Result<usize, Error> {
        if actions.is_empty() {
            return Ok(0);
        }
        let (place, lifecycle) = (name.to_owned(), lifecycle.clone());
        let moment = Moment { now, version: self.service.fresh_version() };
        let work = move |tx: &mut store::Tx<'_>| carry_out(tx, &place, &lifecycle, &actions, &moment);
        let (done, freed) = self.service.store.transact(work).await?;
        self.service.free(freed);
        access_log::of_lifecycle(&self.service, name, now, &done)?;
        Ok(done.len())
    }
}

impl Reconciler for Expire {
    const NAME: &'static str = "object-lifecycle";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let today = Day(self.service.config.lifecycle_day_seconds).number(self.service.context.clock.now());
        let lifecycles = self.service.store.snapshot()?.scan(&LIFECYCLES, ..)?;
        let mut known = self.done.lock().await;
        known.retain(|name, _| lifecycles.iter().any(|(there, _)| there == name));
        let mut done = 0;
        for (name, lifecycle) in lifecycles {
            if known.get(&name).is_some_and(|(day, before)| *day == today && *before == lifecycle) {
                continue;
            }
            done += self.bucket(&name, &lifecycle).await?;
            known.insert(name, (today, lifecycle));
        }
        Ok(done)
    }
}

/// Decides on one version after the other, newest first within a key.
struct Judge<'a> {
    lifecycle: &'a Lifecycle,
    day: Day,
    now: Timestamp,
    /// Whether an expiry leaves a delete marker.
    marks: bool,
    key: String,
    /// When the version before, of the same key, was made: since then this one has been noncurrent.
    successor: Timestamp,
    /// Noncurrent versions of the key so far.
    noncurrent: u32,
}

impl<'a> Judge<'a> {
    fn new(lifecycle: &'a Lifecycle, day: Day, now: Timestamp, marks: bool) -> Self {
        Judge { lifecycle, day, now, marks, key: String::new(), successor: now, noncurrent: 0 }
    }

    fn of(
        &mut self,
        snapshot: &Snapshot,
        bucket: &str,
        key: String,
        listed: Listed,
    ) -> Result<Option<Action>, Error> {
        let Listed { version, latest } = listed;
        // a walk that lost its place in a key begins that key again
        if latest || self.key != key {
            (self.key, self.noncurrent) = (key.clone(), 0);
            // whatever was newer is gone, then it is not known since when this one has been noncurrent
            self.successor = self.now;
        }
        let action = match &version {
            Version::Object(object) if latest => self.of_current(key, object),
            Version::Marker(marker) if latest => {
                let (row, which) = ((bucket.to_owned(), key.clone()), Which::from(marker.version));
                let expired = self.lifecycle.marker_expired(self.day, &key, marker.modified, self.now);
                let alone = expired && !snapshot.page(&VERSIONS, &row, None, 1)?.more;
                alone.then_some(Action::RemoveMarker { key, which })
            }
            version => {
                let (lifecycle, since, newer) = (self.lifecycle, self.successor, self.noncurrent);
                self.noncurrent += 1;
                let which = version.id().into();
                match (lifecycle.noncurrent_expired(self.day, &key, version, since, newer, self.now), version)
                {
                    (true, _) => Some(Action::Remove { key, which }),
                    (false, Version::Object(object)) => {
                        let to =
                            lifecycle.noncurrent_transition(self.day, &key, object, since, newer, self.now);
                        to.map(|to| Action::Move { key, which, modified: object.modified, to })
                    }
                    (false, Version::Marker(_)) => None,
                }
            }
        };
        self.successor = version.modified();
        Ok(action)
    }

    fn of_current(&self, key: String, object: &Object) -> Option<Action> {
        let (modified, version) = (object.modified, object.version);
        let expiry = self.lifecycle.expiry(self.day, &key, object);
        let expired = expiry.is_some_and(|(when, _)| when <= self.now);
        let to = self.lifecycle.transition(self.day, &key, object, self.now);
        match to.filter(|_| self.marks || !expired) {
            Some(to) => Some(Action::Move { key, which: version.into(), modified, to }),
            None => expired.then_some(Action::Expire { key, modified, version }),
        }
    }
}
