//! The tables of the volume service and the questions asked of them.
//!
//! Invariant: whoever changes which disks an instance should have also calls [`nudge`] in the same transaction, so
//! that the reconciler of attachments cannot miss it.

use std::ops::RangeInclusive;

use api_spec::ids::{ImportTaskId, InstanceId, SnapshotId, VolumeId};
use jiff::Timestamp;
use kit::Quotas;
use kit::quota::Quota;
use serde::{Deserialize, Serialize};
use store::{All, Error, Index, IndexedTable, Read, Table, Tx};

use crate::config::Config;
use crate::domain::import::{self, ImportTask};
use crate::domain::snapshot::{self, Snapshot};
use crate::domain::volume::{self, Volume};

/// Every volume until its disk is gone.
pub const VOLUMES: IndexedTable<VolumeId, Volume> =
    IndexedTable::new("volumes", &[&BY_ACCOUNT, &BY_INSTANCE, &BY_SNAPSHOT, &VOLUMES_AT_WORK]);
/// Volumes of an account.
pub const BY_ACCOUNT: Index<VolumeId, Volume, String> =
    Index::new("volumes_by_account", |_, volume| vec![volume.account_id.clone()]);
/// Volumes of an instance.
pub const BY_INSTANCE: Index<VolumeId, Volume, InstanceId> =
    Index::new("volumes_by_instance", |_, volume| {
        volume.attachment.iter().map(|attachment| attachment.instance.clone()).collect()
    });
/// Volumes that are based on a snapshot.
pub const BY_SNAPSHOT: Index<VolumeId, Volume, SnapshotId> =
    Index::new("volumes_by_snapshot", |_, volume| volume.snapshot.iter().cloned().collect());
/// Volumes that are being made (`creating`) or removed (`deleting`).
pub const VOLUMES_AT_WORK: Index<VolumeId, Volume, String> =
    Index::new("volumes_at_work", |_, volume| match volume.state {
        volume::State::Creating => vec!["creating".into()],
        volume::State::Deleting => vec!["deleting".into()],
        volume::State::Ready | volume::State::Error(_) => vec![],
    });

/// Every snapshot until its data is gone.
pub const SNAPSHOTS: IndexedTable<SnapshotId, Snapshot> = IndexedTable::new(
    "snapshots",
    &[&SNAPSHOTS_BY_ACCOUNT, &SNAPSHOTS_BY_CREATOR, &PENDING_BY_VOLUME, &SNAPSHOTS_AT_WORK],
);
/// Snapshots of an account.
pub const SNAPSHOTS_BY_ACCOUNT: Index<SnapshotId, Snapshot, String> =
    Index::new("snapshots_by_account", |_, snapshot| vec![snapshot.account_id.clone()]);
/// Snapshots that the API knows, by who made them.
const SNAPSHOTS_BY_CREATOR: Index<SnapshotId, Snapshot, String> =
    Index::new("snapshots_by_creator", |_, snapshot| match snapshot.state {
        snapshot::State::Deleted => vec![],
        snapshot::State::Pending | snapshot::State::Completed | snapshot::State::Error(_) => {
            snapshot.creator.iter().cloned().collect()
        }
    });
/// Snapshots that are still to be copied from a volume.
pub const PENDING_BY_VOLUME: Index<SnapshotId, Snapshot, VolumeId> =
    Index::new("pending_snapshots_by_volume", |_, snapshot| match snapshot.state {
        snapshot::State::Pending => snapshot.volume.iter().cloned().collect(),
        snapshot::State::Completed | snapshot::State::Error(_) | snapshot::State::Deleted => vec![],
    });
/// Snapshots that are being copied (`pending`) or wait to be removed (`deleted`).
pub const SNAPSHOTS_AT_WORK: Index<SnapshotId, Snapshot, String> =
    Index::new("snapshots_at_work", |_, snapshot| match snapshot.state {
        snapshot::State::Pending => vec!["pending".into()],
        snapshot::State::Deleted => vec!["deleted".into()],
        snapshot::State::Completed | snapshot::State::Error(_) => vec![],
    });

/// Which image holds a snapshot; compute's list, as it last sent it.
pub const HOLDS: Table<(SnapshotId, String), ()> = Table::new("held_snapshots");

/// Tasks of ImportSnapshot.
pub const IMPORTS: IndexedTable<ImportTaskId, ImportTask> =
    IndexedTable::new("imports", &[&IMPORTS_BY_ACCOUNT, &IMPORTS_BY_CREATOR, &IMPORTS_AT_WORK]);
/// Tasks of an account.
pub const IMPORTS_BY_ACCOUNT: Index<ImportTaskId, ImportTask, String> =
    Index::new("imports_by_account", |_, task| vec![task.account_id.clone()]);
/// Tasks that are under way, by who began them.
const IMPORTS_BY_CREATOR: Index<ImportTaskId, ImportTask, String> =
    Index::new("imports_by_creator", |_, task| match task.state {
        import::State::Active(_) => task.creator.iter().cloned().collect(),
        import::State::Completed | import::State::Failed(_) => vec![],
    });
/// Tasks that are under way (`active`).
pub const IMPORTS_AT_WORK: Index<ImportTaskId, ImportTask, String> =
    Index::new("imports_at_work", |_, task| match task.state {
        import::State::Active(_) => vec!["active".into()],
        import::State::Completed | import::State::Failed(_) => vec![],
    });

/// What an account has.
pub const USAGE: Table<String, Usage> = Table::new("usage");
/// What somebody made and still has; no row where that is nothing.
pub const OWN_USAGE: Table<String, Usage> = Table::new("usage_by_creator");

/// Volumes of an account or of somebody in it, counted as they come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// How many.
    pub volumes: u32,
    /// Their sizes together.
    pub gib: u64,
}
store::json_value!(Usage, version = 1);

impl Usage {
    /// With so many times as much more.
    #[must_use]
    pub fn plus(self, more: Usage, times: u32) -> Usage {
        Usage {
            volumes: self.volumes.saturating_add(more.volumes.saturating_mul(times)),
            gib: self.gib.saturating_add(more.gib.saturating_mul(times.into())),
        }
    }

    fn with(self, volume: &Volume) -> Usage {
        self.plus(Usage { volumes: 1, gib: volume.size_gib.into() }, 1)
    }

    fn without(self, volume: &Volume) -> Usage {
        Usage {
            volumes: self.volumes.saturating_sub(1),
            gib: self.gib.saturating_sub(u64::from(volume.size_gib)),
        }
    }

    /// As quotas compare it.
    fn counts(self) -> [(Quota, u64); 2] {
        [(Quota::Volumes, u64::from(self.volumes)), (Quota::VolumeGib, self.gib)]
    }
}

/// Instances whose list of disks compute has yet to hear and to carry out; the count tells one change from the next.
pub const NUDGES: Table<InstanceId, u64> = Table::new("instances_to_sync");

/// What LaunchVolumes made, and instances that are over.
pub const LAUNCHES: Table<InstanceId, Launch> = Table::new("launches");

/// The part of volumes in an instance's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The volumes it was launched with, in order.
    pub volumes: Vec<VolumeId>,
    /// When it was released; nothing is attached to it after that.
    pub released_at: Option<Timestamp>,
}
store::json_value!(Launch, version = 1);

/// Notes that an instance's list of disks has changed.
pub fn nudge(tx: &mut Tx<'_>, instance: &InstanceId) -> Result<(), Error> {
    let count = tx.get(&NUDGES, instance)?.unwrap_or(0);
    tx.put(&NUDGES, instance, &(count + 1))
}

/// The volume, if this account has it.
pub fn volume_of(read: &impl Read, account_id: &str, id: &VolumeId) -> Result<Option<Volume>, Error> {
    Ok(read.get(&VOLUMES, id)?.filter(|volume| volume.account_id == account_id))
}

/// The snapshot, if this account can see it.
pub fn snapshot_of(read: &impl Read, account_id: &str, id: &SnapshotId) -> Result<Option<Snapshot>, Error> {
    Ok(read.get(&SNAPSHOTS, id)?.filter(|snapshot| snapshot.visible_to(account_id)))
}

/// All volumes of an instance, in order of their ids.
pub fn volumes_of_instance(
    read: &impl Read,
    instance: &InstanceId,
) -> Result<Vec<(VolumeId, Volume)>, Error> {
    BY_INSTANCE.rows(read, &VOLUMES, instance)
}

/// Whether a volume is still to be copied into a snapshot.
pub fn has_pending_snapshot(read: &impl Read, volume: &VolumeId) -> Result<bool, Error> {
    PENDING_BY_VOLUME.any(read, volume)
}

/// The images that hold a snapshot.
pub fn holders(read: &impl Read, id: &SnapshotId) -> Result<Vec<String>, Error> {
    Ok(read.scan_prefix(&HOLDS, id)?.into_iter().map(|((_, image), ())| image).collect())
}

/// Whether nothing is to be done for any instance.
pub fn nudged(read: &impl Read) -> Result<Vec<(InstanceId, u64)>, Error> {
    read.scan_prefix(&NUDGES, &All)
}

/// Adds a volume to its account and its maker, within their limits.
pub fn add_volume(
    tx: &mut Tx<'_>,
    config: &Config,
    quotas: &Quotas,
    id: &VolumeId,
    volume: &Volume,
) -> Result<(), crate::Error> {
    let new = tx.get(&USAGE, &volume.account_id)?.unwrap_or_default().with(volume);
    let own = match &volume.creator {
        Some(creator) => Some((creator, tx.get(&OWN_USAGE, creator)?.unwrap_or_default().with(volume))),
        None => None,
    };
    check_usage(config, quotas, new, own.map(|(_, own)| own))?;
    tx.put(&USAGE, &volume.account_id, &new)?;
    if let Some((creator, own)) = own {
        tx.put(&OWN_USAGE, creator, &own)?;
    }
    Ok(tx.put(&VOLUMES, id, volume)?)
}

/// Whether an account and, where known, a maker in it may have so much.
fn check_usage(config: &Config, quotas: &Quotas, all: Usage, own: Option<Usage>) -> Result<(), crate::Error> {
    quotas.check_with_own(all.counts(), own.map(Usage::counts))?;
    if all.volumes > config.max_volumes {
        return Err(crate::Error::VolumeLimit(format!(
            "Maximum number of volumes ({}) exceeded.",
            config.max_volumes
        )));
    }
    if all.gib > config.max_total_gib {
        return Err(crate::Error::VolumeLimit(format!(
            "Maximum number of gibibytes ({}) of volumes exceeded.",
            config.max_total_gib
        )));
    }
    Ok(())
}

/// How many times, in the range, an account and a maker in it may have `each` besides what they have.
pub fn room(
    read: &impl Read,
    config: &Config,
    quotas: &Quotas,
    (account_id, creator): (&str, Option<&String>),
    each: Usage,
    times: RangeInclusive<u32>,
) -> Result<u32, crate::Error> {
    let all = read.get(&USAGE, &account_id.to_owned())?.unwrap_or_default();
    let own =
        creator.map(|creator| read.get(&OWN_USAGE, creator)).transpose()?.map(Option::unwrap_or_default);
    let mut refused = None;
    for times in times.rev() {
        match check_usage(config, quotas, all.plus(each, times), own.map(|own| own.plus(each, times))) {
            Ok(()) => return Ok(times),
            Err(error) => refused = Some(error),
        }
    }
    refused.map_or(Ok(0), Err)
}

/// Removes a volume whose disk is gone.
pub fn remove_volume(tx: &mut Tx<'_>, id: &VolumeId) -> Result<(), Error> {
    let Some(volume) = tx.get(&VOLUMES, id)? else { return Ok(()) };
    let left = tx.get(&USAGE, &volume.account_id)?.unwrap_or_default().without(&volume);
    tx.put(&USAGE, &volume.account_id, &left)?;
    if let Some(creator) = &volume.creator {
        match tx.get(&OWN_USAGE, creator)?.unwrap_or_default().without(&volume) {
            Usage { volumes: 0, .. } => drop(tx.delete(&OWN_USAGE, creator)?),
            left => tx.put(&OWN_USAGE, creator, &left)?,
        }
    }
    tx.delete(&VOLUMES, id).map(drop)
}

/// Whether the account and who makes it may have one more snapshot, those that imports will make included.
pub fn check_snapshot_quotas(
    read: &impl Read,
    quotas: &Quotas,
    account_id: &str,
    creator: Option<&str>,
) -> Result<(), crate::Error> {
    if !quotas.any() {
        return Ok(());
    }
    let account = account_id.to_owned();
    let made = SNAPSHOTS_BY_ACCOUNT.rows(read, &SNAPSHOTS, &account)?;
    let made = made.iter().filter(|(_, one)| one.state != snapshot::State::Deleted).count();
    let coming = IMPORTS_BY_ACCOUNT.rows(read, &IMPORTS, &account)?;
    let coming = coming.iter().filter(|(_, one)| matches!(one.state, import::State::Active(_))).count();
    let own = creator.map(|creator| snapshots_by(read, creator)).transpose()?;
    Ok(quotas.check_one_more(Quota::Snapshots, made + coming, own)?)
}

/// How many snapshots somebody made and still has, those that imports will make included.
fn snapshots_by(read: &impl Read, creator: &str) -> Result<usize, Error> {
    let creator = creator.to_owned();
    let made = SNAPSHOTS_BY_CREATOR.keys(read, &creator)?.len();
    Ok(made + IMPORTS_BY_CREATOR.keys(read, &creator)?.len())
}
