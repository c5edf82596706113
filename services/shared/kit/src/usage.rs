//! When keys and their holders were last used, and for what: noted in memory while a request is decided on, told to
//! identity every few seconds, at most once a minute for the same use. Nothing of it is on a request's way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth::policy::Principal;
use calls::identity::{ReportUses, Use};
use jiff::{SignedDuration, Timestamp};

use crate::caller::Caller;
use crate::peer::Peer;
use crate::shutdown::Shutdown;

/// Between two reports.
const REPORT_EVERY: Duration = Duration::from_secs(2);
/// The same use is told again after so many seconds.
const TELL_AGAIN_S: i64 = 60;
/// Uses kept in memory; beyond it the oldest knowledge of what was told is dropped, or new uses until the next report.
const MAX_ENTRIES: usize = 20_000;

/// What was used since the last report. Clones share it.
#[derive(Clone, Default)]
pub struct Usage(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// When a use was last told: by key and action.
    told: HashMap<String, HashMap<String, Timestamp>>,
    entries: usize,
    pending: Vec<Use>,
}

impl Usage {
    /// Notes that a caller asked for an action, whatever came of it.
    pub fn note(&self, caller: &Caller, action: &str) {
        self.add(caller, action, false);
    }

    /// Notes an action that a caller was allowed beside the one that it asked for: to pass the role of an instance, to tag
    /// what it makes. It is a use of its permissions, not what its key was used for.
    pub fn note_beside(&self, caller: &Caller, action: &str) {
        self.add(caller, action, true);
    }

    fn add(&self, caller: &Caller, action: &str, beside: bool) {
        let (Some(key), Some(signature)) = (caller.access_key_id(), &caller.signature) else { return };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = state.told.get(key).and_then(|actions| actions.get(action));
        let again = SignedDuration::from_secs(TELL_AGAIN_S);
        if told.is_some_and(|told| caller.now.duration_since(*told) < again)
            || state.pending.len() >= MAX_ENTRIES
        {
            return;
        }
        if state.entries >= MAX_ENTRIES {
            state.told.clear();
            state.entries = 0;
        }
        let before = state.told.entry(key.to_owned()).or_default().insert(action.to_owned(), caller.now);
        state.entries += usize::from(before.is_none());
        state.pending.push(Use {
            access_key_id: key.to_owned(),
            account_id: caller.account_id().to_owned(),
            principal_id: principal_id(caller.principal()),
            action: action.to_owned(),
            beside,
            region: signature.sig.scope.region.clone(),
            at: caller.now,
        });
    }

    /// Tells identity until shutdown, and once more then; one task a process.
    pub fn report(&self, identity: Peer, shutdown: &Shutdown) {
        let (this, stop) = (self.clone(), shutdown.clone());
        shutdown.spawn(async move {
            while !stop.begun() {
                tokio::select! {
                    () = stop.wait() => {}
                    () = tokio::time::sleep(REPORT_EVERY) => {}
                }
                this.flush(&identity).await;
            }
        });
    }

    async fn flush(&self, identity: &Peer) {
        let uses = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).pending);
        if uses.is_empty() {
            return;
        }
        let report = ReportUses { uses };
        if let Err(error) = identity.call(&report).await {
            tracing::debug!(%error, "uses of keys are told later");
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MAX_ENTRIES.saturating_sub(state.pending.len());
            state.pending.extend(report.uses.into_iter().take(room));
        }
    }
}

/// The id of the user or role that used its permissions; the account's for its root.
fn principal_id(principal: &Principal) -> Option<String> {
    match principal {
        Principal::Root { account } => Some(account.clone()),
        Principal::User { id, .. } => Some(id.clone()),
        Principal::AssumedRole { role_id, .. } => Some(role_id.clone()),
        Principal::FederatedUser { .. }
        | Principal::WebIdentity { .. }
        | Principal::Service { .. }
        | Principal::Anonymous => None,
    }
}
