//! The tasks that workers are: each holds its place among the workers for as long as its step takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::atlas::SignInError;
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::domain::hold::{Hold, Reach};
use crate::domain::job::State;
use crate::engine::claim::Claim;
use crate::engine::holds::{Holds, ProbeOutcome};
use crate::engine::recorder::RecordRequest;
use crate::engine::worker::Learned;
use crate::engine::{DispatcherEvent, Engine, StepFinished, worker};
use crate::pacing::RateFeedback;

/// What a step needs to report.
#[derive(Clone)]
pub(super) struct Executor {
    pub(super) engine: Arc<Engine>,
    pub(super) holds: Holds,
    pub(super) to_recorder: mpsc::UnboundedSender<RecordRequest>,
    pub(super) to_dispatcher: mpsc::UnboundedSender<DispatcherEvent>,
    /// No new sends.
    pub(super) draining: Arc<AtomicBool>,
}

impl Executor {
    /// Sends an upgrade request. Permit, slot and worker are had; the token is made sure of; then the intent is
    /// written, and after it comes only the call.
    pub(super) async fn send(self, claim: Box<Claim>, worker: OwnedSemaphorePermit) {
        let send = Some(claim.job.id);
        let freed = StepFinished { send, ..self.sending(claim).await };
        drop(worker);
        let _gone = self.to_dispatcher.send(DispatcherEvent::StepFinished(freed));
    }

    async fn sending(&self, claim: Box<Claim>) -> StepFinished {
        let project = claim.job.project_id.clone();
        if let Err(error) = self.engine.client.ready(&project).await {
            return StepFinished { unsent: Some(claim), ..self.not_signed_in(project, error) };
        }
        if self.draining.load(Ordering::Relaxed) || !self.holds.may_send(claim.job.id, &project) {
            return StepFinished { project, unsent: Some(claim), ..StepFinished::default() };
        }
        let (reply, written) = oneshot::channel();
        let _gone = self.to_recorder.send(RecordRequest::Intent(claim, reply));
        let Ok(Some(job)) = written.await else {
            return StepFinished { project, ..StepFinished::default() };
        };
        let (job, event, call, report, answer) = worker::send(&self.engine, &self.holds, job).await;
        let _gone = self.to_recorder.send(RecordRequest::Happened(vec![(Box::new(job.into()), event, Some(call))]));
        let proven = matches!(answer, Answer::Accepted { .. } | Answer::Refused(_) | Answer::Unknown(_));
        let tried = match answer {
            Answer::Accepted { .. } | Answer::Refused(_) => ProbeOutcome::Through,
            Answer::NeverSent(_) => ProbeOutcome::Nothing,
            _ => ProbeOutcome::InVain,
        };
        StepFinished { project, reports: vec![report], proven, tried, ..StepFinished::default() }
    }

    /// Looks at jobs of one project.
    pub(super) async fn look(self, project: String, claims: Vec<Box<Claim>>, worker: OwnedSemaphorePermit) {
        let starting = claims.iter().any(|claim| claim.job.state == State::Pending);
        let Learned { news, reports, held, failed } = worker::look(&self.engine, claims).await;
        if failed.is_none() || held.is_some() {
            // A look that only follows what is in flight may be refused once without stopping anything.
            let blind = self.holds.looked(&project, held.is_some());
            if let Some(hold) = held.filter(|_| starting || blind) {
                worker::hold(&self.engine, &self.holds, &project, hold).await;
            }
        }
        let _gone = self.to_recorder.send(RecordRequest::Happened(news));
        drop(worker);
        let freed = StepFinished { project, reports, failed, ..StepFinished::default() };
        let _gone = self.to_dispatcher.send(DispatcherEvent::StepFinished(freed));
    }

    fn not_signed_in(&self, project: String, error: SignInError) -> StepFinished {
        match error {
            SignInError::Refused(fault) => {
                let hold = Hold::until_released(Reach::Campaign, fault);
                self.holds.add(&hold, &project, self.engine.clock.now());
                StepFinished { project, ..StepFinished::default() }
            }
            SignInError::Later { fault, retry_after } => {
                let Fault { code, detail } = fault;
                tracing::warn!(%code, "cannot sign in, trying again: {detail}");
                let report = RateFeedback { host_unavailable: true, retry_after, ..RateFeedback::default() };
                StepFinished { project, reports: vec![report], ..StepFinished::default() }
            }
        }
    }
}
