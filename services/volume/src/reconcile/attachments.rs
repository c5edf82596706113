//! For every instance whose list of disks has changed, tell compute the whole list, and go on until it has been
//! carried out: what was `attaching` is observed and `attached`, what was `detaching` is no longer observed and free.
//!
//! A disk of which a snapshot is still to be copied is not handed to an instance before that is done: the snapshot is
//! of the moment it was asked for.

use std::sync::Arc;

use ::store::Read;
use api_spec::ids::{InstanceId, VolumeId};
use calls::compute::{AttachedDisk, ObservedDisks, SyncDisks};
use kit::reconcile::Reconciler;

use super::POLL;
use crate::domain::volume::{Attachment, AttachmentState, State, Volume};
use crate::error::Error;
use crate::service::Service;
use crate::store::{NUDGES, VOLUMES, has_pending_snapshot, nudged, volumes_of_instance};

/// See the module.
pub struct Attachments(pub Arc<Service>);

impl Reconciler for Attachments {
    const NAME: &'static str = "attachments";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let mut done = 0;
        while !self.0.context.shutdown.begun() {
            let waiting = nudged(&self.0.view()?)?;
            let mut left = 0;
            for (instance, count) in waiting {
                match self.sync(&instance, count).await {
                    Ok(true) => done += 1,
                    Ok(false) => left += 1,
                    Err(error) => {
                        left += 1;
                        tracing::warn!(%instance, %error, "cannot bring an instance's disks into line yet");
                    }
                }
            }
            if left == 0 {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(done)
    }
}

impl Attachments {
    /// One round for one instance; true when there is nothing left to wait for.
    async fn sync(&self, instance: &InstanceId, count: u64) -> Result<bool, Error> {
        let view = self.0.view()?;
        let mut disks = Vec::new();
        for (id, volume) in volumes_of_instance(&view, instance)? {
            if let Some(disk) = self.wanted(&view, &id, &volume)? {
                disks.push(disk);
            }
        }
        disks.sort_by_key(|disk| !disk.disk.boot);
        let sent: Vec<VolumeId> = disks.iter().map(|disk| disk.disk.volume.clone()).collect();
        let call = SyncDisks { instance: instance.clone(), disks };
        let observed = self.0.compute().call(&call).await?;
        self.take_in(instance, count, sent, observed).await
    }

    fn wanted(
        &self,
        view: &impl Read,
        id: &VolumeId,
        volume: &Volume,
    ) -> Result<Option<AttachedDisk>, Error> {
        let Some(attachment) = &volume.attachment else { return Ok(None) };
        let wanted = volume.state == State::Ready
            && match attachment.state {
                AttachmentState::Attached => true,
                AttachmentState::Attaching => !has_pending_snapshot(view, id)?,
                AttachmentState::Detaching => false,
            };
        Ok(wanted.then(|| attached_disk(&self.0, id, attachment)))
    }

    async fn take_in(
        &self,
        instance: &InstanceId,
        count: u64,
        sent: Vec<VolumeId>,
        observed: ObservedDisks,
    ) -> Result<bool, Error> {
        let instance = instance.clone();
        self.0
            .store
            .transact(move |tx| {
                let mut settled = true;
                let mut changed = false;
                for (id, mut volume) in volumes_of_instance(tx, &instance)? {
                    let held = observed.attached.contains(&id);
                    if volume.observe(sent.contains(&id), held, observed.running, observed.exists) {
                        tx.put(&VOLUMES, &id, &volume)?;
                        changed = true;
                    }
                    settled &= volume.attachment.is_none_or(|a| a.state == AttachmentState::Attached);
                }
                // what has changed is told once more, so that compute shows it too
                let settled = settled && !changed && tx.get(&NUDGES, &instance)?.unwrap_or(count) == count;
                if settled {
                    tx.delete(&NUDGES, &instance)?;
                }
                Ok(settled)
            })
            .await
    }
}

/// A volume in its place, as compute and the nodes get it.
pub fn attached_disk(service: &Service, id: &VolumeId, attachment: &Attachment) -> AttachedDisk {
    AttachedDisk {
        disk: calls::node::Disk {
            volume: id.clone(),
            source: service.backend.source(id),
            device: attachment.device.clone(),
            boot: attachment.boot,
        },
        state: attachment.state.as_str().to_owned(),
        attached_at: attachment.at,
        delete_on_termination: attachment.delete_on_termination,
    }
}
