//! For every key whose deletion was ordered and whose day has come, delete it and its aliases.

use std::sync::Arc;

use kit::reconcile::Reconciler;

use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

/// The reconciler.
pub struct Deletions(pub Arc<Identity>);

impl Reconciler for Deletions {
    const NAME: &'static str = "identity-kms-deletions";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let now = self.0.clock.now();
        let all = kms::all(&self.0.db.read()?)?;
        let mut count = 0;
        for key in all.into_iter().filter(|key| key.is_to_be_deleted(now)) {
            let id = key.id.clone();
            if self.0.db.change(move |tx| kms::delete_due(tx, &id, now)).await? {
                tracing::info!(key = %key.id, account = %key.account, "deleted a KMS key whose waiting period is over");
                count += 1;
            }
        }
        Ok(count)
    }
}
