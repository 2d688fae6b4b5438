//! What a fleet is read from, as a digest: the same again is the same fleet.

use std::fs::{self, File};
use std::io;

use sha2::{Digest as _, Sha256};

use crate::intake::bounded::Bounded;
use crate::intake::{MOST_BYTES, Plan, Source, is_stdin};

/// SHA-256 over all that reading a fleet depends on: the file, what the campaign file says about reading it, and the
/// Drydock that reads. None for what has to be read to be known, as a pipe and the answer to a query. Fails
/// where the file cannot be read.
pub fn fingerprint(source: &Source, plan: &Plan<'_>) -> io::Result<Option<[u8; 32]>> {
    let Source::Csv(path) = source else { return Ok(None) };
    // What comes through a pipe can be read once, and that is the load's.
    if is_stdin(path) || !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let Plan { operation, defaults, columns } = plan;
    let settings = serde_json::to_vec(&(env!("CARGO_PKG_VERSION"), operation.name, defaults.values(), columns))?;
    let mut digest = Sha256::new();
    digest.update((settings.len() as u64).to_be_bytes());
    digest.update(settings);
    io::copy(&mut Bounded::new(File::open(path)?, MOST_BYTES), &mut digest)?;
    Ok(Some(digest.finalize().into()))
}
