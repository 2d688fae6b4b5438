//! A digest of all that a fleet is read from: the same digest is the same fleet.

use std::fs::{self, File};
use std::io;

use sha2::{Digest as _, Sha256};

use crate::intake::bounded::BoundedReader;
use crate::intake::limits::MOST_BYTES;
use crate::intake::read_options::ReadOptions;
use crate::intake::source::{FleetSource, is_stdin};

/// SHA-256 over all that reading a fleet depends on: the file, the options, and the version of Drydock. `None` for a
/// pipe and for a query, whose rows are known only once they are read. Fails if the file cannot be read.
pub fn fingerprint(source: &FleetSource, options: &ReadOptions<'_>) -> io::Result<Option<[u8; 32]>> {
    let FleetSource::Csv(path) = source else { return Ok(None) };
    // A pipe can be read only once, and the load has to read it.
    if is_stdin(path) || !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let ReadOptions { operation, defaults, columns } = options;
    let settings = serde_json::to_vec(&(env!("CARGO_PKG_VERSION"), operation.name, defaults.values(), columns))?;
    let mut digest = Sha256::new();
    digest.update((settings.len() as u64).to_be_bytes());
    digest.update(settings);
    io::copy(&mut BoundedReader::new(File::open(path)?, MOST_BYTES), &mut digest)?;
    Ok(Some(digest.finalize().into()))
}
