//! For every file on a disk that is being drained: copy it to the disk with most room, then remove it there.
//!
//! For a moment a file is on both disks under its name, and both hold the same, so that it may be read from either and
//! a pass may be killed anywhere. What is copied is compared with its checksums; what does not have them stays where it
//! is, for the scrubber to report.

use std::io::{self, Write};
use std::sync::Arc;

use kit::reconcile::Reconciler;
use store::Read;
use tokio::task::spawn_blocking;

use crate::data::disk::Disk;
use crate::data::stored::{StoredFile, Sums, Wait};
use crate::domain::id::DataId;
use crate::error::Error;
use crate::service::Service;
use crate::store::FILES;

/// The reconciler.
pub struct Drain(pub Arc<Service>);

impl Reconciler for Drain {
    const NAME: &'static str = "object-drain";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = Arc::clone(&self.0);
        let moved = spawn_blocking(move || drain_all(&service)).await;
        moved.map_err(|error| Error::Internal(error.to_string()))?
    }
}

fn drain_all(service: &Service) -> Result<usize, Error> {
    let (mut moved, mut failed) = (0, None);
    for disk in service.files.disks().iter().filter(|disk| disk.is_draining()) {
        for shard in 0..=255 {
            for id in disk.list(shard)? {
                if service.context.shutdown.begun() {
                    return Ok(moved);
                }
                match move_away(service, disk, id) {
                    Ok(did) => moved += usize::from(did),
                    Err(error) => {
                        tracing::warn!(data = %id, disk = %disk.root().display(), %error, "cannot be moved");
                        failed = Some(error);
                    }
                }
            }
        }
    }
    failed.map_or(Ok(moved), Err)
}

/// Moves a file if the index refers to it; what it does not refer to is somebody else's work.
fn move_away(service: &Service, from: &Disk, id: DataId) -> Result<bool, Error> {
    let referred_to = || Ok::<_, Error>(service.store.snapshot()?.contains(&FILES, &id)?);
    if service.files.is_writing(id) || !referred_to()? {
        return Ok(false);
    }
    let source = from.read(id)?;
    let promise = service.files.promise(source.length(Wait::Disk)?)?;
    copy(service, &source, &promise.disk())?;
    if !referred_to()? {
        // deleted meanwhile, perhaps before the copy was there to be removed
        service.files.suspect([id]);
        return Ok(false);
    }
    from.remove(id)?;
    Ok(true)
}

/// The copy has its name only once it is whole: readers take whichever they find first.
fn copy(service: &Service, source: &StoredFile, to: &Disk) -> io::Result<()> {
    let (id, length) = (source.id(), source.length(Wait::Disk)?);
    let (mut file, mut sums, mut offset) = (to.create_unnamed(id)?, Sums::new(id), 0);
    while offset < length {
        let piece = source.read(offset, length - offset, service.pool.take(), Wait::Disk)?;
        file.write_all(&piece)?;
        sums.update(&piece);
        offset += piece.len() as u64;
    }
    file.write_all(&sums.finish().1)?;
    file.sync_data()?;
    to.name(id)?;
    to.sync_directory(id)
}
