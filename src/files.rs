//! Files that are written whole or not at all, and never over what is read.
//!
//! A draft is made beside the final name, under a name that nobody can know before, and takes the final name when it is
//! on the disk. So a reader never finds half a file, two writers at once leave that of the last one, and a link that
//! somebody has put there is replaced, not followed. A device or a pipe is written to as it is.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever the umask lets.
    Usual,
    /// Its owner alone.
    Owner,
}

/// A file in the making. Dropped before it is done, it leaves nothing: on a full disk half a file is in the way of
/// everybody.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    out: BufWriter<File>,
    /// Where it is until it has its name; none for a device or a pipe.
    temporary: Option<TempPath>,
}

impl Draft {
    /// Begins what is to be at `path`.
    pub fn begin(path: &Path, readers: Readers) -> io::Result<Self> {
        let (file, temporary) = if is_special(path) {
            (OpenOptions::new().write(true).open(path)?, None)
        } else {
            let mode = if readers == Readers::Usual { 0o666 } else { 0o600 };
            let (file, temporary) = tempfile::Builder::new()
                .prefix(&beginning_of(path))
                .suffix(ENDING)
                .rand_bytes(RANDOM)
                .permissions(Permissions::from_mode(mode))
                .tempfile_in(folder_of(path))?
                .into_parts();
            // Says that somebody writes it; where locks are not to be had, nothing says so.
            let _ = file.try_lock();
            (file, Some(temporary))
        };
        Ok(Self { path: path.to_owned(), out: BufWriter::new(file), temporary })
    }

    /// Whether it is seen by others as it is written.
    pub fn is_special(&self) -> bool {
        self.temporary.is_none()
    }

    /// Its final name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is until then.
    pub fn temporary_path(&self) -> &Path {
        self.temporary.as_deref().unwrap_or(&self.path)
    }

    /// Where to write.
    pub fn out(&mut self) -> &mut BufWriter<File> {
        &mut self.out
    }

    /// Gives it its name, in place of whatever has it. It is on the disk when this returns.
    pub fn done(self) -> io::Result<PathBuf> {
        self.finish(|temporary, path| temporary.persist(path))
    }

    /// The same, but [`io::ErrorKind::AlreadyExists`] if the name is taken by now.
    pub fn done_new(self) -> io::Result<PathBuf> {
        self.finish(|temporary, path| temporary.persist_noclobber(path))
    }

    fn finish(
        mut self,
        name: impl FnOnce(TempPath, &Path) -> Result<(), tempfile::PathPersistError>,
    ) -> io::Result<PathBuf> {
        self.out.flush()?;
        if let Some(temporary) = self.temporary.take() {
            self.out.get_ref().sync_all()?;
            name(temporary, &self.path).map_err(|error| error.error)?;
            File::open(folder_of(&self.path))?.sync_all()?;
        }
        Ok(self.path)
    }
}

/// How the name of a draft ends.
const ENDING: &str = ".part";
/// How many random characters are in it.
const RANDOM: usize = 6;

/// How the name of a draft begins.
fn beginning_of(path: &Path) -> OsString {
    let mut beginning = OsString::from(".");
    beginning.push(path.file_name().unwrap_or_default());
    beginning.push(".");
    beginning
}

/// Removes the drafts of `path` that nobody writes any more: a process that is killed cannot take its own along. One
/// that cannot be removed stays.
pub fn remove_stale_drafts(path: &Path) -> io::Result<()> {
    let beginning = beginning_of(path);
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let random = name
            .as_bytes()
            .strip_prefix(beginning.as_bytes())
            .and_then(|rest| rest.strip_suffix(ENDING.as_bytes()))
            .is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric));
        if random && entry.file_type()?.is_file() {
            // Whoever writes it has the lock until it has its name.
            let Ok(file) = File::open(entry.path()) else { continue };
            if file.try_lock().is_ok() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
    Ok(())
}

/// The directory that a file is, or is to be, in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a device or a pipe is there, whose reader has what is written at once.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Files that are read, and must not be written over.
#[derive(Debug, Default)]
pub struct Inputs(Vec<(PathBuf, &'static str)>);

/// A file that was to be written over while it is read.
#[derive(Debug, thiserror::Error)]
#[error("{path} is {what}: nothing was written; name another file", path = .path.display())]
pub struct IsInput {
    path: PathBuf,
    what: &'static str,
}

impl Inputs {
    /// Adds a file, which need not be there, with what it is.
    pub fn add(&mut self, path: impl Into<PathBuf>, what: &'static str) {
        self.0.push((path.into(), what));
    }

    /// Refuses a name that leads to one of the files, by whatever way. No file is opened.
    pub fn refuse(&self, path: &Path) -> Result<(), IsInput> {
        match self.0.iter().find(|(input, _)| is_same(input, path)) {
            Some((_, what)) => Err(IsInput { path: path.to_owned(), what }),
            None => Ok(()),
        }
    }
}

/// Whether two names lead to one file, or would if it were there. To open a database's file would cost SQLite its
/// locks.
fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let place = |path: &Path| Some((folder_of(path).canonicalize().ok()?, path.file_name()?.to_owned()));
    id(one).is_some_and(|found| id(other) == Some(found)) || place(one).is_some_and(|found| place(other) == Some(found))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn write(path: &Path, text: &str) -> io::Result<PathBuf> {
        let mut draft = Draft::begin(path, Readers::Usual)?;
        draft.out().write_all(text.as_bytes())?;
        draft.done()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_who_write_one_file_at_once_leave_it_whole_and_it_is_that_of_the_last_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        let (mut one, mut other) =
            (Draft::begin(&path, Readers::Usual).unwrap(), Draft::begin(&path, Readers::Usual).unwrap());
        for _ in 0..1000 {
            one.out().write_all(b"one one one one\n").unwrap();
            other.out().write_all(b"other\n").unwrap();
        }
        other.done().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "other\n".repeat(1000));
        one.done().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one one one one\n".repeat(1000));
        assert_eq!(names(home.path()), ["report.csv"]);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing_and_what_was_there() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        write(&path, "before").unwrap();
        let mut draft = Draft::begin(&path, Readers::Usual).unwrap();
        draft.out().write_all(b"half").unwrap();
        drop(draft);
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(home.path()).len()), ("before", 1));
    }

    #[test]
    fn drafts_of_the_dead_are_removed_and_nothing_else_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.csv");
        for name in [".report.csv.aB3dE6.part", ".report.csv.part", ".report.csv.aB3-E6.part", ".notes.aB3dE6.part"] {
            fs::write(home.path().join(name), "half").unwrap();
        }
        let mut draft = Draft::begin(&path, Readers::Usual).unwrap();
        draft.out().write_all(b"whole").unwrap();
        remove_stale_drafts(&path).unwrap();
        draft.done().unwrap();
        assert_eq!(
            names(home.path()),
            [".notes.aB3dE6.part", ".report.csv.aB3-E6.part", ".report.csv.part", "report.csv"]
        );
    }

    #[test]
    fn a_link_is_replaced_and_what_it_leads_to_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let (secret, path) = (home.path().join("secret"), home.path().join("report.csv"));
        fs::write(&secret, "mine").unwrap();
        symlink(&secret, &path).unwrap();
        write(&path, "report").unwrap();
        assert!(path.symlink_metadata().unwrap().is_file());
        assert_eq!(fs::read_to_string(&secret).unwrap(), "mine");
        write(Path::new("/dev/null"), "report").unwrap();
    }

    #[test]
    fn a_file_for_its_owner_alone_is_so_and_one_that_is_there_can_be_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("backup.db");
        Draft::begin(&path, Readers::Owner).unwrap().done_new().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let error = Draft::begin(&path, Readers::Owner).unwrap().done_new().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names(home.path()), ["backup.db"]);
    }

    #[test]
    fn what_is_read_is_not_written_over_whatever_name_leads_there() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("drydock.db"), "").unwrap();
        fs::hard_link(at("drydock.db"), at("hard")).unwrap();
        symlink(at("drydock.db"), at("soft")).unwrap();
        fs::create_dir(at("sub")).unwrap();
        let mut inputs = Inputs::default();
        inputs.add(at("drydock.db"), "the database");
        inputs.add(at("drydock.db-wal"), "the database's log");
        for name in ["drydock.db", "hard", "soft", "sub/../drydock.db", "drydock.db-wal"] {
            assert!(inputs.refuse(&at(name)).is_err(), "{name}");
        }
        for name in ["report.csv", "sub/drydock.db", "nowhere/drydock.db-wal"] {
            assert!(inputs.refuse(&at(name)).is_ok(), "{name}");
        }
    }
}
