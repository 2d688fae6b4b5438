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
    let on_the_wire = [(*secret).to_owned(), STANDARD.encode(values.join(":")), "Bearer ey".to_owned()];
    for word in on_the_wire {
        assert!(!said.stdout.contains(&word), "standard output holds {word}");
        assert!(!said.stderr.contains(&word), "standard error holds {word}");
        for path in dir.files() {
            let bytes = fs::read(&path).unwrap();
            let found = memchr(&bytes, word.as_bytes());
            assert!(!found, "{} holds {word}", path.display());
        }
    }
}

/// Whether `word` stands somewhere in `bytes`.
fn memchr(bytes: &[u8], word: &[u8]) -> bool {
    let [first, ..] = word else { return true };
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.any(|(place, _)| bytes[place..].starts_with(word))
}
