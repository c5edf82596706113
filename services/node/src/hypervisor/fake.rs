//! A hypervisor and a network in memory, for the planner's property tests: the same domains, the same taps, and all
//! that can befall them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use api_spec::ids::{InstanceId, VolumeId};
use calls::node::{Desired, Disk, Instance};

use super::{BackupProgress, Hypervisor};
use crate::error::{Error, Result};
use crate::network::Wiring;
use crate::world::{Domain, DomainPower, Wires};

/// What befalls a domain from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Blow {
    /// The guest switches itself off.
    PowerOff,
    /// Destroyed, crashed, or its host rebooted.
    Destroy,
    /// Its namespace is deleted under it.
    LoseNamespace,
    /// Its routes are flushed.
    Unplug,
    /// Someone removes even its definition.
    Undefine,
}

#[derive(Default)]
struct Machine {
    domain: Option<Domain>,
    wires: Wires,
    /// Whether the guest hears the power button and lets go of disks.
    deaf: bool,
    backup: Option<BackupProgress>,
}

/// The whole host.
#[derive(Default)]
pub(crate) struct FakeHost {
    machines: Mutex<BTreeMap<InstanceId, Machine>>,
    /// Acts that still succeed before one fails; none for all.
    pub(crate) fuse: Mutex<Option<u32>>,
}

impl FakeHost {
    fn act<T>(&self, id: &InstanceId, act: impl FnOnce(&mut Machine) -> Result<T>) -> Result<T> {
        self.burn()?;
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        act(machines.entry(id.clone()).or_default())
    }

    fn burn(&self) -> Result<()> {
        let mut fuse = self.fuse.lock().unwrap_or_else(PoisonError::into_inner);
        match fuse.as_mut() {
            Some(0) => Err(Error::Hypervisor("the agent was killed".into())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn blow(&self, id: &InstanceId, blow: Blow) {
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(machine) = machines.get_mut(id) else { return };
        let on = machine.domain.as_ref().is_some_and(|it| is_on(it.power));
        match blow {
            Blow::PowerOff if on => machine.off(DomainPower::OffByGuest),
            Blow::Destroy if on => machine.off(DomainPower::Off),
            Blow::LoseNamespace if on => machine.wires = Wires::Gone,
            Blow::Unplug if on => machine.wires = machine.wires.max(Wires::Unplugged),
            Blow::Undefine => (machine.domain, machine.wires) = (None, Wires::Gone),
            _ => {}
        }
    }

    pub(crate) fn deafen(&self, id: &InstanceId, deaf: bool) {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner).entry(id.clone()).or_default().deaf =
            deaf;
    }

    pub(crate) fn end_backup(&self, id: &InstanceId, end: BackupProgress) {
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        machines.entry(id.clone()).or_default().backup = Some(end);
    }
}

fn is_on(power: DomainPower) -> bool {
    matches!(power, DomainPower::Running | DomainPower::Paused)
}

impl Machine {
    fn off(&mut self, power: DomainPower) {
        self.domain = Some(Domain { power, disks: BTreeSet::new() });
        self.wires = Wires::Gone;
        self.backup = None;
    }

    fn on(&mut self) -> Result<&mut Domain> {
        let domain = self.domain.as_mut().filter(|domain| is_on(domain.power));
        domain.ok_or_else(|| Error::Hypervisor("domain is not running".into()))
    }
}

impl Hypervisor for FakeHost {
    fn domains(&self) -> Result<BTreeMap<InstanceId, Domain>> {
        let machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(machines.iter().filter_map(|(id, it)| Some((id.clone(), it.domain.clone()?))).collect())
    }

    fn start_paused(&self, instance: &Instance) -> Result<()> {
        self.act(&instance.id, |machine| {
            assert!(machine.domain.is_none(), "a second domain for {}", instance.id);
            let disks = instance.disks.iter().map(|disk| disk.volume.clone()).collect();
            machine.domain = Some(Domain { power: DomainPower::Paused, disks });
            machine.wires = Wires::Unplugged;
            Ok(())
        })
    }

    fn resume(&self, id: &InstanceId) -> Result<()> {
        self.act(id, |machine| {
            assert_eq!(machine.wires, Wires::Connected, "resumed without a network");
            machine.on()?.power = DomainPower::Running;
            Ok(())
        })
    }

    fn press_power_button(&self, id: &InstanceId) -> Result<()> {
        self.act(id, |machine| {
            machine.on()?;
            if !machine.deaf {
                machine.off(DomainPower::OffByGuest);
            }
            Ok(())
        })
    }

    fn destroy(&self, id: &InstanceId) -> Result<()> {
        self.act(id, |machine| {
            if machine.on().is_ok() {
                machine.off(DomainPower::Off);
            }
            Ok(())
        })
    }

    fn undefine(&self, id: &InstanceId) -> Result<()> {
        self.act(id, |machine| {
            assert!(machine.on().is_err(), "undefined while on");
            machine.domain = None;
            Ok(())
        })
    }

    fn attach_disk(&self, id: &InstanceId, disk: &Disk) -> Result<()> {
        self.act(id, |machine| {
            machine.on()?.disks.insert(disk.volume.clone());
            Ok(())
        })
    }

    fn detach_disk(&self, id: &InstanceId, volume: &VolumeId) -> Result<()> {
        self.act(id, |machine| {
            let deaf = machine.deaf;
            let domain = machine.on()?;
            if !deaf {
                domain.disks.remove(volume);
            }
            Ok(())
        })
    }

    fn backup_begin(&self, id: &InstanceId, _volume: &VolumeId, _target: &Path) -> Result<()> {
        self.act(id, |machine| {
            machine.on()?;
            machine.backup = Some(BackupProgress::Running(0));
            Ok(())
        })
    }

    fn backup_progress(&self, id: &InstanceId) -> Result<BackupProgress> {
        self.act(id, |machine| match machine.backup.clone() {
            Some(running @ BackupProgress::Running(_)) => Ok(running),
            _ => Ok(machine.backup.take().unwrap_or(BackupProgress::None)),
        })
    }

    fn backup_abort(&self, id: &InstanceId) -> Result<()> {
        self.act(id, |machine| {
            machine.backup = Some(BackupProgress::Failed("given up".into()));
            Ok(())
        })
    }
}

impl Wiring for FakeHost {
    fn ensure(&self, _desired: &Desired) {}

    fn wires(&self, instance: &Instance) -> Result<Wires> {
        let machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(machines.get(&instance.id).map_or(Wires::Gone, |machine| machine.wires))
    }

    fn plug(&self, instance: &Instance) -> Result<()> {
        self.act(&instance.id, |machine| {
            if machine.wires == Wires::Gone {
                return Err(Error::Hypervisor("no tap".into()));
            }
            machine.wires = Wires::Connected;
            Ok(())
        })
    }
}
