//! AttachVolume, DetachVolume. Both only commit what is wanted; the reconciler of attachments carries it out.

use ::store::Read;
use api_spec::ApiError;
use api_spec::ec2::volumes::{AttachVolume, DetachVolume, VolumeAttachment};
use api_spec::ids::{InstanceId, VolumeId};
use calls::compute::Target;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::request;
use super::volumes::wire_attachment;
use crate::domain::device;
use crate::error::Error;
use crate::service::Service;
use crate::store::{LAUNCHES, VOLUMES, nudge, volume_of, volumes_of_instance};

impl Serve<AttachVolume> for Service {
    async fn access(&self, op: &AttachVolume, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "AttachVolume";
        let volume = self.own_volume(caller, &op.volume_id)?;
        let target = match op.instance_id.parse() {
            Ok(instance) => self.attach_target(caller, &instance).await?,
            Err(_) => None,
        };
        Ok(vec![
            self.on_volume(caller, action, &op.volume_id, volume.as_ref()),
            self.on_instance(caller, action, &op.instance_id, target.as_ref()),
        ])
    }

    async fn handle(&self, op: AttachVolume, caller: &Caller) -> Result<VolumeAttachment, ApiError> {
        let id = request::volume_id(&op.volume_id)?;
        let instance = request::instance_id(&op.instance_id)?;
        device::check(&op.device)?;
        let volume =
            self.own_volume(caller, &op.volume_id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
        let target = self
            .attach_target(caller, &instance)
            .await?
            .ok_or_else(|| Error::NoInstance(instance.clone()))?;
        if target.zone != volume.zone {
            return Err(Error::ZoneMismatch(id, instance).into());
        }
        check_target(&target, &instance, &op.device)?;
        Ok(self.attach(id, instance, op.device, caller).await?)
    }
}

/// Whether an instance in this state, with this root device, takes a disk there.
fn check_target(target: &Target, instance: &InstanceId, device: &str) -> Result<(), Error> {
    if !matches!(target.state.as_str(), "running" | "stopped" | "stopping") {
        return Err(not_running(instance));
    }
    if device::same_place(&target.root_device, device) {
        return Err(Error::DeviceTaken(device.to_owned()));
    }
    Ok(())
}

fn not_running(instance: &InstanceId) -> Error {
    Error::State(format!("Instance '{instance}' is not 'running'."))
}

impl Service {
    async fn attach(
        &self,
        id: VolumeId,
        instance: InstanceId,
        device: String,
        caller: &Caller,
    ) -> Result<VolumeAttachment, Error> {
        let (account_id, now, max) =
            (caller.account_id().to_owned(), caller.now, self.config.max_attachments);
        self.store
            .transact(move |tx| {
                let mut volume =
                    volume_of(tx, &account_id, &id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
                if tx.get(&LAUNCHES, &instance)?.is_some_and(|launch| launch.released_at.is_some()) {
                    return Err(not_running(&instance));
                }
                let others = volumes_of_instance(tx, &instance)?;
                let attachment = wire_attachment(&id, volume.attach(&id, &instance, &device, &others, now)?);
                if others.len() >= usize::try_from(max).unwrap_or(usize::MAX) {
                    return Err(Error::AttachmentLimit { instance: instance.clone(), max });
                }
                tx.put(&VOLUMES, &id, &volume)?;
                nudge(tx, &instance)?;
                Ok(attachment)
            })
            .await
    }
}

impl Serve<DetachVolume> for Service {
    async fn access(&self, op: &DetachVolume, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "DetachVolume";
        let volume = self.own_volume(caller, &op.volume_id)?;
        let mut access = vec![self.on_volume(caller, action, &op.volume_id, volume.as_ref())];
        let own = volume.and_then(|volume| volume.attachment).map(|attachment| attachment.instance);
        if let Some(instance) = &own {
            let target = self.attach_target(caller, instance).await?;
            access.push(self.on_instance(caller, action, instance.as_str(), target.as_ref()));
        }
        Ok(access)
    }

    async fn handle(&self, op: DetachVolume, caller: &Caller) -> Result<VolumeAttachment, ApiError> {
        let id = request::volume_id(&op.volume_id)?;
        let instance = op.instance_id.as_deref().map(request::instance_id).transpose()?;
        let volume =
            self.own_volume(caller, &op.volume_id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
        if let Some(attachment) = volume.attachment.as_ref().filter(|attachment| attachment.boot) {
            let target = self.attach_target(caller, &attachment.instance).await?;
            if target.is_some_and(|target| target.state != "stopped" && target.state != "terminated") {
                return Err(Error::NotPermitted(format!(
                    "Unable to detach root volume '{}' from instance '{}'",
                    attachment.device, attachment.instance
                ))
                .into());
            }
        }
        let (account_id, force) = (caller.account_id().to_owned(), op.force == Some(true));
        let attachment = self
            .store
            .transact(move |tx| {
                let mut volume =
                    volume_of(tx, &account_id, &id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
                let attachment = volume.detach(&id, instance.as_ref(), op.device.as_deref(), force)?.clone();
                tx.put(&VOLUMES, &id, &volume)?;
                nudge(tx, &attachment.instance)?;
                Ok::<_, Error>(wire_attachment(&id, &attachment))
            })
            .await?;
        Ok(attachment)
    }
}
