//! What this service answers to the others: see `calls::volume`.

use std::sync::Arc;

use ::store::{All, Read, Tx};
use api_spec::ApiError;
use api_spec::ids::{SnapshotId, VolumeId};
use axum::Router;
use calls::accounts::{AccountHoldings, ForgetAccount, Holdings};
use calls::volume::{
    ChangeTags, ConditionKeys, HoldSnapshots, LaunchVolumes, ListTags, LookUpSnapshots, ReleaseInstance,
    RoomForLaunches, SetDeleteOnTermination, SnapshotInfo, TaggedId,
};
use calls::{Done, Tag};
use kit::internal::answer;

use crate::domain::{device, import, tags};
use crate::error::Error;
use crate::service::Service;
use crate::store::{
    BY_ACCOUNT, HOLDS, IMPORTS, IMPORTS_BY_ACCOUNT, LAUNCHES, NUDGES, OWN_USAGE, SNAPSHOTS,
    SNAPSHOTS_BY_ACCOUNT, USAGE, VOLUMES, nudge, snapshot_of, volume_of, volumes_of_instance,
};

/// Adds the answer to each call: a method of the service.
macro_rules! answers {
    ($service:expr, $($call:ty => $method:ident),* $(,)?) => {{
        let router = Router::new();
        $(let router = {
            let service = Arc::clone($service);
            answer(router, move |call: $call| {
                let service = Arc::clone(&service);
                async move { service.$method(call).await.map_err(ApiError::from) }
            })
        };)*
        router
    }};
}

/// Routes of all internal calls.
pub fn router(service: &Arc<Service>) -> Router {
    answers!(service,
        LaunchVolumes => launch,
        RoomForLaunches => room,
        ReleaseInstance => release,
        SetDeleteOnTermination => set_deletion,
        LookUpSnapshots => look_up,
        HoldSnapshots => hold,
        ChangeTags => change_tags,
        ListTags => list_tags,
        AccountHoldings => account_holdings,
        ForgetAccount => forget_account,
        ConditionKeys => condition_keys,
    )
}

impl Service {
    /// What an account owns: what is being removed still counts, for its disk is there.
    async fn account_holdings(&self, call: AccountHoldings) -> Result<Holdings, Error> {
        let view = self.view()?;
        let snapshots = SNAPSHOTS_BY_ACCOUNT.rows(&view, &SNAPSHOTS, &call.account_id)?;
        let imports = IMPORTS_BY_ACCOUNT.rows(&view, &IMPORTS, &call.account_id)?;
        let active = imports.iter().filter(|(_, task)| matches!(task.state, import::State::Active(_)));
        Ok(Holdings::default()
            .and("volume", BY_ACCOUNT.keys(&view, &call.account_id)?.len())
            .and("snapshot", snapshots.iter().filter(|(_, one)| one.visible_to(&call.account_id)).count())
            .and("import task", active.count()))
    }

    async fn forget_account(&self, call: ForgetAccount) -> Result<Done, Error> {
        self.store
            .transact(move |tx| {
                tx.delete(&USAGE, &call.account_id)?;
                tx.delete(&OWN_USAGE, &call.account_id)?;
                Ok(Done {})
            })
            .await
    }

    /// Frees all volumes of an instance; those that should die with it begin to.
    async fn release(&self, call: ReleaseInstance) -> Result<Done, Error> {
        let now = self.context.clock.now();
        self.store
            .transact(move |tx| {
                for (id, mut volume) in volumes_of_instance(tx, &call.instance)? {
                    volume.release();
                    tx.put(&VOLUMES, &id, &volume)?;
                }
                let mut launch = tx.get(&LAUNCHES, &call.instance)?.unwrap_or_default();
                if launch.released_at.is_none() {
                    launch.released_at = Some(now);
                    tx.put(&LAUNCHES, &call.instance, &launch)?;
                }
                tx.delete(&NUDGES, &call.instance)?;
                Ok(Done {})
            })
            .await
    }

    async fn set_deletion(&self, call: SetDeleteOnTermination) -> Result<Done, Error> {
        self.store
            .transact(move |tx| {
                for (id, mut volume) in volumes_of_instance(tx, &call.instance)? {
                    let Some(attachment) = &mut volume.attachment else { continue };
                    if !device::same_place(&attachment.device, &call.device) {
                        continue;
                    }
                    if attachment.delete_on_termination != call.value {
                        attachment.delete_on_termination = call.value;
                        tx.put(&VOLUMES, &id, &volume)?;
                        nudge(tx, &call.instance)?;
                    }
                    return Ok(Done {});
                }
                let shown: String = call.device.chars().take(64).collect();
                Err(Error::value(format!("No device is currently mapped at {shown}")))
            })
            .await
    }

    async fn look_up(&self, call: LookUpSnapshots) -> Result<Vec<SnapshotInfo>, Error> {
        let view = self.view()?;
        let mut found = Vec::new();
        for id in call.snapshots {
            if let Some(snapshot) = snapshot_of(&view, &call.account_id, &id)? {
                found.push(SnapshotInfo {
                    id,
                    state: snapshot.status().to_owned(),
                    size_gib: snapshot.size_gib,
                });
            }
        }
        Ok(found)
    }

    async fn hold(&self, call: HoldSnapshots) -> Result<Done, Error> {
        self.store
            .transact(move |tx| {
                let old = tx.scan_prefix(&HOLDS, &All)?;
                for (key, ()) in &old {
                    if !call.held.contains(key) {
                        tx.delete(&HOLDS, key)?;
                    }
                }
                for key in &call.held {
                    if !old.iter().any(|(known, ())| known == key) {
                        tx.put(&HOLDS, key, &())?;
                    }
                }
                Ok(Done {})
            })
            .await
    }

    async fn change_tags(&self, call: ChangeTags) -> Result<Done, Error> {
        tags::check(&call.put)?;
        self.store
            .transact(move |tx| {
                for resource in &call.resources {
                    match resource {
                        TaggedId::Volume(id) => change_volume_tags(tx, &call, id)?,
                        TaggedId::Snapshot(id) => change_snapshot_tags(tx, &call, id)?,
                    }
                }
                Ok(Done {})
            })
            .await
    }

    async fn list_tags(&self, call: ListTags) -> Result<Vec<(TaggedId, Vec<Tag>)>, Error> {
        let view = self.view()?;
        let volumes = BY_ACCOUNT.rows(&view, &VOLUMES, &call.account_id)?.into_iter();
        let snapshots = SNAPSHOTS_BY_ACCOUNT.rows(&view, &SNAPSHOTS, &call.account_id)?.into_iter();
        let volumes = volumes.map(|(id, volume)| (TaggedId::Volume(id), volume.tags));
        let snapshots = snapshots
            .filter(|(_, snapshot)| snapshot.visible_to(&call.account_id))
            .map(|(id, snapshot)| (TaggedId::Snapshot(id), snapshot.tags));
        Ok(volumes.chain(snapshots).filter(|(_, tags)| !tags.is_empty()).collect())
    }
}

fn change_volume_tags(tx: &mut Tx<'_>, call: &ChangeTags, id: &VolumeId) -> Result<(), Error> {
    let mut volume = volume_of(tx, &call.account_id, id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
    apply(&mut volume.tags, call)?;
    if call.check_only { Ok(()) } else { Ok(tx.put(&VOLUMES, id, &volume)?) }
}

fn change_snapshot_tags(tx: &mut Tx<'_>, call: &ChangeTags, id: &SnapshotId) -> Result<(), Error> {
    let mut snapshot =
        snapshot_of(tx, &call.account_id, id)?.ok_or_else(|| Error::NoSnapshot(vec![id.clone()]))?;
    apply(&mut snapshot.tags, call)?;
    if call.check_only { Ok(()) } else { Ok(tx.put(&SNAPSHOTS, id, &snapshot)?) }
}

fn apply(own: &mut Vec<Tag>, call: &ChangeTags) -> Result<(), Error> {
    if call.remove_all {
        own.clear();
    }
    tags::remove(own, &call.remove);
    tags::put(own, &call.put)
}
