//! For every enabled key with rotation whose next rotation is due, add new material and set the time of the next.

use std::sync::Arc;

use kit::reconcile::Reconciler;

use crate::domain::kms_key::days_after;
use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

/// The reconciler.
pub struct Rotations(pub Arc<Identity>);

impl Reconciler for Rotations {
    const NAME: &'static str = "identity-kms-rotations";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let now = self.0.clock.now();
        let due = kms::all(&self.0.db.read()?)?.into_iter().filter(|key| key.is_to_be_rotated(now));
        let mut count = 0;
        for key in due {
            let last = key.materials.last().map_or(0, |material| material.number);
            let material = self.0.kms_material(&key.id, last + 1)?;
            let id = key.id.clone();
            let change = move |key: &mut crate::domain::kms_key::KmsKey| {
                // only on top of what was seen, or two passes would number twice
                if key.materials.last().map_or(0, |newest| newest.number) == last
                    && let Some(rotation) = &mut key.rotation
                {
                    rotation.next = days_after(now, rotation.period_days);
                    key.materials.push(material.clone());
                }
                Ok(())
            };
            self.0.db.change(move |tx| kms::change(tx, &id, change.clone())).await?;
            count += 1;
        }
        Ok(count)
    }
}
