//! The interface of a report's format.

use std::fmt::Debug;
use std::io;

use crate::domain::report_columns::ReportedJob;
use crate::domain::waiting::Admission;
use crate::store::{Campaign, Digest, Row, Store, StoreError};

/// A format of a report. It makes bytes of jobs, and neither reads the database nor writes files.
pub trait Format: Debug + Sync {
    /// The name on the command line, which is also the extension of the file that a run writes.
    fn name(&self) -> &'static str;

    /// The first bytes of every report in this format, but for a byte-order mark. A file that begins with them may be
    /// overwritten by a report.
    fn signature(&self) -> &'static [u8];

    /// Whether the report has the jobs' histories. It is then written only if the campaign passes its audit.
    fn has_histories(&self) -> bool;

    /// What comes before the first job.
    fn header(&self, _context: &ReportContext) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// The jobs of a page. Pages are encoded in parallel and written in the fleet's order.
    fn page(&self, page: &ReportPage<'_>) -> io::Result<Vec<u8>>;

    /// What comes after the last job.
    fn footer(&self, _context: &ReportContext) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

/// What all jobs of a report have in common.
#[derive(Debug, Clone)]
pub struct ReportContext {
    /// The campaign's operation.
    pub operation: String,
    /// The names of the fleet's own columns, in its order.
    pub extra_columns: Vec<String>,
    /// What may be begun in the campaign: what live jobs wait for follows from it.
    pub admission: Admission,
}

impl ReportContext {
    /// Reads it from the database.
    pub(super) async fn load(store: &Store, campaign: &Campaign) -> Result<Self, StoreError> {
        let extra_columns = store.extra_columns(campaign.id).await?;
        let admission = store.admission(campaign.id).await?;
        Ok(Self { operation: campaign.operation.clone(), extra_columns, admission })
    }
}

/// Some jobs of a report, in the fleet's order.
#[derive(Debug, Clone, Copy)]
pub struct ReportPage<'a> {
    /// What all pages have in common.
    pub context: &'a ReportContext,
    /// The jobs; with their histories if the format has them.
    pub rows: &'a [Row],
    /// The campaign's digest, if the format has histories.
    pub campaign_digest: Option<Digest>,
}

impl<'a> ReportPage<'a> {
    /// The jobs, each with its row.
    pub fn jobs(&self) -> impl Iterator<Item = (ReportedJob<'a>, &'a Row)> {
        let ReportContext { operation, admission, .. } = self.context;
        self.rows.iter().map(move |row| (ReportedJob { job: &row.job, operation, admission }, row))
    }
}
