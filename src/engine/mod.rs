//! Works on a campaign until every job has ended: claims, calls, records.
//!
//! ```text
//!             claims            steps                    news
//!   store --------------> dispatcher --------> worker ---------> recorder ----> store
//!                             ^  ^               |                  |
//!                             |  '--- pace ------'                  |---> progress
//!                             '-------------- what was written -----'
//! ```
//!
//! The dispatcher decides what is done next, and is the only one that knows pace and slots; what it claims comes as
//! news, so that it waits for no claim while workers are free. A worker makes calls and writes nothing. The
//! recorder asks [`decide`](crate::domain::machine::decide) and writes state and history of many jobs in one
//! transaction. Between them go messages only. If the process dies, the rescuer of the next one turns its claims into
//! events for the same rule book. No task waits for an upgrade: ten thousand in flight are ten thousand rows.

mod apply;
mod buffer;
mod claim;
mod dispatcher;
mod executor;
mod holds;
mod limits;
mod progress;
mod queue;
mod recorder;
mod rescuer;
mod slots;
mod step_requests;
#[cfg(test)]
mod tests;
mod worker;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::atlas::Client;
use crate::clock::{Clock, Millis};
use crate::domain::bucket::Bucket;
use crate::domain::code::Fault;
use crate::domain::hold::Held;
use crate::domain::job::{Job, State};
use crate::domain::operation::Operation;
use crate::domain::policy::Policy;
use crate::domain::summary::Counts;
use crate::domain::wave::Wave;
use crate::pacing::{EndpointSegment, RateFeedback};
use crate::store::{ClaimedJobs, Lane, Runner, Store, StoreError};

pub use apply::Apply;
use claim::Claim;
use holds::{Holds, ProbeOutcome};
pub use limits::stated;
pub use progress::{Progress, Snapshot};

/// A ready or upgrading job that is due so soon stays in this runner's hands instead of going back to the table.
const KEEP: Duration = Duration::from_secs(5);

/// How many jobs may be under way at once, and how fast requests may go: `[pace]` of the campaign file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests a minute and project.
    pub requests_per_minute: u32,
    /// Upgrades in flight in the whole campaign.
    pub in_flight: usize,
    /// Upgrades in flight in one project.
    pub in_flight_per_project: usize,
    /// Requests under way at once.
    pub workers: usize,
}

impl Default for Limits {
    /// The defaults of `[pace]`.
    fn default() -> Self {
        Self { requests_per_minute: 100, in_flight: 100, in_flight_per_project: 5, workers: 16 }
    }
}

/// All that a run needs; what every task of the engine shares.
#[derive(Clone)]
pub struct Engine {
    /// The job table.
    pub store: Store,
    /// The way to Atlas.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// The campaign's key in the store.
    pub campaign_id: i64,
    /// The campaign's name, for the log.
    pub campaign: Arc<str>,
    /// Which upgrade it does.
    pub operation: &'static Operation,
    /// How patient it is.
    pub policy: Policy,
    /// How fast it is.
    pub limits: Limits,
    /// This process, new at every start.
    pub runner: Arc<Runner>,
    /// What jitter is made of.
    pub seed: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every job has ended.
    Finished,
    /// All that is left is held, and an operator must act.
    Held(Vec<Held>),
    /// Drained after a signal; the next run goes on.
    Interrupted,
}

/// What an operator's signal asks of a running engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Run,
    /// No new requests; those on the wire finish, all is written.
    Drain,
}

/// What the dispatcher hears.
enum DispatcherEvent {
    /// A worker is free again, and this is what its answers said.
    StepFinished(StepFinished),
    /// What the recorder has written.
    Recorded(Vec<Recorded>),
    /// What came of a claim.
    Claimed(Claimed),
    /// Token buckets that each project has.
    Stated(Vec<(Vec<EndpointSegment>, Bucket)>),
    /// The recorder can write no more.
    Broken(StoreError),
}

/// A worker's report at the end of its step.
#[derive(Default)]
struct StepFinished {
    project: String,
    reports: Vec<RateFeedback>,
    /// The upgrade request's answer showed that Atlas serves the operation.
    proven: bool,
    /// The job whose upgrade request the step was.
    send: Option<i64>,
    /// What its answer showed of what holds its scope.
    tried: ProbeOutcome,
    /// A job that was not sent after all and stays ready.
    unsent: Option<Box<Claim>>,
    /// Why a look failed.
    failed: Option<Fault>,
}

/// What came of a claim.
struct Claimed {
    lane: Lane,
    /// The jobs, and when the lane has more that is due.
    got: Result<(ClaimedJobs, Millis), StoreError>,
}

/// One job as the recorder wrote it, or left it for the next write.
struct Recorded {
    /// The state that the dispatcher knew.
    known: State,
    /// The states in which the table had it before, and has it now.
    table: (State, State),
    claim: Box<Claim>,
    kept: bool,
    /// Its worker has it still, and sends.
    sends: bool,
}

/// Why the recorder could write no more, if it said so and was not heard.
fn broken(news: &mut mpsc::UnboundedReceiver<DispatcherEvent>) -> Option<StoreError> {
    std::iter::from_fn(|| news.try_recv().ok()).find_map(|news| match news {
        DispatcherEvent::Broken(error) => Some(error),
        _ => None,
    })
}

/// Works among the other tasks, and not on a thread that has to be woken at every piece of news. If nobody waits for it
/// any more, it ends at its next pause.
async fn as_a_task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let mut tasks = JoinSet::new();
    tasks.spawn(work);
    match tasks.join_next().await {
        Some(Ok(value)) => value,
        Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
        // The runtime is going down, and this with it.
        _ => std::future::pending().await,
    }
}

impl Engine {
    /// Works until every job has ended, an operator must act, or `control` says to drain.
    ///
    /// Fails if the store can write no more; what was on the wire then is verified by the next run.
    pub async fn run(self, control: watch::Receiver<Control>, progress: Progress) -> Result<Ending, StoreError> {
        rescuer::take_over(&self).await?;
        let counts = self.store.counts(self.campaign_id).await?;
        let wave = self.store.wave(self.campaign_id).await?.unwrap_or(Wave::REST);
        progress.start(counts, wave, self.clock.now());
        let (to_dispatcher, mut news) = mpsc::unbounded_channel();
        let (to_recorder, notes) = mpsc::unbounded_channel();
        let holds = Holds::default();
        let recorder = recorder::Recorder::new(self.clone(), holds.clone(), to_dispatcher.clone(), progress.clone());
        // A run that is dropped takes its tasks with it: to the store that is a crash, and as safe as one.
        let mut recording = JoinSet::new();
        recording.spawn(recorder.run(notes));
        let executor =
            executor::Executor { engine: Arc::new(self), holds, to_recorder, to_dispatcher, draining: Arc::default() };
        let mut dispatcher = dispatcher::Dispatcher::new(executor, (counts, wave), progress).await?;
        dispatcher.ask_for_limits().await?;
        let dispatching = async move { (dispatcher.run(&mut news, control).await, news) };
        let (ending, mut news) = as_a_task(dispatching).await;
        // The dispatcher has dropped the only way to the recorder, which ends when it has written all.
        let _joined = recording.join_all().await;
        // What stopped the recorder comes first: the dispatcher's connection is of no use then either, and what it gave
        // back at the end may not be written.
        broken(&mut news).map_or(ending, Err)
    }

    /// Whether nothing is left to do.
    pub fn is_done(counts: &Counts) -> bool {
        counts.ended() == counts.total()
    }

    /// What will be due so soon is claimed, and an upgrade looked at, together with what is due.
    fn soon(&self) -> Duration {
        (self.policy.min_look / 2).min(KEEP)
    }

    /// Any number, different for every job and moment, the same for the same seed.
    fn jitter(&self, job: &Job) -> u64 {
        let mixed = self.seed ^ (job.id.unsigned_abs() << 20) ^ job.revision.unsigned_abs();
        mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31)
    }
}
