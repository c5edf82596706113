//! Nodes: the generation of what each should run, and what each has reported.
//!
//! The two are separate tables, because reports must not wake the reconciler that tells nodes what to run.

use calls::node::Capacity;
use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

use super::instances;
use crate::config::Config;
use crate::domain::placement::NodeLoad;

/// Generation of a node's desired state, by the node's name.
pub const NODES: Table<String, u64> = Table::new("nodes");
/// What a node has reported, by the node's name.
pub const REPORTS: Table<String, Report> = Table::new("node_reports");

/// The last report of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it has for instances.
    pub capacity: Capacity,
}

store::json_value!(Report, version = 1);

/// The generation of a node's desired state; 0 when nothing was ever desired of it.
pub fn generation(read: &impl Read, node: &str) -> Result<u64, store::Error> {
    Ok(read.get(&NODES, &node.to_owned())?.unwrap_or(0))
}

/// The node's desired state changes in this transaction; gives its new generation.
pub fn touch(tx: &mut Tx<'_>, node: &str) -> Result<u64, store::Error> {
    let next = generation(tx, node)? + 1;
    tx.put(&NODES, &node.to_owned(), &next)?;
    Ok(next)
}

/// The desired state of every known node changes in this transaction.
pub fn touch_all(tx: &mut Tx<'_>) -> Result<(), store::Error> {
    for (node, generation) in tx.scan(&NODES, ..)? {
        tx.put(&NODES, &node, &(generation + 1))?;
    }
    Ok(())
}

/// A node holds a generation that we have not come to (we were restored from a copy): go on above it.
pub fn overtake(tx: &mut Tx<'_>, node: &str, held: u64) -> Result<(), store::Error> {
    if generation(tx, node)? <= held {
        tx.put(&NODES, &node.to_owned(), &(held + 1))?;
    }
    Ok(())
}

/// What is taken of each configured node.
pub fn loads(read: &impl Read, config: &Config, own_zone: &str) -> Result<Vec<NodeLoad>, store::Error> {
    config
        .nodes
        .iter()
        .map(|node| {
            let instances = instances::of_node(read, &node.name)?;
            let mut load = NodeLoad {
                name: node.name.clone(),
                zone: node.zone.clone().unwrap_or_else(|| own_zone.to_owned()),
                capacity: read.get(&REPORTS, &node.name)?.map(|report| report.capacity),
                vcpus: 0,
                memory_mib: 0,
            };
            for instance in instances.iter().filter(|one| one.life.uses_capacity()) {
                load.vcpus += u64::from(instance.vcpus);
                load.memory_mib += instance.memory_mib + config.memory_overhead_mib;
            }
            Ok(load)
        })
        .collect()
}
