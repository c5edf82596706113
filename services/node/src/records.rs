//! What this node must remember of an instance beyond what libvirt tells: one small file each, durable before the act
//! that it announces.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use api_spec::ids::InstanceId;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;

/// What is remembered of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Start sequence of the last start that was begun, or that a stop made pointless.
    pub started: u64,
    /// Reboot sequence last carried out.
    pub rebooted: u64,
    /// Why it is off, once it is and its domain is put away.
    pub off: Option<Off>,
    /// A shutdown that was asked for and has not ended.
    pub stopping: Option<Stopping>,
}

/// Why an instance is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Off {
    /// The API wanted it.
    ByApi,
    /// The guest shut itself down.
    ByGuest,
}

/// A shutdown under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// When it was first asked for, milliseconds since 1970.
    pub since_ms: u64,
    /// When the guest was last asked.
    pub asked_ms: u64,
    /// The reboot that it is for: off is then followed by on.
    pub reboot: Option<u64>,
}

/// The records of all instances: memory in front of files.
#[derive(Debug)]
pub struct Records {
    dir: PathBuf,
    known: Mutex<BTreeMap<InstanceId, Record>>,
}

impl Records {
    /// Reads what an earlier process left in `dir`.
    pub fn open(dir: PathBuf) -> Result<Self> {
        files::directory(&dir)?;
        let mut known = BTreeMap::new();
        for entry in std::fs::read_dir(&dir).map_err(|e| Error::file(&dir, e))? {
            let path = entry.map_err(|e| Error::file(&dir, e))?.path();
            if path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let (Some(id), Some(record)) = (id, files::read(&path)?) {
                known.insert(id, record);
            }
        }
        Ok(Records { dir, known: Mutex::new(known) })
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<InstanceId, Record> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One; what a new instance starts with if there is none.
    pub fn get(&self, id: &InstanceId) -> Record {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }

    /// Remembers; durable on return.
    pub fn put(&self, id: &InstanceId, record: Record) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(id) != Some(&record) {
            files::write(&self.path(id), &record)?;
            known.insert(id.clone(), record);
        }
        Ok(())
    }

    /// Forgets an instance that is gone.
    pub fn remove(&self, id: &InstanceId) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        files::remove(&self.path(id))?;
        known.remove(id);
        Ok(())
    }

    fn path(&self, id: &InstanceId) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }
}
