//! compute's tables and the queries on them. No other service reads them.
//!
//! Every change that a node has to know of raises the generation of the node's desired state in the same transaction
//! ([`nodes::touch`]), so that what is desired and the work of telling it cannot come apart.

pub mod addresses;
pub mod images;
pub mod instances;
pub mod interfaces;
pub mod key_pairs;
pub mod launches;
pub mod networks;
pub mod nodes;
pub mod security_groups;
