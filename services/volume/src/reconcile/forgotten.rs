//! For every instance that was released more than a day ago, forget its launch; for every import that began more than
//! a week ago and has ended, forget the task.

use std::sync::Arc;

use ::store::{All, Read};
use api_spec::ids::{ImportTaskId, InstanceId};
use jiff::{SignedDuration, Timestamp};
use kit::reconcile::Reconciler;

use crate::domain::import::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::{IMPORTS, LAUNCHES};

const LAUNCH_KEPT: SignedDuration = SignedDuration::from_hours(24);
const IMPORT_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// See the module.
pub struct Forgotten(pub Arc<Service>);

impl Reconciler for Forgotten {
    const NAME: &'static str = "forgotten";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let (view, now) = (self.0.view()?, self.0.context.clock.now());
        let over = |at: Timestamp, kept| now.duration_since(at) > kept;
        let launches: Vec<InstanceId> = view
            .scan_prefix(&LAUNCHES, &All)?
            .into_iter()
            .filter(|(_, launch)| launch.released_at.is_some_and(|at| over(at, LAUNCH_KEPT)))
            .map(|(id, _)| id)
            .collect();
        let imports: Vec<ImportTaskId> = view
            .scan_prefix(&IMPORTS, &All)?
            .into_iter()
            .filter(|(_, task)| !matches!(task.state, State::Active(_)) && over(task.started_at, IMPORT_KEPT))
            .map(|(id, _)| id)
            .collect();
        let count = launches.len() + imports.len();
        if count > 0 {
            self.0
                .store
                .transact(move |tx| {
                    launches.iter().try_for_each(|id| tx.delete(&LAUNCHES, id).map(drop))?;
                    imports.iter().try_for_each(|id| tx.delete(&IMPORTS, id).map(drop))
                })
                .await?;
        }
        Ok(count)
    }
}
