//! Whether a history makes sense: what no Drydock does is not made true by fitting digests.

use crate::domain::history::Kind;
use crate::domain::job::State;
use crate::store::queries::jobs::RecordedEvent;

/// What the events so far say of a job's requests.
pub(super) struct ReplayCheck {
    state: State,
    /// The newest request.
    send: i64,
    /// Atlas has accepted one, and no operator has sent the job back since.
    accepted: bool,
}

impl ReplayCheck {
    /// Before the first event.
    pub(super) fn new() -> Self {
        Self { state: State::Pending, send: 0, accepted: false }
    }

    /// Takes the next event in; returns what is wrong with it, if anything is.
    pub(super) fn wrong(&mut self, event: &RecordedEvent) -> Option<&'static str> {
        let before = std::mem::replace(&mut self.state, event.state);
        let kind = event.kind.as_str();
        if kind == Kind::Intent.name() {
            let next = self.send + 1;
            self.send = next;
            return if event.send != Some(next) {
                Some("it is not the next request")
            } else if before != State::Ready {
                Some("a request where the job was not ready for one")
            } else if self.accepted {
                Some("a request after one that Atlas accepted")
            } else {
                None
            };
        }
        if kind == Kind::Accepted.name() {
            self.accepted = true;
        } else if kind == Kind::Retried.name() {
            self.accepted = false;
        }
        event.send.is_some_and(|send| send > self.send).then_some("it is of a request that was never made")
    }
}
