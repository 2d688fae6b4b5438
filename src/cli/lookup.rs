//! Which job or project a word means: by its whole name, or by a part of it that only one has.

use std::collections::BTreeSet;

use crate::app::AppError;
use crate::cli::context::Context;
use crate::cli::next::Next;
use crate::domain::job::Job;
use crate::intake::suggest;
use crate::plural;
use crate::store::{Campaign, Filter, Pages, Store};

/// How many hex digits an id has.
const ID: usize = 24;
/// How few of them are enough, where no other id begins with them.
const FEWEST: usize = 4;
/// How many names an error tells.
const NAMED: usize = 10;

/// A word that names a job: a project's id or its beginning, and a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JobWord<'w> {
    /// In lower case; empty if only the cluster was named.
    project: String,
    cluster: &'w str,
}

impl<'w> JobWord<'w> {
    /// Reads `PROJECT/CLUSTER`; nothing if the word is no such thing.
    pub(super) fn with_project(word: &'w str) -> Option<Self> {
        let (project, cluster) = word.split_once('/')?;
        // A file has an ending, and a cluster's name no dot.
        let is_cluster = !cluster.is_empty() && !cluster.contains(['.', '/']);
        (is_id(project) && is_cluster).then(|| Self { project: project.to_ascii_lowercase(), cluster })
    }

    /// Reads `PROJECT/CLUSTER` or `CLUSTER`.
    pub(super) fn read(word: &'w str) -> Option<Self> {
        let bare = || (!word.contains('/')).then(|| Self { project: String::new(), cluster: word });
        Self::with_project(word).or_else(bare)
    }
}

/// The error for a word that should have named a job.
pub(super) fn no_job_word(word: &str) -> AppError {
    AppError::refused(format!(
        "a job is named PROJECT/CLUSTER, the project by its 24 hex digits or the first {FEWEST} or more of them ({word:?})"
    ))
}

/// Looks words up among the jobs of a campaign.
pub(super) struct Lookup<'a> {
    store: &'a Store,
    campaign: &'a Campaign,
    next: &'a Next,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(store: &'a Store, campaign: &'a Campaign, context: &'a Context) -> Self {
        Self { store, campaign, next: &context.next }
    }

    /// The id of the project that a word names by its 24 digits, which no job need have, or by the first of them.
    pub(super) async fn project(&self, word: &str) -> Result<String, AppError> {
        let known = self.project_if_known(word).await?;
        known.ok_or_else(|| {
            let (campaign, list) = (&self.campaign.name, self.list());
            let what = format!("campaign {campaign} has no project whose id begins with {word} (`{list}` lists all)");
            AppError::refused(what)
        })
    }

    /// The same; nothing if no id of the campaign begins with the word.
    pub(super) async fn project_if_known(&self, word: &str) -> Result<Option<String>, AppError> {
        let word = id(word)?;
        if word.len() == ID {
            return Ok(Some(word));
        }
        let known = self.store.projects_beginning(self.campaign.id, &word, NAMED + 1).await?;
        Ok(only(&word, "project", &known)?.map(str::to_owned))
    }

    /// The command that lists all jobs.
    fn list(&self) -> String {
        self.next.command(["list", &self.campaign.name])
    }

    /// The job that a word names; or an error that says which jobs there are.
    pub(super) async fn job(&self, word: &JobWord<'_>) -> Result<Job, AppError> {
        let JobWord { project, cluster } = word;
        let named = self.store.names_of(self.campaign.id, project, cluster, NAMED + 1).await?;
        // An old database may hold one cluster of a project under two spellings: the store prefers the one that was typed.
        if let Some((first, _)) = named.first()
            && named.iter().all(|(project, _)| project == first)
            && let Some(job) = self.store.job(self.campaign.id, first, cluster).await?
        {
            return Ok(job);
        }
        if named.is_empty() {
            return Err(self.no_such_job(word).await?);
        }
        let names = self.verified(&named).await?;
        let begin = if project.is_empty() { String::new() } else { format!(" whose ids begin with {project}") };
        let projects = match named.iter().map(|(project, _)| project).collect::<BTreeSet<_>>().len() {
            more if more > NAMED => format!("more than {NAMED} projects"),
            projects => plural::count(projects as u64, "project"),
        };
        let jobs = listed(&names);
        Err(AppError::refused(format!("{cluster:?} is in {projects}{begin}: {jobs}; name one as PROJECT/{cluster}")))
    }

    /// These jobs as people name them; the error that is due if a hand in the database has altered one of them.
    async fn verified(&self, named: &[(String, String)]) -> Result<Vec<String>, AppError> {
        let mut names = Vec::with_capacity(named.len());
        for (project, cluster) in named {
            self.store.job(self.campaign.id, project, cluster).await?;
            names.push(format!("{project}/{cluster}"));
        }
        Ok(names)
    }

    async fn no_such_job(&self, word: &JobWord<'_>) -> Result<AppError, AppError> {
        let JobWord { project, cluster } = word;
        let campaign = &self.campaign.name;
        if project.is_empty() {
            let hint = self.nearest(cluster).await?;
            let list = self.list();
            return Ok(AppError::refused(format!(
                "campaign {campaign} has no cluster {cluster:?}{hint} (`{list}` lists all)"
            )));
        }
        let project = self.project(project).await?;
        let hint = self.names(&project, cluster).await?;
        Ok(AppError::refused(format!("campaign {campaign} has no job {project}/{cluster}{hint}")))
    }

    /// `; did you mean X?` for the name of a cluster, or nothing.
    async fn nearest(&self, cluster: &str) -> Result<String, AppError> {
        let mut pages = Pages::new(self.store, self.campaign.id, Filter::default());
        while let Some(page) = pages.next().await? {
            let hint = suggest::hint(cluster, page.iter().map(|row| row.job.cluster_name.as_str()));
            if !hint.is_empty() {
                return Ok(hint);
            }
        }
        Ok(String::new())
    }

    /// What may have been meant: another cluster of the project, or else the cluster in another project.
    async fn names(&self, project: &str, cluster: &str) -> Result<String, AppError> {
        let mut here = Vec::new();
        let filter = Filter { project: Some(project.to_owned()), ..Filter::default() };
        let mut pages = Pages::new(self.store, self.campaign.id, filter);
        while let Some(page) = pages.next().await? {
            here.extend(page.into_iter().map(|row| row.job.cluster_name));
        }
        if !here.is_empty() {
            let hint = suggest::hint(cluster, here.iter().map(String::as_str));
            let more = here.len().saturating_sub(NAMED);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            here.truncate(NAMED);
            return Ok(format!("{hint}; that project has {}{tail}", here.join(", ")));
        }
        let elsewhere = self.store.names_of(self.campaign.id, "", cluster, NAMED + 1).await?;
        if elsewhere.is_empty() {
            let list = self.list();
            return Ok(format!(", nor any of that project: see `{list}`"));
        }
        let names = self.verified(&elsewhere).await?;
        Ok(format!(", nor any of that project; there is {}", listed(&names)))
    }
}

/// The one of some ids, which all begin with a word; nothing if there is none.
pub(super) fn only<'i>(word: &str, what: &str, ids: &'i [String]) -> Result<Option<&'i str>, AppError> {
    match ids {
        [id] => Ok(Some(id)),
        [] => Ok(None),
        ids => {
            let ids = listed(ids);
            Err(AppError::refused(format!("several {what}s begin with {word}, so give more digits: {ids}")))
        }
    }
}

/// An id or its beginning, in lower case.
pub(super) fn id(word: &str) -> Result<String, AppError> {
    if is_id(word) {
        return Ok(word.to_ascii_lowercase());
    }
    let what = format!("an id is 24 hex digits, or the first {FEWEST} or more of them ({word:?})");
    Err(AppError::refused(what))
}

fn is_id(word: &str) -> bool {
    (FEWEST..=ID).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// So many names that they can be read.
fn listed(names: &[String]) -> String {
    let tail = if names.len() > NAMED { " and others" } else { "" };
    format!("{}{tail}", names[..names.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_a_project_or_its_beginning_and_a_cluster() {
        let job = |project: &str, cluster: &'static str| Some(JobWord { project: project.to_owned(), cluster });
        assert_eq!(JobWord::with_project("5F00000000000000000000aa/one"), job("5f00000000000000000000aa", "one"));
        assert_eq!(JobWord::with_project("8526A958/one"), job("8526a958", "one"));
        for word in
            ["jobs/q4.toml", "beef/q4.toml", "852/one", "8526a958/", "8526a958", "5f00000000000000000000aaa/one"]
        {
            assert_eq!(JobWord::with_project(word), None, "{word}");
        }
        assert_eq!((JobWord::read("one"), JobWord::read("x/one")), (job("", "one"), None));
    }
}
