//! How what is said looks: on a narrow terminal, with a fleet of one, and as a log for programs.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::terminal::Terminal;
use crate::workdir::{TOKEN, Workdir, project};

#[test]
fn a_narrow_terminal_breaks_no_word() {
    let dir = Atlas::upgraded(1, 1);
    let job = format!("{}/orders-0", project(0));
    for words in [&["status"][..], &["show", &job]] {
        let (mut terminal, process) = Terminal::of_width(40, &mut dir.command(&TOKEN, words));
        process.end().with(0);
        let whole = terminal.whole();
        assert!(whole.lines().count() > 1, "{whole}");
        for line in whole.lines().filter(|line| line.split_whitespace().count() > 1) {
            assert!(line.chars().count() <= 40, "{line:?} of\n{whole}");
        }
    }
}

#[test]
fn a_column_with_a_long_name_does_not_run_into_its_value() {
    let dir = Workdir::with_fleet(1, 1);
    dir.write("fleet.csv", &dir.read("fleet.csv").replace("ticket", "cost_center_of_it"));
    let atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(1);
    let shown = dir.run(&["show", &format!("{}/orders-0", project(0))]).with(0).stdout;
    assert!(shown.contains("\ncost_center_of_it\n            OPS-0\n"), "{shown}");
}

#[test]
fn a_fleet_of_one_is_told_in_the_singular() {
    let dir = Workdir::with_fleet(1, 1);
    let check = dir.run(&["check", "fast.toml"]).with(0);
    assert!(check.stdout.starts_with("fast: 1 cluster in 1 project, "), "{}", check.stdout);
    let run = dir.run(&["run", "fast.toml", "--simulate"]).with(0);
    assert!(run.stderr.contains("fast: 1 cluster in the fleet, 1 new"), "{}", run.stderr);
    let status = dir.run(&["status"]).with(0).stdout;
    assert!(status.contains("1 of 1 job has ended"), "{status}");
    assert!(dir.run(&["audit", "verify"]).with(0).stdout.starts_with("fast: 1 job follow"), "one job");
    let rehearsal = dir.run(&["rehearse", "fast.toml"]).with(0).stdout;
    assert!(rehearsal.starts_with("fast, rehearsed: 1 cluster, "), "{rehearsal}");
}

#[test]
fn a_log_for_programs_is_json_alone() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    let commands: [(&[&str], i32); 5] = [
        (&["check", "fast.toml"], 0),
        (&["rehearse", "fast.toml", "-v"], 0),
        (&["status"], 2),
        (&["run", "fast.toml", "-v", "--progress", "bar"], 10),
        (&["run", "no-such.toml"], 2),
    ];
    let is_json = |said: &str| {
        assert!(!said.is_empty());
        for line in said.lines() {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let is_line = ["timestamp", "level", "message"].iter().all(|key| object[key].is_string());
            assert!(is_line, "{line}");
        }
    };
    for (words, code) in commands {
        is_json(&dir.run(&[words, &["--log-format", "json"]].concat()).with(code).stderr);
    }
    // Where a bar would be drawn.
    let other = Workdir::with_fleet(1, 2);
    other.aim(&atlas.url);
    let words = ["run", "fast.toml", "-v", "--progress", "bar", "--log-format", "json"];
    let (mut terminal, run) = Terminal::start(&mut other.command(&[TOKEN[0], ("TERM", "xterm")], &words));
    run.end().with(10);
    is_json(&terminal.whole());
    atlas.stop();
}

#[test]
fn the_log_of_a_rehearsal_says_that_it_is_one() {
    let dir = Workdir::with_fleet(1, 2);
    let said = dir.run(&["rehearse", "fast.toml", "-v"]).with(0);
    let logged = |line: &&str| line.contains(" INFO ");
    assert!(said.stderr.lines().any(|line| logged(&line)), "{}", said.stderr);
    for line in said.stderr.lines().filter(logged) {
        assert!(line.contains(" INFO rehearsal: "), "{line}");
    }
}

#[test]
fn a_status_that_is_watched_begins_with_the_first_row_of_a_terminal_however_low() {
    let dir = Atlas::upgraded(1, 2);
    for (columns, rows) in [(40, 12), (80, 24), (40, 4)] {
        let words = &["status", "--watch"];
        let (mut terminal, process) = Terminal::of_size(columns, rows, &mut dir.command(&TOKEN, words));
        process.end().with(0);
        let shown = terminal.whole();
        let (_, page) = shown.split_once("\u{1b}[2J\u{1b}[H").unwrap();
        assert!(page.lines().count() < usize::from(rows), "{columns} x {rows}: {page}");
        assert!(page.starts_with("campaign    fast (") && page.contains("\ndone "), "{columns} x {rows}: {page}");
        assert_eq!(page.contains(" more lines)"), rows == 4, "{columns} x {rows}: {page}");
    }
}
