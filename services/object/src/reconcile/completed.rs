//! For every upload that was completed more than a day ago, forget how it ended.

use std::sync::Arc;

use jiff::SignedDuration;
use kit::reconcile::Reconciler;
use store::Read;

use crate::error::Error;
use crate::service::Service;
use crate::store::COMPLETED;

/// A completed upload gives the same answer again for this long.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The reconciler.
pub struct Forget(pub Arc<Service>);

impl Reconciler for Forget {
    const NAME: &'static str = "object-completed-uploads";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let now = self.0.context.clock.now();
        let rows = self.0.store.snapshot()?.scan(&COMPLETED, ..)?;
        let old: Vec<String> = rows
            .into_iter()
            .filter(|(_, done)| now.duration_since(done.at) > KEPT)
            .map(|(id, _)| id)
            .collect();
        if old.is_empty() {
            return Ok(0);
        }
        let count = old.len();
        self.0
            .store
            .transact(move |tx| {
                for id in &old {
                    tx.delete(&COMPLETED, id)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(count)
    }
}
