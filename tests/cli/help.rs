//! The help texts.

use crate::workdir::Workdir;

#[test]
fn the_program_and_each_command_explain_themselves() {
    let dir = Workdir::new();
    let commands = [
        "check", "plan", "run", "rehearse", "status", "list", "show", "report", "retry", "release", "backup", "audit",
        "simulate",
    ];
    let all = dir.run(&["--help"]).with(0);
    assert_eq!(all.stderr, "");
    insta::assert_snapshot!("help", all.stdout);
    for command in commands {
        let ended = dir.run(&[command, "--help"]).with(0);
        assert_eq!(ended.stderr, "");
        insta::assert_snapshot!(format!("help_{command}"), ended.stdout);
    }
    insta::assert_snapshot!("help_audit_verify", dir.run(&["audit", "verify", "--help"]).with(0).stdout);
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = Workdir::new().run(&["--version"]).with(0);
    assert_eq!(ended.stdout, format!("drydock {}\n", env!("CARGO_PKG_VERSION")));
}
