//! Holds: an answer that concerns more than one cluster stops what it concerns, and nothing else.

use std::fmt;

use crate::clock::Millis;
use crate::domain::code::Fault;

/// How far such an answer reaches, seen from the project that got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The project alone.
    Project,
    /// All projects of its organisation.
    Organisation,
    /// The whole campaign: the operation, or who is signed in.
    Campaign,
}

/// What ends a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// An operator's word (`drydock release`), when what is wrong has been set right.
    Operator,
    /// A request that gets through: one is tried now and then.
    Probe,
}

/// What an answer asks to be held. Jobs in it stay live, and what is in flight is followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hold {
    /// How far it reaches.
    pub reach: Reach,
    /// What ends it.
    pub release: Release,
    /// Why, and what to do.
    pub fault: Fault,
}

impl Hold {
    /// A hold that an operator ends.
    pub fn until_released(reach: Reach, fault: Fault) -> Self {
        Self { reach, release: Release::Operator, fault }
    }
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One project, by its id.
    Project(String),
    /// All projects of an organisation, by its id.
    Organisation(String),
    /// All of the campaign.
    Campaign,
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What is held.
    pub scope: Scope,
    /// What ends it.
    pub release: Release,
    /// Why, and what to do.
    pub fault: Fault,
    /// Since when.
    pub since: Millis,
}

impl Scope {
    /// The word for its kind: `project`, `organisation`, `campaign`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Project(_) => "project",
            Self::Organisation(_) => "organisation",
            Self::Campaign => "campaign",
        }
    }

    /// The id of the project or organisation; empty for the campaign.
    pub fn id(&self) -> &str {
        match self {
            Self::Project(id) | Self::Organisation(id) => id,
            Self::Campaign => "",
        }
    }

    /// The scope with this word and id, if there is one.
    pub fn of(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "project" => Some(Self::Project(id.to_owned())),
            "organisation" => Some(Self::Organisation(id.to_owned())),
            "campaign" => Some(Self::Campaign),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) | Self::Organisation(id) => write!(out, "{} {id}", self.kind()),
            Self::Campaign => out.write_str("the campaign"),
        }
    }
}

impl Release {
    /// The word for it: `operator`, `probe`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Probe => "probe",
        }
    }

    /// The one that the word means, if there is one.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Operator, Self::Probe].into_iter().find(|release| release.name() == name)
    }
}
