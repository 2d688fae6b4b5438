//! Whether a database's file can have other names. SQLite keeps the log, and Drydock its lock, beside the *name* by
//! which the file is opened: two names are two logs and two locks, of which neither knows the other.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::store::backend::address;
use crate::store::backend::file_change::beside;
use crate::store::error::{Result, StoreError};

/// The files beside the database.
const BESIDE: [&str; 3] = ["-wal", "-shm", ".lock"];

/// Refuses a database of which another process may know another name. Nothing is opened.
pub(in crate::store) fn check(path: &Path) -> Result<()> {
    let database = address::name(path);
    let from_io = |error| StoreError::from_io(database.clone(), error);
    let metadata = fs::metadata(path).map_err(from_io)?;
    if metadata.is_dir() {
        return Err(StoreError::NotADatabase { database, why: "is a directory" });
    }
    if !metadata.is_file() {
        return Err(StoreError::NotADatabase { database, why: "is no file but a device, a pipe or a socket" });
    }
    if let Some(names) = names(&metadata) {
        return Err(StoreError::SeveralNames { file: path.display().to_string(), names });
    }
    if is_mounted(path, &metadata).map_err(from_io)? {
        return Err(StoreError::MountedAlone { file: path.display().to_string() });
    }
    for file in BESIDE.map(|ending| beside(path, ending)) {
        if is_elsewhere(&file).map_err(from_io)? {
            return Err(StoreError::LogElsewhere { database, file: file.display().to_string() });
        }
    }
    Ok(())
}

/// How many names a file has, if it has more than one.
fn names(metadata: &Metadata) -> Option<u64> {
    Some(metadata.nlink()).filter(|names| *names > 1)
}

/// Whether what is called `file` is another file than a plain one of that one name.
fn is_elsewhere(file: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(file) {
        Ok(metadata) => Ok(!metadata.is_file() || names(&metadata).is_some() || is_mounted(file, &metadata)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the file itself is a mount point, as after `docker run -v ./drydock.db:/app/drydock.db`.
#[cfg(target_os = "linux")]
fn is_mounted(file: &Path, metadata: &Metadata) -> io::Result<bool> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    match statx(CWD, file, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()) {
        Ok(found) if found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) => {
            Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
        }
        // Before Linux 5.8 the kernel does not tell. Of a mount from the same file system nothing is seen then.
        _ => is_on_another_device(file, metadata),
    }
}

/// Other systems do not mount single files from the same file system.
#[cfg(not(target_os = "linux"))]
fn is_mounted(file: &Path, metadata: &Metadata) -> io::Result<bool> {
    is_on_another_device(file, metadata)
}

fn is_on_another_device(file: &Path, metadata: &Metadata) -> io::Result<bool> {
    let Some(folder) = file.parent() else { return Ok(false) };
    Ok(fs::metadata(folder)?.dev() != metadata.dev())
}
