//! Signals at times when no request of the engine is on the wire: before the work, and after it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::atlas::Atlas;
use crate::process::Running;
use crate::terminal::Terminal;
use crate::workdir::{TOKEN, Workdir, fleet};

#[test]
fn an_interrupt_at_the_question_is_no_yes() {
    let dir = Workdir::with_fleet(1, 2);
    dir.aim("https://192.0.2.1"); // nobody's, and not asked for anything before somebody says yes
    let (mut terminal, run) = Terminal::start(&mut dir.command(&TOKEN, &["run", "fast.toml"]));
    terminal.shows("type the campaign's name, fast:");
    run.signal("INT");
    terminal.shows("interrupted before the work began; run it again to go on");
    run.end().with(130);
    assert_eq!(dir.status()["counts"]["pending"], 2);
}

#[test]
fn an_interrupt_while_the_fleet_is_read_loads_nothing() {
    let dir = Workdir::with_fleet(1, 1);
    dir.write("fast.toml", &dir.read("fast.toml").replace("fleet.csv", "-"));
    let mut command = dir.command(&TOKEN, &["run", "fast.toml", "--simulate"]);
    let mut run = Running::spawn(command.stdin(Stdio::piped()).stderr(Stdio::piped()));
    // More than a pipe holds: once it is written, somebody reads it. The pipe stays open, so there is more to come.
    let mut pipe = run.stdin();
    pipe.write_all(fleet(200, 20).as_bytes()).unwrap();
    run.signal("INT");
    run.logs("interrupted before the work began; run it again to go on");
    run.end().with(130);
    let status = dir.run(&["status", "--json"]).with(2);
    assert!(status.stderr.contains("holds no campaign yet"), "{}", status.stderr);
    drop(pipe);
}

#[test]
fn an_interrupt_while_it_signs_in_sends_nothing() {
    let dir = Workdir::with_fleet(1, 2);
    // A host that takes the connection and never says a word.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    dir.aim(&format!("http://{}", mute.local_addr().unwrap()));
    let mut run = dir.start(&["run", "fast.toml"]);
    let _silence = mute.accept().unwrap();
    run.signal("TERM");
    run.logs("interrupted before the work began");
    run.end().with(130);
    // It is bound to no host yet, so the same campaign can be done elsewhere.
    let atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(2);
}

/// A fleet of few clusters whose report is more than a pipe holds.
fn wordy() -> (Workdir, Atlas) {
    let dir = Workdir::with_fleet(2, 4);
    dir.write("fleet.csv", &dir.read("fleet.csv").replace("OPS-", &"a long story ".repeat(2_000)));
    let atlas = Atlas::serve(&dir, &[]);
    (dir, atlas)
}

/// A run whose work is done, and whose report has come to a pipe at `path`, of which somebody reads as he likes.
fn reporting(dir: &Workdir, path: &str) -> (Running, File) {
    let path = dir.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let run = dir.start(&["run", "fast.toml"]);
    // This waits until the other end is opened.
    (run, File::open(path).unwrap())
}

#[test]
fn an_interrupt_while_the_reports_are_written_lets_them_be_written() {
    let (dir, atlas) = wordy();
    let (mut run, mut pipe) = reporting(&dir, "reports/fast/report.csv");
    run.signal("INT");
    run.logs("the work is over and the reports are being written; again stops at once");
    let mut report = String::new();
    pipe.read_to_string(&mut report).unwrap();
    assert_eq!(report.lines().count(), 1 + 8);
    run.end().with(0);
    assert_eq!(dir.histories().len(), 8);
    atlas.stop().are_clean(8);
}

#[test]
fn the_second_interrupt_while_the_reports_are_written_tears_none() {
    let (dir, _atlas) = wordy();
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    let before = dir.read("reports/fast/report.csv");
    // The table is written first, in one pass by itself where the lines go to a pipe.
    std::fs::remove_file(dir.path().join("reports/fast/report.jsonl")).unwrap();
    let (mut run, pipe) = reporting(&dir, "reports/fast/report.jsonl");
    run.signal("INT");
    run.logs("again stops at once");
    run.signal("INT");
    let said = run.logs("stopped; ");
    run.end().with(130);
    assert_eq!(dir.read("reports/fast/report.csv"), before, "a torn report");
    assert!(dir.files().iter().all(|file| !file.to_string_lossy().contains(".part")), "half a report is left");
    assert_eq!(said, "stopped; the reports are not all written: the next run writes them\n");
    drop(pipe);
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let dir = Workdir::with_fleet(2, 4);
    let atlas = Atlas::serve(&dir, &[]);
    let plain = dir.command(&TOKEN, &["run", "fast.toml", "-v", "--progress", "none"]);
    let mut command = Command::new("nohup");
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().envs(TOKEN).env("PATH", "/usr/bin:/bin");
    let mut run = Running::start(command.current_dir(dir.path()).stdout(Stdio::piped()));
    run.logs("submitting -> upgrading");
    run.signal("HUP");
    run.end().with(0);
    atlas.stop().are_clean(8);
}

#[test]
fn a_habit_that_types_yes_starts_nothing_and_the_campaign_s_name_does() {
    let dir = Workdir::with_fleet(1, 2);
    dir.aim("https://192.0.2.1"); // nobody's
    let (mut terminal, run) = Terminal::start(&mut dir.command(&TOKEN, &["run", "fast.toml"]));
    terminal.shows("A row that asks for another region or cloud than its cluster is in fails");
    terminal.shows("type the campaign's name, fast:");
    terminal.types("yes");
    terminal.shows("declined; the fleet is loaded, but nothing was sent");
    run.end().with(2);
    assert!(dir.status()["against"].is_null());
    let (mut terminal, run) = Terminal::start(&mut dir.command(&TOKEN, &["run", "fast.toml"]));
    terminal.shows("type the campaign's name, fast:");
    terminal.types("fast");
    while dir.status()["against"].is_null() {}
    run.kill();
}

#[test]
fn a_fleet_that_is_larger_than_the_guard_allows_is_not_loaded() {
    let dir = Workdir::with_fleet(1, 3);
    dir.write("fast.toml", &format!("{}\n[guard]\nmax_clusters = 2\n", dir.read("fast.toml")));
    for words in [&["check", "fast.toml"][..], &["run", "fast.toml", "--simulate"]] {
        let refused = dir.run(words).with(2);
        let why = "the fleet has 3 clusters, and guard.max_clusters of fast.toml is 2: nothing was started";
        assert!(refused.stderr.contains(why), "{}", refused.whole());
    }
    dir.run(&["status", "fast"]).with(2);
}
