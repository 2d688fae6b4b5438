//! What a step's requests count against in pacing.

use crate::domain::operation::Operation;
use crate::pacing::{EndpointSegment, Purpose};

/// The requests of each kind of step, by what they count against.
pub(super) struct StepRequests {
    /// The upgrade request.
    send: Vec<(EndpointSegment, u32)>,
    /// One to each API that a look reads.
    look: Vec<(EndpointSegment, u32)>,
}

impl StepRequests {
    pub(super) fn new(operation: &Operation) -> Self {
        let mut look = vec![(operation.source.segment, 1)];
        if operation.source != operation.target {
            look.push((operation.target.segment, 1));
        }
        Self { send: vec![(operation.endpoints(), 1)], look }
    }

    pub(super) fn of(&self, purpose: Purpose) -> &[(EndpointSegment, u32)] {
        match purpose {
            Purpose::Send => &self.send,
            Purpose::Look => &self.look,
        }
    }
}
