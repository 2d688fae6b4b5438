//! What a database URL means. Only the scheme of an unknown one is ever repeated: the rest may hold a password.

use std::path::{Path, PathBuf};

use crate::store::error::{Result, StoreError};

/// The file that `url` names: `sqlite:PATH`, or `sqlite://PATH`. The path is taken as it stands, without
/// percent-decoding.
pub(in crate::store) fn file(url: &str) -> Result<PathBuf> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(unsupported("a database URL begins with sqlite: as in sqlite:drydock.db"));
    };
    match scheme {
        "sqlite" => {}
        "postgres" | "postgresql" => {
            return Err(unsupported("PostgreSQL comes in a later version: use sqlite:PATH for now"));
        }
        _ => return Err(unsupported(format!("no database of kind {scheme:?} is known: use sqlite:PATH"))),
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    if path.is_empty() || path.contains(":memory:") || options.contains("mode=memory") {
        return Err(StoreError::InMemory);
    }
    // `mode=rwc` is what other tools write by habit, and what is done here anyway.
    if !matches!(options, "" | "mode=rw" | "mode=rwc") {
        return Err(unsupported("a database URL has no options here: use sqlite:PATH"));
    }
    Ok(PathBuf::from(path))
}

/// The file as people name it.
pub(in crate::store) fn name(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn unsupported(what: impl Into<String>) -> StoreError {
    StoreError::Unsupported(what.into())
}
