//! What a run says at its end.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::failures::{self, FailureGroup};
use crate::app::holds::in_force;
use crate::app::{AppError, ErrorKind};
use crate::cli::exit::ExitCode;
use crate::cli::holds;
use crate::cli::next::Next;
use crate::cli::terminal::{Out, inset_fact, wrap};
use crate::domain::code::{Fault, TARGET_DIFFERS};
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::engine::Ending;
use crate::plural::span;
use crate::store::{Digest, Store};

/// How many failed jobs of a kind are named.
const NAMED: usize = 5;

pub(super) struct Summary<'a> {
    pub(super) counts: Counts,
    pub(super) campaign: &'a str,
    pub(super) database: String,
    pub(super) against: &'a str,
    pub(super) who: String,
    pub(super) reports: &'a [PathBuf],
    /// Over all histories; `drydock audit verify` computes it anew.
    pub(super) digest: Option<Digest>,
    pub(super) next: Next,
    /// The command that goes on with it.
    pub(super) run_again: String,
    /// Nothing where there was nothing to do.
    pub(super) ending: Option<Ending>,
    pub(super) span: Duration,
}

impl Summary<'_> {
    /// Tells it on standard output; returns the exit code that goes with it, also if nobody reads.
    pub(super) async fn tell(&self, store: &Store, campaign_id: i64) -> Result<ExitCode, AppError> {
        match self.write(store, campaign_id).await {
            Err(failure) if failure.kind() == ErrorKind::OutputClosed => Ok(self.exit_code()),
            told => told.map(|()| self.exit_code()),
        }
    }

    async fn write(&self, store: &Store, campaign_id: i64) -> Result<(), AppError> {
        let mut out = Out::new();
        out.line("")?;
        out.line(&self.headline())?;
        let waiting = if self.exit_code() == ExitCode::HELD { in_force(store, campaign_id).await? } else { Vec::new() };
        for waiting in waiting.iter().take(NAMED) {
            inset_fact(&mut out, "held", &holds::words(waiting))?;
        }
        if let Some(more) = waiting.len().checked_sub(NAMED).filter(|more| *more > 0) {
            let status = self.next.command(["status", self.campaign]);
            inset_fact(&mut out, "", &format!("and {more} more: {status}"))?;
        }
        let counts: Vec<String> = self
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        inset_fact(&mut out, "jobs", &counts.join(", "))?;
        inset_fact(&mut out, "against", self.against)?;
        inset_fact(&mut out, "as", &self.who)?;
        inset_fact(&mut out, "database", &self.database)?;
        for report in self.reports {
            inset_fact(&mut out, "report", &report.display().to_string())?;
        }
        if let Some(digest) = self.digest {
            inset_fact(&mut out, "digest", &digest.to_string())?;
        }
        if self.counts.unhappy() > 0 {
            self.tell_failures(&mut out, store, campaign_id).await?;
        }
        self.tell_warnings(&mut out, store, campaign_id).await?;
        if self.exit_code() == ExitCode::HELD {
            out.line("")?;
            wrap(&self.advice(), out.width()).iter().try_for_each(|line| out.line(line))?;
            out.line(&format!("  {}", self.next.command(["release", self.campaign])))?;
        }
        if self.exit_code() == ExitCode::SOME_FAILED {
            out.line("")?;
            out.line("When they are set right, run it again after")?;
            out.line(&format!("  {}", self.next.command(["retry", self.campaign, "--all-failed"])))?;
        }
        if self.exit_code() == ExitCode::INTERRUPTED {
            out.line("")?;
            out.line("To go on:")?;
            out.line(&format!("  {}", self.run_again))?;
        }
        out.done()
    }

    fn headline(&self) -> String {
        let (campaign, span) = (self.campaign, span(self.span));
        match &self.ending {
            None => format!("{campaign}: nothing is left to do"),
            Some(Ending::Finished) => format!("{campaign}: every job has ended, after {span}"),
            Some(Ending::Interrupted) => format!("{campaign}: interrupted after {span}"),
            Some(Ending::Held(_)) => format!("{campaign}: held after {span}"),
        }
    }

    /// What went wrong, by kind, with the first jobs of each.
    async fn tell_failures(&self, out: &mut Out, store: &Store, campaign_id: i64) -> Result<(), AppError> {
        let mut told = 0;
        for kind in failures::by_code(store, campaign_id, &[State::Failed, State::Cancelled], NAMED).await? {
            tell_kind(out, &kind, "")?;
            told += kind.first.len();
        }
        if let Some(more) = self.counts.unhappy().checked_sub(told as i64).filter(|more| *more > 0) {
            let list = self.next.command(["list", self.campaign, "--state", "failed,cancelled"]);
            out.line("")?;
            out.line(&format!("  and {more} more: {list}"))?;
        }
        Ok(())
    }

    /// What was upgraded, and is not in every respect what its row asks for.
    async fn tell_warnings(&self, out: &mut Out, store: &Store, campaign_id: i64) -> Result<(), AppError> {
        if self.counts.of(State::Succeeded) == 0 {
            return Ok(());
        }
        let warnings = failures::of_code(store, campaign_id, State::Succeeded, TARGET_DIFFERS, NAMED).await?;
        warnings.iter().try_for_each(|kind| tell_kind(out, kind, "warning: "))
    }

    /// What to do about a hold.
    fn advice(&self) -> String {
        let flight = match self.counts.in_flight() {
            0 => "What was in flight has been followed".to_owned(),
            1 => "1 job is in flight, and the next run follows it".to_owned(),
            flying => format!("{flying} jobs are in flight, and the next run follows them"),
        };
        format!("{flight}; all others wait. Set right what holds them, then let them go and run it again:")
    }

    fn exit_code(&self) -> ExitCode {
        match &self.ending {
            Some(Ending::Held(_)) => ExitCode::HELD,
            Some(Ending::Interrupted) => ExitCode::INTERRUPTED,
            Some(Ending::Finished) | None if self.counts.unhappy() > 0 => ExitCode::SOME_FAILED,
            Some(Ending::Finished) | None => ExitCode::SUCCESS,
        }
    }
}

/// How many ended so, why, and the first of them.
fn tell_kind(out: &mut Out, kind: &FailureGroup, label: &str) -> Result<(), AppError> {
    let FailureGroup { count, example: Fault { code, detail }, alike, first, .. } = kind;
    let such = if *alike { "" } else { "for instance: " };
    out.line("")?;
    wrap(&format!("{label}{count} with {code}: {such}{detail}"), out.width() - 4)
        .iter()
        .enumerate()
        .try_for_each(|(place, line)| out.line(&format!("  {}{line}", if place > 0 { "  " } else { "" })))?;
    first.iter().try_for_each(|(row, name)| out.line(&format!("    row {row} {name}")))
}
