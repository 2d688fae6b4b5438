//! Which files a report may be written over.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use crate::files::is_special;

/// How a report begins, of any format.
const BEGINNINGS: [&[u8]; 2] = [b"row,project_id,", b"{\"row\":"];

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a report may be written to `path`: nothing is there, or an older report, an empty file, a device or a pipe.
/// Whatever else is there may be the only one of its kind.
pub fn may_replace(path: &Path) -> io::Result<bool> {
    if is_special(path) {
        return Ok(true);
    }
    let mut beginning = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(64).read_to_end(&mut beginning)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let text = beginning.strip_prefix(MARK).unwrap_or(&beginning);
    Ok(text.is_empty() || BEGINNINGS.iter().any(|report| text.starts_with(report)))
}

#[test]
fn a_report_replaces_nothing_but_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let holds = |bytes: &[u8]| {
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        may_replace(&path).unwrap()
    };
    assert!(holds(b"") && holds(b"row,project_id,cluster_name\n") && holds(b"\xef\xbb\xbfrow,project_id,x\n"));
    assert!(holds(b"{\"row\":2,\"project_id\":\"5f\"}\n"));
    for other in
        [&b"SQLite format 3\0"[..], b"project_id,cluster_name\n", b"operation = \"m0-to-flex\"\n", b"{\"form\":2}"]
    {
        assert!(!holds(other), "{}", String::from_utf8_lossy(other));
    }
    assert!(may_replace(&folder.path().join("none")).unwrap() && may_replace(Path::new("/dev/null")).unwrap());
}
