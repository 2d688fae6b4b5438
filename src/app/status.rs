//! How far a campaign is, what it waits for, and when it will be done: for whoever is not the process that runs it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::AppError;
use crate::app::bring_forward::{self, AskedOf};
use crate::app::failures::{self, FailureGroup};
use crate::app::holds::{self, HeldScope};
use crate::clock::{Clock, Millis};
use crate::domain::estimate::time_left;
use crate::domain::hold::Release;
use crate::domain::job::State;
use crate::domain::run_notes::{Outage, RunNotes};
use crate::domain::summary::Counts;
use crate::domain::waiting::{self, Unexpected};
use crate::domain::wave::Wave;
use crate::plural::span;
use crate::store::{Campaign, Filter, Holder, Lane, Pages, Released, Store, Vitals};

/// What the rate is an average of.
const MINUTE: Duration = Duration::from_secs(60);

/// What is known at one moment.
pub struct CampaignStatus {
    /// The campaign.
    pub campaign: Campaign,
    /// The job table's name.
    pub database: String,
    /// How many jobs are in each state.
    pub counts: Counts,
    /// The same for each wave.
    pub waves: BTreeMap<Wave, Counts>,
    /// The moment.
    pub now: Millis,
    /// The holds in force, the oldest first.
    pub holds: Vec<HeldScope>,
    /// The holds that are over.
    pub released: Vec<Released>,
    /// Jobs that have ended in the last minute.
    pub rate: i64,
    /// For how long, up to a minute, the run has been at work that is at work.
    measured: Duration,
    /// How many jobs ended meanwhile.
    ended_by_run: i64,
    /// When the first job is due that no runner holds.
    pub next_due: Option<Millis>,
    /// Upgrades that are not what they should be.
    pub unexpected: Unexpected,
    /// What Atlas asked for.
    pub asked: Option<AskedOf>,
    /// What the run that is at work gets through to no more.
    pub outage: Option<Outage>,
    /// When the job table was written last.
    pub last_write: Option<Millis>,
    /// Who works on the database, or died over it.
    pub runner: Option<(Holder, Vitals)>,
}

impl CampaignStatus {
    /// Reads it, on the machine named `host`.
    pub async fn read(store: &Store, campaign: Campaign, (clock, host): (Clock, &str)) -> Result<Self, AppError> {
        let last_write = store.newest().await?;
        // The runner's clock may be ahead of this host's.
        let now = last_write.map_or(clock, |newest| clock.not_before(newest)).now();
        let waves = store.counts_by_wave(campaign.id).await?;
        let runner = store.holder(host);
        let notes = bring_forward::live_notes(store, campaign.id, runner.as_ref()).await?;
        let RunNotes { outage, asked } = notes.unwrap_or_default();
        let since = Millis(now.0 - millis(MINUTE));
        // A run that has just begun has not had a whole minute.
        let measured = runner.as_ref().map_or(MINUTE, |(holder, _)| now.since(holder.since).min(MINUTE));
        Ok(Self {
            database: store.name(),
            counts: waves.values().copied().sum(),
            holds: holds::in_force(store, campaign.id).await?,
            released: store.released(campaign.id).await?,
            rate: store.finished_since(campaign.id, since).await?,
            measured,
            ended_by_run: store.finished_since(campaign.id, Millis(now.0 - millis(measured))).await?,
            next_due: next_due(store, campaign.id, under_way(&waves)).await?,
            unexpected: store.unexpected(campaign.id).await?,
            asked: bring_forward::asked(store, campaign.id, asked, now).await?,
            outage,
            runner,
            waves,
            campaign,
            now,
            last_write,
        })
    }

    /// Whether every job has ended.
    pub fn is_ended(&self) -> bool {
        self.counts.ended() == self.counts.total()
    }

    /// The time until every job has ended, if it goes on as in the last minute.
    pub fn to_the_end(&self) -> Option<Duration> {
        let live = self.counts.total() - self.counts.ended();
        match live {
            0 => Some(Duration::ZERO),
            _ if !self.may_be_at_work() || !self.holds.is_empty() => None,
            live => time_left(self.ended_by_run, live, self.measured),
        }
    }

    /// The most frequent reasons why jobs failed.
    pub async fn failed(&self, store: &Store) -> Result<Vec<FailureGroup>, AppError> {
        if self.counts.of(State::Failed) == 0 {
            return Ok(Vec::new());
        }
        failures::by_code(store, self.campaign.id, &[State::Failed], 0).await
    }

    /// What happens next, or has to.
    pub fn waiting_for(&self) -> Option<String> {
        if self.is_ended() {
            return None;
        }
        if let Some(outage) = &self.outage {
            let span = span(self.now.since(outage.since));
            return Some(format!("{} for {span}; Drydock keeps trying", outage.words));
        }
        Some(match (self.next_due, &self.asked) {
            _ if self.waits_for_release() => "an operator's release".to_owned(),
            (Some(due), Some(AskedOf { wait, .. })) if due > self.now && due >= wait.again => {
                waiting::asked_words(wait.until)
            }
            (None, Some(AskedOf { wait, .. })) => waiting::asked_words(wait.until),
            (None, _) if self.may_be_at_work() => "nothing is due: the runner is working on every live job".to_owned(),
            (None, _) if self.is_stopped() => "the runner that is stopped: it has every live job in hand".to_owned(),
            (None, _) => "a runner, which takes up what the last one had in hand".to_owned(),
            (Some(due), _) if due > self.now => format!("{due}, in {}, for the next job", span(due.since(self.now))),
            (Some(due), _) => format!("{}; the next job was due at {due}", self.waits_by_now_for()),
        })
    }

    /// What a job waits for whose time has come.
    fn waits_by_now_for(&self) -> String {
        match &self.runner {
            Some((_, Vitals::Works)) => {
                let hold = if self.holds.is_empty() { "" } else { ", or the end of a hold" };
                format!("its turn: the run begins as much at once as [pace] of the campaign file allows{hold}")
            }
            Some((Holder { host, .. }, Vitals::Unknown)) => format!("its turn, if the run on {host} is still alive"),
            Some((_, Vitals::Stopped)) => "the runner that is stopped".to_owned(),
            Some((_, Vitals::Dead)) | None => "a runner".to_owned(),
        }
    }

    /// Whether nothing is left but what is held: nothing is in flight, and as many wait as have not ended.
    fn waits_for_release(&self) -> bool {
        let operator = self.holds.iter().filter(|waiting| waiting.held.release == Release::Operator);
        let waiting: i64 = operator.filter_map(|waiting| waiting.jobs).sum();
        waiting > 0 && waiting >= self.counts.total() - self.counts.ended()
    }

    /// Whether a runner works on it, as far as can be told.
    pub fn may_be_at_work(&self) -> bool {
        matches!(self.runner, Some((_, Vitals::Works | Vitals::Unknown)))
    }

    /// Whether the runner's process is stopped.
    pub fn is_stopped(&self) -> bool {
        matches!(self.runner, Some((_, Vitals::Stopped)))
    }

    /// How many requests are open: sent, and neither accepted nor shown to have had no effect.
    pub async fn open_requests(&self, store: &Store) -> Result<usize, AppError> {
        if self.counts.in_flight() == 0 {
            return Ok(0);
        }
        let states = vec![State::Submitting, State::Verifying];
        let mut pages = Pages::new(store, self.campaign.id, Filter { states, ..Filter::default() });
        let mut open = 0;
        while let Some(page) = pages.next().await? {
            open += page.iter().filter(|row| row.job.request.open).count();
        }
        Ok(open)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// When the first job is due that no runner holds.
async fn next_due(store: &Store, campaign_id: i64, wave: Wave) -> Result<Option<Millis>, AppError> {
    let pending = store.next_due(campaign_id, Lane::Pending(wave)).await?;
    let rest = store.next_due(campaign_id, Lane::Rest).await?;
    Ok(pending.into_iter().chain(rest).min())
}

/// The wave whose jobs may be begun.
fn under_way(waves: &BTreeMap<Wave, Counts>) -> Wave {
    let live = waves.iter().find(|(_, counts)| counts.ended() < counts.total());
    live.map_or(Wave::REST, |(wave, _)| *wave)
}
