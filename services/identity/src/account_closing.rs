//! Deleting an account: never while a service holds something of it, so that nothing is left without an owner.
//!
//! 1. The account is marked as closing: none of its keys opens anything that is asked from now on.
//! 2. Every service tells what the account owns there. Anything: the mark is taken away, and the operator is told.
//! 3. After as long as a service may have believed its keys, they are asked once more, in the same way.
//! 4. The services remove what they made by themselves for it (the default VPC).
//! 5. Its users, groups, policies and keys go with it in one transaction. Its id does not come back.
//!
//! Killed anywhere, the account stays closing, which `ListMurusAccounts` shows; deleting it again goes on.

use std::sync::Arc;
use std::time::Duration;

use api_spec::ApiError;
use calls::accounts::{AccountHoldings, ForgetAccount, Holdings};
use kit::Clock;
use kit::peer::Peer;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::identity::Identity;
use crate::store::{Db, accounts};

/// What it takes to close an account.
pub struct Closing {
    db: Db,
    clock: Clock,
    holders: [Peer; 3],
    wait: Duration,
    /// One at a time: two could take each other's mark away.
    alone: Arc<Mutex<()>>,
}

impl Identity {
    /// For closing an account apart from the request that asked for it.
    pub(crate) fn closing(&self) -> Closing {
        Closing {
            db: self.db.clone(),
            clock: self.clock.clone(),
            holders: self.holders.clone(),
            wait: Duration::from_millis(self.config.account_close_wait_ms),
            alone: Arc::clone(&self.closing_account),
        }
    }
}

impl Closing {
    /// Deletes the account, or says what it still owns.
    pub async fn close(&self, account: String) -> Result<(), Error> {
        let _alone = self.alone.lock().await;
        let read = self.db.read()?;
        if accounts::installation(&read)?.as_ref() == Some(&account) {
            return Err(Error::DeleteConflict("The installation's own account cannot be deleted."));
        }
        accounts::find(&read, &account)?;
        drop(read);
        self.mark(&account, true).await?;
        if let Err(error) = self.must_own_nothing(&account).await {
            self.mark(&account, false).await?;
            return Err(error);
        }
        for holder in &self.holders {
            holder.call(&ForgetAccount { account_id: account.clone() }).await.map_err(Error::Peer)?;
        }
        let now = self.clock.now().to_string();
        self.db.change(move |tx| accounts::remove(tx, &account, &now)).await
    }

    async fn mark(&self, account: &str, closing: bool) -> Result<(), Error> {
        let account = account.to_owned();
        self.db.change(move |tx| accounts::set_closing(tx, &account, closing)).await
    }

    async fn must_own_nothing(&self, account: &str) -> Result<(), Error> {
        nothing(account, &self.holdings(account).await.map_err(Error::Peer)?)?;
        tokio::time::sleep(self.wait).await;
        nothing(account, &self.holdings(account).await.map_err(Error::Peer)?)
    }

    async fn holdings(&self, account: &str) -> Result<Holdings, ApiError> {
        let mut all = Holdings::default();
        for holder in &self.holders {
            let question = AccountHoldings { account_id: account.to_owned() };
            all.counts.extend(holder.call(&question).await?.counts);
        }
        Ok(all)
    }
}

fn nothing(account: &str, holdings: &Holdings) -> Result<(), Error> {
    if holdings.counts.is_empty() {
        return Ok(());
    }
    let each: Vec<String> =
        holdings.counts.iter().map(|one| format!("{} ({})", one.kind, one.count)).collect();
    Err(Error::AccountInUse(format!(
        "The account {account} cannot be deleted while it owns something: {}.",
        each.join(", ")
    )))
}
