//! Claims and records in each second, at `synchronous=FULL`, with few and with many jobs that have ended.

use std::time::{Duration, Instant};

use drydock::clock::Clock;

use crate::Extent;
use crate::figures::{Figures, rate};
use crate::fleet::PROJECT;
use crate::home::Home;

const BATCHES: [(usize, usize); 4] = [(1, 256), (16, 2048), (64, 4096), (256, 8192)];

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for ended in [1000, extent.of(1_000_000)] {
        runtime.block_on(async {
            let clock = Clock::start();
            let mut home = Home::new(PROJECT).await;
            let each: usize = BATCHES.iter().map(|(_, jobs)| jobs).sum();
            home.load(ended + each * extent.runs, clock.now()).await;
            home.end(ended, clock).await;
            for (batch, jobs) in BATCHES {
                let (mut claims, mut records) = (Vec::new(), Vec::new());
                for _ in 0..extent.runs {
                    let (claiming, recording) = work(&home, jobs, batch, clock).await;
                    claims.push(rate(jobs, claiming));
                    records.push(rate(jobs, recording));
                }
                let beside = format!("{batch} at a time, {ended} ended");
                figures.add(format!("claims, {beside}"), "jobs/s", claims);
                figures.add(format!("records, {beside}"), "jobs/s", records);
            }
        });
    }
}

/// Claims and records so many jobs; the time that either took.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
async fn work(home: &Home, jobs: usize, batch: usize, clock: Clock) -> (Duration, Duration) {
    let (mut claiming, mut recording) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..jobs / batch {
        let start = Instant::now();
        let some = home.claim(batch, clock.now()).await;
        claiming += start.elapsed();
        assert_eq!(some.len(), batch);
        let start = Instant::now();
        home.skip(some, clock.now()).await;
        recording += start.elapsed();
    }
    (claiming, recording)
}
