//! Files that must survive: prepared under another name, made durable, then named; and who may open them.
//!
//! Invariants: a name without [`TEMPORARY`] is a whole file; volumes are 0660 and snapshots 0440, their group is the
//! directory's, through which QEMU comes in.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::BackendError;

/// What the names of unfinished files end in.
pub const TEMPORARY: &str = ".part";

type Result<T> = std::result::Result<T, BackendError>;

/// Makes a directory whose files belong to its group.
///
/// Below a directory that is set up so it is so by birth. It must not be said again then: a process that is not itself
/// in the group would lose the mark by setting it.
pub fn directory(path: &Path) -> Result<()> {
    const MODE: u32 = 0o2770;
    let failed = |error| BackendError::io(path, error);
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(MODE & 0o777).create(path).map_err(failed)?;
    let born = fs::metadata(path).map_err(failed)?.permissions().mode();
    if born & MODE == MODE {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(failed)
}

/// The name under which a file is prepared.
pub fn temporary_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(TEMPORARY);
    path.with_file_name(name)
}

/// An empty file of mode 0660 in place of any that was there. Tools that open it later keep mode and group.
pub fn create_empty(path: &Path) -> Result<()> {
    remove_if_there(path)?;
    let mode = 0o660;
    let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    // the mode of open is cut by the process's umask
    made.and_then(|file| file.set_permissions(Permissions::from_mode(mode)))
        .map_err(|error| BackendError::io(path, error))
}

/// Makes a prepared file durable and gives it its name; replaces what had that name.
pub fn publish(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let failed = |error| BackendError::io(to, error);
    let file = File::open(from).map_err(|error| BackendError::io(from, error))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(from, to).map_err(failed)?;
    sync_directory_of(to)
}

/// Removes a file durably; none to remove is fine.
pub fn remove(path: &Path) -> Result<()> {
    if remove_if_there(path)? { sync_directory_of(path) } else { Ok(()) }
}

/// Removes every unfinished file of a directory, but those that `keep` names.
pub fn sweep(directory: &Path, keep: &dyn Fn(&str) -> bool) -> Result<usize> {
    let failed = |error| BackendError::io(directory, error);
    let mut swept = 0;
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if name.ends_with(TEMPORARY) && !keep(name) {
            remove_if_there(&path)?;
            swept += 1;
        }
    }
    Ok(swept)
}

fn remove_if_there(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(BackendError::io(path, error)),
    }
}

fn sync_directory_of(path: &Path) -> Result<()> {
    let Some(directory) = path.parent() else { return Ok(()) };
    let opened = File::open(directory);
    opened.and_then(|opened| opened.sync_all()).map_err(|error| BackendError::io(directory, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_files_are_swept_and_whole_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (whole, kept) = (dir.path().join("vol-1.qcow2"), dir.path().join("b.part"));
        for path in [&temporary_of(&whole), &kept, &dir.path().join("c.part")] {
            create_empty(path).unwrap();
        }
        publish(&temporary_of(&whole), &whole, 0o440).unwrap();
        assert_eq!(fs::metadata(&whole).unwrap().permissions().mode() & 0o777, 0o440);
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o660);
        assert_eq!(sweep(dir.path(), &|name| name == "b.part").unwrap(), 1);
        assert!(whole.exists() && kept.exists());
        remove(&whole).unwrap();
        remove(&whole).unwrap();
        assert!(!whole.exists());
    }
}
