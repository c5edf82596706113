//! The volumes of a new instance: committed and attached in one transaction, their disks made before the answer.

use ::store::{Read, Tx};
use api_spec::ids::{InstanceId, SnapshotId, VolumeId};
use api_spec::{ApiError, ErrorCode};
use calls::compute::AttachedDisk;
use calls::volume::{LaunchVolume, LaunchVolumes, RoomForLaunches};
use jiff::Timestamp;
use kit::Quotas;

use super::request;
use super::volumes::Wanted;
use crate::config::Config;
use crate::domain::snapshot::Snapshot;
use crate::domain::volume::{Attachment, AttachmentState, State, Volume};
use crate::domain::volume_type::VolumeType;
use crate::domain::{device, tags};
use crate::error::Error;
use crate::reconcile::attached_disk;
use crate::service::Service;
use crate::store::{
    LAUNCHES, Launch, SNAPSHOTS, Usage, VOLUMES, add_volume, holders, room, volumes_of_instance,
};

impl Service {
    /// Makes the volumes of a launch, or gives those that were made before.
    pub async fn launch(&self, call: LaunchVolumes) -> Result<Vec<AttachedDisk>, ApiError> {
        let quotas = Quotas::from_text(call.quotas.as_deref())?;
        let ids = self.commit(call.clone(), quotas).await.map_err(as_block_device)?;
        for id in &ids {
            let made = self.make_disk(id).await?;
            if let Some(State::Error(why)) = made.map(|volume| volume.state) {
                self.undo(&call.instance).await?;
                return Err(Error::Capacity(why).into());
            }
        }
        Ok(self.launched(&ids, &call.instance)?)
    }

    /// How many instances of a launch there may be volumes for.
    pub async fn room(&self, call: RoomForLaunches) -> Result<u32, ApiError> {
        let quotas = Quotas::from_text(call.quotas.as_deref())?;
        let view = self.view()?;
        let mut each = Usage::default();
        for launch in &call.volumes {
            let snapshot = launch.snapshot.as_ref().map(|id| view.get(&SNAPSHOTS, id)).transpose();
            let snapshot = snapshot.map_err(Error::from)?.flatten();
            let size = launch.size_gib.or(snapshot.map(|one| one.size_gib));
            each = each.plus(Usage { volumes: 1, gib: size.unwrap_or_default().into() }, 1);
        }
        let whose = (call.account_id.as_str(), call.creator.as_ref());
        Ok(room(&view, &self.config, &quotas, whose, each, call.least..=call.most)?)
    }

    async fn commit(&self, call: LaunchVolumes, quotas: Quotas) -> Result<Vec<VolumeId>, Error> {
        check_places(&call.volumes)?;
        if call.volumes.len() > usize::try_from(self.config.max_attachments).unwrap_or(usize::MAX) {
            return Err(Error::AttachmentLimit { instance: call.instance, max: self.config.max_attachments });
        }
        let ids: Vec<_> =
            call.volumes.iter().map(|_| VolumeId::from_random(self.context.random.u128())).collect();
        let (config, now) = (self.config.clone(), self.context.clock.now());
        self.store
            .transact(move |tx| {
                match tx.get(&LAUNCHES, &call.instance)? {
                    Some(Launch { released_at: Some(_), .. }) => {
                        return Err(Error::NoInstance(call.instance.clone()));
                    }
                    Some(launch) if !launch.volumes.is_empty() => return Ok(launch.volumes),
                    _ => {}
                }
                for (id, launch) in ids.iter().zip(&call.volumes) {
                    add_launch_volume(tx, (&config, &quotas), &call, id, launch, now)?;
                }
                let launch = Launch { volumes: ids.clone(), released_at: None };
                tx.put(&LAUNCHES, &call.instance, &launch)?;
                Ok(ids.clone())
            })
            .await
    }

    /// A launch that cannot be leaves nothing: its volumes go, and it can be asked for again.
    async fn undo(&self, instance: &InstanceId) -> Result<(), Error> {
        let instance = instance.clone();
        self.store
            .transact(move |tx| {
                for (id, mut volume) in volumes_of_instance(tx, &instance)? {
                    volume.attachment = None;
                    volume.state = State::Deleting;
                    tx.put(&VOLUMES, &id, &volume)?;
                }
                tx.delete(&LAUNCHES, &instance)?;
                Ok(())
            })
            .await
    }

    fn launched(&self, ids: &[VolumeId], instance: &InstanceId) -> Result<Vec<AttachedDisk>, Error> {
        let view = self.view()?;
        let mut disks = Vec::new();
        for id in ids {
            let attachment = view.get(&VOLUMES, id)?.and_then(|volume| volume.attachment);
            if let Some(attachment) = attachment.filter(|attachment| attachment.instance == *instance) {
                disks.push(attached_disk(self, id, &attachment));
            }
        }
        Ok(disks)
    }
}

fn add_launch_volume(
    tx: &mut Tx<'_>,
    (config, quotas): (&Config, &Quotas),
    call: &LaunchVolumes,
    id: &VolumeId,
    launch: &LaunchVolume,
    now: Timestamp,
) -> Result<(), Error> {
    request::refuse(launch.encrypted == Some(true), "Encrypted volumes are not offered.")?;
    tags::check(&launch.tags)?;
    let wanted = Wanted {
        account_id: call.account_id.clone(),
        zone: call.zone.clone(),
        volume_type: VolumeType::parse(launch.volume_type.as_deref().unwrap_or(&config.default_volume_type))?,
        size_gib: launch.size_gib,
        iops: launch.iops,
        throughput: launch.throughput,
        snapshot: launch.snapshot.clone(),
        tags: launch.tags.clone(),
        creator: call.creator.clone(),
    };
    let source = launch.snapshot.as_ref().map(|id| launchable(tx, &call.account_id, id)).transpose()?;
    let volume = Volume {
        attachment: Some(Attachment {
            instance: call.instance.clone(),
            device: launch.device.clone(),
            boot: launch.boot,
            // the instance is defined with it
            state: AttachmentState::Attached,
            at: now,
            delete_on_termination: launch.delete_on_termination,
        }),
        ..wanted.volume(source.as_ref(), now)?
    };
    add_volume(tx, config, quotas, id, &volume)
}

/// The snapshot, if an instance of this account can be made of it: the account's own, or one of an image, whose use
/// compute has allowed.
fn launchable(tx: &Tx<'_>, account_id: &str, id: &SnapshotId) -> Result<Snapshot, Error> {
    let found = tx.get(&SNAPSHOTS, id)?;
    let owner = found.as_ref().map(|snapshot| snapshot.account_id.clone()).unwrap_or_default();
    let snapshot = found
        .filter(|snapshot| snapshot.visible_to(&owner))
        .ok_or_else(|| Error::NoSnapshot(vec![id.clone()]))?;
    if owner != account_id && holders(tx, id)?.is_empty() {
        return Err(Error::NoSnapshot(vec![id.clone()]));
    }
    snapshot.check_usable()?;
    Ok(snapshot)
}

fn check_places(volumes: &[LaunchVolume]) -> Result<(), Error> {
    for (at, volume) in volumes.iter().enumerate() {
        if volumes[..at].iter().any(|other| device::same_place(&other.device, &volume.device)) {
            return Err(Error::BlockDevices(format!(
                "The device '{}' is used in more than one block-device mapping",
                volume.device
            )));
        }
    }
    Ok(())
}

/// RunInstances words some of CreateVolume's refusals under another code.
fn as_block_device(error: Error) -> ApiError {
    let code = match &error {
        Error::SmallerThanSnapshot { .. } => Some(ErrorCode::InvalidBlockDeviceMapping),
        _ => None,
    };
    let error = ApiError::from(error);
    ApiError { code: code.unwrap_or(error.code), ..error }
}
