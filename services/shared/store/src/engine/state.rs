//! What a reader of the logged engine sees: redb, under the rows that are not in it yet, as of a commit.

use std::borrow::Cow::Owned;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::recent::Recent;
use super::redb::RedbView;
use super::{ByteRange, Order, RawRows, See, View};
use crate::Error;
use crate::changes::merged;

/// What was committed up to a commit.
#[derive(Clone)]
pub(super) struct State {
    /// The tree.
    pub redb: Arc<RedbView>,
    /// What redb does not have yet, newest first: one, and one more while that is put into redb. None only before recovery
    /// has ended and after the engine is closed.
    pub generations: Vec<Arc<Recent>>,
    /// The number of the last one.
    pub commit: u64,
}

impl State {
    /// The generation that commits are added to. Only a commit asks, and it is refused before this when the engine is closed:
    /// so there is one.
    pub fn newest(&self) -> &Arc<Recent> {
        &self.generations[0]
    }
}

impl View for State {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let changed = self.generations.iter().find_map(|recent| recent.get(table, key, self.commit));
        changed.map_or_else(|| self.redb.get(table, key), Ok)
    }

    fn range(&self, table: &'static str, range: &ByteRange, order: Order) -> Result<RawRows<'static>, Error> {
        let under = self.redb.range(table, range, order)?;
        Ok(self.generations.iter().rev().fold(under, |under, recent| {
            let mut changed = recent.walk(table, range, order, self.commit).peekable();
            match changed.peek() {
                None => under,
                Some(_) => merged(changed.map(|(key, value)| (Owned(key), value.map(Owned))), under, order),
            }
        }))
    }

    fn visit(&self, table: &'static str, range: &ByteRange, see: &mut See<'_>) -> Result<(), Error> {
        self.visit_from(&self.generations, table, range, see)
    }
}

impl State {
    /// Shows the rows of redb with the changes of these generations, newest first.
    fn visit_from(
        &self,
        generations: &[Arc<Recent>],
        table: &'static str,
        range: &ByteRange,
        see: &mut See<'_>,
    ) -> Result<(), Error> {
        let Some((recent, older)) = generations.split_first() else {
            return self.redb.visit(table, range, see);
        };
        let mut changed = recent.walk(table, range, Order::Ascending, self.commit).peekable();
        if changed.peek().is_none() {
            return self.visit_from(older, table, range, see);
        }
        let mut flow = ControlFlow::Continue(());
        self.visit_from(older, table, range, &mut |key, value| {
            while let Some((changed, fresh)) = changed.next_if(|(changed, _)| changed.as_slice() <= key) {
                flow = fresh.map_or(ControlFlow::Continue(()), |fresh| see(&changed, &fresh));
                if flow.is_break() || changed == key {
                    return flow;
                }
            }
            flow = see(key, value);
            flow
        })?;
        while flow.is_continue()
            && let Some((key, value)) = changed.next()
        {
            flow = value.map_or(ControlFlow::Continue(()), |value| see(&key, &value));
        }
        Ok(())
    }
}
