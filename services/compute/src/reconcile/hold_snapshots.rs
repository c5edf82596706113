//! For every snapshot that an image is made of, have volume keep it: the whole list, whenever images change.

use std::sync::Arc;

use calls::volume::HoldSnapshots;
use kit::reconcile::Reconciler;

use crate::error::Error;
use crate::service::Service;
use crate::store::images;

/// The reconciler.
pub struct HoldImageSnapshots(pub Arc<Service>);

impl Reconciler for HoldImageSnapshots {
    const NAME: &'static str = "hold-snapshots";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        hold(&self.0).await
    }
}

/// Tells volume which snapshots are held; says how many.
///
/// # Errors
/// When volume does not answer.
pub async fn hold(service: &Service) -> Result<usize, Error> {
    let held = images::held_snapshots(&service.read()?)?;
    let count = held.len();
    service.volume().call(&HoldSnapshots { held }).await.map_err(Error::Peer)?;
    Ok(count)
}
