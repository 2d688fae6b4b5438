//! A reader that goes away, as `head -1` does, is no error.

use crate::atlas::Atlas;
use crate::process::Running;
use crate::workdir::{TOKEN, Workdir, project};

#[test]
fn a_closed_pipe_is_no_error_and_no_panic() {
    let dir = Atlas::upgraded(1, 2);
    let job = format!("{}/orders-0", project(0));
    let commands: [&[&str]; 8] = [
        &["list"],
        &["list", "--json"],
        &["status"],
        &["status", "--json"],
        &["show", &job],
        &["report", "--format", "csv"],
        &["report", "--format", "jsonl"],
        &["check", "fast.toml"],
    ];
    for words in commands {
        // Closed before the process starts, so that it never finds a reader.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = dir.command(&[], &[words, &["-q"]].concat());
        let process = Running::start(command.stdout(writer));
        drop(command);
        let ended = process.end();
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.stderr);
        let complaint = ended.stderr.lines().find(|line| line.contains("panic") || line.contains("error"));
        assert_eq!(complaint, None, "{words:?}");
    }
}

#[test]
fn a_closed_pipe_does_not_hide_how_a_run_ended() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = dir.command(&TOKEN, &["run", "fast.toml", "-q"]);
    let process = Running::start(command.stdout(writer));
    drop(command);
    process.end().with(10);
    assert_eq!(atlas.stop().effects, 0);
}

#[test]
fn a_run_whose_log_nobody_reads_goes_on_to_its_end() {
    let dir = Workdir::with_fleet(1, 6);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=0.5"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = dir.command(&TOKEN, &["run", "fast.toml", "-v", "--progress", "plain"]);
    let ended = command.stdout(std::process::Stdio::null()).stderr(writer).status().unwrap();
    assert_eq!(ended.code(), Some(10), "some are refused, which the log says and nobody hears");
    let counts = &dir.status()["counts"];
    assert!(counts["succeeded"].as_u64().unwrap() > 0 && counts["failed"].as_u64().unwrap() > 0, "{counts}");
    atlas.stop();
}
