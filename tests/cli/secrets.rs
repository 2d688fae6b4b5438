//! No secret is ever written.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::process::Ended;
use crate::workdir::Workdir;

/// Panics if a secret of `environment`, or what goes over the wire instead of it, stands in what was said or in any
/// file of the directory: database, log, reports.
#[track_caller]
pub(crate) fn nowhere(environment: &[(&str, &str)], dir: &Workdir, said: &Ended) {
    let values: Vec<&str> = environment.iter().map(|(_, value)| *value).collect();
    let secret = values.last().unwrap();
    // As it is, as a service account shows it, and how a token of the simulation begins.
    let hidden = [(*secret).to_owned(), STANDARD.encode(values.join(":")), "simulated.".to_owned()];
    assert!(dir.has("drydock.db"), "there is nothing to search");
    for word in hidden {
        assert!(!said.stdout.contains(&word), "standard output holds {word}");
        assert!(!said.stderr.contains(&word), "standard error holds {word}");
        for path in dir.files() {
            let bytes = fs::read(&path).unwrap();
            let found = stands_in(&bytes, word.as_bytes());
            assert!(!found, "{} holds {word}", path.display());
        }
    }
}

/// Whether `word` stands somewhere in `bytes`.
fn stands_in(bytes: &[u8], word: &[u8]) -> bool {
    let [first, ..] = word else { return true };
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.any(|(place, _)| bytes[place..].starts_with(word))
}
