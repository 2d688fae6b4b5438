//! What a run says at its end.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::exit::{ExitCode, Failure};
use crate::cli::terminal::{Out, span};
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::engine::Ending;
use crate::store::{Digest, Filter, Store};

/// How many failed jobs are named one by one.
const NAMED: i64 = 10;

pub(super) struct Summary<'a> {
    pub(super) counts: Counts,
    pub(super) campaign: &'a str,
    pub(super) database: String,
    pub(super) against: &'a str,
    pub(super) who: String,
    pub(super) reports: Vec<PathBuf>,
    /// Over all histories; `drydock audit verify` computes it anew.
    pub(super) digest: Option<Digest>,
    /// Nothing where there was nothing to do.
    pub(super) ending: Option<Ending>,
    pub(super) span: Duration,
}

impl Summary<'_> {
    /// Tells it on standard output; returns the exit code that goes with it, also if nobody reads.
    pub(super) async fn tell(&self, store: &Store, campaign_id: i64) -> Result<ExitCode, Failure> {
        match self.write(store, campaign_id).await {
            Err(failure) if failure.is_closed_pipe() => Ok(self.exit_code()),
            told => told.map(|()| self.exit_code()),
        }
    }

    async fn write(&self, store: &Store, campaign_id: i64) -> Result<(), Failure> {
        let mut out = Out::new();
        out.line("")?;
        out.line(&self.headline())?;
        let counts: Vec<String> = self
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        out.line(&format!("  jobs      {}", counts.join(", ")))?;
        out.line(&format!("  against   {}", self.against))?;
        out.line(&format!("  as        {}", self.who))?;
        out.line(&format!("  database  {}", self.database))?;
        for report in &self.reports {
            out.line(&format!("  report    {}", report.display()))?;
        }
        if let Some(digest) = self.digest {
            out.line(&format!("  digest    {digest}"))?;
        }
        self.tell_failures(&mut out, store, campaign_id).await?;
        if let Some(advice) = self.advice() {
            out.line("")?;
            out.line(&advice)?;
        }
        out.done()
    }

    fn headline(&self) -> String {
        let (campaign, span) = (self.campaign, span(self.span));
        match &self.ending {
            None => format!("{campaign}: nothing is left to do"),
            Some(Ending::Finished) => format!("{campaign}: every job has ended, after {span}"),
            Some(Ending::Interrupted) => format!("{campaign}: interrupted after {span}; run it again to go on"),
            Some(Ending::Held(fault)) => format!("{campaign}: held after {span}: {}: {}", fault.code, fault.detail),
        }
    }

    async fn tell_failures(&self, out: &mut Out, store: &Store, campaign_id: i64) -> Result<(), Failure> {
        let unhappy = self.counts.unhappy();
        if unhappy == 0 {
            return Ok(());
        }
        let filter = Filter { states: vec![State::Failed, State::Cancelled], ..Filter::default() };
        out.line("")?;
        for row in store.page(campaign_id, &filter, None, NAMED).await? {
            let (code, detail) = row.job.error.as_ref().map_or(("", ""), |fault| (&fault.code, &fault.detail));
            out.line(&format!("  row {} {}: {code}: {detail}", row.job.row, row.job.name()))?;
        }
        if unhappy > NAMED {
            out.line(&format!(
                "  and {} more: drydock list {} --state failed,cancelled",
                unhappy - NAMED,
                self.campaign
            ))?;
        }
        Ok(())
    }

    fn advice(&self) -> Option<String> {
        match &self.ending {
            Some(Ending::Held(_)) => Some(
                "What was in flight has been followed; all other jobs wait. Set it right, then run it again."
                    .to_owned(),
            ),
            Some(Ending::Finished) | None if self.counts.unhappy() > 0 => Some(format!(
                "When they are set right: drydock retry {} --all-failed, then run it again.",
                self.campaign
            )),
            _ => None,
        }
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
