//! Which files a report may overwrite.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use crate::files::is_special;
use crate::report::formats::FORMATS;

/// The byte-order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a report may be written to `path`: there is no file, or an older report in any format, an empty file, a
/// device or a pipe. Any other file may be the only copy of something.
pub fn may_overwrite(path: &Path) -> io::Result<bool> {
    if is_special(path) {
        return Ok(true);
    }
    let mut beginning = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(64).read_to_end(&mut beginning)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let text = beginning.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&beginning);
    Ok(text.is_empty() || FORMATS.iter().any(|format| text.starts_with(format.signature())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_overwrites_nothing_but_a_report() {
        let folder = tempfile::tempdir().unwrap();
        let overwrites = |bytes: &[u8]| {
            let path = folder.path().join("file");
            std::fs::write(&path, bytes).unwrap();
            may_overwrite(&path).unwrap()
        };
        assert!(overwrites(b"") && overwrites(b"row,project_id,cluster_name\n"));
        assert!(overwrites(b"\xef\xbb\xbfrow,project_id,x\n") && overwrites(b"{\"row\":2,\"project_id\":\"5f\"}\n"));
        let others: [&[u8]; 4] =
            [b"SQLite format 3\0", b"project_id,cluster_name\n", b"operation = \"m0-to-flex\"\n", b"{\"form\":2}"];
        for other in others {
            assert!(!overwrites(other), "{}", String::from_utf8_lossy(other));
        }
        assert!(may_overwrite(&folder.path().join("none")).unwrap() && may_overwrite(Path::new("/dev/null")).unwrap());
    }
}
