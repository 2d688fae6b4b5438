//! Which database a command works on where none is named: the nearest `drydock.db` upward from the campaign file, else
//! upward from the working directory. One campaign has one database, from wherever it is run.

mod search;

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::cli::environment;
use crate::store::Store;

use search::{Choice, Folder, choose};

/// What a database is called where nobody calls it otherwise.
const NAME: &str = "drydock.db";

/// The directories below the working directory that are looked into, for a hint.
const MOST_BELOW: usize = 1000;

/// How many databases below the working directory are named.
const NAMED: usize = 5;

/// A database that is named or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Database {
    pub(super) url: String,
    pub(super) source: Source,
    /// Whether a command in this directory finds it by itself.
    pub(super) is_found_from_here: bool,
}

/// Who says that this is the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// `--database-url`.
    Option,
    /// `DATABASE_URL` in the environment.
    Environment,
    /// It was found.
    Found,
    /// None was found: this is where a run makes one.
    ToBeMade,
}

/// The database for a campaign file, or for no file at all: named by `option` or by the environment, or found; or where
/// it is to be made.
pub(super) fn locate(option: Option<&str>, campaign_file: Option<&Path>) -> Result<Database, AppError> {
    let named = |url: &str, source, is_found_from_here| Database { url: url.to_owned(), source, is_found_from_here };
    if let Some(url) = option {
        return Ok(named(url, Source::Option, false));
    }
    let here = PathBuf::from(".").canonicalize()?;
    let home = environment::variable("HOME").and_then(|home| PathBuf::from(home).canonicalize().ok());
    if let Some(url) = environment::variable("DATABASE_URL") {
        refuse_second(&url, campaign_file, home.as_deref())?;
        // The next shell may not have the variable.
        return Ok(named(&url, Source::Environment, false));
    }
    let (way_from_here, beside) = (way_up(&here), campaign_file.and_then(folder_of));
    let way_from_file = beside.as_deref().map(way_up);
    let url = |path: &Path| format!("sqlite:{}", path.strip_prefix(&here).unwrap_or(path).display());
    let is_above_here = |folder: &Path| way_from_here.iter().any(|above| above.path == folder);
    match choose(way_from_file.as_deref(), &way_from_here, home.as_deref()) {
        Choice::Found { folder, from_here } => Ok(named(&url(&folder.join(NAME)), Source::Found, from_here)),
        Choice::Two(of_file, of_here) => Err(two(&of_file.join(NAME), &of_here.join(NAME))),
        Choice::Unseen(why) => Err(AppError::refused(format!(
            "it cannot be seen whether there is a database: {why}; set that right, or name the database with \
             --database-url"
        ))),
        Choice::Nothing => {
            let folder = beside.unwrap_or_else(|| here.clone());
            Ok(named(&url(&folder.join(NAME)), Source::ToBeMade, is_above_here(&folder)))
        }
    }
}

/// A campaign file that has a database is not taken to another one by a variable that may be another program's.
fn refuse_second(url: &str, campaign_file: Option<&Path>, home: Option<&Path>) -> Result<(), AppError> {
    let Some(way) = campaign_file.and_then(folder_of).as_deref().map(way_up) else { return Ok(()) };
    let Choice::Found { folder, .. } = choose(Some(&way), &[], home) else { return Ok(()) };
    let found = folder.join(NAME);
    let named = Store::files(url).ok().and_then(|files| files.into_iter().next());
    match named {
        Some((named, _)) if named != found => {
            let (named, found) = (named.display(), found.display());
            Err(AppError::refused(format!(
                "two databases could be meant: {named}, which DATABASE_URL in the environment names, and {found}, from \
                 the campaign file upward. What was sent is known only to the one that the campaign was run with: say \
                 which with --database-url sqlite:{named} or --database-url sqlite:{found}"
            )))
        }
        _ => Ok(()),
    }
}

/// Why there is no database, where one has to be there: where it was looked for, and what to do.
pub(super) fn missing(campaign_file: Option<&Path>) -> AppError {
    let here = PathBuf::from(".").canonicalize().unwrap_or_default();
    let looked: Vec<String> = campaign_file
        .and_then(folder_of)
        .filter(|beside| *beside != here)
        .into_iter()
        .chain([here.clone()])
        .map(|folder| folder.display().to_string())
        .collect();
    let below = below(&here);
    let hint = if below.is_empty() {
        "name the database of an earlier run with --database-url, go to its directory, or start one with `drydock run`"
            .to_owned()
    } else {
        format!("name one of those below with --database-url, or go to its directory: {}", below.join(", "))
    };
    AppError::no_database(format!("there is no {NAME} in {}, or in a directory above", looked.join(" or "))).hint(hint)
}

fn two(of_file: &Path, of_here: &Path) -> AppError {
    let (of_file, of_here) = (of_file.display(), of_here.display());
    AppError::refused(format!(
        "two databases could be meant: {of_file}, from the campaign file upward, and {of_here}, from the working \
         directory upward. What was sent is known only to the one that the campaign was run with: say which with \
         --database-url sqlite:{of_file} or --database-url sqlite:{of_here}"
    ))
}

/// The directory in which a campaign file is, whatever link led there. Of a pipe there is none.
fn folder_of(campaign_file: &Path) -> Option<PathBuf> {
    let file = campaign_file.canonicalize().ok()?;
    if !file.is_file() {
        return None;
    }
    file.parent().map(Path::to_owned)
}

/// A directory and those above it, as far as they can be seen.
fn way_up(from: &Path) -> Vec<Folder> {
    from.ancestors().map_while(|path| Folder::at(path, &path.join(NAME)).ok()).collect()
}

/// The databases one level below a directory: the first few by name, and how many more there are.
fn below(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.filter_map(Result::ok).take(MOST_BELOW).map(|entry| entry.path().join(NAME));
    let mut found: Vec<String> = folders
        .filter(|path| path.is_file())
        .map(|path| format!("sqlite:{}", path.strip_prefix(folder).unwrap_or(&path).display()))
        .collect();
    found.sort();
    if let Some(more @ 1..) = found.len().checked_sub(NAMED) {
        found.truncate(NAMED);
        found.push(format!("and {more} more"));
    }
    found
}
