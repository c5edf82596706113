//! Tables as constants: a name and two types.

use std::marker::PhantomData;

use crate::index::Maintain;
use crate::{Key, Value};

/// A named table from `K` to `V`: `const VOLUMES: Table<VolumeId, Volume> = Table::new("volumes");`
///
/// The engine creates it with its first row. The name is part of the stored format.
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Table<K, V> {
    /// The table of this name. Within one store a name has one key type and one value type.
    pub const fn new(name: &'static str) -> Self {
        Table { name, types: PhantomData }
    }

    /// The table's stored name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// What reads and writes accept: a [`Table`], or an [`IndexedTable`](crate::IndexedTable), whose indexes then follow
/// every write by themselves.
pub trait Rows {
    /// The rows' key.
    type Key: Key;
    /// The rows' value.
    type Value: Value;
    /// The stored name of the table that holds the rows.
    fn name(&self) -> &'static str;
    /// The indexes to keep in step.
    fn indexes(&self) -> &[&dyn Maintain<Self::Key, Self::Value>] {
        &[]
    }
}

impl<K: Key, V: Value> Rows for Table<K, V> {
    type Key = K;
    type Value = V;
    fn name(&self) -> &'static str {
        self.name
    }
}
