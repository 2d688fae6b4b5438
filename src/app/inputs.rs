//! What a use case reads, so that it writes over none of it.

use std::path::Path;

use crate::app::AppError;
use crate::config::Config;
use crate::files::{Inputs, IsInput};
use crate::intake::FleetSource;
use crate::report::{self, Marker};
use crate::store::Store;

/// The files of a database, and those of a campaign.
pub fn of(database_url: &str, config: Option<&Config>) -> Result<Inputs, AppError> {
    let mut inputs = config.map(of_campaign).unwrap_or_default();
    for (path, what) in Store::files(database_url)? {
        inputs.add(path, what);
    }
    Ok(inputs)
}

/// The campaign file and its fleet.
pub fn of_campaign(config: &Config) -> Inputs {
    let mut inputs = Inputs::default();
    add_campaign(&mut inputs, config);
    inputs
}

/// Adds the campaign file and its fleet.
pub fn add_campaign(inputs: &mut Inputs, config: &Config) {
    inputs.add(&config.file, "the campaign file");
    if let FleetSource::Csv(path) = &config.source {
        inputs.add(path, "the fleet");
    }
}

/// Refuses a directory if one of the reports that go there is a file that is read.
pub fn refuse_folder(inputs: &Inputs, folder: &Path) -> Result<(), IsInput> {
    report::paths(folder).try_for_each(|path| inputs.refuse(&path))
}

/// Refuses a directory that has the reports of another database that is still there; what to say of one that is gone.
pub async fn refuse_other_database(store: &Store, folder: &Path) -> Result<Option<String>, AppError> {
    let Some(Marker { database, path }) = Marker::read(folder) else { return Ok(None) };
    if path == store.path() || store.id().await?.as_ref() == Some(&database) {
        return Ok(None);
    }
    let (folder, other) = (folder.display(), path.display());
    if Store::id_at(&path).await == Some(database) {
        return Err(AppError::refused(format!(
            "{folder} has the reports of another database, sqlite:{other}: give those of this run a directory of their \
             own with --out DIR"
        )));
    }
    Ok(Some(format!("{folder} has the reports of a database that is gone, sqlite:{other}: this run replaces them")))
}
