//! The end of a run, however its work ended: sign out, write the reports, say how it went.

use crate::cli::exit::{ExitCode, Failure};
use crate::cli::next::Next;
use crate::cli::run::begin::Begun;
use crate::cli::run::reports::{self, Reports};
use crate::cli::run::summary::Summary;
use crate::clock::Millis;
use crate::engine::Ending;
use crate::store::{Origin, SIMULATION, StoreError};

/// How the work went.
pub(super) struct Work {
    /// When it began.
    pub(super) started: Millis,
    /// No ending means that there was nothing to do.
    pub(super) ended: Result<Option<Ending>, Failure>,
    /// Somebody asked to stop at once: what is only good manners is left out.
    pub(super) hurried: bool,
    /// What to type next.
    pub(super) next: Next,
}

/// How the run went.
pub(super) struct Finished {
    pub(super) code: ExitCode,
    /// Why a report is not there.
    pub(super) unwritten: Option<Failure>,
}

/// Ends the run. It is a task of its own: a report may go to a pipe that nobody reads, and standard output too, and
/// a signal must get through all the same.
pub(super) async fn finish(run: Begun, work: Work) -> Result<Finished, Failure> {
    if !work.hurried {
        run.client.sign_out().await;
    }
    // Whoever has the lock by now writes the reports.
    let lost = matches!(run.store.is_in_place(), Err(StoreError::LockLost { .. }));
    let folder = (!lost).then_some(&*run.folder);
    let Reports { paths, unwritten, digest } = reports::write(&run.store, &run.config, folder).await;
    // What stopped the work matters more than what it did to the reports.
    let ending = work.ended?;
    let (digest, unfit) = match digest {
        Ok(digest) => (digest, None),
        Err(error) => (None, Some(error)),
    };
    let summary = Summary {
        counts: run.store.counts(run.campaign_id).await?,
        campaign: &run.config.campaign,
        database: run.store.name(),
        against: &run.against,
        who: run.who(),
        digest,
        reports: paths,
        run_again: work.next.run(&run.config.file, run.against == SIMULATION),
        next: work.next,
        ending,
        span: run.clock.now().since(work.started),
    };
    let code = summary.tell(&run.store, run.campaign_id).await?;
    if let Some(error) = unfit {
        return Err(error.into());
    }
    // A copy that was made while this run was at work is an older state from now on. If that cannot be written, such a
    // copy is noticed all the same unless it is put back before the next run.
    let _unwritten = run.store.identify(&run.lock, &Origin::Same, &run.runner.host, run.clock.now()).await;
    // The last connection takes the write-ahead log into the database file: whoever copies that has everything.
    run.store.close().await;
    drop(run.lock);
    Ok(Finished { code, unwritten })
}
