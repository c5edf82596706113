//! What every handler and reconciler of this service stands on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use api_spec::ids::InstanceId;
use ipnet::Ipv4Net;
use kit::peer::Peer;
use kit::{Context, ServiceName};
use store::{Snapshot, Store};
use tokio::sync::watch;

use crate::config::Config;
use crate::error::Error;

/// The service: its configuration, its store and the way to everybody else.
pub struct Service {
    /// Configuration.
    pub config: Config,
    /// Clock, randomness, peers.
    pub context: Context,
    /// Tables.
    pub store: Store,
    /// What nodes hold, as far as we know since we started.
    pub held: Held,
    launching: Mutex<HashSet<InstanceId>>,
}

impl Service {
    /// A service on an open store.
    pub fn new(config: Config, context: Context, store: Store) -> Self {
        Service { config, context, store, held: Held::default(), launching: Mutex::default() }
    }

    /// What is committed now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn read(&self) -> Result<Snapshot, Error> {
        Ok(self.store.snapshot()?)
    }

    /// The region that this cloud is.
    pub fn region(&self) -> &str {
        &self.context.common.region
    }

    /// The pool of public addresses.
    pub fn pool(&self) -> Ipv4Net {
        self.context.common.public_pool
    }

    /// All availability zones, sorted.
    pub fn zones(&self) -> Vec<String> {
        let own = &self.context.common.zone;
        let zones: BTreeSet<&String> =
            self.config.nodes.iter().map(|node| node.zone.as_ref().unwrap_or(own)).collect();
        zones.into_iter().cloned().collect()
    }

    /// The agent of a node.
    ///
    /// # Errors
    /// When the configuration no longer has the node.
    pub fn node(&self, name: &str) -> Result<Peer, Error> {
        let node = self.config.nodes.iter().find(|node| node.name == name);
        match node {
            Some(node) => Ok(match &node.socket {
                Some(socket) => Peer::at_socket(socket.clone()),
                None => self.context.peers.internal(ServiceName::Node),
            }),
            None => Err(Error::Internal(format!("the node {name} is not configured any more"))),
        }
    }

    /// The identity service.
    pub fn identity(&self) -> Peer {
        self.context.peers.internal(ServiceName::Identity)
    }

    /// The volume service.
    pub fn volume(&self) -> Peer {
        self.context.peers.internal(ServiceName::Volume)
    }

    /// Marks an instance as being launched, so that its disks are made once and its end waits for them; none when it
    /// is being launched already.
    pub fn begin_launch(&self, id: &InstanceId) -> Option<Launching<'_>> {
        let fresh = lock(&self.launching).insert(id.clone());
        fresh.then(|| Launching { service: self, id: id.clone() })
    }

    /// Whether an instance is being launched at this moment.
    pub fn is_launching(&self, id: &InstanceId) -> bool {
        lock(&self.launching).contains(id)
    }
}

/// A launch going on; ends when dropped.
pub struct Launching<'s> {
    service: &'s Service,
    id: InstanceId,
}

impl Launching<'_> {
    /// Whether this is the launch of that instance.
    pub fn is_for(&self, id: &InstanceId) -> bool {
        self.id == *id
    }
}

impl Drop for Launching<'_> {
    fn drop(&mut self) {
        lock(&self.service.launching).remove(&self.id);
    }
}

/// Generations that nodes hold. Not stored: a node tells it again.
pub struct Held {
    generations: Mutex<HashMap<String, u64>>,
    changed: watch::Sender<u64>,
}

impl Default for Held {
    fn default() -> Self {
        Held { generations: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Held {
    /// The generation that a node holds; none when it has not told.
    pub fn get(&self, node: &str) -> Option<u64> {
        lock(&self.generations).get(node).copied()
    }

    /// A node told what it holds.
    pub fn set(&self, node: &str, generation: u64) {
        let before = lock(&self.generations).insert(node.to_owned(), generation);
        if before != Some(generation) {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Wakes when a node tells something new.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
