//! Which organisation a project belongs to: asked only when an answer concerns a whole one.

use std::collections::HashMap;

use crate::atlas::{Client, Exchange, ListEnd, Listed};
use crate::domain::event::Answer;
use crate::domain::hold::{Hold, Reach};

use super::Holds;

/// What Atlas's list of projects said.
pub(in crate::engine) enum Finding {
    /// The organisations of all projects that the credentials can see.
    Known(HashMap<String, String>),
    /// They open nothing at all, so that it is no matter of one organisation.
    ShutOut,
    /// Nothing was learned.
    Nothing,
}

/// The organisation of each project, once it is known.
#[derive(Default)]
pub(super) struct Organisations(Option<HashMap<String, String>>);

impl Organisations {
    pub(super) fn of(&self, project: &str) -> Option<&str> {
        self.0.as_ref()?.get(project).map(String::as_str)
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }
}

impl Finding {
    /// Reads the list of projects, all pages.
    pub(in crate::engine) async fn ask(client: &Client) -> Self {
        let (mut all, mut end) = (HashMap::new(), ListEnd::default());
        for page in 1.. {
            let Exchange { value, .. } = client.read_projects(page).await;
            match value {
                Ok(Listed { rows, last }) => {
                    if let Err(fault) = end.page(rows.iter().map(|project| &*project.id)) {
                        tracing::warn!(code = %fault.code, "{} Which projects an organisation has is not known.", fault.detail);
                        break;
                    }
                    all.extend(rows.into_iter().map(|project| (project.id, project.organisation)));
                    if last {
                        return Self::Known(all);
                    }
                }
                Err(Answer::ScopeHeld(_)) => return Self::ShutOut,
                Err(_) => return Self::Nothing,
            }
        }
        Self::Nothing
    }
}

impl Holds {
    /// Takes note of the organisations, where they are known.
    pub(in crate::engine) fn learn(&self, finding: Finding) {
        if let Finding::Known(all) = finding {
            self.state().organisations = Organisations(Some(all));
        }
    }

    /// How far a hold on an organisation reaches in truth: as far as Atlas shows it to. Nothing is asked where the
    /// answer is known.
    pub(in crate::engine) async fn measured(&self, hold: Hold, project: &str, client: &Client) -> Hold {
        if hold.reach != Reach::Organisation {
            return hold;
        }
        let _turn = self.one_asks.lock().await;
        if self.stop_all() {
            return Hold { reach: Reach::Campaign, ..hold };
        }
        if self.state().organisations.is_known() {
            return hold; // of a project that is not in it, the project is held
        }
        let finding = Finding::ask(client).await;
        let reach = match &finding {
            Finding::Known(all) if all.contains_key(project) => Reach::Organisation,
            Finding::ShutOut => Reach::Campaign,
            Finding::Known(_) | Finding::Nothing => Reach::Project,
        };
        self.learn(finding);
        Hold { reach, ..hold }
    }
}
