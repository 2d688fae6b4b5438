//! The search for a database: which of the directories on the way up are looked into, and which one is taken.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// May be written to by everybody, such as `/tmp`.
const OPEN_TO_ALL: u32 = 0o002;

/// A directory, seen by the search.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    device: u64,
    owner: u32,
    open_to_all: bool,
    /// Device and inode of the database in it.
    database: Option<(u64, u64)>,
}

impl Folder {
    /// The directory at `path`, in which a database would be at `database`.
    pub(super) fn at(path: &Path, database: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let found = fs::metadata(database).ok().filter(fs::Metadata::is_file);
        Ok(Self {
            path: path.to_owned(),
            device: metadata.dev(),
            owner: metadata.uid(),
            open_to_all: metadata.mode() & OPEN_TO_ALL != 0,
            database: found.map(|file| (file.dev(), file.ino())),
        })
    }
}

/// What the search comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice<'a> {
    /// The database is in this directory.
    Found {
        folder: &'a Path,
        /// The working directory leads to it, too.
        from_here: bool,
    },
    /// The campaign file and the working directory lead to two different ones.
    Two(&'a Path, &'a Path),
    Nothing,
}

/// The nearest database on the way up from a campaign file, else on that from the working directory.
pub(super) fn choose<'a>(from_file: Option<&'a [Folder]>, from_here: &'a [Folder], home: Option<&Path>) -> Choice<'a> {
    let of_file = from_file.and_then(|way| nearest(way, home));
    match (of_file, nearest(from_here, home)) {
        (Some(one), Some(other)) if one.database != other.database => Choice::Two(&one.path, &other.path),
        (Some(one), other) => Choice::Found { folder: &one.path, from_here: other.is_some() },
        (None, Some(other)) => Choice::Found { folder: &other.path, from_here: true },
        (None, None) => Choice::Nothing,
    }
}

/// The first directory with a database on a way up, which ends at the home directory, at a mount point, and before a
/// directory that belongs to somebody else or is open to all: a database there is somebody else's.
fn nearest<'a>(way_up: &'a [Folder], home: Option<&Path>) -> Option<&'a Folder> {
    let mut below: Option<&Folder> = None;
    for folder in way_up {
        if let Some(below) = below {
            let is_other = folder.device != below.device || folder.owner != below.owner || folder.open_to_all;
            if is_other || home == Some(&*below.path) {
                return None;
            }
        }
        if folder.database.is_some() {
            return Some(folder);
        }
        below = Some(folder);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way up from `path`: with databases in these directories, and what is special about others.
    fn way_up(path: &str, databases: &[&str], alter: impl Fn(&mut Folder)) -> Vec<Folder> {
        let number = |path: &Path| path.as_os_str().len() as u64;
        let folder = |path: &Path| {
            let has = databases.iter().any(|database| Path::new(database) == path);
            let database = has.then(|| (1, number(path)));
            let mut folder = Folder { path: path.to_owned(), device: 1, owner: 1000, open_to_all: false, database };
            alter(&mut folder);
            folder
        };
        Path::new(path).ancestors().map(folder).collect()
    }

    fn chosen(file: Option<&str>, here: &str, databases: &[&str], alter: impl Fn(&mut Folder)) -> String {
        let of_file = file.map(|file| way_up(file, databases, &alter));
        let of_here = way_up(here, databases, &alter);
        match choose(of_file.as_deref(), &of_here, Some(Path::new("/home/mara"))) {
            Choice::Found { folder, from_here: true } => folder.display().to_string(),
            Choice::Found { folder, from_here: false } => format!("{}, not from here", folder.display()),
            Choice::Two(one, other) => format!("{} or {}", one.display(), other.display()),
            Choice::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_nearest_database_is_taken_first_from_the_file_and_then_from_here() {
        let (jobs, here) = (Some("/srv/up/jobs"), "/srv/up");
        for (file, here, databases, wanted) in [
            (jobs, here, vec![], "nothing"),
            (jobs, here, vec!["/srv/up/jobs"], "/srv/up/jobs, not from here"),
            (jobs, here, vec!["/srv/up"], "/srv/up"),
            (jobs, here, vec!["/srv"], "/srv"),
            (jobs, here, vec!["/srv/up/jobs", "/srv/up"], "/srv/up/jobs or /srv/up"),
            (jobs, "/srv/up/jobs/old", vec!["/srv/up/jobs", "/srv/up"], "/srv/up/jobs"),
            (jobs, "/elsewhere", vec!["/elsewhere"], "/elsewhere"),
            (jobs, "/elsewhere", vec!["/elsewhere", "/srv"], "/srv or /elsewhere"),
            (None, here, vec!["/srv", "/srv/up/jobs"], "/srv"),
            (None, here, vec!["/srv/up/jobs"], "nothing"),
        ] {
            assert_eq!(chosen(file, here, &databases, |_| {}), wanted, "{file:?} {here} {databases:?}");
        }
    }

    #[test]
    fn the_way_up_ends_at_home_at_a_mount_point_and_before_what_is_somebody_elses() {
        let here = "/home/mara/up/jobs";
        let up = Path::new("/home/mara/up");
        assert_eq!(chosen(None, here, &["/home/mara"], |_| {}), "/home/mara");
        assert_eq!(chosen(None, here, &["/home"], |_| {}), "nothing");
        for alter in [
            (|folder| folder.open_to_all = true) as fn(&mut Folder),
            |folder| folder.owner = 0,
            |folder| folder.device = 2,
        ] {
            let on_the_way = |folder: &mut Folder| {
                if folder.path == up {
                    alter(folder);
                }
            };
            assert_eq!(chosen(None, here, &["/home/mara/up"], on_the_way), "nothing");
            assert_eq!(chosen(None, here, &["/home/mara"], on_the_way), "nothing");
            let at_its_beginning = |folder: &mut Folder| {
                if folder.path == Path::new(here) {
                    alter(folder);
                }
            };
            assert_eq!(chosen(None, here, &[here], at_its_beginning), here);
        }
    }
}
