//! The real hypervisor: libvirt by the `virt` crate. Every call blocks; a lost connection is opened again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::{Disk, Instance};
use virt::connect::Connect;
use virt::domain::Domain as Handle;
use virt::error::ErrorNumber;
use virt::sys;

use super::domain_xml::{self, Recipe};
use super::{BackupProgress, Hypervisor, backup};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::world::{Domain, DomainPower};

/// libvirt at a URI.
pub struct Libvirt {
    uri: String,
    names: Names,
    recipe: Recipe,
    connection: Mutex<Option<Connect>>,
}

impl From<virt::error::Error> for Error {
    fn from(error: virt::error::Error) -> Self {
        Error::Hypervisor(error.message().to_owned())
    }
}

impl Libvirt {
    /// Does not connect yet.
    pub fn new(uri: &str, names: Names, recipe: Recipe) -> Self {
        virt::error::clear_error_callback();
        Libvirt { uri: uri.to_owned(), names, recipe, connection: Mutex::new(None) }
    }

    fn connection(&self) -> Result<Connect> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = kept.as_ref()
            && connection.is_alive().unwrap_or(false)
        {
            return Ok(connection.clone());
        }
        let connection = Connect::open(Some(&self.uri))?;
        *kept = Some(connection.clone());
        Ok(connection)
    }

    fn find(&self, id: &InstanceId) -> Result<Option<Handle>> {
        match Handle::lookup_by_name(&self.connection()?, &self.names.domain(id)) {
            Ok(handle) => Ok(Some(handle)),
            Err(error) if error.code() == ErrorNumber::NoDomain => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn get(&self, id: &InstanceId) -> Result<Handle> {
        self.find(id)?.ok_or_else(|| Error::NoInstance(id.to_string()))
    }

    fn targets(handle: &Handle) -> Result<BTreeMap<VolumeId, String>> {
        Ok(domain_xml::disk_targets(&handle.get_xml_desc(0)?))
    }

    fn look(handle: &Handle) -> Result<Domain> {
        let (state, reason) = handle.get_state()?;
        let power = power(state, u32::try_from(reason).unwrap_or(0));
        let disks = match power {
            DomainPower::Running | DomainPower::Paused => Self::targets(handle)?.into_keys().collect(),
            DomainPower::Off | DomainPower::OffByGuest => BTreeSet::new(),
        };
        Ok(Domain { power, disks })
    }
}

fn power(state: sys::virDomainState, reason: u32) -> DomainPower {
    match (state, reason) {
        (sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_SHUTTING_DOWN) => DomainPower::Running,
        (sys::VIR_DOMAIN_PAUSED, _) => DomainPower::Paused,
        (sys::VIR_DOMAIN_SHUTOFF, sys::VIR_DOMAIN_SHUTOFF_SHUTDOWN) => DomainPower::OffByGuest,
        (sys::VIR_DOMAIN_SHUTOFF | sys::VIR_DOMAIN_CRASHED, _) => DomainPower::Off,
        _ => DomainPower::Running,
    }
}

impl Hypervisor for Libvirt {
    fn domains(&self) -> Result<BTreeMap<InstanceId, Domain>> {
        let mut found = BTreeMap::new();
        for handle in self.connection()?.list_all_domains(0)? {
            let Some(id) = handle.get_name().ok().and_then(|name| self.names.instance_of_domain(&name))
            else {
                continue;
            };
            match Self::look(&handle) {
                Ok(domain) => drop(found.insert(id, domain)),
                // it went between the list and the look
                Err(_) if self.find(&id)?.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn start_paused(&self, instance: &Instance) -> Result<()> {
        let xml = self.recipe.domain(instance);
        let handle = Handle::define_xml(&self.connection()?, &xml)?;
        handle.create_with_flags(sys::VIR_DOMAIN_START_PAUSED)?;
        Ok(())
    }

    fn resume(&self, id: &InstanceId) -> Result<()> {
        self.get(id)?.resume()?;
        Ok(())
    }

    fn press_power_button(&self, id: &InstanceId) -> Result<()> {
        self.get(id)?.shutdown_flags(sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)?;
        Ok(())
    }

    fn destroy(&self, id: &InstanceId) -> Result<()> {
        let Some(handle) = self.find(id)? else { return Ok(()) };
        match handle.destroy() {
            Ok(()) => Ok(()),
            Err(error) if error.code() == ErrorNumber::OperationInvalid => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn undefine(&self, id: &InstanceId) -> Result<()> {
        let Some(handle) = self.find(id)? else { return Ok(()) };
        let everything = sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
            | sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
            | sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
            | sys::VIR_DOMAIN_UNDEFINE_NVRAM;
        Ok(handle.undefine_flags(everything)?)
    }

    fn attach_disk(&self, id: &InstanceId, disk: &Disk) -> Result<()> {
        let handle = self.get(id)?;
        let used = Self::targets(&handle)?;
        if used.contains_key(&disk.volume) {
            return Ok(());
        }
        let free = (0..).map(domain_xml::target).find(|target| !used.values().any(|used| used == target));
        let xml = domain_xml::disk(disk, &free.unwrap_or_default());
        handle.attach_device_flags(&xml, sys::VIR_DOMAIN_AFFECT_LIVE)?;
        Ok(())
    }

    fn detach_disk(&self, id: &InstanceId, volume: &VolumeId) -> Result<()> {
        let handle = self.get(id)?;
        let Some(target) = Self::targets(&handle)?.remove(volume) else { return Ok(()) };
        let xml = format!("<disk type='file' device='disk'><target dev='{target}' bus='virtio'/></disk>");
        handle.detach_device_flags(&xml, sys::VIR_DOMAIN_AFFECT_LIVE)?;
        Ok(())
    }

    fn backup_begin(&self, id: &InstanceId, volume: &VolumeId, target: &Path) -> Result<()> {
        let handle = self.get(id)?;
        let targets = Self::targets(&handle)?;
        backup::begin(&handle, &domain_xml::backup(&targets, volume, target))
    }

    fn backup_progress(&self, id: &InstanceId) -> Result<BackupProgress> {
        match self.find(id)? {
            Some(handle) if handle.is_active()? => backup::progress(&handle),
            _ => Ok(BackupProgress::None),
        }
    }

    fn backup_abort(&self, id: &InstanceId) -> Result<()> {
        match self.find(id)? {
            Some(handle) => backup::abort(&handle),
            None => Ok(()),
        }
    }
}
