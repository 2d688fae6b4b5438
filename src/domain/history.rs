//! What is written into a job's history: one entry an event that changed or taught something.

use crate::domain::code::Fault;

/// The kinds of entries, named as they stand in the database and in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A look taught something new.
    Looked,
    /// A look failed.
    LookFailed,
    /// The intent to send.
    Intent,
    /// The request was accepted.
    Accepted,
    /// Too many requests.
    Throttled,
    /// Not now.
    NotNow,
    /// No connection could be made.
    NeverSent,
    /// Atlas no longer serves the operation.
    Gone,
    /// A whole scope was refused.
    ScopeHeld,
    /// Refused for good.
    Refused,
    /// Anything may have happened.
    Unknown,
    /// Taken over from a dead runner.
    TakenOver,
    /// The look that made it ready grew old.
    GrewOld,
    /// An operator cancelled.
    Cancelled,
    /// The row left the fleet.
    LeftFleet,
    /// The row came back.
    Returned,
    /// Another job of the campaign is for the same cluster.
    Duplicate,
    /// The row wants something else, or carries something else along.
    Changed,
    /// A plan names the cluster that is to be upgraded.
    Planned,
    /// The plan leaves the job out.
    LeftOut,
    /// Another campaign may have a request to the cluster under way.
    SentElsewhere,
    /// The database was put back from a backup, or comes from elsewhere.
    Restored,
    /// An operator sent it back.
    Retried,
    /// An operator wants no waiting for what Atlas has asked for.
    BroughtForward,
}

impl Kind {
    /// The name in the database and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Looked => "looked",
            Self::LookFailed => "look_failed",
            Self::Intent => "intent",
            Self::Accepted => "accepted",
            Self::Throttled => "throttled",
            Self::NotNow => "not_now",
            Self::NeverSent => "never_sent",
            Self::Gone => "gone",
            Self::ScopeHeld => "scope_held",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::TakenOver => "taken_over",
            Self::GrewOld => "grew_old",
            Self::Cancelled => "cancelled",
            Self::LeftFleet => "left_fleet",
            Self::Returned => "returned",
            Self::Duplicate => "duplicate",
            Self::Changed => "changed",
            Self::Planned => "planned",
            Self::LeftOut => "left_out",
            Self::SentElsewhere => "sent_elsewhere",
            Self::Restored => "restored",
            Self::Retried => "retried",
            Self::BroughtForward => "brought_forward",
        }
    }
}

/// One entry, still without its time and its place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub kind: Kind,
    /// The send that it belongs to, if to any.
    pub send: Option<i64>,
    /// Atlas's code or one of ours.
    pub code: Option<String>,
    /// What people should know.
    pub detail: Option<String>,
}

impl Entry {
    /// An entry of `kind` that says nothing more.
    pub fn new(kind: Kind) -> Self {
        Self { kind, send: None, code: None, detail: None }
    }

    /// The same for a send.
    #[must_use]
    pub fn of_send(self, send: i64) -> Self {
        Self { send: Some(send), ..self }
    }

    /// The same with an explanation.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with what went wrong.
    #[must_use]
    pub fn because(self, fault: &Fault) -> Self {
        Self { code: Some(fault.code.clone()), detail: Some(fault.detail.clone()), ..self }
    }
}
