//! For every instance that has been pending for longer than `start_patience_s` and that its node says it cannot start,
//! give the start up: what the node says becomes the instance's state reason.
//!
//! Without a word of the node nothing is given up: a node that cannot be reached may be starting it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kit::reconcile::Reconciler;
use store::Read;

use crate::domain::instance::Instance;
use crate::domain::life::{Life, State};
use crate::error::Error;
use crate::service::Service;
use crate::store::instances::{self, INSTANCES};

/// The reconciler.
pub struct GiveUpStarts(pub Arc<Service>);

impl Reconciler for GiveUpStarts {
    const NAME: &'static str = "give-up-starts";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = &self.0;
        let now = service.context.clock.now();
        let patience = SignedDuration::from_secs(i64::from(service.config.start_patience_s));
        let late: Vec<_> = instances::in_state(&service.read()?, State::Pending)?
            .into_iter()
            .filter(|instance| given_up(instance, patience, now).is_some())
            .map(|instance| instance.id)
            .collect();
        if late.is_empty() {
            return Ok(0);
        }
        let transaction = move |tx: &mut store::Tx<'_>| {
            let mut done = 0;
            for id in &late {
                let Some(instance) = tx.get(&INSTANCES, id)? else { continue };
                // it may have come up, or been asked for something else, meanwhile
                let Some(life) = given_up(&instance, patience, now) else { continue };
                tracing::warn!(instance = %instance.id, problem = instance.observed.problem, "start given up");
                instances::settle(tx, instance, life)?;
                done += 1;
            }
            Ok::<_, Error>(done)
        };
        service.store.transact(transaction).await
    }
}

fn given_up(instance: &Instance, patience: SignedDuration, now: Timestamp) -> Option<Life> {
    let problem = instance.observed.problem.as_deref()?;
    if now.duration_since(instance.life.since) < patience {
        return None;
    }
    instance.life.give_up(problem, now)
}
