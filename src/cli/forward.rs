//! Bringing forward what waits for what Atlas asked for: jobs, and what only a run at work knows.

use crate::cli::exit::Failure;
use crate::clock::Clock;
use crate::domain::event::Event;
use crate::domain::machine::{Decision, decide};
use crate::domain::policy::Policy;
use crate::store::{Change, Runner, Store};

/// How many jobs one transaction brings forward.
const CHUNK: i64 = 256;

/// What waits, and whose word it is that it shall not.
pub(super) struct Forward<'a> {
    pub(super) store: &'a Store,
    pub(super) campaign_id: i64,
    pub(super) runner: &'a Runner,
    pub(super) clock: Clock,
    pub(super) reason: Option<&'a str>,
}

impl Forward<'_> {
    /// Brings forward the jobs of one project, or (where it is empty) of all, and says how many there were. A run that
    /// is at work goes on with them within seconds.
    pub(super) async fn project(&self, project: &str) -> Result<usize, Failure> {
        let mut brought = 0;
        // Jobs that others write meanwhile are read again; while some are brought forward, there may be more.
        loop {
            let ids = self.store.asked(self.campaign_id, project, self.clock.now(), CHUNK).await?;
            let now = self.jobs(&ids).await?;
            brought += now;
            if now == 0 {
                break;
            }
        }
        if brought > 0 {
            self.tell_the_run().await?;
        }
        Ok(brought)
    }

    /// Brings these jobs forward, as far as they wait for that, and says how many did.
    pub(super) async fn jobs(&self, ids: &[i64]) -> Result<usize, Failure> {
        let event = Event::BroughtForward { reason: self.reason.map(str::to_owned) };
        // Nothing in what is decided here depends on the campaign's patience.
        let (policy, now) = (Policy::default(), self.clock.now());
        let jobs = self.store.reload(ids).await?;
        let changes = jobs.iter().filter_map(|job| {
            let Decision { job, entry, .. } = decide(job, &event, now, &policy, 0);
            entry.map(|entry| Change::new(job, Some(entry), now))
        });
        let written = self.store.record(self.runner, &changes.collect::<Vec<_>>()).await?;
        Ok(written.into_iter().filter(|written| *written).count())
    }

    /// A run at work has waits of its own, of which no row tells. It forgets them by this.
    pub(super) async fn tell_the_run(&self) -> Result<(), Failure> {
        Ok(self.store.bring_forward(self.campaign_id, self.clock.now()).await?)
    }
}
