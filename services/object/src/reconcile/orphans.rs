//! For every file that the index does not refer to and nobody is writing, publishing or reading, remove it.
//!
//! The first pass looks at every file: a crash may have left some. Later ones look at suspects only: uploads that
//! were given up, and content whose last reference was just removed.

use std::sync::Arc;

use kit::reconcile::Reconciler;
use store::Read;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::domain::id::DataId;
use crate::error::Error;
use crate::service::Service;
use crate::store::FILES;

/// The reconciler.
pub struct Orphans {
    service: Arc<Service>,
    /// Shards that the first look has still to visit.
    unseen: Mutex<Vec<u8>>,
}

impl Orphans {
    /// Begins with a look at everything.
    pub fn new(service: Arc<Service>) -> Self {
        Orphans { service, unseen: Mutex::new((0..=255).collect()) }
    }
}

impl Reconciler for Orphans {
    const NAME: &'static str = "object-orphans";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let mut done = 0;
        let mut unseen = self.unseen.lock().await;
        while let Some(shard) = unseen.last().copied() {
            let service = Arc::clone(&self.service);
            done += blocking(move || remove_orphans(&service, service.files.list(shard)?)).await?;
            unseen.pop();
        }
        let suspects = self.service.files.take_suspects();
        if suspects.is_empty() {
            return Ok(done);
        }
        let service = Arc::clone(&self.service);
        let again = suspects.clone();
        match blocking(move || remove_orphans(&service, suspects)).await {
            Ok(more) => Ok(done + more),
            Err(error) => {
                self.service.files.suspect(again);
                Err(error)
            }
        }
    }
}

async fn blocking<F>(work: F) -> Result<usize, Error>
where
    F: FnOnce() -> Result<usize, Error> + Send + 'static,
{
    spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}

/// The order matters: a file that is not being written when asked has by then been referred to, or never will be.
fn remove_orphans(service: &Service, files: Vec<DataId>) -> Result<usize, Error> {
    let idle: Vec<DataId> = files.into_iter().filter(|id| !service.files.is_writing(*id)).collect();
    let snapshot = service.store.snapshot()?;
    let mut removed = 0;
    for id in idle {
        if !snapshot.contains(&FILES, &id)? {
            service.files.remove(id)?;
            removed += 1;
        }
    }
    Ok(removed)
}
