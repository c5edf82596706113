//! Who is behind an address or a tap: what DHCP, metadata and name resolution look up, shared with the reconciler that
//! replaces it whole with each new desired state.

use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};

use api_spec::ids::VpcId;
use calls::node::{Desired, Instance, Nic, Vpc};

use crate::names::Names;

/// The desired state as the guests' servers read it. Clones share it.
#[derive(Clone)]
pub struct Directory {
    names: Names,
    desired: Arc<RwLock<Arc<Desired>>>,
}

impl Directory {
    /// Begins with what was stored.
    pub fn new(names: Names, desired: Desired) -> Self {
        Directory { names, desired: Arc::new(RwLock::new(Arc::new(desired))) }
    }

    /// What is desired now.
    pub fn desired(&self) -> Arc<Desired> {
        self.desired.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a new desired state.
    pub fn replace(&self, desired: Arc<Desired>) {
        *self.desired.write().unwrap_or_else(PoisonError::into_inner) = desired;
    }

    /// The instance with a private address in a VPC.
    pub fn instance_at(&self, vpc: &VpcId, address: Ipv4Addr) -> Option<Instance> {
        let desired = self.desired();
        let mine = |nic: &Nic| nic.vpc == *vpc && nic.address == address;
        desired.instances.iter().find(|instance| instance.nics.iter().any(mine)).cloned()
    }

    /// The interface behind a tap, and its VPC.
    pub fn nic_at(&self, vpc: &VpcId, tap: &str) -> Option<(Nic, Vpc)> {
        let desired = self.desired();
        let nics = desired.instances.iter().flat_map(|instance| &instance.nics);
        let nic = nics.filter(|nic| nic.vpc == *vpc).find(|nic| self.names.tap(&nic.id) == tap)?;
        let vpc = desired.vpcs.iter().find(|it| it.id == *vpc)?;
        Some((nic.clone(), vpc.clone()))
    }

    /// The address of a host name in a VPC, as far as this node knows.
    pub fn address_of(&self, vpc: &VpcId, name: &str) -> Option<Ipv4Addr> {
        let desired = self.desired();
        let mut nics = desired.instances.iter().flat_map(|instance| &instance.nics);
        nics.find(|nic| {
            nic.vpc == *vpc && name.eq_ignore_ascii_case(&format!("{}.{}", nic.host_name, nic.domain_name))
        })
        .map(|nic| nic.address)
    }
}
