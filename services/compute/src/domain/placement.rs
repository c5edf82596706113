//! Where new instances go: a pure choice among nodes by what they have left.
//!
//! Memory is never overcommitted; processors are by a ratio. A node that has not told its capacity has none.

use calls::node::Capacity;

/// A node and what is taken of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLoad {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// What it has; none when it was never seen.
    pub capacity: Option<Capacity>,
    /// Virtual CPUs given out.
    pub vcpus: u64,
    /// Memory given out, overhead included.
    pub memory_mib: u64,
}

/// What one instance needs, overhead included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Virtual CPUs.
    pub vcpus: u64,
    /// Memory.
    pub memory_mib: u64,
}

impl NodeLoad {
    fn fits(&self, need: Need, cpu_ratio: u32) -> bool {
        self.capacity.is_some_and(|has| {
            self.memory_mib + need.memory_mib <= has.memory_mib
                && self.vcpus + need.vcpus <= u64::from(has.cpus) * u64::from(cpu_ratio)
        })
    }

    fn free_mib(&self) -> u64 {
        self.capacity.map_or(0, |has| has.memory_mib.saturating_sub(self.memory_mib))
    }
}

/// Nodes for as many of `max` instances as there is room for, all in one zone (`zone`, or the one with the most room);
/// none when there is no room for `min`.
pub fn choose(
    nodes: &[NodeLoad],
    need: Need,
    (min, max): (usize, usize),
    zone: Option<&str>,
    cpu_ratio: u32,
) -> Option<Vec<String>> {
    let mut zones: Vec<&str> = nodes.iter().map(|node| node.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    zones
        .into_iter()
        .filter(|one| zone.is_none_or(|wanted| wanted == *one))
        .map(|zone| {
            fill(nodes.iter().filter(|node| node.zone == zone).cloned().collect(), need, max, cpu_ratio)
        })
        .max_by_key(Vec::len)
        .filter(|chosen| chosen.len() >= min)
}

/// Spreads instances: each goes where the most memory is free.
fn fill(mut nodes: Vec<NodeLoad>, need: Need, max: usize, cpu_ratio: u32) -> Vec<String> {
    let mut chosen = Vec::new();
    while chosen.len() < max {
        let best =
            nodes.iter_mut().filter(|node| node.fits(need, cpu_ratio)).max_by_key(|node| node.free_mib());
        let Some(node) = best else { break };
        node.vcpus += need.vcpus;
        node.memory_mib += need.memory_mib;
        chosen.push(node.name.clone());
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(name: &str, zone: &str, cpus: u32, memory_mib: u64) -> NodeLoad {
        let capacity = Some(Capacity { cpus, memory_mib });
        NodeLoad { name: name.into(), zone: zone.into(), capacity, vcpus: 0, memory_mib: 0 }
    }

    #[test]
    fn instances_spread_over_a_zone_and_stop_where_memory_ends() {
        let nodes = [node("a", "z1", 8, 2048), node("b", "z1", 8, 1024), node("c", "z2", 8, 1024)];
        let need = Need { vcpus: 1, memory_mib: 600 };
        let chosen = choose(&nodes, need, (1, 9), None, 4).unwrap();
        assert_eq!(chosen.iter().filter(|n| *n == "a").count(), 3);
        assert_eq!(chosen.iter().filter(|n| *n == "b").count(), 1);
        assert_eq!(choose(&nodes, need, (5, 9), None, 4), None);
        assert_eq!(choose(&nodes, need, (1, 1), Some("z2"), 4).unwrap(), ["c"]);
        assert_eq!(choose(&nodes, need, (1, 1), Some("z3"), 4), None);
    }

    #[test]
    fn a_node_never_seen_has_no_room() {
        let unknown = NodeLoad { capacity: None, ..node("a", "z", 0, 0) };
        assert_eq!(choose(&[unknown], Need { vcpus: 1, memory_mib: 1 }, (1, 1), None, 4), None);
    }

    proptest! {
        #[test]
        fn no_node_is_ever_given_more_than_it_has(
            sizes in proptest::collection::vec((1u32..16, 0u64..8192, 0u64..8, 0u64..4096), 1..5),
            vcpus in 1u64..8, memory_mib in 1u64..4096, max in 1usize..20, ratio in 1u32..5,
        ) {
            let nodes: Vec<NodeLoad> = sizes.iter().enumerate().map(|(at, (cpus, memory, used, taken))| NodeLoad {
                vcpus: *used, memory_mib: *taken, ..node(&at.to_string(), "z", *cpus, *memory)
            }).collect();
            let need = Need { vcpus, memory_mib };
            let chosen = choose(&nodes, need, (0, max), None, ratio).unwrap();
            prop_assert!(chosen.len() <= max);
            for node in &nodes {
                let count = chosen.iter().filter(|name| **name == node.name).count() as u64;
                let has = node.capacity.unwrap();
                prop_assert!(count == 0 || node.memory_mib + count * memory_mib <= has.memory_mib);
                prop_assert!(count == 0 || node.vcpus + count * vcpus <= u64::from(has.cpus * ratio));
            }
        }
    }
}
