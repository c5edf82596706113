//! For every node that does not hold the newest generation of its desired state, send it the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calls::node::Desired;
use kit::reconcile::Reconciler;
use store::Read;

use crate::domain::desired::World;
use crate::domain::security_group::Peer;
use crate::error::Error;
use crate::service::Service;
use crate::store::security_groups::GROUPS;
use crate::store::{instances, interfaces, networks, nodes};

/// The reconciler of one node.
pub struct PushDesired {
    /// The service.
    pub service: Arc<Service>,
    /// The node.
    pub node: String,
}

impl Reconciler for PushDesired {
    const NAME: &'static str = "push-desired";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = &self.service;
        let read = service.read()?;
        let generation = nodes::generation(&read, &self.node)?;
        if generation == 0 || service.held.get(&self.node).is_some_and(|held| held >= generation) {
            return Ok(0);
        }
        let desired = desired(&read, &self.node, generation, service.region())?;
        let accepted = service.node(&self.node)?.call(&desired).await.map_err(Error::Peer)?;
        if accepted.generation > generation {
            let (node, held) = (self.node.clone(), accepted.generation);
            service.store.transact(move |tx| overtake(tx, &node, held)).await?;
        }
        service.held.set(&self.node, accepted.generation);
        Ok(1)
    }
}

/// A node can hold more than we sent only because we have moved on meanwhile, or because we were restored from a copy.
fn overtake(tx: &mut store::Tx<'_>, node: &str, held: u64) -> Result<(), Error> {
    if nodes::generation(tx, node)? < held {
        nodes::overtake(tx, node, held)?;
    }
    Ok(())
}

/// What a node should run, from one consistent read.
pub fn desired(read: &impl Read, node: &str, generation: u64, region: &str) -> Result<Desired, Error> {
    let mut world = World::default();
    for instance in instances::of_node(read, node)? {
        let (instance, interface) = instances::with_interface(read, instance)?;
        if let Some(interface) = interface {
            world.instances.push((instance, interface));
        }
    }
    let vpcs: BTreeSet<_> = world.instances.iter().map(|(_, one)| one.vpc.clone()).collect();
    for id in vpcs {
        if let Some(vpc) = read.get(&networks::VPCS, &id)? {
            world.subnets.extend(networks::subnets_of_account(read, &vpc.account_id)?);
            world.vpcs.insert(id, vpc);
        }
    }
    world.subnets.sort_by(|a, b| a.id.cmp(&b.id));
    world.subnets.dedup_by(|a, b| a.id == b.id);
    load_groups(read, &mut world)?;
    Ok(world.desired(generation, region))
}

/// The groups of all interfaces and those that their rules name.
fn load_groups(read: &impl Read, world: &mut World) -> Result<(), Error> {
    let mut wanted: BTreeSet<_> = world.instances.iter().flat_map(|(_, one)| one.groups.clone()).collect();
    let mut members = BTreeMap::new();
    while let Some(id) = wanted.pop_first() {
        let Some(group) = read.get(&GROUPS, &id)? else { continue };
        let named = group.rules.iter().filter_map(|rule| match &rule.allow.peer {
            Peer::Group(group) => Some(group.clone()),
            Peer::Cidr(_) => None,
        });
        wanted.extend(named.filter(|id| !world.groups.contains_key(id) && *id != group.id));
        members.insert(id.clone(), interfaces::members(read, &id)?);
        world.groups.insert(id, group);
    }
    world.members = members;
    Ok(())
}
