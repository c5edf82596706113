//! CreateSnapshot, DeleteSnapshot, DescribeSnapshots.

use std::time::Duration;

use ::store::Read;
use api_spec::ec2::snapshots::{
    CreateSnapshot, DeleteSnapshot, DescribeSnapshots, DescribeSnapshotsResult, Snapshot as WireSnapshot,
};
use api_spec::ids::SnapshotId;
use api_spec::{ApiError, ErrorCode, Return};
use kit::dispatch::Serve;
use kit::{Access, Caller, filters, paging};
use tokio::sync::watch;

use super::request;
use crate::domain::snapshot::{Snapshot, State};
use crate::domain::volume;
use crate::error::Error;
use crate::service::Service;
use crate::store::{SNAPSHOTS, SNAPSHOTS_BY_ACCOUNT, check_snapshot_quotas, holders, snapshot_of, volume_of};

/// How AWS shows the volume of a snapshot that was imported.
const NO_VOLUME: &str = "vol-ffffffff";
/// CreateSnapshot of a disk in use answers when its copy has begun, or after so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a description.
const MAX_DESCRIPTION: usize = 255;

/// Refuses a description that is too long.
pub fn check_description(description: Option<&str>) -> Result<String, Error> {
    let description = description.unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::value(format!(
            "Description exceeds the maximum length of {MAX_DESCRIPTION} characters."
        )));
    }
    Ok(description.to_owned())
}

impl Serve<CreateSnapshot> for Service {
    async fn access(&self, op: &CreateSnapshot, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "CreateSnapshot";
        let volume = self.own_volume(caller, &op.volume_id)?;
        let tags = request::tags_for(&op.tag_specifications, "snapshot").unwrap_or_default();
        let parent = self.arn(caller, "volume", &op.volume_id);
        let mut of_snapshot = self.on_new_snapshot(action, Some(parent), &tags);
        if let Some(volume) = &volume {
            of_snapshot = of_snapshot.key("ec2:VolumeSize", volume.size_gib.to_string());
        }
        let of_volume = self.on_volume(caller, action, &op.volume_id, volume.as_ref());
        let mut access = vec![of_snapshot, of_volume];
        access.extend(self.on_tagging(action, self.snapshot_arn("*"), &tags));
        Ok(access)
    }

    async fn handle(&self, op: CreateSnapshot, caller: &Caller) -> Result<WireSnapshot, ApiError> {
        request::refuse(op.outpost_arn.is_some(), "Outposts are not offered.")?;
        let volume_id = request::volume_id(&op.volume_id)?;
        let description = check_description(op.description.as_deref())?;
        let tags = request::tags_for(&op.tag_specifications, "snapshot")?;
        let id = SnapshotId::from_random(self.context.random.u128());
        let (account_id, now) = (caller.account_id().to_owned(), caller.now);
        let creator = caller.creator().map(str::to_owned);
        let quotas = self.quotas(caller, "CreateSnapshot", self.snapshot_arn("*")).await?;
        let mut changes = self.store.changed(&SNAPSHOTS);
        let (id, snapshot, in_use) = self
            .store
            .transact(move |tx| {
                let volume = volume_of(tx, &account_id, &volume_id)?
                    .ok_or_else(|| Error::NoVolume(vec![volume_id.clone()]))?;
                if volume.state != volume::State::Ready {
                    return Err(Error::State(format!(
                        "Volume '{volume_id}' is in the '{}' state.",
                        volume.status()
                    )));
                }
                check_snapshot_quotas(tx, &quotas, &account_id, creator.as_deref())?;
                let snapshot = Snapshot {
                    account_id: account_id.clone(),
                    volume: Some(volume_id.clone()),
                    size_gib: volume.size_gib,
                    description: description.clone(),
                    started_at: now,
                    completed_at: None,
                    state: State::Pending,
                    begun: false,
                    progress: 0,
                    failures: 0,
                    tags: tags.clone(),
                    creator: creator.clone(),
                };
                tx.put(&SNAPSHOTS, &id, &snapshot)?;
                Ok((id.clone(), snapshot, volume.attachment.is_some()))
            })
            .await?;
        if in_use && tokio::time::timeout(PATIENCE, self.begun(&id, &mut changes)).await.is_err() {
            tracing::warn!(snapshot = %id, "a copy has not begun yet; it will hold what is written meanwhile");
        }
        Ok(wire(&id, &snapshot))
    }
}

impl Service {
    /// Returns when the copy has begun or is no longer to be made. A guest may write as soon as its owner has the
    /// answer, and what it writes then must not be in the snapshot.
    async fn begun(&self, id: &SnapshotId, changes: &mut watch::Receiver<u64>) {
        loop {
            let waiting = self.view().and_then(|view| Ok(view.get(&SNAPSHOTS, id)?));
            let waiting =
                waiting.is_ok_and(|found| found.is_some_and(|s| s.state == State::Pending && !s.begun));
            if !waiting || changes.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Serve<DeleteSnapshot> for Service {
    async fn access(&self, op: &DeleteSnapshot, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let snapshot = self.visible_snapshot(caller, &op.snapshot_id)?;
        Ok(vec![self.on_snapshot(caller, "DeleteSnapshot", &op.snapshot_id, snapshot.as_ref())])
    }

    async fn handle(&self, op: DeleteSnapshot, caller: &Caller) -> Result<Return, ApiError> {
        let id = request::snapshot_id(&op.snapshot_id)?;
        let account_id = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let mut snapshot =
                    snapshot_of(tx, &account_id, &id)?.ok_or_else(|| Error::NoSnapshot(vec![id.clone()]))?;
                snapshot.delete(&id, &holders(tx, &id)?)?;
                Ok::<_, Error>(tx.put(&SNAPSHOTS, &id, &snapshot)?)
            })
            .await?;
        Ok(Return::TRUE)
    }
}

const FILTERS: [&str; 12] = [
    "description",
    "encrypted",
    "owner-alias",
    "owner-id",
    "progress",
    "snapshot-id",
    "start-time",
    "status",
    "storage-tier",
    "transfer-type",
    "volume-id",
    "volume-size",
];

impl Serve<DescribeSnapshots> for Service {
    async fn access(&self, _: &DescribeSnapshots, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(self.on_anything("DescribeSnapshots"))
    }

    async fn handle(
        &self,
        op: DescribeSnapshots,
        caller: &Caller,
    ) -> Result<DescribeSnapshotsResult, ApiError> {
        request::not_both(&op.snapshot_ids, "snapshotIds", op.max_results)?;
        let filters = request::filters(&op.filters, &FILTERS)?;
        let limit = paging::max_results(op.max_results)?;
        let mut found = Vec::new();
        for (id, snapshot) in self.snapshots_listed(&op.snapshot_ids, caller)? {
            let asked_for =
                owned(&op.owner_ids, &snapshot)? && restorable(&op.restorable_by_user_ids, &snapshot)?;
            if asked_for && filters::passes(&filters, &snapshot.tags, |name| values(name, &id, &snapshot))? {
                found.push(wire(&id, &snapshot));
            }
        }
        check_accounts(&op.owner_ids, &["self", "amazon", "aws-marketplace"], "owner")?;
        check_accounts(&op.restorable_by_user_ids, &["self", "all"], "restorableBy")?;
        let page = paging::page(
            found,
            |snapshot| snapshot.snapshot_id.clone(),
            op.next_token.as_deref(),
            limit,
            ErrorCode::InvalidNextToken,
        )?;
        Ok(DescribeSnapshotsResult { snapshots: page.items, next_token: page.next })
    }
}

fn check_accounts(accounts: &[String], aliases: &[&str], parameter: &str) -> Result<(), Error> {
    let fine = |account: &&String| {
        aliases.contains(&account.as_str())
            || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
    };
    match accounts.iter().find(|account| !fine(account)) {
        Some(bad) => {
            let shown: String = bad.chars().take(64).collect();
            Err(Error::value(format!("Value ({shown}) for parameter {parameter} is invalid.")))
        }
        None => Ok(()),
    }
}

/// Whether one of `owners` owns the snapshot, which the caller can see and so owns.
fn owned(owners: &[String], snapshot: &Snapshot) -> Result<bool, Error> {
    Ok(owners.is_empty() || owners.iter().any(|owner| owner == "self" || *owner == snapshot.account_id))
}

/// Whether one of `users` may make volumes of the snapshot. Its owner may; snapshots are not shared.
fn restorable(users: &[String], snapshot: &Snapshot) -> Result<bool, Error> {
    owned(users, snapshot)
}

impl Service {
    fn snapshots_listed(
        &self,
        ids: &[String],
        caller: &Caller,
    ) -> Result<Vec<(SnapshotId, Snapshot)>, Error> {
        let (view, account_id) = (self.view()?, caller.account_id().to_owned());
        if ids.is_empty() {
            let mut all = SNAPSHOTS_BY_ACCOUNT.rows(&view, &SNAPSHOTS, &account_id)?;
            all.retain(|(_, snapshot)| snapshot.visible_to(&account_id));
            return Ok(all);
        }
        let mut ids = ids.iter().map(|id| request::snapshot_id(id)).collect::<Result<Vec<_>, _>>()?;
        ids.sort();
        ids.dedup();
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        for id in ids {
            match view.get(&SNAPSHOTS, &id)?.filter(|snapshot| snapshot.visible_to(&account_id)) {
                Some(snapshot) => found.push((id, snapshot)),
                None => absent.push(id),
            }
        }
        if absent.is_empty() { Ok(found) } else { Err(Error::NoSnapshot(absent)) }
    }
}

fn values(name: &str, id: &SnapshotId, snapshot: &Snapshot) -> Option<Vec<std::borrow::Cow<'static, str>>> {
    let value: String = match name {
        "description" => snapshot.description.clone(),
        "encrypted" => "false".into(),
        "owner-alias" => return Some(vec![]),
        "owner-id" => snapshot.account_id.clone(),
        "progress" => format!("{}%", snapshot.progress),
        "snapshot-id" => id.to_string(),
        "start-time" => api_spec::Timestamp(snapshot.started_at).to_string(),
        "status" => snapshot.status().into(),
        "storage-tier" | "transfer-type" => "standard".into(),
        "volume-id" => volume_shown(snapshot),
        "volume-size" => snapshot.size_gib.to_string(),
        _ => return None,
    };
    Some(vec![value.into()])
}

fn volume_shown(snapshot: &Snapshot) -> String {
    snapshot.volume.as_ref().map_or_else(|| NO_VOLUME.to_owned(), ToString::to_string)
}

/// A snapshot as answers show it.
fn wire(id: &SnapshotId, snapshot: &Snapshot) -> WireSnapshot {
    WireSnapshot {
        snapshot_id: id.to_string(),
        volume_id: volume_shown(snapshot),
        state: snapshot.status().to_owned(),
        state_message: match &snapshot.state {
            State::Error(why) => Some(why.clone()),
            State::Pending | State::Completed | State::Deleted => None,
        },
        start_time: snapshot.started_at.into(),
        completion_time: snapshot.completed_at.map(Into::into),
        progress: format!("{}%", snapshot.progress),
        owner_id: snapshot.account_id.clone(),
        description: snapshot.description.clone(),
        volume_size: snapshot.size_gib,
        encrypted: false,
        storage_tier: "standard".into(),
        tags: request::wire_tags(&snapshot.tags),
    }
}
