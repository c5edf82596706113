//! The seam to storage engines: ordered bytes, consistent views, atomic durable commits.
//!
//! An engine knows nothing of types, indexes or batches. It must give: views that never change under a reader;
//! commits that are all or nothing and on the medium when they return; and `begin` views that a later `commit` is
//! serializable with (an embedded engine has one writer, the commit thread; a shared engine answers
//! [`Error::Conflict`] and the batch runs again).

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::Error;
pub use crate::changes::{ByteRange, Changes};

mod log;
mod logged;
mod recent;
mod redb;
mod state;

pub use self::log::Medium;
pub use self::logged::LoggedEngine;
pub use self::redb::RedbEngine;

/// Encoded rows in key order.
pub type RawRows<'a> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), Error>> + Send + 'a>;

/// What is shown encoded rows, key and value, until it breaks.
pub type See<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// The direction of a range read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Least key first.
    Ascending,
    /// Greatest key first.
    Descending,
}

impl Order {
    pub(crate) fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Order::Ascending => a.cmp(b),
            Order::Descending => b.cmp(a),
        }
    }
}

/// An ordered key-value engine.
pub trait Engine: Send + Sync + 'static {
    /// What is committed now, for as long as the view lives. Must not block writers.
    fn snapshot(&self) -> Result<Arc<dyn View>, Error>;
    /// A view to base a batch on, and the means to commit it.
    fn begin(&self) -> Result<Box<dyn Batch>, Error>;
}

/// A consistent state of all tables. A table never written is an empty one.
pub trait View: Send + Sync {
    /// The value of a key.
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
    /// The rows of a range, lazily.
    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error>;
    /// Shows `see` the rows of a range in key order, where they lie, until it breaks.
    fn visit(&self, table: &'static str, range: &ByteRange, see: &mut See<'_>) -> Result<(), Error> {
        for row in self.range(table, range, Order::Ascending)? {
            let (key, value) = row?;
            if see(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A view that changes can be committed on.
pub trait Batch: View {
    /// Applies all changes at once and returns when they are durable. After any error but [`Error::Conflict`] the
    /// outcome counts as unknown and the store stops writing.
    fn commit(self: Box<Self>, changes: Changes) -> Result<(), Error>;
}
