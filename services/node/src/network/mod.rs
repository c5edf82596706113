//! The data plane: one network namespace per VPC, taps in it, filters, and a way out to the host.
//!
//! Everything between two instances is routed and filtered; there is no bridge. What is here is idempotent: it compares
//! with what the kernel has and repairs the difference, so that a crash anywhere needs no memory.
//!
//! - `spec` what a VPC's namespace should be, worked out of the desired state (pure)
//! - `ruleset` that as nftables text (pure); `judge` whether a connection is still allowed (pure)
//! - `namespace`, `tap`, `uplink`, `host`, `conntrack` the kernel's side

pub mod conntrack;
pub mod host;
pub mod judge;
pub mod kernel;
pub mod namespace;
pub mod ruleset;
pub mod spec;
pub mod tap;
pub mod uplink;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use api_spec::ids::VpcId;
use calls::node::{Desired, Instance};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::names::Names;
use crate::world::Wires;
use host::Host;
use kernel::Links;
use namespace::Namespace;
use spec::VpcSpec;

/// What guests use as their gateway's hardware address, on every tap.
pub const GATEWAY_MAC: &str = "0e:00:00:00:00:01";
/// Where instances find their metadata.
pub const METADATA_ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// What a namespace sends everything outside to; answered by no address, only by a permanent neighbour entry.
pub const OUTSIDE_GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// A namespace's device to the host.
pub const UPLINK: &str = "uplink";

/// How instances are connected. The reconciler and its tests know only this.
pub trait Wiring: Send + Sync + 'static {
    /// Brings every VPC's namespace to what is desired and removes those nobody needs. Failures are per VPC.
    fn ensure(&self, desired: &Desired);
    /// How an instance's interfaces are connected.
    fn wires(&self, instance: &Instance) -> Result<Wires>;
    /// Puts the taps of an instance in their places.
    fn plug(&self, instance: &Instance) -> Result<()>;
}

/// A namespace that is up: what serves DHCP and metadata waits for these.
pub type Namespaces = BTreeMap<VpcId, Namespace>;

/// The kernel's network.
pub struct Network {
    names: Names,
    host: Host,
    applied: Mutex<BTreeMap<VpcId, Applied>>,
    up: tokio::sync::watch::Sender<Arc<Namespaces>>,
}

/// What is known to be in the kernel for one VPC.
#[derive(Default)]
struct Applied {
    spec: Option<VpcSpec>,
    namespace: Option<Namespace>,
    problem: Option<String>,
}

impl Network {
    /// Nothing is touched before the first [`Wiring::ensure`].
    pub fn new(config: &Config, names: Names, remembered: std::path::PathBuf) -> Self {
        Network {
            host: Host::new(config, names.clone(), remembered),
            names,
            applied: Mutex::default(),
            up: tokio::sync::watch::Sender::default(),
        }
    }

    /// The namespaces that are up, whenever they change.
    pub fn namespaces(&self) -> tokio::sync::watch::Receiver<Arc<Namespaces>> {
        self.up.subscribe()
    }

    fn ensure_all(&self, desired: &Desired, applied: &mut BTreeMap<VpcId, Applied>) -> Result<()> {
        let host_links = kernel::links()?;
        self.host.ensure()?;
        let specs = spec::of(desired, &self.names);
        for (id, spec) in &specs {
            let slot = applied.entry(id.clone()).or_default();
            let outcome = self.ensure_vpc(spec, slot, &host_links);
            if let Err(error) = &outcome {
                tracing::warn!(vpc = %id, %error, "network not as desired");
            }
            slot.problem = outcome.err().map(|error| error.to_string());
        }
        self.sweep(&specs, applied)
    }

    fn ensure_vpc(&self, spec: &VpcSpec, applied: &mut Applied, host_links: &Links) -> Result<()> {
        let namespace = Namespace::ensure(&spec.namespace)?;
        let whole = applied.namespace.as_ref() == Some(&namespace) && host_links.has(&spec.uplink);
        let known = if whole { applied.spec.take() } else { None };
        applied.namespace = Some(namespace.clone());
        let base_stands = known.as_ref().is_some_and(|known| known.base == spec.base);
        if !base_stands {
            namespace.lay_base(spec)?;
            uplink::ensure(spec, host_links)?;
        }
        if known.as_ref().is_none_or(|known| known.filter != spec.filter) {
            namespace.filter(spec)?;
            conntrack::cut(&namespace, spec)?;
        }
        uplink::publish(spec)?;
        self.host.answer_for(spec)?;
        applied.spec = Some(spec.clone());
        Ok(())
    }

    /// Removes namespaces of VPCs that are not desired, once the last tap has left them.
    fn sweep(&self, specs: &BTreeMap<VpcId, VpcSpec>, applied: &mut BTreeMap<VpcId, Applied>) -> Result<()> {
        for name in Namespace::list()? {
            let Some(vpc) = self.names.vpc_of_namespace(&name) else { continue };
            if specs.contains_key(&vpc) || Namespace::holds(&name, &self.names.tap_prefix()) {
                continue;
            }
            Namespace::remove(&name)?;
            applied.remove(&vpc);
        }
        applied.retain(|vpc, _| specs.contains_key(vpc));
        for link in kernel::links()?.with_prefix(&self.names.uplink_prefix()) {
            if !specs.values().any(|spec| spec.uplink == *link) {
                uplink::remove(link)?;
            }
        }
        self.host.forget_others(specs.values())
    }

    fn tell(&self, applied: &BTreeMap<VpcId, Applied>) {
        let up: Namespaces = applied
            .iter()
            .filter_map(|(vpc, applied)| Some((vpc.clone(), applied.namespace.clone()?)))
            .collect();
        self.up.send_if_modified(|old| {
            let changed = **old != up;
            if changed {
                *old = Arc::new(up);
            }
            changed
        });
    }

    /// Removes everything that carries this node's prefix: all that can be, whatever fails; then says what failed first.
    pub fn purge(&self) -> Result<()> {
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outcomes = Vec::new();
        for name in Namespace::list()? {
            if self.names.vpc_of_namespace(&name).is_some() {
                outcomes.push(Namespace::remove(&name));
            }
        }
        let links = kernel::links()?;
        for prefix in [self.names.uplink_prefix(), self.names.tap_prefix()] {
            outcomes.extend(links.with_prefix(&prefix).map(|link| uplink::remove(link)));
        }
        applied.clear();
        self.tell(&applied);
        outcomes.push(self.host.purge());
        outcomes.into_iter().collect()
    }
}

impl Wiring for Network {
    fn ensure(&self, desired: &Desired) {
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.ensure_all(desired, &mut applied) {
            tracing::warn!(%error, "host network not as desired");
        }
        self.tell(&applied);
    }

    fn wires(&self, instance: &Instance) -> Result<Wires> {
        instance.nics.iter().try_fold(Wires::Connected, |worst, nic| {
            let namespace = self.names.namespace(&nic.vpc);
            Ok(worst.max(tap::wires(&namespace, &self.names.tap(&nic.id), nic.address)?))
        })
    }

    fn plug(&self, instance: &Instance) -> Result<()> {
        let not_ready = |why: &str| Error::NetworkNotReady(instance.id.to_string(), why.to_owned());
        for nic in &instance.nics {
            let namespace = {
                let applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = applied.get(&nic.vpc).ok_or_else(|| not_ready("its VPC is not set up yet"))?;
                if let Some(problem) = &slot.problem {
                    return Err(not_ready(problem));
                }
                let listed = slot.spec.as_ref().is_some_and(|spec| spec.filter.has(&nic.id));
                if !listed {
                    return Err(not_ready("its filters are not in place yet"));
                }
                slot.namespace.clone().ok_or_else(|| not_ready("it has no namespace yet"))?
            };
            tap::plug(&namespace, &self.names.tap(&nic.id), nic)?;
        }
        Ok(())
    }
}
