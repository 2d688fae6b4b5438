//! `drydock status`: how far a campaign is, what it waits for, and when it will be done.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::bring_forward::{self, AskedOf};
use crate::app::failures::{self, FailureGroup};
use crate::app::{AppError, ErrorKind};
use crate::cli::args;
use crate::cli::context::{Context, campaign_file};
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::holds::{self, Waiting};
use crate::cli::next::Next;
use crate::cli::terminal::{Out, fact, facts};
use crate::cli::waves;
use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::hold::Release;
use crate::domain::job::State;
use crate::domain::run_notes::{Outage, RunNotes};
use crate::domain::summary::Counts;
use crate::domain::waiting::{self, Unexpected};
use crate::domain::wave::Wave;
use crate::plural;
use crate::plural::span;
use crate::store::{Campaign, Filter, Holder, Lane, Pages, Released, Store, Vitals};

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(2);
/// So many times as long as a look took nothing is looked at: a million rows take a tenth of a second, and whoever
/// watches shall cost the run a hundredth of one core at most.
const IDLE: u32 = 99;
/// The longest that `--watch` goes without a look.
const SELDOM: Duration = Duration::from_secs(30);
/// How many holds that are over are told.
const NAMED: usize = 5;
/// What the rate is an average of.
const MINUTE: Duration = Duration::from_secs(60);
/// Two columns of states do not fit into fewer columns.
const NARROW: usize = 44;
/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Says it once, or until every job has ended.
pub(super) async fn run(args: &args::Status, context: &Context) -> Result<ExitCode, AppError> {
    if args.watch {
        return tokio::select! {
            watched = watch(args, context) => watched,
            // To stop watching is no interruption of anything.
            () = context.interrupts.first() => Ok(ExitCode::SUCCESS),
        };
    }
    let store = context.store(args.campaign.as_deref()).await?;
    let campaign = context.campaign(&store, args.campaign.as_deref()).await?;
    let status = Status::read(&store, campaign, context).await?;
    status.tell(&store, args.json, "").await?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for a database that holds a campaign: whoever watches may have come before the first run has made it.
async fn first_store(campaign: Option<&str>, context: &Context) -> Result<Store, AppError> {
    let mut told = String::new();
    loop {
        let lacks = match context.store(campaign).await {
            Ok(store) if !store.campaigns().await?.is_empty() => return Ok(store),
            Ok(store) => format!("{} holds no campaign yet", store.name()),
            Err(failure) if failure.kind() == ErrorKind::NoDatabase => {
                let database = context.database(campaign_file(campaign))?;
                format!("{} does not exist yet", database.url)
            }
            Err(failure) => return Err(failure),
        };
        if told != lacks && !context.quiet {
            context.say(&format!("waiting: {lacks}; the first drydock run creates it"));
        }
        told = lacks;
        tokio::time::sleep(EVERY).await;
    }
}

async fn watch(args: &args::Status, context: &Context) -> Result<ExitCode, AppError> {
    let (store, json) = (&first_store(args.campaign.as_deref(), context).await?, args.json);
    let mut campaign = context.campaign(store, args.campaign.as_deref()).await?;
    let clears = !json && stdout().is_terminal();
    let mut before = if clears { CLEAR } else { "" };
    loop {
        let started = context.clock.now();
        let status = Status::read(store, campaign, context).await?;
        let took = context.clock.now().since(started);
        status.tell(store, json, before).await?;
        if status.is_ended() {
            return Ok(ExitCode::SUCCESS);
        }
        before = match (clears, json) {
            (true, _) => CLEAR,
            (false, true) => "",
            (false, false) => "\n",
        };
        tokio::time::sleep((took * IDLE).clamp(EVERY, SELDOM)).await;
        // A hold may have come or gone.
        campaign = store.campaign(&status.campaign.name).await?.unwrap_or(status.campaign);
    }
}

/// A command on a line of its own, so that it can be copied.
fn command(out: &mut Out, label: &str, command: &str) -> Result<(), AppError> {
    out.line(&format!("{label:12}{command}"))
}

/// What is known at one moment.
struct Status {
    campaign: Campaign,
    database: String,
    counts: Counts,
    /// The same for each wave.
    waves: BTreeMap<Wave, Counts>,
    now: Millis,
    holds: Vec<Waiting>,
    released: Vec<Released>,
    /// Jobs that have ended in the last minute.
    rate: i64,
    next_due: Option<Millis>,
    /// Upgrades that are not what they should be.
    unexpected: Unexpected,
    /// What Atlas asked for.
    asked: Option<AskedOf>,
    /// What the run that is at work gets through to no more.
    outage: Option<Outage>,
    last_write: Option<Millis>,
    /// Who works on the database, or died over it.
    runner: Option<(Holder, Vitals)>,
    next: Next,
}

impl Status {
    async fn read(store: &Store, campaign: Campaign, context: &Context) -> Result<Self, AppError> {
        let last_write = store.newest().await?;
        // The runner's clock may be ahead of this host's.
        let now = last_write.map_or(context.clock, |newest| context.clock.not_before(newest)).now();
        let waves = store.counts_by_wave(campaign.id).await?;
        let runner = store.holder(&environment::host());
        let notes = bring_forward::live_notes(store, campaign.id, runner.as_ref()).await?;
        let RunNotes { outage, asked } = notes.unwrap_or_default();
        let since = Millis(now.0 - i64::try_from(MINUTE.as_millis()).unwrap_or(0));
        Ok(Self {
            database: store.name(),
            counts: waves.values().copied().sum(),
            holds: holds::waiting(store, campaign.id).await?,
            released: store.released(campaign.id).await?,
            rate: store.finished_since(campaign.id, since).await?,
            next_due: next_due(store, campaign.id, waves::under_way(&waves)).await?,
            unexpected: store.unexpected(campaign.id).await?,
            asked: bring_forward::asked(store, campaign.id, asked, now).await?,
            outage,
            runner,
            next: context.next.clone(),
            waves,
            campaign,
            now,
            last_write,
        })
    }

    fn is_ended(&self) -> bool {
        self.counts.ended() == self.counts.total()
    }

    /// The time until every job has ended, if it goes on as in the last minute.
    fn to_the_end(&self) -> Option<Duration> {
        let live = self.counts.total() - self.counts.ended();
        match (live, self.rate) {
            (0, _) => Some(Duration::ZERO),
            _ if !self.may_be_at_work() || !self.holds.is_empty() => None,
            (_, 0) => None,
            (live, rate) => Some(Duration::from_secs((live * 60 / rate).unsigned_abs())),
        }
    }

    /// Tells it on standard output, after `before`.
    async fn tell(&self, store: &Store, json: bool, before: &str) -> Result<(), AppError> {
        let (open, kinds) = if json { (0, Vec::new()) } else { (self.open(store).await?, self.failed(store).await?) };
        let mut out = Out::new();
        out.writer().write_all(before.as_bytes())?;
        if json {
            out.json(&self.object())?;
        } else {
            self.progress(&mut out)?;
            self.waiting(&mut out, open)?;
            let failed = |FailureGroup { count, example: Fault { code, detail }, .. }: &FailureGroup| {
                format!("{count} with {code}: {detail}")
            };
            facts(&mut out, "failed", kinds.iter().map(failed))?;
        }
        out.done()
    }

    async fn failed(&self, store: &Store) -> Result<Vec<FailureGroup>, AppError> {
        if self.counts.of(State::Failed) == 0 {
            return Ok(Vec::new());
        }
        failures::by_code(store, self.campaign.id, &[State::Failed], 0).await
    }

    fn object(&self) -> Value {
        let time = |at: Option<Millis>| at.map(|at| at.to_string());
        let counts: serde_json::Map<String, Value> =
            self.counts.iter().map(|(state, count)| (state.name().to_owned(), count.into())).collect();
        json!({
            "campaign": self.campaign.name,
            "operation": self.campaign.operation,
            "database": self.database,
            "against": self.campaign.against,
            "total": self.counts.total(),
            "counts": counts,
            "ended": self.counts.ended(),
            "waves": waves::objects(&self.waves),
            "rate_per_minute": self.rate,
            "eta_seconds": self.to_the_end().map(|span| span.as_secs()),
            "waiting_for": self.waiting_for(),
            "unexpected": { "missing": self.unexpected.missing, "unchanged": self.unexpected.unchanged },
            "next_due_at": time(self.next_due),
            "asked_until": time(self.asked.map(|asked| asked.wait.until)),
            "last_write_at": time(self.last_write),
            "runner": self.runner.as_ref().map(|(holder, vitals)| json!({
                "runner": holder.runner,
                "host": holder.host,
                "pid": holder.pid,
                "since": holder.since.to_string(),
                "state": vitals.name(),
            })),
            "holds": self.holds.iter().map(Waiting::object).collect::<Vec<_>>(),
            "released": self.released.iter().map(holds::released_object).collect::<Vec<_>>(),
        })
    }

    fn progress(&self, out: &mut Out) -> Result<(), AppError> {
        fact(out, "campaign", &format!("{} ({})", self.campaign.name, self.campaign.operation))?;
        fact(out, "database", &self.database)?;
        fact(out, "against", self.campaign.against.as_deref().unwrap_or("nothing yet: it was never run"))?;
        let (ended, total) = (self.counts.ended(), self.counts.total());
        // Cut off, not rounded: 100 % is said when all have ended, and not before.
        let thousandths = (ended * 1000).checked_div(total).unwrap_or(1000);
        let done = format!("{} ({}.{} %)", plural::ended(ended, total), thousandths / 10, thousandths % 10);
        fact(out, "done", &done)?;
        waves::tell(out, &self.waves)?;
        let all: Vec<(State, i64)> = self.counts.iter().collect();
        let (live, ended): (Vec<_>, Vec<_>) = all.into_iter().partition(|(state, _)| !state.is_ended());
        out.line("")?;
        let narrow = out.width() < NARROW;
        for (state, count) in live.iter().chain(&ended).filter(|_| narrow) {
            out.line(&format!("  {state:10}{count:>9}"))?;
        }
        for (place, (state, count)) in live.iter().enumerate().filter(|_| !narrow) {
            let beside = ended.get(place).map(|(state, count)| format!("    {state:10}{count:>9}")).unwrap_or_default();
            out.line(&format!("  {state:10}{count:>9}{beside}"))?;
        }
        out.line("")
    }

    fn waiting(&self, out: &mut Out, open: usize) -> Result<(), AppError> {
        for released in self.released.iter().rev().take(NAMED).rev() {
            fact(out, "released", &holds::released_words(released))?;
        }
        for waiting in &self.holds {
            fact(out, "held", &waiting.words())?;
        }
        if self.holds.iter().any(|waiting| waiting.held.release == Release::Operator) {
            command(out, "then", &self.next.command(["release", &self.campaign.name]))?;
        }
        if !self.is_ended() {
            fact(out, "runner", &self.hands())?;
            // A runner that is stopped has the lock: another one is refused.
            if !self.may_be_at_work() && !self.is_stopped() {
                command(out, "to go on", &self.next.run_again(&self.campaign, None))?;
            }
            let estimate = self
                .to_the_end()
                .map_or("the time to the end is unknown".to_owned(), |left| format!("about {} to the end", span(left)));
            fact(out, "rate", &format!("{} ended in the last minute, {estimate}", plural::count(self.rate, "job")))?;
            if let Some(waiting) = self.waiting_for() {
                fact(out, "waits for", &waiting)?;
            }
            if let Some(asked) = &self.asked {
                fact(out, "asked", &asked.words(self.now))?;
                command(out, "or at once", &self.next.command(["release", &self.campaign.name]))?;
            }
            let of = |state| self.counts.of(state);
            let (sent, verified, followed) = (of(State::Submitting), of(State::Verifying), of(State::Upgrading));
            let flight = format!("{sent} on the wire, {verified} verified, {followed} followed");
            fact(out, "in flight", &format!("{flight}; {open} open requests"))?;
            let Unexpected { missing, unchanged } = self.unexpected;
            if missing > 0 {
                fact(
                    out,
                    "missing",
                    &format!("{missing} of the followed: Atlas knows no cluster of the name any more"),
                )?;
            }
            if unchanged > 0 {
                fact(out, "unchanged", &format!("{unchanged} of the followed: the cluster is idle and what it was"))?;
            }
        }
        if let Some(at) = self.last_write {
            fact(out, "last write", &format!("{at}, {} ago", span(self.now.since(at))))?;
        }
        Ok(())
    }

    /// What happens next, or has to.
    fn waiting_for(&self) -> Option<String> {
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

    fn may_be_at_work(&self) -> bool {
        matches!(self.runner, Some((_, Vitals::Works | Vitals::Unknown)))
    }

    fn is_stopped(&self) -> bool {
        matches!(self.runner, Some((_, Vitals::Stopped)))
    }

    /// In whose hands the campaign is.
    fn hands(&self) -> String {
        let Some((Holder { host, pid, since, .. }, vitals)) = &self.runner else {
            return "none".to_owned();
        };
        let who = format!("process {pid} on {host}");
        match vitals {
            Vitals::Works => format!("{who}, at work since {since}"),
            Vitals::Unknown => format!("{who}, since {since}, if it is still alive"),
            Vitals::Stopped => format!("{who} is stopped, and goes on after `kill -CONT {pid}`"),
            Vitals::Dead => format!("{who} has died; nothing is lost"),
        }
    }

    /// How many requests are open: sent, and neither accepted nor shown to have had no effect.
    async fn open(&self, store: &Store) -> Result<usize, AppError> {
        if self.counts.in_flight() == 0 {
            return Ok(0);
        }
        let states = vec![State::Submitting, State::Verifying];
        let mut pages = Pages::new(store, self.campaign.id, Filter { states, ..Filter::default() });
        let mut open = 0;
        while let Some(page) = pages.next().await? {
            open += page.iter().filter(|row| row.job.open).count();
        }
        Ok(open)
    }
}

/// When the first job is due that no runner holds.
async fn next_due(store: &Store, campaign_id: i64, wave: Wave) -> Result<Option<Millis>, AppError> {
    let pending = store.next_due(campaign_id, Lane::Pending(wave)).await?;
    let rest = store.next_due(campaign_id, Lane::Rest).await?;
    Ok(pending.into_iter().chain(rest).min())
}
