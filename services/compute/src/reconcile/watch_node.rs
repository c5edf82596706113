//! For every observation of a node, bring the lives of its instances along.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api_spec::ids::InstanceId;
use calls::node::{DomainState, Observed, ObservedInstance, WatchObserved};
use jiff::Timestamp;
use kit::reconcile::Reconciler;
use store::{Read, Tx};

use crate::domain::instance::{Instance, ObservedDomain};
use crate::domain::life::Seen;
use crate::error::Error;
use crate::service::Service;
use crate::store::nodes::{REPORTS, Report};
use crate::store::{instances, nodes};

/// How long a node may keep a question waiting.
const PATIENCE_MS: u64 = 10_000;

/// The reconciler of one node.
pub struct WatchNode {
    service: Arc<Service>,
    node: String,
    seen: AtomicU64,
}

impl WatchNode {
    /// Watches a node from its first observation on.
    pub fn new(service: Arc<Service>, node: String) -> Self {
        WatchNode { service, node, seen: AtomicU64::new(0) }
    }
}

impl Reconciler for WatchNode {
    const NAME: &'static str = "watch-node";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = &self.service;
        let since = self.seen.load(Ordering::Relaxed);
        let peer = service.node(&self.node)?;
        let question = WatchObserved { since, timeout_ms: PATIENCE_MS };
        let observed = tokio::select! {
            () = service.context.shutdown.wait() => return Ok(0),
            answer = peer.call(&question) => answer,
        };
        let observed = match observed {
            Ok(observed) => observed,
            Err(error) => {
                // it may have lost its memory: ask from the beginning, and tell it again
                self.seen.store(0, Ordering::Relaxed);
                return Err(Error::Peer(error));
            }
        };
        let version = observed.version;
        let held = observed.generation;
        let (node, now) = (self.node.clone(), service.context.clock.now());
        let changed = service.store.transact(move |tx| apply(tx, &node, &observed, now)).await?;
        service.held.set(&self.node, held);
        self.seen.store(version, Ordering::Relaxed);
        Ok(changed)
    }
}

/// Applies an observation; says how many instances changed by it.
pub fn apply(tx: &mut Tx<'_>, node: &str, observed: &Observed, now: Timestamp) -> Result<usize, Error> {
    let report = Report { capacity: observed.capacity };
    if tx.get(&REPORTS, &node.to_owned())? != Some(report) {
        tx.put(&REPORTS, &node.to_owned(), &report)?;
    }
    if observed.generation > nodes::generation(tx, node)? {
        nodes::overtake(tx, node, observed.generation)?;
    }
    let seen: HashMap<&InstanceId, &ObservedInstance> =
        observed.instances.iter().map(|one| (&one.id, one)).collect();
    let mut changed = 0;
    for instance in instances::of_node(tx, node)? {
        let one = seen.get(&instance.id).copied();
        changed += usize::from(apply_one(tx, instance, one, observed.generation, now)?);
    }
    Ok(changed)
}

fn apply_one(
    tx: &mut Tx<'_>,
    mut instance: Instance,
    one: Option<&ObservedInstance>,
    generation: u64,
    now: Timestamp,
) -> Result<bool, Error> {
    let domain = observed_domain(&instance, one, generation);
    let news = domain != instance.observed;
    instance.observed = domain;
    let seen = Seen { generation, domain: one.map(|one| (one.domain, one.start_sequence)) };
    match instance.life.observe(seen, instance.shutdown_behavior, now) {
        Some(life) => {
            tracing::info!(
                instance = %instance.id, from = instance.life.state.name(), to = life.state.name(), "instance state"
            );
            instances::settle(tx, instance, life)?;
            Ok(true)
        }
        None if news => {
            instances::put(tx, &instance)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn observed_domain(instance: &Instance, one: Option<&ObservedInstance>, generation: u64) -> ObservedDomain {
    let state = one.map(|one| one.domain);
    let attached = one.map(|one| one.attached.clone()).unwrap_or_default();
    // a volume that should go counts as there until the node knows of that and is past any start with it
    let settled = generation >= instance.life.generation && state != Some(DomainState::Starting);
    let leaving = if settled { Vec::new() } else { instance.observed.leaving.clone() };
    ObservedDomain {
        running: matches!(
            state,
            Some(DomainState::Starting | DomainState::Running | DomainState::ShuttingDown)
        ),
        attached,
        leaving,
        problem: one.and_then(|one| one.problem.clone()),
    }
}
