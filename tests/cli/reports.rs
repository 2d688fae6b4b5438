//! The reports, beside the columns that `simulation` holds.

use crate::atlas::Atlas;
use crate::workdir::{Workdir, project};

#[test]
fn the_reports_go_where_they_are_wanted() {
    let dir = Workdir::with_fleet(1, 2);
    let _atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "-q", "--out", "audit"]).with(0);
    assert!(dir.has("audit/report.csv") && dir.has("audit/report.jsonl") && !dir.has("reports"));
    let text = dir.read("audit/report.jsonl");
    let job: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&job["project_id"], &job["owner"]), (&project(0).into(), &"mara, 0".into()));
    assert_eq!(dir.run(&["report", "--format", "jsonl"]).with(0).stdout, text);
    dir.run(&["report", "--out", "again.csv"]).with(0);
    assert_eq!(dir.read("again.csv"), dir.read("audit/report.csv"));
}
