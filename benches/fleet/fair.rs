//! What it costs to be told how far a run is: the bar, `status --watch`, and the log.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Extent;
use crate::campaign::{WORKERS, quick, write_campaign};
use crate::figures::Figures;
use crate::fleet::{self, PROJECT};
use crate::flight::in_flight;
use crate::home::folder;
use crate::process::{Atlas, child, drydock, processor};

/// For how long the processor time is watched. No upgrade is looked at meanwhile, so that all of it is for people.
const WATCHED: Duration = Duration::from_secs(30);

const LOOKS: &str = "[look]\nfirst = \"10m\"\nmin = \"10m\"\nmax = \"20m\"\n";

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    let clusters = extent.of(10_000);
    let dir = folder();
    fleet::write(&dir.path().join("fleet.csv"), clusters, PROJECT);
    let atlas = Atlas::serve(dir.path(), &["--median", "25m", "--limit", "1000000/1000000"]);
    write_campaign(dir.path(), &atlas.url, LOOKS, WORKERS);
    let run = ["run", "bench.toml", "--yes", "--progress"];
    let quiet = drydock(dir.path(), &[&run[..], &["none"]].concat()).stdout(Stdio::null()).spawn().unwrap();
    while in_flight(dir.path()) < clusters {
        std::thread::sleep(Duration::from_millis(500));
    }
    let mut watch = drydock(dir.path(), &["status", "--watch"]).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2)); // its start is not what is measured
    let shares = shares(&[quiet.id(), watch.id()]);
    watch.kill().unwrap();
    watch.wait().unwrap();
    end(quiet);
    figures.add(format!("a run with {clusters} in flight and no bar"), "% of one core", vec![shares[0]]);
    figures.add(format!("status --watch of {clusters} rows"), "% of one core", vec![shares[1]]);
    if let Some(terminal) = on_a_terminal(dir.path(), &[&run[..], &["bar"]].concat()) {
        // The start, which takes over what the former run had in flight, is not what is measured.
        std::thread::sleep(Duration::from_secs(20));
        let run = child(terminal.id()).unwrap();
        figures.add("the same run with a bar on a terminal", "% of one core", self::shares(&[run]));
        assert!(Command::new("kill").args(["-9", &run.to_string()]).status().unwrap().success());
        end(terminal);
    }
    drop(atlas);
    let once = |more: &[&str]| {
        let dir = folder();
        quick(dir.path(), (clusters, PROJECT), more).0
    };
    // In turns, so that a machine that is slow for a while is slow for all.
    let rates: Vec<_> = (0..extent.runs).map(|_| (once(&[]), once(&["-q"]), once(&["-v"]))).collect();
    let to_quiet = |of: fn(&(f64, f64, f64)) -> f64| rates.iter().map(|all| of(all) / all.1).collect();
    figures.add("a campaign with the default log to one with -q", "ratio of rates", to_quiet(|all| all.0));
    figures.add("the same with -v, five lines a cluster", "ratio of rates", to_quiet(|all| all.2));
}

/// The share of one core, in percent, that each process takes.
fn shares(processes: &[u32]) -> Vec<f64> {
    let before: Vec<f64> = processes.iter().map(|pid| processor(*pid)).collect();
    std::thread::sleep(WATCHED);
    processes
        .iter()
        .zip(before)
        .map(|(pid, before)| (processor(*pid) - before) / WATCHED.as_secs_f64() * 100.0)
        .collect()
}

/// `drydock` on a terminal of its own; none where there is no `script`.
fn on_a_terminal(folder: &Path, args: &[&str]) -> Option<Child> {
    let inner = drydock(folder, args);
    let words: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).collect();
    let line = format!("exec {}", words.join(" ".as_ref()).to_string_lossy());
    let mut script = Command::new("script");
    script.args(["-qc", &line, "/dev/null"]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    script.env("MONGODB_ATLAS_ACCESS_TOKEN", "bench").env("TERM", "xterm").spawn().ok()
}

fn end(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}
