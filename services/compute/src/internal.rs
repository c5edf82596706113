//! What compute answers to other services: volumes ask about instances, and reach nodes through it.

use std::sync::Arc;

use api_spec::ids::VolumeId;
use axum::Router;
use calls::compute::{AttachTarget, BackupInstanceDisk, ObservedDisks, SyncDisks, Target};
use calls::node::BackupState;
use kit::internal::answer;
use store::Read;

use crate::domain::instance::Instance;
use crate::domain::life::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::instances::{self, INSTANCES};

/// The routes of the internal door.
pub fn routes(service: &Arc<Service>) -> Router {
    let router = answer(crate::accounts::routes(service), {
        let service = Arc::clone(service);
        move |call: AttachTarget| {
            let service = Arc::clone(&service);
            async move { Ok(attach_target(&service, &call)?) }
        }
    });
    let router = answer(router, {
        let service = Arc::clone(service);
        move |call: SyncDisks| {
            let service = Arc::clone(&service);
            async move { Ok(sync_disks(&service, call).await?) }
        }
    });
    answer(router, {
        let service = Arc::clone(service);
        move |call: BackupInstanceDisk| {
            let service = Arc::clone(&service);
            async move { Ok(backup(&service, call).await?) }
        }
    })
}

fn attach_target(service: &Service, call: &AttachTarget) -> Result<Option<Target>, Error> {
    let found = service.read()?.get(&INSTANCES, &call.instance)?;
    Ok(found.filter(|one| one.account_id == call.account_id).map(|one| Target {
        zone: one.zone,
        state: one.life.state.name().to_owned(),
        root_device: one.root_device,
        tags: one.tags,
    }))
}

/// Stores the disks that an instance should have and tells what it has. What it should let go of counts as attached
/// until its node has looked again with the new list.
async fn sync_disks(service: &Service, call: SyncDisks) -> Result<ObservedDisks, Error> {
    service
        .store
        .transact(move |tx| {
            let Some(mut instance) = tx.get(&INSTANCES, &call.instance)? else { return Ok(nothing()) };
            if instance.life.state == State::Terminated {
                return Ok(nothing());
            }
            let launched = instance.disks.is_some() || call.disks.iter().any(|disk| disk.disk.boot);
            let known = instance.disks.as_ref();
            if !launched || known == Some(&call.disks) {
                return Ok(observed(&instance));
            }
            let same_disks = known.is_some_and(|before| {
                before.iter().map(|one| &one.disk).eq(call.disks.iter().map(|one| &one.disk))
            });
            let wanted: Vec<&VolumeId> = call.disks.iter().map(|one| &one.disk.volume).collect();
            let gone =
                known.into_iter().flatten().map(|one| &one.disk.volume).filter(|id| !wanted.contains(id));
            let mut leaving: Vec<VolumeId> = gone.cloned().collect();
            leaving.extend(instance.observed.leaving.drain(..).filter(|id| !wanted.contains(&id)));
            leaving.sort();
            leaving.dedup();
            instance.observed.leaving = if instance.life.uses_capacity() { leaving } else { Vec::new() };
            instance.disks = Some(call.disks.clone());
            if same_disks {
                instances::put(tx, &instance)?;
                return Ok(observed(&instance));
            }
            Ok(observed(&instances::put_desired(tx, instance)?))
        })
        .await
}

fn nothing() -> ObservedDisks {
    ObservedDisks { attached: Vec::new(), running: false, exists: false }
}

fn observed(instance: &Instance) -> ObservedDisks {
    let running = instance.life.uses_capacity();
    let attached = if running {
        let mut all = [instance.observed.attached.clone(), instance.observed.leaving.clone()].concat();
        all.sort();
        all.dedup();
        all
    } else {
        instance.disks.iter().flatten().map(|disk| disk.disk.volume.clone()).collect()
    };
    let exists = !(instance.life.state == State::ShuttingDown && instance.life.gone);
    ObservedDisks { attached, running, exists }
}

async fn backup(service: &Service, call: BackupInstanceDisk) -> Result<BackupState, Error> {
    let found = service.read()?.get(&INSTANCES, &call.backup.instance)?;
    let Some(instance) = found.filter(|one| one.life.uses_capacity()) else {
        return Ok(BackupState::NotRunning);
    };
    service.node(&instance.node)?.call(&call.backup).await.map_err(Error::Peer)
}
