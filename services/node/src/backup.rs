//! Copies of running disks for snapshots: begun once per snapshot, their end remembered.
//!
//! libvirt runs one copy a domain at a time and forgets how it ended once told, so what is known is written down first:
//! `Asked` before the copy is begun, `Begun` when libvirt has taken it, `Done` when all is in the file. An agent killed
//! after `Asked` does not know whether it began, so it gives up what runs and starts over.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use api_spec::ids::{InstanceId, SnapshotId};
use calls::node::{BackupDisk, BackupState};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;
use crate::hypervisor::{BackupProgress, Hypervisor};
use crate::world::DomainPower;

/// The copies of this node. Blocking.
pub struct Backups {
    dir: PathBuf,
    hypervisor: Arc<dyn Hypervisor>,
    one_at_a_time: Mutex<()>,
}

/// What is remembered of one copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Copy {
    instance: InstanceId,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Asked,
    Begun,
    Done,
}

impl Backups {
    /// Copies whose memory lies in `dir`.
    pub fn open(dir: PathBuf, hypervisor: Arc<dyn Hypervisor>) -> Result<Self> {
        files::directory(&dir)?;
        Ok(Backups { dir, hypervisor, one_at_a_time: Mutex::new(()) })
    }

    /// Begins a copy, or tells how far it is.
    pub fn backup(&self, call: &BackupDisk) -> Result<BackupState> {
        let _turn = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        match files::read::<Copy>(&self.path(&call.snapshot))? {
            Some(Copy { stage: Stage::Done, .. }) => Ok(BackupState::Done),
            Some(Copy { stage: Stage::Begun, .. }) => self.follow(call),
            Some(Copy { stage: Stage::Asked, .. }) => {
                self.give_up(call)?;
                self.begin(call)
            }
            None => self.begin(call),
        }
    }

    fn begin(&self, call: &BackupDisk) -> Result<BackupState> {
        let domains = self.hypervisor.domains()?;
        let running = domains.get(&call.instance).is_some_and(|domain| {
            domain.power == DomainPower::Running && domain.disks.contains(&call.volume)
        });
        if !running {
            return Ok(BackupState::NotRunning);
        }
        if self.other_of(call)? {
            return Ok(BackupState::Copying(0));
        }
        // also makes libvirt forget how an earlier one ended, so that its end is not taken for this one's
        if let BackupProgress::Running(_) = self.hypervisor.backup_progress(&call.instance)? {
            self.hypervisor.backup_abort(&call.instance)?;
            return Ok(BackupState::Copying(0));
        }
        self.remember(call, Stage::Asked)?;
        if let Err(error) = self.hypervisor.backup_begin(&call.instance, &call.volume, &call.target) {
            files::remove(&self.path(&call.snapshot))?;
            return Ok(BackupState::Failed(error.to_string()));
        }
        self.remember(call, Stage::Begun)?;
        self.follow(call)
    }

    fn follow(&self, call: &BackupDisk) -> Result<BackupState> {
        let failed = match self.hypervisor.backup_progress(&call.instance)? {
            BackupProgress::Running(percent) => return Ok(BackupState::Copying(percent)),
            BackupProgress::Completed => {
                sync(&call.target)?;
                self.remember(call, Stage::Done)?;
                return Ok(BackupState::Done);
            }
            BackupProgress::Failed(why) => why,
            BackupProgress::None => "the instance went off during the copy".to_owned(),
        };
        files::remove(&self.path(&call.snapshot))?;
        Ok(BackupState::Failed(failed))
    }

    fn give_up(&self, call: &BackupDisk) -> Result<()> {
        if let BackupProgress::Running(_) = self.hypervisor.backup_progress(&call.instance)? {
            self.hypervisor.backup_abort(&call.instance)?;
        }
        files::remove(&self.path(&call.snapshot))
    }

    /// Whether a copy for another snapshot still runs on the instance. One whose caller went away is put to its end here.
    fn other_of(&self, call: &BackupDisk) -> Result<bool> {
        for entry in std::fs::read_dir(&self.dir).map_err(|e| Error::file(&self.dir, e))?.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "json") || path == self.path(&call.snapshot) {
                continue;
            }
            let Some(copy) = files::read::<Copy>(&path)? else { continue };
            if copy.instance != call.instance || copy.stage != Stage::Begun {
                continue;
            }
            match self.hypervisor.backup_progress(&copy.instance)? {
                BackupProgress::Running(_) => return Ok(true),
                BackupProgress::Completed => files::write(&path, &Copy { stage: Stage::Done, ..copy })?,
                BackupProgress::None | BackupProgress::Failed(_) => files::remove(&path)?,
            }
        }
        Ok(false)
    }

    fn remember(&self, call: &BackupDisk, stage: Stage) -> Result<()> {
        files::write(&self.path(&call.snapshot), &Copy { instance: call.instance.clone(), stage })
    }

    fn path(&self, snapshot: &SnapshotId) -> PathBuf {
        self.dir.join(format!("{snapshot}.json"))
    }
}

/// QEMU flushes at the end of a copy; this is for the page cache of whoever wrote the file before.
fn sync(path: &std::path::Path) -> Result<()> {
    let file = std::fs::File::open(path).map_err(|e| Error::file(path, e))?;
    file.sync_all().map_err(|e| Error::file(path, e))
}
