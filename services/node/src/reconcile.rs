//! For every instance that is desired, remembered or has a domain, such that what is seen of it is not what is desired:
//! carry out the steps that the planner names.
//!
//! One pass looks at everything, then starts one task for each instance that has something to do. An instance whose
//! task runs is left alone until the pass after its end, so no two tasks ever act on one domain and no plan is made
//! from a look that is older than the last act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::{Desired, Instance};
use kit::metrics::Metrics;
use kit::{Clock, Shutdown};
use tokio::sync::Notify;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::observed::{self, Board};
use crate::planner::{self, Step};
use crate::world::{DomainPower, Seen, Wires, World};

/// A guest that was asked to let go of a disk is asked again after this long.
const DETACH_AGAIN_MS: u64 = 5_000;
/// A running guest whose tap is gone has lost its namespace, or has just ended without libvirt having told so: only
/// after this long it is taken for the first.
const GONE_FOR_MS: u64 = 3_000;
/// Longest pause between tries at what keeps failing.
const MAX_PAUSE_MS: u64 = 30_000;

/// Brings the host to the desired state. Clones share it.
#[derive(Clone)]
pub struct Reconciler {
    /// Acts.
    pub executor: Executor,
    /// What is desired.
    pub directory: Directory,
    /// What is told.
    pub board: Arc<Board>,
    /// Tells the time.
    pub clock: Clock,
    /// How long a guest may take to shut down.
    pub grace_ms: u64,
    /// Counts passes.
    pub metrics: Metrics,
    /// Wakes the loop.
    pub nudge: Arc<Notify>,
    /// What is going on with each instance.
    pub efforts: Arc<Mutex<BTreeMap<InstanceId, Effort>>>,
}

/// What the agent is at with one instance.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    busy: bool,
    failures: u32,
    retry_at_ms: u64,
    /// What failed: anything else is tried at once.
    failed: Vec<Step>,
    problem: Option<String>,
    detach_asked_ms: BTreeMap<VolumeId, u64>,
    /// Since when it is on and its tap is gone.
    gone_since_ms: Option<u64>,
}

impl Reconciler {
    /// Passes on a tick and on every nudge until shutdown, then waits for what is under way.
    pub async fn run(self, tick: Duration, shutdown: Shutdown) {
        while !shutdown.begun() {
            let outcome = self.pass().await;
            self.metrics.pass("node", if outcome.is_ok() { "worked" } else { "failed" });
            if let Err(error) = outcome {
                tracing::warn!(%error, "pass failed");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(tick) => {}
                () = self.nudge.notified() => {}
            }
        }
    }

    /// One pass.
    pub async fn pass(&self) -> Result<()> {
        let busy = self.busy();
        let looker = self.clone();
        let looked = tokio::task::spawn_blocking(move || looker.look()).await;
        let (desired, world) = looked.map_err(|e| Error::Task(e.to_string()))??;
        let plans = planner::plan(&desired, &world, self.grace_ms);
        self.settle(&world, &plans);
        for (id, steps) in plans {
            if !busy.contains(&id) && self.claim(&id, &steps, world.now_ms) {
                let want = desired.instances.iter().find(|instance| instance.id == id).cloned();
                self.begin(id, want, steps);
            }
        }
        self.tell(&desired, &world);
        Ok(())
    }

    fn efforts(&self) -> std::sync::MutexGuard<'_, BTreeMap<InstanceId, Effort>> {
        self.efforts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> BTreeSet<InstanceId> {
        self.efforts().iter().filter(|(_, effort)| effort.busy).map(|(id, _)| id.clone()).collect()
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0)
    }

    /// Looks at everything, having brought the network to what is desired.
    fn look(&self) -> Result<(Arc<Desired>, World)> {
        let desired = self.directory.desired();
        self.executor.wiring.ensure(&desired);
        let mut domains = self.executor.hypervisor.domains()?;
        let records = self.executor.records.all();
        let logged = self.logged();
        let mut ids: BTreeSet<InstanceId> = desired.instances.iter().map(|it| it.id.clone()).collect();
        ids.extend(domains.keys().chain(records.keys()).chain(&logged).cloned());
        let now_ms = self.now_ms();
        let instances = ids.into_iter().map(|id| {
            let domain = domains.remove(&id);
            let on = domain
                .as_ref()
                .is_some_and(|it| matches!(it.power, DomainPower::Running | DomainPower::Paused));
            let want = desired.instances.iter().find(|instance| instance.id == id);
            let wires = match want {
                Some(want) if on => self.executor.wiring.wires(want).unwrap_or_else(|error| {
                    tracing::warn!(instance = %id, %error, "cannot see how it is connected");
                    Wires::Connected
                }),
                _ => Wires::Connected,
            };
            let wires = self.believed(&id, wires, now_ms);
            let seen = Seen {
                domain,
                wires,
                remembered: records.contains_key(&id) || logged.contains(&id),
                record: records.get(&id).cloned().unwrap_or_default(),
                detaching: self.detaching(&id, now_ms),
            };
            (id, seen)
        });
        let instances = instances.collect();
        Ok((desired, World { now_ms, instances }))
    }

    /// A guest that switches itself off takes its tap along before libvirt tells that it is off. Its plug must not be
    /// pulled then: it would count as killed from outside and be started again.
    fn believed(&self, id: &InstanceId, wires: Wires, now_ms: u64) -> Wires {
        let mut efforts = self.efforts();
        if wires != Wires::Gone {
            if let Some(effort) = efforts.get_mut(id) {
                effort.gone_since_ms = None;
            }
            return wires;
        }
        let since_ms = *efforts.entry(id.clone()).or_default().gone_since_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since_ms) < GONE_FOR_MS { Wires::Connected } else { Wires::Gone }
    }

    /// Instances that have a console log.
    fn logged(&self) -> BTreeSet<InstanceId> {
        let entries = std::fs::read_dir(&self.executor.console_dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.split('.').next()?.parse().ok()).collect()
    }

    fn detaching(&self, id: &InstanceId, now_ms: u64) -> BTreeSet<VolumeId> {
        let efforts = self.efforts();
        let asked = efforts.get(id).into_iter().flat_map(|effort| &effort.detach_asked_ms);
        asked
            .filter(|(_, at)| now_ms.saturating_sub(**at) < DETACH_AGAIN_MS)
            .map(|(volume, _)| volume.clone())
            .collect()
    }

    /// Clears what was wrong with instances that are now as desired, and forgets those that are gone.
    fn settle(&self, world: &World, plans: &[(InstanceId, Vec<Step>)]) {
        let mut efforts = self.efforts();
        efforts.retain(|id, effort| effort.busy || world.instances.contains_key(id));
        for (id, effort) in efforts.iter_mut() {
            if !effort.busy && !plans.iter().any(|(planned, _)| planned == id) {
                (effort.failures, effort.problem, effort.retry_at_ms) = (0, None, 0);
            }
        }
    }

    /// Whether it is time to act on an instance; if so it is busy from now on.
    fn claim(&self, id: &InstanceId, steps: &[Step], now_ms: u64) -> bool {
        let mut efforts = self.efforts();
        let effort = efforts.entry(id.clone()).or_default();
        if effort.busy || (effort.retry_at_ms > now_ms && effort.failed == steps) {
            return false;
        }
        effort.busy = true;
        for step in steps {
            if let Step::DetachDisk(volume) = step {
                effort.detach_asked_ms.insert(volume.clone(), now_ms);
            }
        }
        true
    }

    fn begin(&self, id: InstanceId, want: Option<Instance>, steps: Vec<Step>) {
        let own = self.clone();
        tokio::task::spawn_blocking(move || {
            let outcome = own.executor.steps(&id, want.as_ref(), &steps);
            own.end(&id, steps, outcome);
        });
    }

    fn end(&self, id: &InstanceId, steps: Vec<Step>, outcome: Result<()>) {
        let now_ms = self.now_ms();
        let mut efforts = self.efforts();
        let effort = efforts.entry(id.clone()).or_default();
        effort.busy = false;
        match outcome {
            Ok(()) => (effort.failures, effort.problem, effort.retry_at_ms) = (0, None, 0),
            Err(error) => {
                tracing::warn!(instance = %id, %error, "will be tried again");
                effort.failures += 1;
                effort.retry_at_ms = now_ms + (500 << effort.failures.min(6)).min(MAX_PAUSE_MS);
                effort.problem = Some(error.to_string());
                effort.failed = steps;
            }
        }
        drop(efforts);
        self.nudge.notify_one();
    }

    fn tell(&self, desired: &Desired, world: &World) {
        let efforts = self.efforts().clone();
        let reports = world.instances.iter().map(|(id, seen)| {
            let want = desired.instances.iter().find(|instance| instance.id == *id);
            let problem = efforts.get(id).and_then(|effort| effort.problem.clone());
            observed::report(id, want, seen, problem)
        });
        self.board.publish(desired.generation, reports.collect());
    }
}

#[cfg(test)]
mod tests;
