//! The lost tail: the program itself, on what a power cut has left.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::complete::is_complete;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::order::{Upgrade, upgrades, whole_campaign};
use crate::strace;
use crate::trace::Call;
use crate::workdir::Workdir;

/// Whether the program finds the intent of the request on the disk as it was when the request left.
fn has_intent(start: &Workdir, calls: &[Call], upgrade: &Upgrade, dice: Option<&mut Dice>) -> bool {
    let cut = Workdir::new();
    Disk::empty(start.path()).play(calls, upgrade.place).cut(cut.path(), dice);
    let job = format!("{}/{}", upgrade.project, upgrade.cluster);
    let shown = cut.run(&["show", &job, "--json"]);
    let Ok(job) = serde_json::from_str::<Value>(&shown.stdout) else { return false };
    let history = job["history"].as_array().unwrap();
    let intent = history.iter().find(|entry| entry["event"] == "intent" && entry["send"] == 1);
    intent.is_some() && job["state"] == "submitting"
}

pub(crate) fn an_intent_outlives_a_power_cut_as_its_request_leaves() {
    let (dir, calls) = whole_campaign(3, 4);
    let mut dice = Dice::new(4);
    for upgrade in upgrades(&calls) {
        assert!(has_intent(&dir, &calls, &upgrade, None), "lost: {upgrade:?}");
        for _ in 0..2 {
            assert!(has_intent(&dir, &calls, &upgrade, Some(&mut dice)), "lost in shreds: {upgrade:?}");
        }
    }
}

/// The test of the test: if nothing were synchronised, it would see what is lost.
pub(crate) fn without_synchronisation_an_intent_would_be_lost() {
    let (dir, calls) = whole_campaign(1, 2);
    let wal = |call: &Call| call.file().is_some_and(|file| file.ends_with("drydock.db-wal"));
    let loose: Vec<Call> = calls.iter().filter(|call| call.name != "fsync" || !wal(call)).cloned().collect();
    for upgrade in upgrades(&calls) {
        assert!(has_intent(&dir, &calls, &upgrade, None));
        assert!(!has_intent(&dir, &loose, &upgrade, None), "the test cannot tell: {upgrade:?}");
    }
}

/// A database is made in many steps, and each may be the last.
pub(crate) fn a_database_opens_after_a_power_cut_at_any_moment() {
    let (dir, calls) = whole_campaign(2, 4);
    let mut dice = Dice::new(6);
    let touches = |call: &&Call| call.file().or(call.opened()).is_some_and(|path| path.contains("drydock.db"));
    let places: Vec<usize> = calls.iter().filter(touches).map(|call| call.began).collect();
    let mut opened = 0;
    for turn in 0..40 {
        // Every second one falls into the first third, while the tables are made.
        let range = if turn % 2 == 0 { places.len() / 3 } else { places.len() };
        let place = places[dice.below(range as u64) as usize];
        let cut = Workdir::with_fleet(1, 2);
        cut.write("fast.toml", &format!("{}\n[guard]\nmax_clusters = 1\n", cut.read("fast.toml")));
        let shreds = dice.coin().then_some(&mut dice);
        Disk::empty(dir.path()).play(&calls, place).cut(cut.path(), shreds);
        let status = cut.run(&["status", "--json"]);
        if status.stderr.contains("its making was cut short") {
            // The next run makes the rest, before it finds that this fleet is larger than it should be.
            let next = cut.run(&["run", "fast.toml", "--simulate"]).with(2);
            assert!(next.stderr.contains("guard.max_clusters"), "at {place}: {next:?}");
            let status = cut.run(&["status", "--json"]).with(2);
            assert!(status.stderr.contains("holds no campaign yet"), "at {place}: {status:?}");
            continue;
        }
        let nothing =
            ["there is no drydock.db", "holds no campaign yet"].iter().any(|words| status.stderr.contains(words));
        assert!(status.code == Some(0) || (status.code == Some(2) && nothing), "at {place}: {status:?}");
        opened += u32::from(status.code == Some(0));
    }
    assert!(opened > 5, "only {opened} had come far enough");
}

/// The power is cut as an upgrade request leaves, again and again in one campaign: the request gets through, and the
/// disk forgets all that was not synchronised when its first byte left.
pub(crate) fn a_run_after_a_power_cut_loses_nothing_and_asks_nothing_twice() {
    let dir = Workdir::with_fleet(4, 4);
    let mut atlas = Atlas::serve(&dir, &["-vv", "--fault", "error-after=0.2", "--fault", "drop-after=0.2"]);
    dir.tune("retry", "max_attempts = 100");
    let mut dice = Dice::new(5);
    let mut cuts = 0;
    for sends in [1, 2, 5, 1, 3, 2] {
        atlas.forget();
        let disk = Disk::of(dir.path());
        let mut run = strace::start(&dir, &["run", "fast.toml", "-q"]);
        for _ in 0..sends {
            // None is left if so many had been sent before; then this run is killed at its end, or ends.
            atlas.sees(&mut run, |request| request.is_upgrade() && !request.answered);
        }
        run.kill();
        let calls = strace::trace(&dir);
        // Nothing that left after the last of them asks for anything; what was written after it is lost as well.
        let Some(last) = upgrades(&calls).pop() else { break };
        let shreds = dice.coin().then_some(&mut dice);
        disk.play(&calls, last.place).cut(dir.path(), shreds);
        cuts += 1;
    }
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    assert!(cuts > 2, "only {cuts} cuts");
    is_complete(&dir, &atlas.stop());
}
