//! The last check before an upgrade request leaves.
//!
//! An intent is on disk and a connection is being made; until the first byte of the request is written, the machine may
//! sleep, the process may be stopped, the lock may be lost and a hold may be set. So the request's body asks here when
//! the connection is about to write it: head and body leave together, or nothing leaves. The answer also tells a call
//! that failed before its first byte (nothing left, for certain) from one whose effect is unknown.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::atlas::codes::OVERSLEPT;
use crate::atlas::transport::TransportError;
use crate::clock::{Clock, Deadline};
use crate::domain::code::Fault;

/// Whether a request may leave at this moment. An error says why it may not.
pub type MayLeave = Arc<dyn Fn() -> Result<(), Fault> + Send + Sync>;

/// What one call may send, and whether it did. Clones are the same.
#[derive(Clone)]
pub(super) struct SendGate(Arc<Inner>);

struct Inner {
    clock: Clock,
    deadline: Deadline,
    may_leave: MayLeave,
    stage: Mutex<Stage>,
}

/// How far a request is.
#[derive(Debug, Clone)]
enum Stage {
    /// None of its bytes was written.
    Waiting,
    /// Its first byte was about to be written, and was allowed to.
    Passed,
    /// Its first byte was about to be written, and was not allowed to.
    Withheld(Fault),
    /// The call ended before.
    Over,
}

impl SendGate {
    /// A gate for one call, which must have begun to send by `deadline`.
    pub(super) fn new(clock: Clock, deadline: Deadline, may_leave: MayLeave) -> Self {
        Self(Arc::new(Inner { clock, deadline, may_leave, stage: Mutex::new(Stage::Waiting) }))
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.0.deadline.at.since(self.0.clock.now())
    }

    /// The first byte is about to be written. If this says yes, the request counts as sent.
    pub(super) fn pass(&self) -> Result<(), TransportError> {
        let mut stage = self.stage();
        if let Stage::Waiting = *stage {
            *stage = match self.check() {
                Ok(()) => Stage::Passed,
                Err(fault) => Stage::Withheld(fault),
            };
        }
        match &*stage {
            Stage::Passed => Ok(()),
            Stage::Withheld(fault) => Err(TransportError::Withheld(fault.clone())),
            Stage::Waiting | Stage::Over => Err(TransportError::Withheld(overslept())),
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let Inner { clock, deadline, may_leave, .. } = &*self.0;
        // Asked first: it may take its time, and then the deadline has passed.
        may_leave()?;
        if clock.has_passed(deadline) { Err(overslept()) } else { Ok(()) }
    }

    /// The call is over with this result: nothing of the request leaves any more that has not left. Where nothing has,
    /// the error says so; where something may have, no error says that nothing has.
    pub(super) fn close<T>(&self, result: Result<T, TransportError>) -> Result<T, TransportError> {
        let mut stage = self.stage();
        let error = match result {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        Err(match &*stage {
            Stage::Withheld(fault) => TransportError::Withheld(fault.clone()),
            Stage::Passed if error.never_left() => TransportError::Lost(error.to_string()),
            Stage::Passed => error,
            Stage::Waiting | Stage::Over => {
                *stage = Stage::Over;
                match error {
                    TransportError::TimedOut => TransportError::NeverMade("it took all the time of the request".into()),
                    TransportError::Lost(why) => TransportError::NeverMade(why),
                    error => error,
                }
            }
        })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overslept() -> Fault {
    Fault::new(
        OVERSLEPT,
        "the time of the request had passed before its first byte could leave (the process was stopped, or the machine \
         asleep), so it was not sent: it is looked at again",
    )
}

/// The body of an upgrade request, which is let go when the gate says so.
pub(super) struct GatedBody {
    gate: SendGate,
    bytes: Option<Bytes>,
}

impl GatedBody {
    pub(super) fn new(gate: SendGate, bytes: Bytes) -> Self {
        Self { gate, bytes: Some(bytes) }
    }
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(self.gate.pass().map(|()| Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
#[path = "send_gate_tests.rs"]
mod tests;
