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
    /// Device and inode of the database in it; or why nobody can tell whether there is one.
    database: Result<Option<(u64, u64)>, String>,
}

impl Folder {
    /// The directory at `path`, in which a database would be at `database`.
    pub(super) fn at(path: &Path, database: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let found = match fs::metadata(database) {
            Ok(found) => Ok(found.is_file().then(|| (found.dev(), found.ino()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", database.display())),
        };
        Ok(Self {
            path: path.to_owned(),
            device: metadata.dev(),
            owner: metadata.uid(),
            open_to_all: metadata.mode() & OPEN_TO_ALL != 0,
            database: found,
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
    /// Whether there is one in a directory on the way cannot be seen, and this is why.
    Unseen(&'a str),
    Nothing,
}

/// The nearest database on the way up from a campaign file, else on that from the working directory.
pub(super) fn choose<'a>(from_file: Option<&'a [Folder]>, from_here: &'a [Folder], home: Option<&Path>) -> Choice<'a> {
    let nearest_of_file = from_file.map_or(Ok(None), |way| nearest(way, home));
    let (of_file, of_here) = match (nearest_of_file, nearest(from_here, home)) {
        (Ok(of_file), Ok(of_here)) => (of_file, of_here),
        (Err(why), _) | (_, Err(why)) => return Choice::Unseen(why),
    };
    match (of_file, of_here) {
        (Some(one), Some(other)) if one.database != other.database => Choice::Two(&one.path, &other.path),
        (Some(one), other) => Choice::Found { folder: &one.path, from_here: other.is_some() },
        (None, Some(other)) => Choice::Found { folder: &other.path, from_here: true },
        (None, None) => Choice::Nothing,
    }
}

/// The first directory with a database on a way up, which ends at the home directory, at a mount point, and before a
/// directory that belongs to somebody else or is open to all: a database there is somebody else's.
fn nearest<'a>(way_up: &'a [Folder], home: Option<&Path>) -> Result<Option<&'a Folder>, &'a str> {
    let mut below: Option<&Folder> = None;
    for folder in way_up {
        if let Some(below) = below {
            let is_other = folder.device != below.device || folder.owner != below.owner || folder.open_to_all;
            if is_other || home == Some(&*below.path) {
                return Ok(None);
            }
        }
        if folder.database.as_ref().map_err(String::as_str)?.is_some() {
            return Ok(Some(folder));
        }
        below = Some(folder);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way up from `path`: with databases in these directories, and what is special about others.
    fn way_up(path: &str, databases: &[&str], alter: impl Fn(&mut Folder)) -> Vec<Folder> {
        let number = |path: &Path| path.as_os_str().len() as u64;
        let folder = |path: &Path| {
            let has = databases.iter().any(|database| Path::new(database) == path);
            let database = Ok(has.then(|| (1, number(path))));
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
            Choice::Unseen(why) => format!("unseen: {why}"),
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
    fn a_database_that_cannot_be_seen_is_not_taken_for_none() {
        let unseen = |folder: &mut Folder| {
            if folder.path == Path::new("/home/mara/up") {
                folder.database = Err("why".to_owned());
            }
        };
        assert_eq!(chosen(None, "/home/mara/up/jobs", &["/home/mara"], unseen), "unseen: why");
        assert_eq!(chosen(Some("/home/mara/up"), "/srv", &["/srv"], unseen), "unseen: why");
        assert_eq!(chosen(None, "/home/mara/up/jobs", &["/home/mara/up/jobs"], unseen), "/home/mara/up/jobs");
        // A link that leads in a circle is there, and leads nowhere.
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("drydock.db");
        std::os::unix::fs::symlink(&database, &database).unwrap();
        let folder = Folder::at(home.path(), &database).unwrap();
        assert!(folder.database.unwrap_err().starts_with(&format!("{}: ", database.display())));
        let none = Folder::at(home.path(), &home.path().join("other.db")).unwrap();
        assert_eq!(none.database, Ok(None));
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
