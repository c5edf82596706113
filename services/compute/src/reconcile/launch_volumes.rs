//! For every pending instance without disks, have volume make them; a refusal ends the instance.

use std::sync::Arc;

use api_spec::ids::InstanceId;
use api_spec::{ApiError, ErrorCode};
use calls::compute::AttachedDisk;
use calls::volume::{LaunchVolumes, ReleaseInstance};
use jiff::Timestamp;
use kit::Quotas;
use kit::reconcile::Reconciler;
use store::{Read, Tx};

use crate::domain::instance::Instance;
use crate::domain::life::{Reason, State};
use crate::error::Error;
use crate::service::{Launching, Service};
use crate::store::instances::{self, INSTANCES};

/// The reconciler.
pub struct LaunchInstances(pub Arc<Service>);

impl Reconciler for LaunchInstances {
    const NAME: &'static str = "launch-volumes";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let (mut done, mut failed) = (0, None);
        for instance in instances::in_state(&self.0.read()?, State::Pending)?.into_iter().filter(wants_disks)
        {
            match launch(&self.0, &instance).await {
                Ok(launched) => done += usize::from(launched),
                Err(error) if is_refusal(&error) => done += 1,
                // the others may fare better
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(done), |error| Err(Error::Peer(error)))
    }
}

fn wants_disks(instance: &Instance) -> bool {
    instance.life.state == State::Pending && instance.disks.is_none()
}

/// Whether volume answered that it will not, rather than that it cannot now.
pub fn is_refusal(error: &ApiError) -> bool {
    error.code.status() < 500 || error.code == ErrorCode::InsufficientVolumeCapacity
}

/// Has the disks of one instance made. False when somebody else is at it.
async fn launch(service: &Service, instance: &Instance) -> Result<bool, ApiError> {
    let Some(launching) = service.begin_launch(&instance.id) else { return Ok(false) };
    make_disks(service, instance, &launching, &Quotas::none()).await.map(|()| true)
}

/// Has the disks of an instance made by whoever is launching it, within the quotas of who asked for it.
///
/// # Errors
/// What volume refused with (the instance then ends, with the reason), or why it could not be asked.
pub async fn make_disks(
    service: &Service,
    instance: &Instance,
    _: &Launching<'_>,
    quotas: &Quotas,
) -> Result<(), ApiError> {
    let call = LaunchVolumes {
        account_id: instance.account_id.clone(),
        instance: instance.id.clone(),
        zone: instance.zone.clone(),
        volumes: instance.plan.clone(),
        creator: instance.creator.clone(),
        quotas: quotas.to_text(),
    };
    let (id, now) = (instance.id.clone(), service.context.clock.now());
    match service.volume().call(&call).await {
        Ok(disks) => {
            let late =
                service.store.transact(move |tx| attach(tx, &id, &disks)).await.map_err(ApiError::from)?;
            if late {
                service.volume().call(&ReleaseInstance { instance: instance.id.clone() }).await?;
            }
            Ok(())
        }
        Err(error) if is_refusal(&error) => {
            let reason = reason(&error);
            tracing::warn!(instance = %id, %error, "an instance could not be launched");
            service.store.transact(move |tx| abandon(tx, &id, &reason, now)).await.map_err(ApiError::from)?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Gives an instance its disks. True when it had ended meanwhile and the disks are nobody's.
fn attach(tx: &mut Tx<'_>, id: &InstanceId, disks: &[AttachedDisk]) -> Result<bool, Error> {
    let Some(mut instance) = tx.get(&INSTANCES, id)? else { return Ok(true) };
    match instance.life.state {
        State::Terminated => Ok(true),
        _ if instance.disks.is_some() => Ok(false),
        _ => {
            instance.disks = Some(disks.to_vec());
            instances::put_desired(tx, instance)?;
            Ok(false)
        }
    }
}

/// Ends an instance that cannot be launched.
fn abandon(tx: &mut Tx<'_>, id: &InstanceId, reason: &Reason, now: Timestamp) -> Result<(), Error> {
    let Some(instance) = tx.get(&INSTANCES, id)?.filter(wants_disks) else { return Ok(()) };
    let life = instance.life.fail(reason.clone(), now);
    instances::settle(tx, instance, life)?;
    Ok(())
}

fn reason(error: &ApiError) -> Reason {
    match error.code {
        ErrorCode::InvalidSnapshotNotFound => {
            Reason::new("Client.InvalidSnapshot.NotFound", "The specified snapshot was not found")
        }
        ErrorCode::VolumeLimitExceeded => Reason::new("Client.VolumeLimitExceeded", "Volume limit exceeded"),
        _ => Reason::new("Server.InternalError", "Internal error on launch"),
    }
}
