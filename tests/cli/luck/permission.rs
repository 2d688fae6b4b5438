//! Files and directories that one may not read or write. Permissions do not bind root, so that a test which is run by
//! root runs the program as nobody.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::{Command, Stdio};

use crate::atlas::Atlas;
use crate::process::{Ended, Running};
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

/// The user and group of nobody, wherever that has a name.
const NOBODY: u32 = 65534;

/// A directory of somebody who is bound by permissions.
struct Bound {
    dir: Workdir,
    root: bool,
}

impl Bound {
    fn of(dir: Workdir) -> Self {
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if root {
            // Nobody may not even come near the place where it was built.
            fs::copy(env!("CARGO_BIN_EXE_drydock"), dir.path().join("drydock")).unwrap();
            chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            dir.files().iter().for_each(|file| chown(file, Some(NOBODY), Some(NOBODY)).unwrap());
        }
        Self { dir, root }
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Ended {
        let mut command = if self.root {
            let mut command = Command::new("setpriv");
            let ids = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
            command.args(ids).args(["--clear-groups", "./drydock"]);
            command
        } else {
            Command::new(env!("CARGO_BIN_EXE_drydock"))
        };
        Running::start(command.args(words).envs(TOKEN).current_dir(self.dir.path()).stdout(Stdio::piped())).end()
    }
}

#[test]
fn what_may_not_be_read_or_written_is_named_before_anything_is_sent() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    fs::create_dir(dir.path().join("reports")).unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    let bound = Bound::of(dir);
    for folder in ["reports", "data"] {
        let to = bound.root.then_some(NOBODY);
        chown(bound.dir.path().join(folder), to, to).unwrap();
    }
    let run = ["run", "fast.toml", "-q", "--database-url", "sqlite:data/drydock.db"];
    let mut said = String::new();
    let mut refused = |what: &str, name: &str, mode: u32, again: u32| {
        bound.mode(name, mode);
        let ended = bound.run(&run);
        assert_eq!(ended.code, Some(2), "{what}: {}", ended.whole());
        writeln!(said, "{what}\n{}\n", ended.stderr.lines().last().unwrap()).unwrap();
        bound.mode(name, again);
    };
    refused("the campaign file cannot be read", "fast.toml", 0o000, 0o644);
    // In this order: each of them makes what the next one may not write.
    refused("no database can be made", "data", 0o555, 0o755);
    refused("no report can be written", "reports", 0o555, 0o755);
    refused("the fleet cannot be read", "fleet.csv", 0o000, 0o644);
    refused("the database may only be read", "data/drydock.db", 0o444, 0o600);
    refused("the database cannot be read", "data/drydock.db", 0o000, 0o600);
    insta::assert_snapshot!(scrub(&said, &bound.dir));
    bound.run(&run).with(0);
    atlas.stop().are_clean(2);
}
