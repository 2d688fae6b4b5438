//! The model of a disk.

use tempfile::TempDir;

use crate::dice::Dice;
use crate::disk::Disk;
use crate::trace::{Call, parse};
use crate::trace_tests::TRACE;

/// The recorded trace, as if it had been recorded in a directory of ours.
fn recorded() -> (TempDir, Vec<Call>) {
    let folder = TempDir::new().unwrap();
    let calls = parse(&TRACE.replace("/srv", &folder.path().canonicalize().unwrap().display().to_string()));
    (folder, calls)
}

pub(crate) fn what_was_not_synchronised_is_lost() {
    let (folder, calls) = recorded();
    let read = || std::fs::read(folder.path().join("drydock.db-wal")).unwrap();
    let disk = Disk::of(folder.path()).play(&calls, usize::MAX);
    disk.cut(folder.path(), None);
    assert_eq!(read(), b"7\x7f\x06\x82) = 1", "the last two bytes were never synchronised");
    // With chance they are there now and then, and what lasts is there always.
    let mut dice = Dice::new(3);
    let lengths: Vec<usize> = (0..50)
        .map(|_| {
            disk.cut(folder.path(), Some(&mut dice));
            read().len()
        })
        .collect();
    assert!(lengths.contains(&9) && lengths.contains(&11) && lengths.iter().all(|length| *length >= 9), "{lengths:?}");
}

pub(crate) fn a_name_lasts_when_its_directory_was_synchronised() {
    let (folder, calls) = recorded();
    // The file was synchronised in line 6, its directory only in line 8.
    for (place, lasts) in [(6, false), (7, false), (8, true)] {
        let disk = Disk::of(folder.path()).play(&calls, place);
        assert_eq!((disk.keeps("drydock.db"), disk.keeps("drydock.db-wal")), (lasts, lasts), "at {place}");
        disk.cut(folder.path(), None);
        assert_eq!(folder.path().join("drydock.db-wal").exists(), lasts);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
}
