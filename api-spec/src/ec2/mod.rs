//! EC2: one file a resource, each with its requests and answers.

pub mod addresses;
pub mod common;
pub mod images;
pub mod import_snapshots;
pub mod instance_attributes;
pub mod instance_profiles;
pub mod instance_types;
pub mod instances;
pub mod key_pairs;
pub mod networks;
pub mod regions;
pub mod run_instances;
pub mod security_group_rules;
pub mod security_groups;
pub mod snapshots;
pub mod tags;
pub mod volumes;
