//! The rows of a fleet while they are collected: chunks until the first error, then only errors.

use std::collections::HashMap;
use std::mem;

use sha2::{Digest, Sha256};

use crate::domain::cluster_name::ClusterKey;
use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::layout::{ColumnProblem, Layout};
use crate::intake::limits::{CHUNK, MOST_ROWS};
use crate::intake::read_options::ReadOptions;
use crate::intake::row_errors::{RowError, RowErrors};
use crate::intake::row_reader::RowReader;

/// A hash of a cluster's key, short enough to keep a million of them.
type ClusterHash = [u8; 16];

/// How many bytes make a chunk full, however few its rows are.
const FULL_CHUNK_BYTES: usize = 4 << 20;

/// The capitals of a name, one bit a character: a name has at most 64.
type Capitals = u64;

/// Everything collected so far.
pub(super) struct RowCollector<'a> {
    options: &'a ReadOptions<'a>,
    file: &'a str,
    layout: Layout,
    /// The first row of each cluster, and which letters of its name are capitals there.
    listed: HashMap<ClusterHash, (u32, Capitals)>,
    errors: RowErrors,
    chunk: Vec<FleetRow>,
    /// About how many bytes the chunk has.
    bytes: usize,
    count: u64,
    /// How many rows end before the header does, and the first of them.
    short: (u64, i64),
    names_clusters: bool,
}

impl<'a> RowCollector<'a> {
    /// Starts with the header, in this `row` if it is in one.
    pub(super) fn new(
        options: &'a ReadOptions<'a>,
        file: &'a str,
        row: Option<i64>,
        headers: &[String],
    ) -> Result<Self, IntakeError> {
        let layout = Layout::of(headers, options).map_err(|problems| {
            let error = |(column, what)| RowError { file: file.to_owned(), row, cluster: None, column, what };
            IntakeError::Rows(problems.into_iter().map(error).collect())
        })?;
        let (listed, errors, chunk) = (HashMap::new(), RowErrors::default(), Vec::new());
        Ok(Self {
            options,
            file,
            layout,
            listed,
            errors,
            chunk,
            bytes: 0,
            count: 0,
            short: (0, 0),
            names_clusters: false,
        })
    }

    /// The same, with errors that name the cluster: the rows of a query cannot be looked up by number.
    pub(super) fn naming_clusters(self) -> Self {
        Self { names_clusters: true, ..self }
    }

    /// Adds one row; returns a chunk whenever one is full.
    pub(super) fn add<S: AsRef<str>>(&mut self, row: i64, cells: &[S]) -> Option<Vec<FleetRow>> {
        if cells.iter().all(|cell| cell.as_ref().trim().is_empty()) {
            return None;
        }
        self.count += 1;
        let reader = RowReader::new(self.options, &self.layout, cells);
        let cluster = self.names_clusters.then(|| reader.name());
        let key = reader.key();
        let read = reader.read(row);
        let twice = key.and_then(|(project, cluster)| self.seen_before(&project, &cluster, row));
        let problems = match read {
            Ok(fleet_row) if twice.is_none() => {
                self.chunk.push(fleet_row);
                self.bytes += self.layout.extras_bytes + cells.iter().map(|cell| cell.as_ref().len()).sum::<usize>();
                self.note_width(row, cells.len());
                return self.full_chunk();
            }
            read => read.err().unwrap_or_default(),
        };
        for (column, what) in problems.into_iter().chain(twice) {
            self.blame(row, cluster.clone(), column, what);
        }
        None
    }

    /// Whether this row is one more than a fleet may have, of those that are not blank.
    pub(super) fn is_too_many<S: AsRef<str>>(&self, cells: &[S]) -> bool {
        self.count >= MOST_ROWS as u64 && cells.iter().any(|cell| !cell.as_ref().trim().is_empty())
    }

    /// Adds a row that cannot be split into cells, or that is too large; `place` is the cell with the error.
    pub(super) fn refuse(&mut self, row: i64, place: Option<usize>, what: &str) {
        self.count += 1;
        let column = place.and_then(|place| self.layout.labels.get(place)).cloned();
        self.blame(row, None, column, what.to_owned());
    }

    /// The last chunk, and how many rows there were in all; or every error.
    pub(super) fn finish(mut self) -> Result<(Vec<FleetRow>, u64), IntakeError> {
        if self.count == 0 {
            let what = "no row: there is nothing to upgrade".to_owned();
            let file = self.file.to_owned();
            self.errors.push(RowError { file, row: None, cluster: None, column: None, what });
        }
        if !self.errors.is_empty() {
            return Err(IntakeError::Rows(self.errors));
        }
        self.warn_of_short_rows();
        Ok((self.chunk, self.count))
    }

    fn note_width(&mut self, row: i64, cells: usize) {
        if cells < self.layout.named_width {
            let (count, first) = self.short;
            self.short = (count + 1, if count == 0 { row } else { first });
        }
    }

    /// Some programs leave out empty cells at the end of a row, so this is a warning and no error.
    fn warn_of_short_rows(&self) {
        let (count, first) = self.short;
        if count > 0 {
            let rows = if count == 1 { "1 row has".to_owned() } else { format!("{count} rows have") };
            tracing::warn!(
                "{}: {rows} fewer cells than the header, row {first} first; the last columns are taken as empty, and if \
                 another cell is missing, those behind it stand under the wrong header",
                self.file
            );
        }
    }

    fn full_chunk(&mut self) -> Option<Vec<FleetRow>> {
        let is_full = self.chunk.len() >= CHUNK || self.bytes >= FULL_CHUNK_BYTES;
        if !self.errors.is_empty() {
            self.chunk.clear();
        } else if !is_full {
            return None;
        }
        self.bytes = 0;
        is_full.then(|| mem::take(&mut self.chunk)).filter(|chunk| !chunk.is_empty())
    }

    fn blame(&mut self, row: i64, cluster: Option<String>, column: Option<String>, what: String) {
        let file = self.file.to_owned();
        self.errors.push(RowError { file, row: Some(row), cluster, column, what });
    }

    /// The error if the cluster is in an earlier row, in the same case or in another.
    fn seen_before(&mut self, project: &str, cluster: &str, row: i64) -> Option<ColumnProblem> {
        let number = u32::try_from(row).unwrap_or(u32::MAX);
        let capitals = capitals(cluster);
        // The first row stays, so that the error of every later one names it.
        let hash = hash(&ClusterKey::new(project, cluster));
        let (first, spelled) = *self.listed.entry(hash).or_insert((number, capitals));
        let case = if spelled == capitals { "" } else { "; Atlas ignores case" };
        (first != number).then(|| {
            let before = with_capitals(cluster, spelled);
            let what = format!("the same cluster stands in row {first} ({project}/{before}){case}");
            (Some("cluster_name".to_owned()), what)
        })
    }
}

/// Which letters of a name are capitals.
fn capitals(name: &str) -> Capitals {
    name.bytes().rev().fold(0, |bits, byte| bits << 1 | Capitals::from(byte.is_ascii_uppercase()))
}

/// A name with these letters as capitals.
fn with_capitals(name: &str, capitals: Capitals) -> String {
    let letter = |(place, letter): (usize, char)| {
        if capitals >> place & 1 == 1 { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    name.chars().enumerate().map(letter).collect()
}

/// 128 bits of SHA-256: two clusters of a million share one in 1 of 10^26 fleets.
fn hash(cluster: &ClusterKey) -> ClusterHash {
    let hash = Sha256::new().chain_update(cluster.project_id()).chain_update(cluster.name()).finalize();
    let mut short = ClusterHash::default();
    short.copy_from_slice(&hash[..16]);
    short
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::operation::Operation;
    use crate::intake::read_options::Defaults;

    #[test]
    fn blank_rows_do_not_count_as_rows_of_the_fleet() {
        let (defaults, columns) = (Defaults::default(), BTreeMap::new());
        let options = ReadOptions { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
        let headers = ["project_id", "cluster_name", "provider", "region"].map(str::to_owned);
        let mut rows = RowCollector::new(&options, "q4.csv", Some(1), &headers).unwrap();
        rows.count = MOST_ROWS as u64 - 1;
        let row = ["5f0000000000000000000000", "c1", "AWS", "EU_WEST_1"];
        assert!(!rows.is_too_many(&row));
        rows.add(MOST_ROWS + 9, &row);
        rows.add(MOST_ROWS + 10, &["", " ", "", ""]);
        assert!(rows.is_too_many(&row) && !rows.is_too_many(&["", " ", "", ""]));
    }
}
