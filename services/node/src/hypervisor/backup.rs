//! The three libvirt calls about backups that `virt` has no safe wrapper for. All `unsafe` of the agent is here.
#![allow(unsafe_code, reason = "virDomainBackupBegin and its kin are only in the raw bindings")]

use std::ffi::{CStr, CString};
use std::ptr;

use virt::domain::Domain;
use virt::sys;

use super::BackupProgress;
use crate::error::{Error, Result};

fn failed() -> Error {
    Error::Hypervisor(virt::error::Error::last_error().to_string())
}

/// Begins a backup whose target files exist already.
pub fn begin(domain: &Domain, xml: &str) -> Result<()> {
    let xml = CString::new(xml).map_err(|e| Error::Hypervisor(e.to_string()))?;
    let flags = sys::VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL;
    // SAFETY: the domain handle lives as long as `domain`, the text is NUL-terminated and copied by libvirt
    let code = unsafe { sys::virDomainBackupBegin(domain.as_ptr(), xml.as_ptr(), ptr::null(), flags) };
    if code == 0 { Ok(()) } else { Err(failed()) }
}

/// Gives the running job up.
pub fn abort(domain: &Domain) -> Result<()> {
    // SAFETY: the domain handle lives as long as `domain`
    let code = unsafe { sys::virDomainAbortJob(domain.as_ptr()) };
    if code == 0 { Ok(()) } else { Err(failed()) }
}

/// What the backup does, or how the last one ended (libvirt forgets that when asked).
pub fn progress(domain: &Domain) -> Result<BackupProgress> {
    let running = job(domain, 0)?;
    if running.kind == sys::VIR_DOMAIN_JOB_BOUNDED || running.kind == sys::VIR_DOMAIN_JOB_UNBOUNDED {
        return Ok(BackupProgress::Running(running.percent()));
    }
    let ended = job(domain, sys::VIR_DOMAIN_JOB_STATS_COMPLETED)?;
    Ok(match ended.kind {
        sys::VIR_DOMAIN_JOB_COMPLETED => BackupProgress::Completed,
        sys::VIR_DOMAIN_JOB_FAILED | sys::VIR_DOMAIN_JOB_CANCELLED => {
            BackupProgress::Failed(ended.error.unwrap_or_else(|| "the copy was cut short".into()))
        }
        _ => BackupProgress::None,
    })
}

#[derive(Default)]
struct Job {
    kind: u32,
    done: u64,
    total: u64,
    error: Option<String>,
}

impl Job {
    fn percent(&self) -> u8 {
        let percent = self.done.saturating_mul(100).checked_div(self.total).unwrap_or(0);
        u8::try_from(percent.min(99)).unwrap_or(99)
    }
}

/// `virDomainGetJobStats`; `virt`'s wrapper builds a vector of a null pointer when there is no job.
fn job(domain: &Domain, flags: u32) -> Result<Job> {
    let (mut kind, mut parameters, mut count) = (0, ptr::null_mut(), 0);
    // SAFETY: the three out-pointers are live; libvirt allocates `count` parameters, freed below
    let code =
        unsafe { sys::virDomainGetJobStats(domain.as_ptr(), &mut kind, &mut parameters, &mut count, flags) };
    if code != 0 {
        return Err(failed());
    }
    let mut job = Job { kind: u32::try_from(kind).unwrap_or(0), ..Job::default() };
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: libvirt wrote `count` parameters
        read(unsafe { &*parameters.add(index) }, &mut job);
    }
    // SAFETY: allocated by libvirt just now (null with a count of 0 is fine)
    unsafe { sys::virTypedParamsFree(parameters, count) };
    Ok(job)
}

fn read(parameter: &sys::virTypedParameter, job: &mut Job) {
    // SAFETY: libvirt terminates the field name; the union is read as the type that the parameter says
    unsafe {
        let Ok(field) = CStr::from_ptr(parameter.field.as_ptr()).to_str() else { return };
        match (field, u32::try_from(parameter.type_).unwrap_or(0)) {
            ("disk_total", sys::VIR_TYPED_PARAM_ULLONG) => job.total = parameter.value.ul,
            ("disk_processed", sys::VIR_TYPED_PARAM_ULLONG) => job.done = parameter.value.ul,
            ("errmsg", sys::VIR_TYPED_PARAM_STRING) => {
                job.error = Some(CStr::from_ptr(parameter.value.s).to_string_lossy().into_owned());
            }
            _ => {}
        }
    }
}
