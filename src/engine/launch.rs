//! The tasks that workers are: each holds its place among the workers for as long as its step takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::atlas::SignInError;
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::domain::job::{Job, State};
use crate::engine::recorder::Note;
use crate::engine::{Engine, Freed, News, worker};
use crate::pacing::Report;

/// What a step needs to report.
#[derive(Clone)]
pub(super) struct Launcher {
    pub(super) engine: Engine,
    pub(super) to_recorder: mpsc::UnboundedSender<Note>,
    pub(super) to_dispatcher: mpsc::UnboundedSender<News>,
    /// No new sends: draining, or held.
    pub(super) stopped: Arc<AtomicBool>,
}

impl Launcher {
    /// Sends an upgrade request. Permit, slot and worker are had; the token is made sure of; then the intent is
    /// written, and after it comes only the call.
    pub(super) async fn send(self, job: Job, worker: OwnedSemaphorePermit) {
        let mut freed = self.sending(job).await;
        freed.was_send = true;
        drop(worker);
        let _gone = self.to_dispatcher.send(News::Freed(freed));
    }

    async fn sending(&self, job: Job) -> Freed {
        let project = job.project_id.clone();
        if let Err(error) = self.engine.client.ready(&project).await {
            return Freed { project, unsent: Some(Box::new(job)), ..not_signed_in(error) };
        }
        if self.stopped.load(Ordering::Relaxed) {
            return Freed { project, unsent: Some(Box::new(job)), ..Freed::default() };
        }
        let (reply, written) = oneshot::channel();
        let _gone = self.to_recorder.send(Note::Intent(Box::new(job), reply));
        let Ok(Some(job)) = written.await else {
            return Freed { project, ..Freed::default() };
        };
        let (job, event, call, report, answer) = worker::send(&self.engine, job).await;
        let _gone = self.to_recorder.send(Note::Happened(vec![(job, event, Some(call))]));
        let proven = matches!(answer, Answer::Accepted { .. } | Answer::Refused(_) | Answer::Unknown(_));
        Freed { project, reports: vec![report], proven, ..Freed::default() }
    }

    /// Looks at jobs of one project.
    pub(super) async fn look(self, project: String, jobs: Vec<Job>, worker: OwnedSemaphorePermit) {
        let starting = jobs.iter().any(|job| job.state == State::Pending);
        let learned = worker::look(&self.engine, jobs).await;
        // A look that only follows what is in flight may be refused once without stopping everybody.
        let hold = learned.held.clone().filter(|_| starting);
        let _gone = self.to_recorder.send(Note::Happened(learned.news));
        drop(worker);
        let (reports, failed, blind) = (learned.reports, learned.failed, learned.held);
        let freed = Freed { project, reports, hold, failed, blind, ..Freed::default() };
        let _gone = self.to_dispatcher.send(News::Freed(freed));
    }
}

fn not_signed_in(error: SignInError) -> Freed {
    match error {
        SignInError::Refused(fault) => Freed { hold: Some(fault), ..Freed::default() },
        SignInError::Later { fault, retry_after } => {
            let Fault { code, detail } = fault;
            tracing::warn!(%code, "cannot sign in, trying again: {detail}");
            let report = Report { brakes_host: true, retry_after, ..Report::default() };
            Freed { reports: vec![report], ..Freed::default() }
        }
    }
}
