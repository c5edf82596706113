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
        let mut done = 0;
        for instance in instances::all(&service.read()?)? {
            let ending = instance.life.state == State::ShuttingDown && instance.life.gone;
            if !ending || service.is_launching(&instance.id) {
                continue;
            }
            let id = instance.id.clone();
            service.volume().call(&ReleaseInstance { instance: id.clone() }).await.map_err(Error::Peer)?;
            let now = service.context.clock.now();
            let ended = service.store.transact(move |tx| instances::terminate(tx, &id, now)).await?;
            done += usize::from(ended);
        }
        Ok(done)
    }
}
