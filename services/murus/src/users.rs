//! Which unprivileged user each service runs as, and the directories that are theirs.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::Path;

use kit::ServiceName;

use crate::Failure;

/// The group whose members may open the services' sockets.
pub const GROUP: &str = "murus";
/// The group that QEMU runs with: it owns the disk images.
pub const DISK_GROUP: &str = "murus-volume";

/// File in the run directory that a running `murus up` holds locked.
const LOCK: &str = "lock";

/// User and group numbers of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// The user that a process of this name runs as; none runs as root.
pub fn of(service: ServiceName) -> Result<Option<Account>, Failure> {
    let name = match service {
        ServiceName::Node => return Ok(None),
        ServiceName::Identity => "murus-identity",
        ServiceName::Volume => "murus-volume",
        ServiceName::Compute => "murus-compute",
        ServiceName::Object | ServiceName::Gateway => "murus-object",
    };
    let missing = |what: &str| {
        format!(
            "the {what} does not exist: run deploy/up, which makes it, or use `murus up --single-process`"
        )
    };
    let uid = number(Path::new("/etc/passwd"), name)?.ok_or_else(|| missing(&format!("user {name}")))?;
    let gid = number(Path::new("/etc/group"), GROUP)?.ok_or_else(|| missing(&format!("group {GROUP}")))?;
    Ok(Some(Account { uid, gid }))
}

/// Whether the users and groups of the services exist on this host.
pub fn exist() -> bool {
    ServiceName::ALL.into_iter().all(|service| of(service).is_ok())
}

/// The number of a name in `/etc/passwd` or `/etc/group`. Services' users are local: made by deploy/up.
fn number(file: &Path, name: &str) -> Result<Option<u32>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(find_number(&text, name))
}

fn find_number(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

/// Makes the run directory and every service's data directory, each for its own user.
pub fn prepare_directories(data_dir: &Path, run_dir: &Path) -> Result<(), Failure> {
    let sockets =
        number(Path::new("/etc/group"), GROUP)?.ok_or("the group murus does not exist: run deploy/up")?;
    let disks = number(Path::new("/etc/group"), DISK_GROUP)?
        .ok_or("the group murus-volume does not exist: run deploy/up")?;
    directory(data_dir, 0o755, None)?;
    // set-gid: sockets get the group that may open them; sticky: no service can take another's socket away
    directory(run_dir, 0o3770, Some((0, sockets)))?;
    for service in ServiceName::ALL {
        let path = data_dir.join(service.as_str());
        match (service, of(service)?) {
            (ServiceName::Gateway, _) => {}
            // QEMU passes through by the group to the images it is told of; files made below inherit the group
            (ServiceName::Volume, Some(account)) => directory(&path, 0o2710, Some((account.uid, disks)))?,
            (_, Some(account)) => directory(&path, 0o700, Some((account.uid, account.gid)))?,
            (_, None) => directory(&path, 0o700, None)?,
        }
    }
    Ok(())
}

/// Removes sockets and notes of a run that has ended, whoever owned them.
pub fn clear_run_directory(run_dir: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", run_dir.display());
    for entry in std::fs::read_dir(run_dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() && entry.file_name() != LOCK {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Takes the run directory for this process until it ends.
///
/// # Errors
/// When another `murus up` holds it.
pub fn lock_run_directory(run_dir: &Path) -> Result<std::fs::File, Failure> {
    let path = run_dir.join(LOCK);
    let file = std::fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| format!("another `murus up` is running on {}", run_dir.display()))?;
    Ok(file)
}

fn directory(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(failed)?;
    if let Some((uid, gid)) = owner {
        chown(path, Some(uid), Some(gid)).map_err(failed)?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_whole_names() {
        let text = "root:x:0:0:root:/root:/bin/sh\nmurus-volumes:x:7:7::/:/x\nmurus-volume:x:998:997::/:/x\n";
        assert_eq!(find_number(text, "murus-volume"), Some(998));
        assert_eq!(find_number(text, "murus"), None);
    }
}
