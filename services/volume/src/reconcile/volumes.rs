//! For every volume that is `creating` and not part of a launch under way, make its disk; for every volume that is
//! `deleting` and of which no snapshot is still to be copied, remove its disk and then its row.
//!
//! The volumes of a launch are made by the launch itself, which compute asks for again until it ends well or the
//! instance is released.

use std::sync::Arc;

use ::store::Read;
use api_spec::ids::VolumeId;
use kit::reconcile::Reconciler;

use crate::domain::volume::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::{VOLUMES, VOLUMES_AT_WORK, has_pending_snapshot, remove_volume};

/// See the module.
pub struct Volumes(pub Arc<Service>);

impl Reconciler for Volumes {
    const NAME: &'static str = "volumes";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let view = self.0.view()?;
        let (mut done, mut failed) = (0, None);
        for (id, volume) in VOLUMES_AT_WORK.rows(&view, &VOLUMES, &"creating".to_string())? {
            if volume.attachment.is_some() {
                continue;
            }
            match self.0.make_disk(&id).await {
                Ok(_) => done += 1,
                // one disk that cannot be made now does not keep the others
                Err(error) => failed = Some(error),
            }
        }
        for id in VOLUMES_AT_WORK.keys(&view, &"deleting".to_string())? {
            if has_pending_snapshot(&view, &id)? {
                continue;
            }
            match self.remove(&id).await {
                Ok(removed) => done += usize::from(removed),
                // one disk that cannot be removed does not keep the others
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(done), Err)
    }
}

impl Volumes {
    async fn remove(&self, id: &VolumeId) -> Result<bool, Error> {
        let _held = self.0.locks.hold(id.as_str()).await;
        let now = self.0.view()?.get(&VOLUMES, id)?;
        if now.is_none_or(|volume| volume.state != State::Deleting) {
            return Ok(false);
        }
        self.0.backend.delete_volume(id).await?;
        let id = id.clone();
        self.0.store.transact(move |tx| remove_volume(tx, &id)).await?;
        Ok(true)
    }
}
