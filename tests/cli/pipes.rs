//! A reader that goes away, as `head -1` does, is no error.

use crate::process::Running;
use crate::workdir::Workdir;

#[test]
fn a_closed_pipe_is_no_error_and_no_panic() {
    let dir = Workdir::with_fleet(1, 2);
    dir.run_as(&[], &["run", "fast.toml", "--simulate", "-q"]).with(0);
    let job = format!("{}/orders-0", crate::workdir::project(0));
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
