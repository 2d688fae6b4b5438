//! Memory and idle processor time with ten thousand upgrades in flight.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::Extent;
use crate::campaign::write_campaign;
use crate::figures::Figures;
use crate::fleet::{self, PROJECT};
use crate::home::folder;
use crate::process::{Atlas, drydock, high_water, processor};

/// For how long the processor time is watched: each upgrade is looked at once.
const WATCHED: Duration = Duration::from_mins(2);

/// The default of `[pace]`.
const WORKERS: usize = 16;

/// Looks as far apart as they are after eight minutes, so that nobody has to wait for those.
const LOOKS: &str = "[look]\nfirst = \"2m\"\nmin = \"2m\"\n";

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    let clusters = extent.of(10_000);
    let dir = folder();
    fleet::write(&dir.path().join("fleet.csv"), clusters, PROJECT);
    let atlas = Atlas::serve(dir.path(), &["--median", "25m", "--spread", "1.3", "--limit", "1000000/1000000"]);
    write_campaign(dir.path(), &atlas.url, LOOKS, WORKERS);
    let mut run = drydock(dir.path(), &["run", "bench.toml", "--yes", "--progress", "none"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while in_flight(dir.path()) < clusters {
        std::thread::sleep(Duration::from_millis(500));
    }
    let before = processor(run.id());
    std::thread::sleep(WATCHED);
    let idle = (processor(run.id()) - before) / WATCHED.as_secs_f64() * 100.0;
    figures.add(format!("memory with {clusters} in flight"), "MiB", vec![high_water(run.id())]);
    figures.add(format!("processor with {clusters} in flight"), "% of one core", vec![idle]);
    run.kill().unwrap();
    run.wait().unwrap();
}

/// How many upgrades are in flight; none at all until the fleet is loaded.
pub(crate) fn in_flight(folder: &Path) -> usize {
    let status = drydock(folder, &["status", "--json"]).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
    status["counts"]["upgrading"].as_u64().unwrap_or_default() as usize
}
