//! What handlers and reconcilers share: the store, the disks, and the making of a volume's disk.

use std::sync::Arc;

use ::store::{Read, Snapshot as View, Store};
use api_spec::ids::VolumeId;
use kit::{Context, ServiceName};

use crate::backend::{Backend, BackendError};
use crate::config::Config;
use crate::domain::volume::{State, Volume};
use crate::error::Error;
use crate::locks::Locks;
use crate::store::VOLUMES;

/// The volume service.
pub struct Service {
    /// Settings.
    pub config: Config,
    /// Clock, randomness, peers, shutdown.
    pub context: Context,
    /// Its tables.
    pub store: Store,
    /// Its disks.
    pub backend: Arc<dyn Backend>,
    /// Held while something's disk is made, copied or removed, by id.
    pub locks: Locks,
}

impl Service {
    /// A service on these.
    pub fn new(config: Config, context: Context, store: Store, backend: Arc<dyn Backend>) -> Self {
        Service { config, context, store, backend, locks: Locks::default() }
    }

    /// What is committed now.
    pub fn view(&self) -> Result<View, Error> {
        Ok(self.store.snapshot()?)
    }

    /// Calls to compute.
    pub fn compute(&self) -> kit::peer::Peer {
        self.context.peers.internal(ServiceName::Compute)
    }

    /// Makes the disk of a volume that is being created, and says so in the store: ready, or in error with the reason.
    /// Gives the volume as it is then.
    pub async fn make_disk(&self, id: &VolumeId) -> Result<Option<Volume>, Error> {
        let _held = self.locks.hold(id.as_str()).await;
        let volume = match self.view()?.get(&VOLUMES, id)? {
            Some(volume) if volume.state == State::Creating => volume,
            other => return Ok(other),
        };
        let made = self.backend.create_volume(id, volume.size_gib, volume.snapshot.as_ref()).await;
        let state = match made {
            Ok(()) => State::Ready,
            // nobody but a dying process of ours has a disk that is being made: it is tried again
            Err(error @ BackendError::Locked(_)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(volume = %id, %error, "the disk of a volume cannot be made");
                State::Error(error.public())
            }
        };
        let id = id.clone();
        self.store
            .transact(move |tx| {
                let Some(mut volume) = tx.get(&VOLUMES, &id)? else { return Ok(None) };
                if volume.state == State::Creating {
                    volume.state = state.clone();
                    tx.put(&VOLUMES, &id, &volume)?;
                }
                Ok(Some(volume))
            })
            .await
    }
}
