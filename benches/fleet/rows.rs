//! A million rows: the status, the reports, and the start after a kill.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use drydock::clock::Clock;
use drydock::simulator::{Durations, Settings, Simulator};
use drydock::store::{Open, Store};
use tokio::net::TcpListener;

use crate::Extent;
use crate::campaign::{QUICK_LOOKS, WORKERS, write_campaign};
use crate::figures::Figures;
use crate::fleet::{self, PROJECT};
use crate::home::{CAMPAIGN, Home, folder, remove};
use crate::loading::load;
use crate::process::{drydock, wait};

/// Rows that have not ended.
const LEFT: usize = 1000;

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    let rows = extent.of(1_000_000);
    let dir = folder();
    fleet::write(&dir.path().join("fleet.csv"), rows, PROJECT);
    write_campaign(dir.path(), "https://atlas.invalid", QUICK_LOOKS, WORKERS);
    load(dir.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(end_all_but(LEFT, rows, dir.path()));

    let runs = |args: &[&str]| (0..extent.runs).map(|_| wait(drydock(dir.path(), args))).collect::<Vec<_>>();
    let seconds = |ended: &crate::process::Ended| ended.span.as_secs_f64();
    let status = runs(&["status"]);
    figures.add(format!("status of {rows} rows"), "ms", status.iter().map(|ended| seconds(ended) * 1000.0).collect());
    for format in ["csv", "jsonl"] {
        let reports = runs(&["report", "--format", format, "--out", "report.out"]);
        figures.add(format!("report of {rows} rows, {format}"), "s", reports.iter().map(seconds).collect());
        figures.add(
            format!("memory of that report, {format}"),
            "MiB",
            reports.iter().map(|ended| ended.peak).collect(),
        );
    }
    let starts = (0..extent.runs).map(|_| runtime.block_on(start(dir.path(), rows))).collect();
    figures.add(format!("kill -9 to the first upgrade request, {rows} rows"), "ms", starts);
}

/// All but the last few rows were at the target already.
async fn end_all_but(left: usize, rows: usize, folder: &Path) {
    let clock = Clock::start();
    let url = format!("sqlite:{}", folder.join("drydock.db").display());
    let store = Store::open(&url, Open::Existing).await.unwrap();
    let campaign_id = store.campaign(CAMPAIGN).await.unwrap().unwrap().id;
    let dir = crate::home::folder();
    let home = Home { _dir: dir, store: store.clone(), campaign_id, in_project: PROJECT };
    home.end(rows - left, clock).await;
    store.close().await;
}

/// A run is killed when it has sent something; how long the next one takes to send the first, in milliseconds.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
async fn start(folder: &Path, rows: usize) -> f64 {
    let clock = Clock::start();
    let minutes = Duration::from_mins(20);
    let settings = Settings { durations: Durations::Between(minutes, minutes), ..Settings::default() };
    let clusters = fleet::clusters(rows, PROJECT).split_off(rows - LEFT);
    let simulator = Simulator::new(clusters, settings, clock);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(simulator.clone().serve(listener, std::future::pending()));
    std::fs::copy(folder.join("drydock.db"), folder.join("copy.db")).unwrap();
    write_campaign(folder, &url, QUICK_LOOKS, WORKERS);
    let args = ["run", "bench.toml", "--yes", "--progress", "none", "--database-url", "sqlite:copy.db"];
    let mut span = Duration::ZERO;
    for _ in 0..2 {
        let before = simulator.request_counts().upgrades;
        let start = Instant::now();
        let mut run = drydock(folder, &args).stdout(Stdio::null()).spawn().unwrap();
        while simulator.request_counts().upgrades == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        span = start.elapsed();
        run.kill().unwrap();
        run.wait().unwrap();
    }
    serving.abort();
    remove(folder, "copy.db");
    span.as_secs_f64() * 1000.0
}
