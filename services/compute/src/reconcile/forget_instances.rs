//! For every instance that was terminated longer ago than instances are remembered, forget it.

use std::sync::Arc;

use jiff::SignedDuration;
use kit::reconcile::Reconciler;

use crate::domain::life::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::instances::{self, INSTANCES};

/// The reconciler.
pub struct ForgetInstances(pub Arc<Service>);

impl Reconciler for ForgetInstances {
    const NAME: &'static str = "forget-instances";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = &self.0;
        let kept =
            SignedDuration::from_secs(i64::try_from(service.config.keep_terminated_s).unwrap_or(i64::MAX));
        let now = service.context.clock.now();
        let old: Vec<_> = instances::in_state(&service.read()?, State::Terminated)?
            .into_iter()
            .filter(|one| now.duration_since(one.life.since) > kept)
            .map(|one| one.id)
            .collect();
        let count = old.len();
        if count > 0 {
            service
                .store
                .transact(move |tx| {
                    for id in &old {
                        tx.delete(&INSTANCES, id)?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(count)
    }
}
