//! Instance types: names, virtual CPUs and memory as AWS has them.

use serde::{Deserialize, Serialize};

/// What an instance of this type gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceType {
    /// `t2.nano`.
    pub name: String,
    /// Virtual CPUs; 1 to 256.
    pub vcpus: u32,
    /// Memory in MiB; 64 to 4194304.
    pub memory_mib: u64,
}

impl InstanceType {
    /// Whether AWS's type of this family earns CPU credits.
    pub fn is_burstable(&self) -> bool {
        self.name.starts_with('t')
    }
}

/// The types as delivered: the t2, t3 and m5 families up to what a small host can run.
pub fn delivered() -> Vec<InstanceType> {
    [
        ("t2.nano", 1, 512),
        ("t2.micro", 1, 1024),
        ("t2.small", 1, 2048),
        ("t2.medium", 2, 4096),
        ("t2.large", 2, 8192),
        ("t2.xlarge", 4, 16384),
        ("t2.2xlarge", 8, 32768),
        ("t3.nano", 2, 512),
        ("t3.micro", 2, 1024),
        ("t3.small", 2, 2048),
        ("t3.medium", 2, 4096),
        ("t3.large", 2, 8192),
        ("t3.xlarge", 4, 16384),
        ("t3.2xlarge", 8, 32768),
        ("m5.large", 2, 8192),
        ("m5.xlarge", 4, 16384),
    ]
    .into_iter()
    .map(|(name, vcpus, memory_mib)| InstanceType { name: name.into(), vcpus, memory_mib })
    .collect()
}
