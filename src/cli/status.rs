//! `drydock status`: how far a campaign is, what it waits for, and when it will be done.

use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::failures::FailureGroup;
use crate::app::status::CampaignStatus;
use crate::app::{AppError, ErrorKind};
use crate::cli::args;
use crate::cli::context::{Context, campaign_file};
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::holds;
use crate::cli::next::Next;
use crate::cli::terminal::{self, Out, fact, facts};
use crate::cli::waves;
use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::hold::Release;
use crate::domain::job::State;
use crate::domain::waiting::Unexpected;
use crate::plural;
use crate::plural::span;
use crate::store::{Holder, Store, Vitals};

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(2);
/// So many times as long as a look took nothing is looked at: a million rows take a tenth of a second, and whoever
/// watches shall cost the run a hundredth of one core at most.
const IDLE: u32 = 99;
/// The longest that `--watch` goes without a look.
const SELDOM: Duration = Duration::from_secs(30);
/// How many holds that are over are told.
const NAMED: usize = 5;
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
    let status = CampaignStatus::read(&store, campaign, (context.clock, &environment::host())).await?;
    View { status: &status, next: &context.next }.tell(&store, args.json, "", None).await?;
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
        let status = CampaignStatus::read(store, campaign, (context.clock, &environment::host())).await?;
        let took = context.clock.now().since(started);
        let size = clears.then(terminal::size).flatten();
        View { status: &status, next: &context.next }.tell(store, json, before, size).await?;
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

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// For everything.
    Whole,
    /// For what changes: the states that some job has, in one line.
    Short,
}

/// A status in words.
struct View<'a> {
    status: &'a CampaignStatus,
    /// What to type next.
    next: &'a Next,
}

impl View<'_> {
    /// Tells it on standard output, after `before`; on a terminal of this `size` that is cleared each time, as much as
    /// has room.
    async fn tell(
        &self,
        store: &Store,
        json: bool,
        before: &str,
        size: Option<(usize, usize)>,
    ) -> Result<(), AppError> {
        let mut out = Out::new();
        out.writer().write_all(before.as_bytes())?;
        if json {
            out.json(&self.object())?;
            return out.done();
        }
        let (open, kinds) = (self.status.open_requests(store).await?, self.status.failed(store).await?);
        let Some((columns, rows)) = size else {
            self.write(&mut out, open, &kinds, Layout::Whole)?;
            return out.done();
        };
        // The last row is the cursor's.
        let size = (columns, rows.saturating_sub(1).max(1));
        let page = |layout| {
            let mut page = Out::page();
            self.write(&mut page, open, &kinds, layout)?;
            Ok::<String, AppError>(page.into_text())
        };
        let whole = page(Layout::Whole)?;
        let text = if terminal::has_room(&whole, size) { whole } else { page(Layout::Short)? };
        terminal::fitting(&text, size).iter().try_for_each(|line| out.line(line))?;
        out.done()
    }

    fn write(&self, out: &mut Out, open: usize, kinds: &[FailureGroup], layout: Layout) -> Result<(), AppError> {
        self.progress(out, layout)?;
        self.waiting(out, open)?;
        let failed = |FailureGroup { count, example: Fault { code, detail }, .. }: &FailureGroup| {
            format!("{count} with {code}: {detail}")
        };
        facts(out, "failed", kinds.iter().map(failed))
    }

    fn object(&self) -> Value {
        let time = |at: Option<Millis>| at.map(|at| at.to_string());
        let counts: serde_json::Map<String, Value> =
            self.status.counts.iter().map(|(state, count)| (state.name().to_owned(), count.into())).collect();
        json!({
            "campaign": self.status.campaign.name,
            "operation": self.status.campaign.operation,
            "database": self.status.database,
            "against": self.status.campaign.against,
            "total": self.status.counts.total(),
            "counts": counts,
            "ended": self.status.counts.ended(),
            "waves": waves::objects(&self.status.waves),
            "rate_per_minute": self.status.rate,
            "eta_seconds": self.status.to_the_end().map(|span| span.as_secs()),
            "waiting_for": self.status.waiting_for(),
            "unexpected": { "missing": self.status.unexpected.missing, "unchanged": self.status.unexpected.unchanged },
            "next_due_at": time(self.status.next_due),
            "asked_until": time(self.status.asked.map(|asked| asked.wait.until)),
            "last_write_at": time(self.status.last_write),
            "runner": self.status.runner.as_ref().map(|(holder, vitals)| json!({
                "runner": holder.runner,
                "host": holder.host,
                "pid": holder.pid,
                "since": holder.since.to_string(),
                "state": vitals.name(),
            })),
            "holds": self.status.holds.iter().map(holds::object).collect::<Vec<_>>(),
            "released": self.status.released.iter().map(holds::released_object).collect::<Vec<_>>(),
        })
    }

    fn progress(&self, out: &mut Out, layout: Layout) -> Result<(), AppError> {
        fact(out, "campaign", &format!("{} ({})", self.status.campaign.name, self.status.campaign.operation))?;
        if layout == Layout::Whole {
            fact(out, "database", &self.status.database)?;
            fact(out, "against", self.status.campaign.against.as_deref().unwrap_or("nothing yet: it was never run"))?;
        }
        let (ended, total) = (self.status.counts.ended(), self.status.counts.total());
        // Cut off, not rounded: 100 % is said when all have ended, and not before.
        let thousandths = (ended * 1000).checked_div(total).unwrap_or(1000);
        let done = format!("{} ({}.{} %)", plural::ended(ended, total), thousandths / 10, thousandths % 10);
        fact(out, "done", &done)?;
        waves::tell(out, &self.status.waves)?;
        if layout == Layout::Short {
            let some = self.status.counts.iter().filter(|(_, count)| *count > 0);
            let some: Vec<String> = some.map(|(state, count)| format!("{count} {state}")).collect();
            return fact(out, "jobs", &some.join(", "));
        }
        let all: Vec<(State, i64)> = self.status.counts.iter().collect();
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
        for released in self.status.released.iter().rev().take(NAMED).rev() {
            fact(out, "released", &holds::released_words(released))?;
        }
        for hold in &self.status.holds {
            fact(out, "held", &holds::words(hold))?;
        }
        if self.status.holds.iter().any(|waiting| waiting.held.release == Release::Operator) {
            command(out, "then", &self.next.command(["release", &self.status.campaign.name]))?;
        }
        if !self.status.is_ended() {
            fact(out, "runner", &self.hands())?;
            // A runner that is stopped has the lock: another one is refused.
            if !self.status.may_be_at_work() && !self.status.is_stopped() {
                command(out, "to go on", &self.next.run_again(&self.status.campaign, None))?;
            }
            let estimate = self
                .status
                .to_the_end()
                .map_or("the time to the end is unknown".to_owned(), |left| format!("about {} to the end", span(left)));
            fact(
                out,
                "rate",
                &format!("{} ended in the last minute, {estimate}", plural::count(self.status.rate, "job")),
            )?;
            if let Some(waiting) = self.status.waiting_for() {
                fact(out, "waits for", &waiting)?;
            }
            if let Some(asked) = &self.status.asked {
                fact(out, "asked", &asked.words(self.status.now))?;
                command(out, "or at once", &self.next.command(["release", &self.status.campaign.name]))?;
            }
            let of = |state| self.status.counts.of(state);
            let (sent, verified, followed) = (of(State::Submitting), of(State::Verifying), of(State::Upgrading));
            let flight = format!("{sent} on the wire, {verified} verified, {followed} followed");
            fact(out, "in flight", &format!("{flight}; {open} open requests"))?;
            let Unexpected { missing, unchanged } = self.status.unexpected;
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
        if let Some(at) = self.status.last_write {
            fact(out, "last write", &format!("{at}, {} ago", span(self.status.now.since(at))))?;
        }
        Ok(())
    }

    /// In whose hands the campaign is.
    fn hands(&self) -> String {
        let Some((Holder { host, pid, since, .. }, vitals)) = &self.status.runner else {
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
}
