//! A reader that goes away, as `head -1` does, is no error. One that stays and reads nothing stops nothing.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Write};
use std::process::Command;

use crate::atlas::Atlas;
use crate::process::Running;
use crate::workdir::{TOKEN, Workdir, project};

/// A pipe that has room for nothing more, and whose reader reads nothing.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![b'x'; 65536]).unwrap(); // pipe(7): what a pipe holds
    (reader, writer)
}

/// Starts the program with standard error on a full pipe, which stays so as long as the reader is kept.
fn start_unread(dir: &Workdir, words: &[&str]) -> (PipeReader, Running) {
    let (reader, writer) = full_pipe();
    let mut command = dir.command(&TOKEN, words);
    let process = Running::spawn(command.stdin(std::process::Stdio::null()).stderr(writer));
    (reader, process)
}

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

#[test]
fn a_log_that_nobody_reads_stops_no_request() {
    let dir = Workdir::with_fleet(60, 10);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    let (reader, run) = start_unread(&dir, &["run", "fast.toml", "-vv", "--progress", "plain"]);
    run.end().with(10);
    assert_eq!(dir.report().len(), 1 + 600);
    assert_eq!(dir.status()["counts"]["failed"], 600);
    assert_eq!(atlas.stop().upgrade_requests, 600);
    drop(reader);
}

#[test]
fn a_log_that_nobody_reads_stops_no_signal() {
    let dir = Workdir::with_fleet(1, 4);
    // Answers to upgrade requests never come, so there is always something on the wire to wait for.
    let mut atlas = Atlas::serve(&dir, &["--fault", "silent=1", "-vv"]);
    let (reader, mut run) = start_unread(&dir, &["run", "fast.toml", "-vv"]);
    atlas.sees(&mut run, |request| !request.answered && request.is_upgrade()).unwrap();
    // Two of a kind that come at once may be taken for one.
    run.signal("INT");
    run.signal("TERM");
    run.end().with(130);
    let books = atlas.stop();
    assert_eq!((books.asked_again, books.broken_rules), (0, 0), "{books:?}");
    drop(reader);
}

#[test]
fn an_interrupt_ends_a_command_whose_output_nobody_reads() {
    let dir = Atlas::upgraded(1, 1);
    let (reader, writer) = full_pipe();
    let mut command = dir.command(&TOKEN, &["status", "--watch"]);
    let status = Running::start(command.stdout(writer));
    drop(command);
    status.catches(2); // SIGINT
    status.waits_to_write(1);
    status.signal("INT");
    status.end().with(130);
    drop(reader);
}

#[test]
fn an_interrupt_is_heard_while_nobody_writes_into_the_pipe_that_is_read() {
    let dir = Workdir::with_fleet(1, 1);
    for (name, words) in [("campaign.toml", ["run", "campaign.toml", "--yes"]), ("plan", ["run", "--plan", "plan"])] {
        let pipe = dir.path().join(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut run = dir.start(&words);
        // Whoever opens it waits for the other side.
        let writer = File::options().write(true).open(&pipe).unwrap();
        run.signal("INT");
        run.logs("interrupted before the work began");
        run.end().with(130);
        drop(writer);
    }
}
