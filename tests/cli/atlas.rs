//! The other side: `drydock simulate` in a process of its own.

use crate::process::Running;
use crate::workdir::{TOKEN, Workdir};

/// A simulated Atlas on loopback.
pub(crate) struct Atlas {
    process: Running,
    pub(crate) url: String,
}

/// Its books, as it tells them at its end.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) upgrade_requests: u64,
    pub(crate) effects: u64,
    pub(crate) asked_again: u64,
    pub(crate) broken_rules: u64,
}

impl Atlas {
    /// Serves the fleet of `dir` to whoever has the token; upgrades take a fraction of a second.
    pub(crate) fn serve(dir: &Workdir, more: &[&str]) -> Self {
        Self::serve_as(&TOKEN, dir, &[&["--shortest", "100ms", "--longest", "300ms"], more].concat())
    }

    /// A directory whose fleet has been upgraded.
    pub(crate) fn upgraded(projects: u32, clusters: u32) -> Workdir {
        let dir = Workdir::with_fleet(projects, clusters);
        let atlas = Self::serve(&dir, &[]);
        dir.run(&["run", "fast.toml", "-q"]).with(0);
        atlas.stop().are_clean(u64::from(projects * clusters));
        dir
    }

    /// Serves the fleet of `dir`, whose campaign is aimed at it.
    pub(crate) fn serve_as(environment: &[(&str, &str)], dir: &Workdir, more: &[&str]) -> Self {
        let words = ["simulate", "--fleet", "fleet.csv", "--limit", "1000/60000"];
        // The last one counts, but a test may ask for a port of its own.
        let listen: &[&str] = if more.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut process = Running::start(&mut dir.command(environment, &[&words, listen, more].concat()));
        let line = process.says("listening");
        let url = line.trim().strip_prefix("listening ").unwrap().to_owned();
        dir.aim(&url);
        Self { process, url }
    }

    /// The number of the next request that is `wanted`, of which the log tells (with `-v` as it is answered, with
    /// `-vv` also as it arrives); none if `run` ends before it comes.
    pub(crate) fn sees(&mut self, run: &mut Running, wanted: impl Fn(Request<'_>) -> bool) -> Option<u64> {
        let line = self.process.logs_while(run, |line| Request::told(line).is_some_and(&wanted))?;
        Request::told(&line).map(|request| request.number)
    }

    /// Forgets which requests it has seen so far.
    pub(crate) fn forget(&mut self) {
        self.process.forget();
    }

    /// Ends it and reads its books.
    pub(crate) fn stop(self) -> Books {
        self.process.signal("TERM");
        let ended = self.process.end().with(0);
        let line = ended.stderr.lines().find(|line| line.starts_with("served ")).unwrap();
        let numbers: Vec<u64> =
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
        let [_requests, upgrade_requests, effects, asked_again, broken_rules] = numbers.as_slice() else {
            panic!("{line}");
        };
        let [upgrade_requests, effects] = [*upgrade_requests, *effects];
        Books { upgrade_requests, effects, asked_again: *asked_again, broken_rules: *broken_rules }
    }
}

/// A line of its log: `request 17 arrives: POST /path`, or `request 17: POST /path: 200`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) number: u64,
    /// It has been dealt with, and the answer is about to leave.
    pub(crate) answered: bool,
    what: &'a str,
}

impl<'a> Request<'a> {
    fn told(line: &'a str) -> Option<Self> {
        let (_, rest) = line.split_once(" request ")?;
        let (head, what) = rest.split_once(": ")?;
        let number = head.strip_suffix(" arrives").unwrap_or(head);
        Some(Self { number: number.parse().ok()?, answered: number == head, what })
    }

    pub(crate) fn is_upgrade(self) -> bool {
        self.what.contains("/clusters/tenantUpgrade")
    }
}

impl Books {
    /// Every one of `clusters` was upgraded, none was asked again after that, and no rule was broken.
    #[track_caller]
    pub(crate) fn are_clean(&self, clusters: u64) {
        assert_eq!((self.effects, self.asked_again, self.broken_rules), (clusters, 0, 0), "{self:?}");
    }
}
