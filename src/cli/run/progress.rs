//! Progress on standard error: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::args::ProgressStyle;
use crate::cli::context::Context;
use crate::cli::printer::{BarState, Level, Part, Printer, Weight, in_one_line};
use crate::clock::{Clock, Millis};
use crate::domain::estimate::time_left;
use crate::domain::hold::Held;
use crate::domain::job::State;
use crate::domain::waiting;
use crate::domain::wave::Wave;
use crate::engine::{Progress, Snapshot};
use crate::pacing::{Asked, Closed};
use crate::plural::span;

const REDRAW: Duration = Duration::from_millis(200);
const PLAIN: Duration = Duration::from_secs(5);

/// A rate of less time than this is none.
const SETTLED: Duration = Duration::from_secs(5);

/// What is showing progress.
pub(super) struct Shown {
    task: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Shown {
    /// Shows the end and stops.
    pub(super) async fn finish(self) {
        let _gone = self.stop.send(true);
        if let Some(task) = self.task {
            let _ended = task.await;
        }
    }
}

/// Starts to show progress.
pub(super) fn show(style: ProgressStyle, progress: &Progress, clock: Clock, context: &Context) -> Shown {
    let (stop, stopped) = watch::channel(false);
    let terminal = stderr().is_terminal();
    let (shots, printer) = (progress.watch(), context.printer.clone());
    let draws = match style {
        // Where the log scrolls, a bar is no help.
        ProgressStyle::Auto => terminal && context.verbose == 0,
        ProgressStyle::Bar => true,
        ProgressStyle::Plain | ProgressStyle::None => false,
    };
    let task = match style {
        ProgressStyle::None => None,
        // A bar is no JSON.
        _ if draws && !printer.is_json() => Some(tokio::spawn(bar(shots, stopped, clock, printer))),
        _ => Some(tokio::spawn(plain(shots, stopped, clock, printer))),
    };
    Shown { task, stop }
}

async fn plain(shots: watch::Receiver<Snapshot>, mut stopped: watch::Receiver<bool>, clock: Clock, printer: Printer) {
    let mut every = tokio::time::interval(PLAIN);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    every.tick().await;
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        let shot = shots.borrow().clone();
        if shot.counts.total() > 0 {
            let done = format!("{}/{} done", shot.counts.ended(), shot.counts.total());
            printer.say(Level::Info, &format!("{done}, {}", in_one_line(&parts(&shot, clock.now()))));
        }
    }
}

async fn bar(shots: watch::Receiver<Snapshot>, mut stopped: watch::Receiver<bool>, clock: Clock, printer: Printer) {
    let mut every = tokio::time::interval(REDRAW);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let ended = tokio::select! {
            _ = every.tick() => false,
            _ = stopped.changed() => true,
        };
        let shot = shots.borrow().clone();
        if shot.counts.total() > 0 {
            printer.show_bar(BarState {
                length: shot.counts.total().unsigned_abs(),
                position: shot.counts.ended().unsigned_abs(),
                parts: parts(&shot, clock.now()),
            });
        }
        if ended {
            return printer.leave_bar();
        }
    }
}

/// What it waits for, and `40 to begin`, `12 upgrading`, `2 failed`, `310/min`, `4 min 10 s left`.
fn parts(shot: &Snapshot, now: Millis) -> Vec<Part> {
    let mut parts: Vec<Part> =
        troubles(shot, now).into_iter().map(|trouble| Part::new(Weight::Trouble, trouble)).collect();
    let (counts, unexpected) = (&shot.counts, shot.unexpected);
    let begin = counts.of(State::Pending) + counts.of(State::Ready);
    if shot.wave != Wave::REST {
        parts.push(Part::new(Weight::Count, shot.wave.to_string()));
    }
    let shown = [
        (begin, "to begin"),
        (counts.of(State::Upgrading) - unexpected.missing - unexpected.unchanged, "upgrading"),
        (unexpected.missing, "missing"),
        (unexpected.unchanged, "unchanged"),
        (counts.of(State::Verifying), "verifying"),
        (counts.of(State::Failed), "failed"),
        (counts.of(State::Cancelled), "cancelled"),
    ];
    let shown = shown.iter().filter(|(count, _)| *count > 0);
    parts.extend(shown.map(|(count, what)| Part::new(Weight::Count, format!("{count} {what}"))));
    let done = counts.ended() - shot.ended_before;
    let elapsed = now.since(shot.started);
    if done > 0 && elapsed >= SETTLED {
        let per_minute = done as f64 * 60.0 / elapsed.as_secs_f64();
        parts.push(Part::new(Weight::Rate, format!("{per_minute:.0}/min")));
        let goes_on = !shot.draining && shot.closed.is_none() && shot.holds.is_empty() && per_minute >= 0.5;
        let left = time_left(done, counts.total() - counts.ended(), elapsed);
        if let Some(left) = left.filter(|left| goes_on && !left.is_zero()) {
            parts.push(Part::new(Weight::End, format!("{} left", span(left))));
        }
    }
    if parts.is_empty() {
        parts.push(Part::new(Weight::Count, "starting"));
    }
    parts
}

/// What somebody should know before all else.
fn troubles(shot: &Snapshot, now: Millis) -> Vec<String> {
    let mut parts = Vec::new();
    if shot.draining {
        parts.push("draining".to_owned());
    }
    if let Some(Held { scope, fault, since, .. }) = shot.holds.first() {
        let more = shot.holds.len() - 1;
        let others = if more > 0 { format!(" and {more} more") } else { String::new() };
        let id: String = scope.id().chars().take(8).collect();
        let what = if id.is_empty() { scope.to_string() } else { format!("{} {id}..", scope.kind()) };
        parts.push(format!("HELD: {what}{others} for {} ({})", span(now.since(*since)), fault.code));
    }
    if let Some(closed) = &shot.closed {
        parts.push(outage(closed, now));
    }
    if let Some(asked) = &shot.asked {
        parts.push(asked_words(asked, now));
    }
    if let Some(code) = &shot.trouble {
        parts.push(format!("looks keep failing: {code}"));
    }
    parts
}

/// What Atlas asked for, and when it is asked again.
fn asked_words(asked: &Asked, now: Millis) -> String {
    let of = asked.project.as_ref().map(|id| format!(" in project {}..", id.get(..8).unwrap_or(id)));
    let again = span(asked.wait.again.since(now));
    format!("{}{}, asked again in {again}", waiting::asked_words(asked.wait.until), of.unwrap_or_default())
}

/// What is waited for, how long it has been, and when it is tried again.
fn outage(closed: &Closed, now: Millis) -> String {
    let what = closed.words();
    let next = closed.until.map_or("trying".to_owned(), |until| format!("next try in {}", span(until.since(now))));
    format!("{what} for {}, {next}", span(now.since(closed.since)))
}
