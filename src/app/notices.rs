//! What a use case tells on its way, beside its answer.

use std::fmt;
use std::sync::Arc;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It goes as it should. Whoever wants few words can do without it.
    Progress,
    /// It goes as it should, and people should see it.
    Info,
    /// Something may not have been meant.
    Warning,
}

/// One thing that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in a sentence or two.
    pub text: String,
}

/// Where notices go.
#[derive(Clone)]
pub struct Notices(Arc<dyn Fn(Notice) + Send + Sync>);

impl Notices {
    /// Notices go to `listener`, which must not wait for anybody.
    pub fn new(listener: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Tells how far it is.
    pub fn progress(&self, text: impl Into<String>) {
        self.tell(Severity::Progress, text.into());
    }

    /// Tells what people should see.
    pub fn info(&self, text: impl Into<String>) {
        self.tell(Severity::Info, text.into());
    }

    /// Tells what may not have been meant.
    pub fn warning(&self, text: impl Into<String>) {
        self.tell(Severity::Warning, text.into());
    }

    fn tell(&self, severity: Severity, text: String) {
        (self.0)(Notice { severity, text });
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Notices")
    }
}
