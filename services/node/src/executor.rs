//! Carries out the steps planned for one instance, in order, on a blocking thread; the first that fails ends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::Instance;

use crate::error::{Error, Result};
use crate::hypervisor::Hypervisor;
use crate::network::Wiring;
use crate::planner::Step;
use crate::records::Records;

/// What acts need. Clones share it.
#[derive(Clone)]
pub struct Executor {
    /// Domains.
    pub hypervisor: Arc<dyn Hypervisor>,
    /// Taps.
    pub wiring: Arc<dyn Wiring>,
    /// What is remembered.
    pub records: Arc<Records>,
    /// Where consoles are logged.
    pub console_dir: PathBuf,
}

impl Executor {
    /// Carries out steps in order. A disk that fails does not keep the others waiting; anything else does.
    pub fn steps(&self, id: &InstanceId, want: Option<&Instance>, steps: &[Step]) -> Result<()> {
        let mut outcome = Ok(());
        for step in steps {
            let done = self.step(id, want, step);
            let on_its_own = matches!(step, Step::AttachDisk(_) | Step::DetachDisk(_));
            if done.is_err() {
                outcome = done;
                if !on_its_own {
                    break;
                }
            }
        }
        outcome
    }

    /// Carries out one step. `want` is the instance as it is desired, none for one that should go.
    pub fn step(&self, id: &InstanceId, want: Option<&Instance>, step: &Step) -> Result<()> {
        tracing::debug!(instance = %id, ?step, "step");
        let wanted = || want.ok_or_else(|| Error::NoInstance(id.to_string()));
        match step {
            Step::Remember(record) => self.records.put(id, record.clone()),
            Step::StartPaused => self.hypervisor.start_paused(wanted()?),
            Step::Plug => self.wiring.plug(wanted()?),
            Step::Resume => self.hypervisor.resume(id),
            Step::PressPowerButton => self.hypervisor.press_power_button(id),
            Step::Destroy => self.hypervisor.destroy(id),
            Step::Undefine => self.hypervisor.undefine(id),
            Step::AttachDisk(volume) => self.attach(wanted()?, volume),
            Step::DetachDisk(volume) => self.hypervisor.detach_disk(id, volume),
            Step::Forget => self.forget(id),
        }
    }

    fn attach(&self, want: &Instance, volume: &VolumeId) -> Result<()> {
        match want.disks.iter().find(|disk| disk.volume == *volume) {
            Some(disk) => self.hypervisor.attach_disk(&want.id, disk),
            None => Ok(()),
        }
    }

    fn forget(&self, id: &InstanceId) -> Result<()> {
        for path in console_logs(&self.console_dir, id)? {
            std::fs::remove_file(&path).map_err(|e| Error::file(&path, e))?;
        }
        self.records.remove(id)
    }
}

/// The console logs of an instance: the current one and those rolled over (`.log`, `.log.0`, ...).
pub fn console_logs(dir: &Path, id: &InstanceId) -> Result<Vec<PathBuf>> {
    let prefix = format!("{id}.log");
    let entries = std::fs::read_dir(dir).map_err(|e| Error::file(dir, e))?.flatten();
    let mine = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix));
    Ok(mine.map(|entry| entry.path()).collect())
}
