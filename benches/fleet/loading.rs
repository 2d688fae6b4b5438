//! Loading a fleet with full validation, beside the sqlite3 shell's `.import` of the same file into the same table.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Extent;
use crate::figures::{Figures, rate};
use crate::fleet::{self, PROJECT};
use crate::home::{folder, remove};
use crate::process::{Ended, drydock, wait, wait_for};

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    for rows in [extent.of(10_000), extent.of(100_000), extent.of(1_000_000)] {
        let dir = folder();
        fleet::write(&dir.path().join("fleet.csv"), rows, PROJECT);
        let file = "operation = \"m0-to-flex\"\n[fleet]\ncsv = \"fleet.csv\"\n";
        std::fs::write(dir.path().join("bench.toml"), file).unwrap();
        let (mut loads, mut peaks, mut checks, mut shells) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..extent.runs {
            remove(dir.path(), "drydock.db");
            let ended = load(dir.path());
            loads.push(rate(rows, ended.span));
            peaks.push(ended.peak);
            checks.push(wait(drydock(dir.path(), &["check", "bench.toml"])).peak);
            shells.extend(import(dir.path()).map(|span| rate(rows, span)));
        }
        let of = format!("{rows} rows");
        figures.add(format!("loading {of}"), "rows/s", loads);
        if !shells.is_empty() {
            figures.add(format!("the sqlite3 shell's import of {of}"), "rows/s", shells);
        }
        figures.add(format!("memory of loading {of}"), "MiB", peaks);
        figures.add(format!("memory of checking {of} (the keys alone)"), "MiB", checks);
    }
}

/// Loads, and asks whether to go on: without a terminal, that is the end.
pub(crate) fn load(folder: &Path) -> Ended {
    wait_for(drydock(folder, &["run", "bench.toml"]), 2)
}

/// The shell reads the file into the table of jobs that Drydock has made, through a view with the file's columns.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn import(folder: &Path) -> Option<Duration> {
    Command::new("sqlite3").arg("--version").stdout(Stdio::null()).status().ok()?;
    // A database with a campaign, and no job yet.
    remove(folder, "drydock.db");
    std::fs::rename(folder.join("fleet.csv"), folder.join("all.csv")).unwrap();
    fleet::write(&folder.join("fleet.csv"), 1, PROJECT);
    load(folder);
    shell(folder, &["DELETE FROM jobs"]);
    let script = "PRAGMA foreign_keys = ON;\nPRAGMA synchronous = FULL;\n\
        CREATE TEMP VIEW fleet (project_id, cluster_name, provider, region, owner) AS SELECT 1, 2, 3, 4, 5;\n\
        CREATE TEMP TRIGGER load INSTEAD OF INSERT ON fleet BEGIN\n\
        INSERT INTO jobs (campaign_id, row, project_id, cluster_name, wanted, extra, due_at) VALUES (1, 0, NEW.project_id,\n\
        NEW.cluster_name, json_object('provider', NEW.provider, 'region', NEW.region), json_array(NEW.owner), 1);\nEND;\n";
    std::fs::write(folder.join("import.sql"), script).unwrap();
    let start = Instant::now();
    shell(folder, &[".read import.sql", ".import --csv --skip 1 all.csv fleet"]);
    let span = start.elapsed();
    std::fs::rename(folder.join("all.csv"), folder.join("fleet.csv")).unwrap();
    Some(span)
}

fn shell(folder: &Path, words: &[&str]) {
    let status = Command::new("sqlite3").current_dir(folder).arg("drydock.db").args(words).status().unwrap();
    assert!(status.success());
}
