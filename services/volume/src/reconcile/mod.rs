//! What brings disks towards what was asked for: one file for each thing that can be undone or half done.

mod attachments;
mod forgotten;
mod imports;
mod progress;
mod snapshots;
mod volumes;

use std::sync::Arc;
use std::time::Duration;

use crate::service::Service;
use crate::store::{IMPORTS, NUDGES, SNAPSHOTS, VOLUMES};

pub use attachments::attached_disk;
pub use imports::open_object;

/// A look at everything, though nothing has changed.
const TICK: Duration = Duration::from_secs(5);
/// Between two looks at what has served its time.
const HOUR: Duration = Duration::from_secs(3600);
/// Between two looks at something that changes elsewhere.
const POLL: Duration = Duration::from_millis(200);

/// Starts all reconcilers.
pub fn run_all(service: &Arc<Service>) {
    let (context, store) = (&service.context, &service.store);
    let volumes = store.changed(&VOLUMES);
    let snapshots = store.changed(&SNAPSHOTS);
    kit::reconcile::run(
        context,
        volumes::Volumes(Arc::clone(service)),
        TICK,
        vec![volumes.clone(), snapshots.clone()],
    );
    kit::reconcile::run(
        context,
        attachments::Attachments(Arc::clone(service)),
        TICK,
        vec![store.changed(&NUDGES)],
    );
    kit::reconcile::run(context, snapshots::Snapshots::of(service), TICK, vec![snapshots, volumes]);
    kit::reconcile::run(context, forgotten::Forgotten(Arc::clone(service)), HOUR, vec![]);
    kit::reconcile::run(context, imports::Imports::of(service), TICK, vec![store.changed(&IMPORTS)]);
}
