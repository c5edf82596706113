//! What every operation stands on: the index, the files, the compiled bucket policies.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth::policy::Policy;
use kit::Context;
use store::{RawRead, Read, Rows, Snapshot, Store, Value};

use crate::config::Config;
use crate::data::cipher::{ContentKey, Opening, Segment, stored_stretches};
use crate::data::files::{Files, Pins};
use crate::data::pool::Pool;
use crate::data::read::{Content, Extent};
use crate::domain::bucket::Bucket;
use crate::domain::id::DataId;
use crate::domain::object::{Data, Manifest, Object};
use crate::domain::version::VersionId;
use crate::error::Error;
use crate::keyring::Keyring;
use crate::spool::Spool;
use crate::store::data::small;
use crate::store::{BUCKETS, MANIFESTS};

/// Compiled policies and decoded buckets kept; beyond it a cache starts over.
const MAX_POLICIES: usize = 10_000;

/// The object service.
pub struct Service {
    /// What it does not own.
    pub context: Context,
    /// How it is set up.
    pub config: Config,
    /// The index.
    pub store: Store,
    /// The files.
    pub files: Files,
    /// Buffers for content.
    pub pool: Pool,
    /// Keys that content keys are sealed under.
    pub keyring: Keyring,
    /// Access logs on their way.
    pub spool: Spool,
    policies: Mutex<HashMap<String, Policy>>,
    buckets: Mutex<HashMap<String, Known>>,
}

/// A bucket as it was decoded, and the row it was decoded from.
struct Known {
    row: Vec<u8>,
    bucket: Arc<Bucket>,
}

/// A stretch of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

impl Stretch {
    /// All of an object.
    pub fn whole(size: u64) -> Self {
        Stretch { offset: 0, length: size }
    }
}

impl Service {
    /// Puts the parts together.
    pub fn new(context: Context, config: Config, store: Store, files: Files) -> Self {
        let keyring = Keyring::new(&context);
        let directory = context.data_dir().join("access-logs");
        // the other half is the index's alone
        let spares = (config.reserve_mib << 20) / 2;
        let spool = Spool::new(directory, spares, context.clock.clone(), context.metrics.clone());
        Service {
            context,
            config,
            store,
            files,
            pool: Pool::default(),
            keyring,
            spool,
            policies: Mutex::default(),
            buckets: Mutex::default(),
        }
    }

    /// A fresh name for data.
    pub fn fresh_id(&self) -> DataId {
        DataId::new(self.context.clock.now(), self.context.random.u128())
    }

    /// A fresh name for a version.
    pub fn fresh_version(&self) -> VersionId {
        VersionId::new(self.context.clock.now(), self.context.random.u128())
    }

    /// How long to wait for a client that sends nothing.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.config.body_timeout_s)
    }

    /// The bucket that a state of the index has; decoded again only when its row is another.
    pub fn bucket(&self, snapshot: &Snapshot, name: &str) -> Result<Option<Arc<Bucket>>, Error> {
        let Some(row) = snapshot.raw_get(BUCKETS.name(), &store::encode_key(&name.to_owned()))? else {
            return Ok(None);
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = buckets.get(name).filter(|known| known.row == row) {
            return Ok(Some(Arc::clone(&known.bucket)));
        }
        let bucket = Arc::new(Bucket::from_bytes(&row)?);
        if buckets.len() >= MAX_POLICIES {
            buckets.clear();
        }
        buckets.insert(name.to_owned(), Known { row, bucket: Arc::clone(&bucket) });
        Ok(Some(bucket))
    }

    /// The compiled policy of a bucket; compiled again only when its text has changed.
    pub fn policy(&self, name: &str, bucket: &Bucket) -> Result<Option<Policy>, Error> {
        let Some(text) = &bucket.policy else { return Ok(None) };
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = policies.get(name).filter(|known| known.source() == text) {
            return Ok(Some(known.clone()));
        }
        let fresh = Policy::parse_resource(text)
            .map_err(|error| Error::Internal(format!("the policy of {name} does not compile: {error}")))?;
        if policies.len() >= MAX_POLICIES {
            policies.clear();
        }
        policies.insert(name.to_owned(), fresh.clone());
        Ok(Some(fresh))
    }

    /// Opens a stretch of an object that `snapshot` knows, with its content key if it is encrypted.
    ///
    /// # Errors
    /// `Changed` when the object was replaced and its files are gone: look it up again.
    pub fn open(
        &self,
        snapshot: &Snapshot,
        object: &Object,
        stretch: Stretch,
        key: Option<&ContentKey>,
    ) -> Result<Content, Error> {
        if object.encryption.is_some() != key.is_some() {
            return Err(Error::Internal(
                "encrypted content is opened with its key, other content without".into(),
            ));
        }
        let mut plan = Plan { sealed: key.is_some(), segments: VecDeque::new() };
        let (extents, pins) = self.extents(snapshot, object, stretch, &mut plan)?;
        let content = Content::new(extents, self.files.clone(), self.pool.clone(), pins);
        Ok(match key {
            Some(key) => content.opened_by(Opening::new(key.clone(), plan.segments)),
            None => content,
        })
    }

    /// Opens encrypted content that the index does not know yet: a file of `size` plain bytes.
    pub fn open_new(
        &self,
        id: DataId,
        size: u64,
        stretch: Stretch,
        key: &ContentKey,
    ) -> Result<Content, Error> {
        let mut plan = Plan { sealed: true, segments: VecDeque::new() };
        let file = Arc::new(self.files.read(id)?);
        let open = |Stretch { offset, length }| Extent::Open { file: Arc::clone(&file), offset, length };
        let extents = plan.stored(size, stretch).map(open).collect();
        let content = Content::new(extents, self.files.clone(), self.pool.clone(), None);
        Ok(content.opened_by(Opening::new(key.clone(), plan.segments)))
    }

    fn extents(
        &self,
        snapshot: &Snapshot,
        object: &Object,
        stretch: Stretch,
        plan: &mut Plan,
    ) -> Result<(Vec<Extent>, Option<Pins>), Error> {
        match &object.data {
            Data::Nothing => Ok((vec![], None)),
            Data::Inline(id) => {
                let stored = plan.stored(object.size, stretch);
                let extents = stored.map(|piece| inline(snapshot, *id, piece)).collect::<Result<_, _>>()?;
                Ok((extents, None))
            }
            Data::File(id) => {
                let file = Arc::new(self.files.read(*id).map_err(gone)?);
                let open =
                    |Stretch { offset, length }| Extent::Open { file: Arc::clone(&file), offset, length };
                Ok((plan.stored(object.size, stretch).map(open).collect(), None))
            }
            Data::Parts(id) => {
                let manifest = snapshot.get(&MANIFESTS, id)?.ok_or(Error::Changed)?;
                let (extents, files) = extents(snapshot, &manifest, stretch, plan)?;
                let pins = self.files.pin(files);
                // only a file that the index still refers to after it was pinned is safe
                if !self.store.snapshot()?.contains(&MANIFESTS, id)? {
                    return Err(Error::Changed);
                }
                Ok((extents, Some(pins)))
            }
        }
    }

    /// Hands files whose last reference is gone to the reconciler.
    pub fn free(&self, freed: Vec<DataId>) {
        self.files.suspect(freed);
    }
}

/// What of stored content a stretch of plain content takes, and how that is decrypted.
struct Plan {
    sealed: bool,
    segments: VecDeque<Segment>,
}

impl Plan {
    /// The stored bytes for a stretch of a piece of content of `length` plain bytes.
    fn stored(&mut self, length: u64, stretch: Stretch) -> impl Iterator<Item = Stretch> + use<> {
        let stored = match self.sealed {
            false => [Some(stretch), None],
            true => stored_stretches(length, stretch),
        };
        if self.sealed && stretch.length > 0 {
            self.segments.push_back(Segment { length, stretch });
        }
        stored.into_iter().flatten()
    }
}

fn gone(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::Changed,
        _ => error.into(),
    }
}

fn inline(snapshot: &Snapshot, id: DataId, stretch: Stretch) -> Result<Extent, Error> {
    let bytes = small(snapshot, id)?.ok_or(Error::Changed)?;
    let start = usize::try_from(stretch.offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(usize::try_from(stretch.length).unwrap_or(usize::MAX)).min(bytes.len());
    Ok(Extent::Memory(bytes.slice(start..end)))
}

/// The pieces of the parts that a stretch touches, and their files.
fn extents(
    snapshot: &Snapshot,
    manifest: &Manifest,
    stretch: Stretch,
    plan: &mut Plan,
) -> Result<(Vec<Extent>, Vec<DataId>), Error> {
    let (mut extents, mut files) = (Vec::new(), Vec::new());
    let end = stretch.offset.saturating_add(stretch.length);
    let mut at = 0u64;
    for part in &manifest.parts {
        let (first, behind) = (stretch.offset.max(at), end.min(at + part.size));
        if first < behind {
            let piece = Stretch { offset: first - at, length: behind - first };
            match &part.data {
                Data::Inline(id) => {
                    for stored in plan.stored(part.size, piece) {
                        extents.push(inline(snapshot, *id, stored)?);
                    }
                }
                Data::File(id) => {
                    files.push(*id);
                    let file = |Stretch { offset, length }| Extent::File { id: *id, offset, length };
                    extents.extend(plan.stored(part.size, piece).map(file));
                }
                Data::Nothing | Data::Parts(_) => {}
            }
        }
        at += part.size;
    }
    Ok((extents, files))
}
