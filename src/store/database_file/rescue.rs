//! What can be saved of a database whose file was deleted or replaced while it was open.
//!
//! The connections still have the old file, so nothing is lost yet: a copy of it goes back to where it was if nobody
//! has put another file there, and beside that otherwise. The next run would know nothing of the requests on the wire
//! if it were to begin with an empty database, so it is refused while a copy waits to be claimed.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::store::backend::file_change::beside;
use crate::store::database::Store;
use crate::store::database_file::identity;
use crate::store::error::{Result, StoreError};

/// Where a rescued database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rescued {
    /// Where it was before: the next run goes on.
    InPlace,
    /// Beside another file that has taken its name; somebody has to choose.
    Beside(PathBuf),
}

const COPY: &str = "VACUUM INTO $1";
const CHECK: &str = "PRAGMA quick_check(1)";

impl Store {
    /// Saves what the open connections still know, after [`StoreError::Displaced`]. The store can be read afterwards,
    /// and what is written to it then is lost.
    pub async fn rescue(&self) -> Result<Rescued> {
        let from_io = |error| StoreError::from_io(self.name(), error);
        let copy = rescued(&self.path);
        // The last connection to close deletes the log by name, whosever it has become: this one never closes.
        std::mem::forget(self.pool.clone());
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy).map_err(from_io)?;
        let name = copy.to_string_lossy().into_owned();
        let copied = on_pool!(self, writer, writer =>
            async { sqlx::query(COPY).bind(name).execute(&mut *writer.turn().await?).await }.await);
        // It goes on where this database was: the next run shall not take it for a backup.
        let copied = match copied {
            Ok(_) => identity::follow(&copy).await,
            Err(error) => Err(error),
        };
        let durable =
            self.explained(copied).and_then(|()| File::open(&copy).and_then(|it| it.sync_all()).map_err(from_io));
        if let Err(error) = durable {
            let _half = fs::remove_file(&copy);
            return Err(error);
        }
        let in_place = self.put_back(&copy).map_err(from_io)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(from_io)?;
        }
        Ok(if in_place { Rescued::InPlace } else { Rescued::Beside(copy) })
    }

    /// Whether the database is whole, and every campaign in it fits its history.
    pub async fn is_sound(&self) -> bool {
        let checked: sqlx::Result<String> =
            on_pool!(self, readers, pool => sqlx::query_scalar(CHECK).fetch_one(pool).await);
        let Ok(campaigns) = self.campaigns().await else { return false };
        for campaign in campaigns {
            if !matches!(self.verify(&campaign).await, Ok(Ok(_))) {
                return false;
            }
        }
        checked.is_ok_and(|said| said == "ok")
    }

    /// Puts the copy where the database was, unless another file is there by now.
    fn put_back(&self, copy: &Path) -> std::io::Result<bool> {
        // SQLite would play our log into whatever database it finds beside it, and somebody else's into ours.
        let mut foreign = !self.file_guard.has_no_other_at(&self.path)?;
        for log in ["-wal", "-shm"].map(|ending| beside(&self.path, ending)) {
            if !self.file_guard.has_no_other_at(&log)? {
                foreign = true;
            } else if log.try_exists()? {
                fs::remove_file(log)?;
            }
        }
        if foreign {
            return Ok(false);
        }
        if self.path.try_exists()? {
            fs::rename(copy, &self.path)?;
        } else {
            // A link is never made over a file that somebody has put there this instant.
            match fs::hard_link(copy, &self.path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
                linked => linked.and_then(|()| fs::remove_file(copy))?,
            }
        }
        Ok(true)
    }

    /// [`StoreError::Unclaimed`] if a former run has saved what nobody has taken care of yet.
    pub fn refuse_unclaimed(&self) -> Result<()> {
        let copy = rescued(&self.path);
        if copy.try_exists().map_err(|error| StoreError::from_io(self.name(), error))? {
            let (copy, path) = (copy.display().to_string(), self.path.display().to_string());
            return Err(StoreError::Unclaimed { path, copy });
        }
        Ok(())
    }
}

/// The copy's name.
fn rescued(path: &Path) -> PathBuf {
    beside(path, ".rescued")
}
