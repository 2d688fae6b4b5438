use std::fs;
use std::io;

use tempfile::TempDir;

use super::*;
use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::history::{Entry, Kind};
use crate::domain::hold::{Held, Release, Scope};
use crate::domain::job::{Identity, State, Wanted};
use crate::report::run_reports::write_formats;
use crate::store::{Campaign, Change, Filter, NewJob, Open, Pages, Row, Runner, Store};

fn runner(id: &str) -> Runner {
    let (host, version, started_by) = ("deck".to_owned(), "0.1.0".to_owned(), "mara".to_owned());
    Runner { id: id.to_owned(), host, version, started_by }
}

const PROJECT: &str = "32b6e34b3d91647abb20e7b8";

fn row(row: i64, name: &str, owner: &str) -> NewJob {
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
    let extra = vec![("owner".to_owned(), owner.to_owned()), ("note, of course".to_owned(), "a \"b\"\nc".to_owned())];
    NewJob { row, project_id: PROJECT.into(), cluster_name: name.into(), wanted, extra }
}

/// A campaign of three: one that succeeded, one that failed, one that has not begun.
async fn campaign() -> (TempDir, Store, Campaign) {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", home.path().join("jobs.db").display());
    let store = Store::open(&url, Open::CreateIfMissing).await.unwrap();
    let mut loader = store.begin_load(&runner("loader"), "q4", "shared-to-serverless", Millis(0)).await.unwrap();
    loader.push(&[row(2, "c1", "=1+1"), row(3, "c2", "mara"), row(5, "c3", "")]).await.unwrap();
    let id = loader.finish().await.unwrap().campaign_id;
    let identity = |id: &str| Some(Identity { id: id.into(), connection_string: Some(format!("mongodb+srv://{id}")) });
    for (name, state, code) in [("c1", State::Succeeded, None), ("c2", State::Failed, Some("CLUSTER_PAUSED"))] {
        let mut job = store.job(id, PROJECT, name).await.unwrap().unwrap();
        job.state = state;
        job.error = code.map(|code| Fault::new(code, "@resume it"));
        (job.request.send, job.request.attempts, job.request.accepted) = (1, 1, true);
        job.request.submitted_at = Some(Millis(1_700_000_000_000));
        job.request.accepted_at = Some(Millis(1_700_000_002_345));
        job.finished_at = Some(Millis(1_700_000_012_345));
        job.schedule.due_at = None;
        (job.source, job.target) = (identity("old"), identity("new"));
        let entry = Some(Entry::new(Kind::Looked).saying("target: SERVERLESS, IDLE"));
        let change = Change::new(job, entry, Millis(1_700_000_012_345));
        assert_eq!(store.record(&runner("r1"), &[change]).await.unwrap(), [true]);
    }
    let campaign = store.campaign("q4").await.unwrap().unwrap();
    (home, store, campaign)
}

async fn written(format: &'static dyn Format) -> String {
    let (_home, store, campaign) = campaign().await;
    let mut out = Vec::new();
    write(&store, &campaign, format, &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn the_csv_report_has_the_columns_of_the_contract_and_no_formula() {
    insta::assert_snapshot!(written(CSV).await);
}

#[tokio::test]
async fn a_report_for_excel_is_the_same_behind_a_byte_order_mark() {
    let (csv, for_excel) = (written(CSV).await, written(CSV_FOR_EXCEL).await);
    assert_eq!(for_excel.strip_prefix('\u{feff}'), Some(&*csv));
}

#[tokio::test]
async fn both_reports_say_what_a_held_job_waits_for() {
    let (_home, store, campaign) = campaign().await;
    let fault = Fault::new("ACCOUNT_SUSPENDED", "pay");
    let held = Held { scope: Scope::Project(PROJECT.into()), release: Release::Operator, fault, since: Millis(1) };
    store.hold(&runner("r1"), campaign.id, &[held]).await.unwrap();
    let said = format!("release of project {PROJECT}: ACCOUNT_SUSPENDED");
    for format in FORMATS {
        let mut out = Vec::new();
        write(&store, &campaign, *format, &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<bool> = text.lines().map(|line| line.contains(&said)).collect();
        assert_eq!(lines.iter().filter(|said| **said).count(), 1, "only the live one: {text}");
    }
}

#[tokio::test]
async fn the_json_lines_have_the_same_columns_and_the_history() {
    insta::assert_snapshot!(written(JSON_LINES).await);
}

#[tokio::test]
async fn a_file_appears_whole_or_not_at_all() {
    let (home, store, campaign) = campaign().await;
    let folder = home.path().join("reports");
    fs::create_dir(&folder).unwrap();
    let path = write_to(&store, &campaign, CSV, &folder.join("report.csv")).await.unwrap();
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((path, names), (folder.join("report.csv"), vec!["report.csv".into()]));
}

#[tokio::test]
async fn reports_that_are_written_in_one_pass_equal_those_that_are_written_alone() {
    let (home, store, campaign) = campaign().await;
    let folder = home.path().join("reports").join("q4");
    let RunReports { paths, failed, digest } = write_all(&store, &campaign, &folder).await;
    assert_eq!(digest.unwrap(), store.verified_digest(&campaign).await.unwrap());
    assert!(failed.is_none(), "{failed:?}");
    for (path, format) in paths.iter().zip(FORMATS) {
        let mut alone = Vec::new();
        write(&store, &campaign, *format, &mut alone).await.unwrap();
        assert_eq!(String::from_utf8(fs::read(path).unwrap()), String::from_utf8(alone));
    }
    assert_eq!(paths, [folder.join("report.csv"), folder.join("report.jsonl")]);
}

#[tokio::test]
async fn a_report_that_cannot_be_written_stops_neither_the_other_one_nor_the_audit() {
    let (home, store, campaign) = campaign().await;
    fs::create_dir(home.path().join("report.csv")).unwrap();
    let RunReports { paths, failed, digest } = write_all(&store, &campaign, home.path()).await;
    assert!(digest.is_ok());
    assert_eq!(paths, [home.path().join("report.jsonl")]);
    assert!(failed.unwrap().to_string().contains("report.csv"));
}

#[tokio::test]
async fn a_column_of_the_fleet_that_is_named_like_a_key_of_ours_gets_a_prefix() {
    let (_home, store, campaign) = campaign().await;
    let page = Pages::new(&store, campaign.id, Filter::default()).next().await.unwrap().unwrap();
    let admission = store.admission(campaign.id).await.unwrap();
    let object = job_json(&page[0], "m0-to-flex", &admission, [("owner", "ours".into())]);
    assert_eq!((&object["owner"], &object["fleet_owner"]), (&"ours".into(), &"=1+1".into()));
}

/// A format that shows in which order its parts are written.
#[derive(Debug)]
struct Parts {
    has_histories: bool,
}

impl Format for Parts {
    fn name(&self) -> &'static str {
        if self.has_histories { "long" } else { "short" }
    }

    fn signature(&self) -> &'static [u8] {
        b"header"
    }

    fn has_histories(&self) -> bool {
        self.has_histories
    }

    fn header(&self, context: &ReportContext) -> io::Result<Vec<u8>> {
        Ok(format!("header {}\n", context.operation).into_bytes())
    }

    fn page(&self, page: &ReportPage<'_>) -> io::Result<Vec<u8>> {
        let events = |row: &Row| if self.has_histories { row.history.len() } else { 0 };
        let line = |row: &Row| format!("{}: {} events\n", row.job.cluster_name, events(row));
        Ok(page.rows.iter().map(line).collect::<String>().into_bytes())
    }

    fn footer(&self, _context: &ReportContext) -> io::Result<Vec<u8>> {
        Ok(b"footer\n".to_vec())
    }
}

static PARTS: &[&dyn Format] = &[&Parts { has_histories: false }, &Parts { has_histories: true }];

#[tokio::test]
async fn every_way_of_writing_writes_header_pages_and_footer() {
    let (home, store, campaign) = campaign().await;
    let folder = home.path().join("reports");
    let RunReports { paths, failed, digest } = write_formats(&store, &campaign, &folder, PARTS).await;
    assert!(failed.is_none() && digest.is_ok());
    assert_eq!(paths, [folder.join("report.short"), folder.join("report.long")]);
    for (format, path) in PARTS.iter().zip(paths) {
        let mut streamed = Vec::new();
        write(&store, &campaign, *format, &mut streamed).await.unwrap();
        let streamed = String::from_utf8(streamed).unwrap();
        let lines: Vec<&str> = streamed.lines().collect();
        assert_eq!((lines[0], lines.len(), lines[4]), ("header shared-to-serverless", 5, "footer"));
        assert_eq!(lines[1], if format.has_histories() { "c1: 1 events" } else { "c1: 0 events" });
        let alone = write_to(&store, &campaign, *format, &home.path().join("alone")).await.unwrap();
        assert_eq!(fs::read_to_string(alone).unwrap(), streamed);
        assert_eq!(fs::read_to_string(path).unwrap(), streamed);
    }
}
