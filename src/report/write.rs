//! Writing one report.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::files::{Draft, Readers};
use crate::report::error::{ReportError, WriteError};
use crate::report::format::{Format, ReportContext, ReportPage};
use crate::store::{Campaign, Filter, Pages, Store};

/// Writes the report of `campaign` to `out`, whose reader gets each page at once. A report with histories begins only
/// after the campaign has passed its audit.
pub async fn write(
    store: &Store,
    campaign: &Campaign,
    format: &'static dyn Format,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    stream(store, campaign, format, out).await.map_err(|error| error.at(Path::new("standard output")))
}

/// Writes the report to `path`, where it appears whole or not at all.
pub async fn write_to(
    store: &Store,
    campaign: &Campaign,
    format: &'static dyn Format,
    path: &Path,
) -> Result<PathBuf, ReportError> {
    let mut draft = Draft::begin(path, Readers::Usual).map_err(|error| ReportError::writing(path, error))?;
    let written = if format.has_histories() && !draft.is_special() {
        audit_and_write(store, campaign, format, draft.out()).await
    } else {
        stream(store, campaign, format, draft.out()).await
    };
    written.map_err(|error| error.at(path))?;
    draft.done().map_err(|error| ReportError::writing(path, error))
}

/// Writes a report page by page. The audit, if the format needs one, comes before, in a transaction of its own: the
/// reader of `out` may be slow, and while a transaction is open beside a run, the write-ahead log only grows.
async fn stream(
    store: &Store,
    campaign: &Campaign,
    format: &'static dyn Format,
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let campaign_digest = if format.has_histories() { Some(store.verified_digest(campaign).await?) } else { None };
    let context = &ReportContext::load(store, campaign).await?;
    let mut pages = if format.has_histories() {
        Pages::with_histories(store, campaign.id)
    } else {
        Pages::new(store, campaign.id, Filter::default())
    };
    out.write_all(&format.header(context)?)?;
    while let Some(rows) = pages.next().await? {
        out.write_all(&format.page(&ReportPage { context, rows: &rows, campaign_digest })?)?;
    }
    out.write_all(&format.footer(context)?)?;
    out.flush()?;
    Ok(())
}

/// Audits the campaign and writes its report in one pass. If the audit fails, it does so at the end, and what was
/// written is worth nothing.
async fn audit_and_write(
    store: &Store,
    campaign: &Campaign,
    format: &'static dyn Format,
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let context = ReportContext::load(store, campaign).await?;
    out.write_all(&format.header(&context)?)?;
    let of_page = context.clone();
    let encode =
        move |rows: &[_], digest| format.page(&ReportPage { context: &of_page, rows, campaign_digest: Some(digest) });
    let mut audit = store.audit(campaign, encode).await?;
    while let Some(page) = audit.next().await? {
        out.write_all(&page?)?;
    }
    store.digest_of_audit(campaign, audit.done())?;
    out.write_all(&format.footer(&context)?)?;
    out.flush()?;
    Ok(())
}
