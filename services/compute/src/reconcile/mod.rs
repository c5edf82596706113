//! What brings the world towards what is recorded: one predicate a file.

pub mod end_instances;
pub mod forget_instances;
pub mod give_up_starts;
pub mod hold_snapshots;
pub mod launch_volumes;
pub mod push_desired;
pub mod watch_node;

use std::sync::Arc;
use std::time::Duration;

use kit::reconcile::run;

use crate::service::Service;
use crate::store::images::IMAGES;
use crate::store::instances::INSTANCES;
use crate::store::nodes::NODES;

/// Starts them all.
pub fn start(service: &Arc<Service>) {
    let context = &service.context;
    let instances = || vec![service.store.changed(&INSTANCES)];
    let seconds = Duration::from_secs;
    for node in &service.config.nodes {
        let push = push_desired::PushDesired { service: Arc::clone(service), node: node.name.clone() };
        let wakes = vec![service.store.changed(&NODES), service.held.changed()];
        run(context, push, seconds(1), wakes);
        let watch = watch_node::WatchNode::new(Arc::clone(service), node.name.clone());
        run(context, watch, Duration::from_millis(5), Vec::new());
    }
    run(context, launch_volumes::LaunchInstances(Arc::clone(service)), seconds(1), instances());
    run(context, end_instances::EndInstances(Arc::clone(service)), seconds(1), instances());
    run(context, give_up_starts::GiveUpStarts(Arc::clone(service)), seconds(5), instances());
    run(context, forget_instances::ForgetInstances(Arc::clone(service)), seconds(60), Vec::new());
    let hold = hold_snapshots::HoldImageSnapshots(Arc::clone(service));
    run(context, hold, seconds(60), vec![service.store.changed(&IMAGES)]);
}
