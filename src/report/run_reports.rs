//! The reports that a run leaves in its directory, all written in one pass over the database.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::files::{self, Draft, Readers, remove_stale_drafts};
use crate::report::error::ReportError;
use crate::report::format::{Format, ReportContext, ReportPage};
use crate::report::formats::RUN_FORMATS;
use crate::report::marker::Marker;
use crate::report::write::write_to;
use crate::store::{Campaign, Digest, Store, StoreError};

/// The reports of a run, and the result of the campaign's audit.
#[derive(Debug)]
pub struct RunReports {
    /// The reports that were written.
    pub paths: Vec<PathBuf>,
    /// The first error of a report that was not written. A failed audit is not repeated here.
    pub failed: Option<ReportError>,
    /// The campaign's digest; [`StoreError::Unfit`] if the audit failed.
    pub digest: Result<Digest, StoreError>,
}

/// The reports that a run writes into `folder`.
pub fn paths(folder: &Path) -> impl Iterator<Item = PathBuf> {
    RUN_FORMATS.iter().map(|format| path_of(*format, folder))
}

fn path_of(format: &dyn Format, folder: &Path) -> PathBuf {
    folder.join(format!("report.{}", format.name()))
}

/// Creates `folder` and checks that reports can be written into it, so that a run fails before its work and not after.
/// Also removes the unfinished reports of killed processes.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    let trial = folder.join("report");
    fs::create_dir_all(folder)
        .and_then(|()| {
            paths(folder)
                .chain([Marker::path_in(folder), trial.clone()])
                .try_for_each(|path| remove_stale_drafts(&path))
        })
        .and_then(|()| Draft::begin(&trial, Readers::Usual))
        .map(drop)
        .map_err(|error| ReportError::writing(folder, error))
}

/// Audits `campaign` and writes the reports of a run into `folder`, which is created if need be. After a failed audit
/// only formats without histories are written, and those only if every row is as Drydock wrote it.
pub async fn write_all(store: &Store, campaign: &Campaign, folder: &Path) -> RunReports {
    write_formats(store, campaign, folder, RUN_FORMATS).await
}

/// The same in these formats.
pub(super) async fn write_formats(
    store: &Store,
    campaign: &Campaign,
    folder: &Path,
    formats: &'static [&'static dyn Format],
) -> RunReports {
    let (mut paths, mut failed) = (Vec::new(), None);
    if let Err(error) = fs::create_dir_all(folder) {
        failed = Some(ReportError::writing(folder, error));
        return RunReports { paths, failed, digest: store.verified_digest(campaign).await };
    }
    let (tried, digest) = if formats.iter().any(|format| files::is_special(&path_of(*format, folder))) {
        (Vec::new(), store.verified_digest(campaign).await)
    } else {
        write_in_one_pass(store, campaign, folder, formats).await
    };
    let mut tried = tried.into_iter();
    for format in formats {
        let written = match tried.next() {
            Some(Ok(path)) => Ok(path),
            Some(Err(error)) if format.has_histories() => Err(error),
            None if format.has_histories() && digest.is_err() => continue,
            // A full disk may have room for a report without histories, now that the others have failed.
            _ => write_to(store, campaign, *format, &path_of(*format, folder)).await,
        };
        match written {
            Ok(path) => paths.push(path),
            // The error is in `digest` already.
            Err(ReportError::Store(_)) if digest.is_err() => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    RunReports { paths, failed, digest }
}

/// Audits the campaign and writes all formats in one pass: what became of each; of none if the audit failed.
async fn write_in_one_pass(
    store: &Store,
    campaign: &Campaign,
    folder: &Path,
    formats: &'static [&'static dyn Format],
) -> (Vec<Result<PathBuf, ReportError>>, Result<Digest, StoreError>) {
    let mut drafts: Vec<ReportDraft> = formats.iter().map(|format| ReportDraft::begin(*format, folder)).collect();
    let digest = fill(store, campaign, formats, &mut drafts).await;
    let written = if digest.is_ok() { drafts.into_iter().map(ReportDraft::done).collect() } else { Vec::new() };
    (written, digest)
}

/// Writes the pages into all drafts. A draft that fails stops neither the others nor the audit.
async fn fill(
    store: &Store,
    campaign: &Campaign,
    formats: &'static [&'static dyn Format],
    drafts: &mut [ReportDraft],
) -> Result<Digest, StoreError> {
    let context = ReportContext::load(store, campaign).await?;
    for (draft, format) in drafts.iter_mut().zip(formats) {
        draft.add(format.header(&context));
    }
    let of_page = context.clone();
    let encode = move |rows: &[_], digest| {
        let page = ReportPage { context: &of_page, rows, campaign_digest: Some(digest) };
        formats.iter().map(|format| format.page(&page)).collect::<Vec<_>>()
    };
    let mut audit = store.audit(campaign, encode).await?;
    while let Some(pages) = audit.next().await? {
        for (draft, page) in drafts.iter_mut().zip(pages) {
            draft.add(page);
        }
    }
    let digest = store.digest_of_audit(campaign, audit.done())?;
    for (draft, format) in drafts.iter_mut().zip(formats) {
        draft.add(format.footer(&context));
    }
    Ok(digest)
}

/// A report in the making, or its first error.
struct ReportDraft(Result<Draft, ReportError>);

impl ReportDraft {
    fn begin(format: &dyn Format, folder: &Path) -> Self {
        let path = path_of(format, folder);
        Self(Draft::begin(&path, Readers::Usual).map_err(|error| ReportError::writing(&path, error)))
    }

    fn add(&mut self, bytes: io::Result<Vec<u8>>) {
        let Ok(draft) = &mut self.0 else { return };
        if let Err(error) = bytes.and_then(|bytes| draft.out().write_all(&bytes)) {
            self.0 = Err(ReportError::writing(draft.path(), error));
        }
    }

    fn done(self) -> Result<PathBuf, ReportError> {
        let draft = self.0?;
        let path = draft.path().to_owned();
        draft.done().map_err(|error| ReportError::writing(&path, error))
    }
}
