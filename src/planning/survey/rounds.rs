//! What could not be seen is looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Refusal, Survey, Surveyor};
use crate::clock::Millis;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::code::{Fault, RATE_LIMITED};
use crate::domain::event::{Answer, Sighting};
use crate::domain::hold::Hold;
use crate::domain::waiting;
use crate::pacing::WORTH_TELLING;
use crate::store::NewJob;

/// For how long, in all, what could not be seen is looked at again.
const PATIENCE: Duration = Duration::from_mins(1);

/// The wait before the second round; each further one is twice as long. No wait is shorter, whatever Atlas asks for.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// After so many rounds in which nothing could be reached there is no plan.
const UNREACHABLE: u32 = 5;

/// Why a read came to nothing.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) path: String,
    pub(super) answer: Answer,
    pub(super) retry_after: Option<Duration>,
    pub(super) host_unavailable: bool,
}

impl Failure {
    /// Whether other reads of the project, now, would fare no better.
    pub(super) fn concerns_all(&self) -> bool {
        let throttled = matches!(self.answer, Answer::Throttled { .. } | Answer::NeverSent(_));
        throttled || self.host_unavailable || self.answer.hold().is_some()
    }

    /// Whether the same read may succeed later.
    fn may_pass(&self) -> bool {
        !matches!(self.answer, Answer::Refused(_))
    }

    /// Why, in words; Atlas answered at `now` at the latest.
    fn fault(&self, now: Millis) -> Fault {
        let asked = self.retry_after.filter(|wait| *wait >= WORTH_TELLING);
        let asked = asked.map(|wait| format!(": {}", waiting::asked_words(now.after(wait)))).unwrap_or_default();
        let throttled = || Fault::new(RATE_LIMITED, format!("too many requests, again and again{asked}"));
        self.answer.fault().cloned().unwrap_or_else(throttled)
    }
}

/// What one project showed.
#[derive(Default)]
pub(super) struct Looked<'a> {
    pub(super) project: String,
    pub(super) sightings: Vec<(ClusterKey, Sighting)>,
    /// All names in it, where it could be listed.
    pub(super) names: Option<BTreeSet<String>>,
    /// It is closed to these credentials.
    pub(super) closed: Option<Hold>,
    pub(super) failed: Vec<(&'a NewJob, Failure)>,
}

impl<'a> Looked<'a> {
    /// A cluster could not be seen.
    pub(super) fn fail(&mut self, row: &'a NewJob, failure: Failure) {
        match failure.answer.hold() {
            Some(hold) => self.closed = Some(hold),
            None => self.failed.push((row, failure)),
        }
    }

    /// None of these could.
    pub(super) fn fail_all(&mut self, rows: &[&'a NewJob], failure: &Failure) {
        for row in rows {
            self.fail(row, failure.clone());
        }
    }
}

impl Surveyor<'_> {
    /// Looks at all of these, and again at what could not be seen.
    pub(super) async fn rounds<'a>(
        &self,
        survey: &mut Survey,
        mut left: BTreeMap<&'a str, Vec<&'a NewJob>>,
        workers: usize,
    ) -> Result<(), Refusal> {
        let (mut wait, mut until) = (FIRST_WAIT, None);
        for round in 1.. {
            let failed = self.round(survey, &left, workers).await;
            let nothing_seen = survey.sightings.is_empty() && survey.closed.is_empty();
            let unreachable = |failure: &Failure| matches!(failure.answer, Answer::NeverSent(_));
            if let Some((_, Failure { path, answer, .. })) = failed.first()
                && nothing_seen
                && round >= UNREACHABLE
                && failed.iter().all(|(_, failure)| unreachable(failure))
            {
                return Err(Refusal { path: path.clone(), answer: answer.clone() });
            }
            let now = self.clock.now();
            survey.unseen.extend(failed.iter().map(|(row, failure)| (key(row), failure.fault(now))));
            let sightings = &survey.sightings;
            survey.unseen.retain(|cluster, _| !sightings.contains_key(cluster));
            let again = failed.iter().filter(|(_, failure)| failure.may_pass());
            let Some(asked) = again.clone().map(|(_, failure)| failure.retry_after.unwrap_or_default()).min() else {
                return Ok(());
            };
            let until: Millis = *until.get_or_insert(now.after(PATIENCE));
            let next = now.after(asked.max(wait));
            if next > until {
                return Ok(());
            }
            left = BTreeMap::new();
            for (row, _) in again {
                left.entry(&row.project_id).or_default().push(row);
            }
            self.clock.sleep_until(next).await;
            wait *= 2;
        }
        Ok(())
    }

    /// Looks once; returns what could not be seen, now or before.
    async fn round<'a>(
        &self,
        survey: &mut Survey,
        projects: &BTreeMap<&'a str, Vec<&'a NewJob>>,
        workers: usize,
    ) -> Vec<(&'a NewJob, Failure)> {
        let looks = projects.iter().map(|(project, rows)| self.project(project, rows));
        let mut looks = stream::iter(looks).buffer_unordered(workers.max(1));
        let mut failed = Vec::new();
        while let Some(Looked { project, sightings, names, closed, failed: some }) = looks.next().await {
            survey.sightings.extend(sightings);
            if let Some(names) = names {
                survey.names.insert(project.clone(), names);
            }
            match closed {
                Some(hold) => drop(survey.closed.insert(project, hold)),
                None => failed.extend(some),
            }
        }
        failed
    }
}

fn key(row: &NewJob) -> ClusterKey {
    ClusterKey::new(&row.project_id, &row.cluster_name)
}
