//! For every instance that is shutting down and of which its node has seen nothing left, have volume release its disks,
//! then give back its addresses and call it terminated.

use std::sync::Arc;

use calls::volume::ReleaseInstance;
use kit::reconcile::Reconciler;

use crate::domain::life::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::instances;

/// The reconciler.
pub struct EndInstances(pub Arc<Service>);

impl Reconciler for EndInstances {
    const NAME: &'static str = "end-instances";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = &self.0;
        let (mut done, mut failed) = (0, None);
        for instance in instances::in_state(&service.read()?, State::ShuttingDown)? {
            if !instance.life.gone || service.is_launching(&instance.id) {
                continue;
            }
            let id = instance.id.clone();
            if let Err(error) = service.volume().call(&ReleaseInstance { instance: id.clone() }).await {
                // the others may fare better
                failed = Some(error);
                continue;
            }
            let now = service.context.clock.now();
            let ended = service.store.transact(move |tx| instances::terminate(tx, &id, now)).await?;
            done += usize::from(ended);
        }
        failed.map_or(Ok(done), |error| Err(Error::Peer(error)))
    }
}
