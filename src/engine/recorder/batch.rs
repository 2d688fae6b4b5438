//! What the recorder has decided: what one transaction writes, and what waits for the next write.

use tokio::sync::oneshot;

use crate::clock::Millis;
use crate::domain::event::Event;
use crate::domain::history::{Entry, Kind};
use crate::domain::hold::Held;
use crate::domain::job::{Job, State};
use crate::domain::machine::{Decision, decide};
use crate::domain::operation::Request;
use crate::domain::policy::Policy;
use crate::engine::claim::{Claim, Look};
use crate::engine::holds::Holds;
use crate::engine::recorder::sleep::Sleep;
use crate::engine::{Engine, KEEP, Recorded};
use crate::store::{Call, Change, StoreError, WriteResults};

/// How often a write is tried again while another process holds the database.
const TRIES: u32 = 12;

/// What workers hand in.
pub(in crate::engine) enum RecordRequest {
    /// Write the intent; the answer is the job as it was written, if it may be sent.
    Intent(Box<Claim>, oneshot::Sender<Option<Job>>),
    /// This happened.
    Happened(Vec<(Box<Claim>, Event, Option<Call>)>),
    /// These are ready and given back, due again at this time.
    GivenBack(Vec<Box<Claim>>, Millis),
}

/// One of the things that happened.
pub(super) struct Item {
    pub(super) claim: Box<Claim>,
    /// The state that the dispatcher knows, and the one that it has counted, whatever somebody else has written
    /// meanwhile.
    pub(super) known: State,
    pub(super) counted: State,
    what: What,
    call: Option<Call>,
    pub(super) reply: Option<oneshot::Sender<Option<Job>>>,
}

enum What {
    Happened(Event),
    GivenBack(Millis),
}

/// What one transaction takes in.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) items: Vec<Item>,
    /// What was decided of each.
    pub(super) changes: Vec<Change>,
    held: Vec<Held>,
}

/// What came of many things that happened.
#[derive(Default)]
pub(super) struct Decided {
    /// To be written.
    pub(super) batch: Batch,
    /// To be written some time soon: looks that showed nothing new.
    pub(super) quiet: Batch,
    /// Jobs that have become ready. The table learns of it with what follows.
    pub(super) ready: Vec<Recorded>,
}

impl RecordRequest {
    pub(super) fn items(self) -> Vec<Item> {
        match self {
            Self::Intent(claim, reply) => {
                vec![Item { reply: Some(reply), ..Item::of(claim, What::Happened(Event::Intent), None) }]
            }
            Self::Happened(news) => {
                news.into_iter().map(|(claim, event, call)| Item::of(claim, What::Happened(event), call)).collect()
            }
            Self::GivenBack(claims, until) => {
                claims.into_iter().map(|claim| Item::of(claim, What::GivenBack(until), None)).collect()
            }
        }
    }
}

impl Item {
    fn of(claim: Box<Claim>, what: What, call: Option<Call>) -> Self {
        Self { known: claim.job.state, counted: claim.written(), claim, what, call, reply: None }
    }

    /// The row was written by somebody else, and is `job` now. What is on the wire there is not ours, unless this is
    /// its answer: a former runner may have written it in the moment before it noticed that its lock was lost.
    pub(super) fn with_row(mut self, job: Job) -> Self {
        let answers = matches!(self.what, What::Happened(Event::Answered { send, .. }) if send == job.request.send);
        if job.state == State::Submitting && !answers {
            self.what = What::Happened(Event::TakenOver);
            self.call = None;
        }
        *self.claim = Claim::from(job);
        self
    }

    /// This; or, where a sleep of the machine has put off the last moment at which the job's request may leave, that the
    /// job is verified from now on as after a crash. A look that was made meanwhile shows nothing for certain.
    pub(super) fn unless_put_off(mut self, sleep: &Sleep, policy: &Policy) -> Self {
        if matches!(self.what, What::Happened(_)) && sleep.puts_off(&self.claim.job, policy) {
            self.what = What::Happened(Event::TakenOver);
            self.call = None;
        }
        self
    }

    /// The look of a job that is given back, as a change of its own.
    fn given_back(&mut self, until: Millis, now: Millis) -> Change {
        let (entry, at) = self.claim.look.take().map_or((None, now), |look| (Some(look.entry), look.at));
        let mut job = self.claim.job.clone();
        // Where it is not as it was, somebody else has said when it is due.
        if entry.is_some() {
            job.schedule.due_at = Some(until);
        }
        Change::new(job, entry, at)
    }
}

impl Decided {
    /// What follows from what happened.
    pub(super) fn of(items: impl IntoIterator<Item = Item>, engine: &Engine, holds: &Holds) -> Self {
        let now = engine.clock.now();
        let mut decided = Self::default();
        for mut item in items {
            let event = match &item.what {
                What::Happened(event) => event,
                What::GivenBack(until) => {
                    let change = item.given_back(*until, now);
                    decided.batch.changes.push(change);
                    decided.batch.items.push(item);
                    continue;
                }
            };
            let job = &item.claim.job;
            let Decision { job: next, entry, hold } = decide(job, event, now, &engine.policy, engine.jitter(job));
            let keep = keeps(&next, now);
            if keep && let Some(look) = waits(&item, &next, entry.as_ref(), now) {
                *item.claim = Claim { job: next, look: Some(look) };
                let Item { known, counted, claim, .. } = item;
                decided.ready.push(Recorded { known, table: (counted, counted), claim, kept: true, sends: false });
                continue;
            }
            let quiet = entry.is_none() && !keep && hold.is_none() && item.reply.is_none() && item.claim.look.is_none();
            let batch = if quiet { &mut decided.quiet } else { &mut decided.batch };
            batch.held.extend(hold.and_then(|hold| holds.brought_by(&hold, &job.project_id)));
            let (call, before) = (item.call.clone(), item.claim.before());
            batch.changes.push(engine.with_request(Change { job: next, entry, at: now, keep, call, before }));
            batch.items.push(item);
        }
        decided
    }
}

/// The look that is written with what follows, if the job waits for that: one that the table has pending is ready, and
/// nothing more is to be told.
fn waits(item: &Item, next: &Job, entry: Option<&Entry>, now: Millis) -> Option<Look> {
    if next.state != State::Ready || item.claim.written() != State::Pending {
        return None;
    }
    match (&item.claim.look, entry) {
        (None, Some(entry)) => Some(Look { entry: entry.clone(), at: now }),
        (look, None) => look.clone(),
        (Some(_), Some(_)) => None,
    }
}

impl Batch {
    /// Takes in another.
    pub(super) fn extend(&mut self, Self { items, changes, held }: Self) {
        self.items.extend(items);
        self.changes.extend(changes);
        self.held.extend(held);
    }

    /// Writes, again and again while another process has the database; says of each change whether it was written.
    pub(super) async fn write(self, engine: Engine) -> Result<(Self, WriteResults), StoreError> {
        for _ in 1..TRIES {
            match self.put(&engine).await {
                Err(StoreError::Locked { database }) => {
                    tracing::warn!(campaign = %engine.campaign, "{database} is held by another process; trying again");
                }
                written => return Ok((self, written?)),
            }
        }
        let written = self.put(&engine).await?;
        Ok((self, written))
    }

    /// The holds before the jobs, so that after a crash between the two none of the jobs is let go.
    async fn put(&self, engine: &Engine) -> Result<WriteResults, StoreError> {
        let Engine { store, runner, campaign_id, .. } = engine;
        store.hold(runner, *campaign_id, &self.held).await?;
        store.record(runner, &self.changes).await
    }
}

impl Engine {
    /// An intent is kept together with what will be sent.
    fn with_request(&self, mut change: Change) -> Change {
        if let Some(entry) = change.entry.as_mut().filter(|entry| entry.kind == Kind::Intent) {
            let Request { path, body, .. } = self.operation.request(&change.job);
            entry.detail = Some(String::from_utf8_lossy(&body).into_owned());
            change.call = Some(Call { method: "POST", path, status: None, error_code: None, duration_ms: None });
        }
        change
    }
}

fn keeps(job: &Job, now: Millis) -> bool {
    match job.state {
        State::Submitting => true,
        State::Ready | State::Upgrading => job.schedule.due_at.is_some_and(|due| due <= now.after(KEEP)),
        _ => false,
    }
}
