//! The campaign file and the environment, validated into one [`Config`].
//!
//! Everything that is wrong is told at once, each with file, line and key. The environment is a function that
//! the caller hands in, so that tests need none.

mod address;
mod campaign;
mod credentials;
mod document;
mod error;
mod fleet;
mod proxy;
mod rehearsal;
mod span;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::credentials::{SECRETS, credentials};
pub use self::error::{ConfigError, Problem};
pub use self::proxy::check_proxy;
pub use self::rehearsal::{MEDIAN, Rehearsal, bucket};
pub use self::span::duration;

use crate::domain::operation::Operation;
use crate::domain::policy::Policy;
use crate::engine::Limits;
use crate::intake::{Defaults, FleetSource, ReadOptions, bounded};

/// The variable that overrides `[atlas] base_url`.
pub const BASE_URL: &str = "MONGODB_ATLAS_BASE_URL";

/// A campaign file, valid and with its defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// The campaign file itself.
    pub file: PathBuf,
    /// The campaign's name.
    pub campaign: String,
    /// Which upgrade it does.
    pub operation: &'static Operation,
    /// Where its fleet is.
    pub source: FleetSource,
    /// Our names of columns, and their headers in this fleet.
    pub columns: BTreeMap<String, String>,
    /// What stands in for empty cells and missing columns.
    pub defaults: Defaults,
    /// Scheme, host and port of Atlas, without a slash at the end.
    pub base_url: String,
    /// Whether that host is this machine.
    pub loopback: bool,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How fast it may go.
    pub pace: Limits,
    /// How patient it is.
    pub policy: Policy,
    /// What a rehearsal is played against.
    pub rehearsal: Rehearsal,
    /// A fleet that is larger is not what anybody meant.
    pub max_clusters: Option<u64>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
}

impl Config {
    /// How to read the fleet.
    pub fn read_options(&self) -> ReadOptions<'_> {
        ReadOptions { operation: self.operation, defaults: &self.defaults, columns: &self.columns }
    }
}

/// How many bytes a campaign file may have.
const MOST_BYTES: u64 = 1 << 20;

/// Reads and validates a campaign file.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    parse(path, &read(path)?, env)
}

/// The bytes of a campaign file. Fails where there is no such file, it cannot be read, or it has more than 1 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    bounded::read_file(path, MOST_BYTES).map_err(|error| ConfigError::unreadable(path, &error))
}

/// Validates the text of a campaign file; `path` gives its name and the place that the fleet is relative to.
pub fn parse(path: &Path, bytes: &[u8], env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    let file = path.display().to_string();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = document::line_of(bytes, error.valid_up_to());
        ConfigError::one(&file, Some(line), "", "is not UTF-8 text")
    })?;
    let table = toml::de::DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| document::line_of(bytes, span.start));
        ConfigError::one(&file, line, "", &error.message().replace('\n', ", "))
    })?;
    let document = document::Document::new(&file, text);
    let config = campaign::read(&document.root(table.get_ref()), path, env);
    document.finish(config)
}

#[cfg(test)]
mod tests;
