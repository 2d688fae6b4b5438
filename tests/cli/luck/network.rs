//! What stands between a run and Atlas: networks, proxies, servers that never end.

use crate::atlas::Atlas;
use crate::luck::front::{Flow, Front, Mood};
use crate::process::Running;
use crate::scrub::scrub;
use crate::workdir::Workdir;

/// A run with its Atlas behind a front, which has just seen its first upgrade accepted.
pub(crate) struct Voyage {
    pub(crate) dir: Workdir,
    pub(crate) atlas: Atlas,
    pub(crate) front: Front,
    pub(crate) run: Running,
}

impl Voyage {
    pub(crate) fn begin() -> Self {
        let dir = Workdir::with_fleet(4, 3);
        let atlas = Atlas::serve(&dir, &[]);
        let front = Front::before(&atlas.url);
        dir.aim(&front.url);
        quick(&dir);
        let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "plain"]);
        run.logs("submitting -> upgrading");
        Self { dir, atlas, front, run }
    }

    /// All is well again: the same run finishes, and asks nobody twice.
    #[track_caller]
    pub(crate) fn ends_well(self) {
        self.front.becomes(Mood::Through);
        let ended = self.run.end().with(0);
        assert!(ended.stdout.contains("12 succeeded"), "{}", ended.stdout);
        self.atlas.stop().are_clean(12);
    }
}

/// Four upgrades at a time, and requests that give up after a second.
fn quick(dir: &Workdir) {
    let file = dir.read("fast.toml").replace("[pace]", "[pace]\nmax_in_flight = 4");
    dir.write("fast.toml", &file.replace("[atlas]", "[atlas]\nrequest_timeout = \"1s\""));
}

/// What a line of the log says, without its time.
fn words(line: &str, dir: &Workdir) -> String {
    scrub(line.split_once(' ').unwrap().1.trim(), dir)
}

#[test]
fn a_web_page_in_place_of_atlas_ends_the_run_before_anything_is_sent() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    let front = Front::before(&atlas.url);
    front.becomes(Mood::Page);
    dir.aim(&front.url);
    let run = dir.run(&["run", "fast.toml", "-q"]).with(2);
    insta::assert_snapshot!(scrub(run.stderr.lines().last().unwrap(), &dir));
    front.becomes(Mood::Through);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(2);
}

#[test]
fn a_login_page_that_comes_up_in_the_middle_is_named_and_waited_out() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Page);
    let told = voyage.run.logs("cannot reach Atlas, Drydock keeps trying");
    insta::assert_snapshot!(words(&told, &voyage.dir));
    voyage.ends_well();
}

#[test]
fn an_answer_to_an_upgrade_request_that_never_ends_is_verified() {
    for flow in [Flow::Flood, Flow::Drip, Flow::Headers] {
        let mut voyage = Voyage::begin();
        voyage.front.becomes(Mood::Endless(flow));
        voyage.front.has_stopped(2);
        let line = voyage.run.logs("upgrade request: Unknown");
        let code = match flow {
            Flow::Flood => "ANSWER_TOO_LARGE",
            Flow::Drip => "TIMED_OUT",
            Flow::Headers => "CONNECTION_LOST",
        };
        assert!(line.contains(code), "{flow:?}: {line}");
        voyage.run.logs("submitting -> verifying");
        voyage.ends_well();
    }
}

#[test]
fn a_network_that_swallows_everything_is_waited_out() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Silence);
    voyage.front.has_stopped(6);
    let told = voyage.run.logs("looks keep failing, Drydock");
    insta::assert_snapshot!(words(&told, &voyage.dir));
    voyage.ends_well();
}

#[test]
fn a_host_that_refuses_connections_is_waited_out() {
    let mut voyage = Voyage::begin();
    voyage.front.refuses();
    let told = voyage.run.logs("cannot reach Atlas, Drydock keeps trying");
    let line = voyage.run.logs(" done, ");
    assert!(line.contains("cannot reach Atlas for ") && line.contains("looks keep failing: NO_CONNECTION"), "{line}");
    insta::assert_snapshot!(words(&told, &voyage.dir));
    voyage.front.listens();
    voyage.ends_well();
}
