//! JSON lines: one object for each job, with its history and the campaign's digest.

use std::borrow::Cow;
use std::io;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::domain::report_columns::HISTORY;
use crate::report::format::{Format, ReportPage};
use crate::report::json::{EventObject, JobObject};
use crate::store::{Digest, RecordedEvent};
use crate::text;

/// Most lines are shorter, in bytes.
const LINE_BYTES: usize = 4096;

const CAMPAIGN_DIGEST: &str = "campaign_digest";

/// The format.
#[derive(Debug)]
pub(super) struct JsonLines;

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn signature(&self) -> &'static [u8] {
        b"{\"row\":"
    }

    fn has_histories(&self) -> bool {
        true
    }

    fn page(&self, page: &ReportPage<'_>) -> io::Result<Vec<u8>> {
        let mut lines = Vec::with_capacity(page.rows.len() * LINE_BYTES);
        for (columns, row) in page.jobs() {
            let job = JobObject { columns, extra: &row.extra, reserved: &[HISTORY, CAMPAIGN_DIGEST] };
            let line = Line { job, history: &row.history, campaign_digest: page.campaign_digest };
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        // Invisible characters are escaped, as in `\u200b`.
        Ok(match text::json(&String::from_utf8_lossy(&lines)) {
            Cow::Borrowed(_) => lines,
            Cow::Owned(escaped) => escaped.into_bytes(),
        })
    }
}

struct Line<'a> {
    job: JobObject<'a>,
    history: &'a [RecordedEvent],
    campaign_digest: Option<Digest>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.job.serialize_entries(&mut map)?;
        map.serialize_entry(HISTORY, &History(self.history))?;
        map.serialize_entry(CAMPAIGN_DIGEST, &self.campaign_digest)?;
        map.end()
    }
}

struct History<'a>(&'a [RecordedEvent]);

impl Serialize for History<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(EventObject::from))
    }
}
