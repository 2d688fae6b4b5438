//! What must be true after every campaign: the store against the world.
//!
//! [`promises`] is about each cluster: what the store says became of it, and what did. [`history`] is about each job's
//! entries, and [`report`] about the rows that people get.

mod history;
mod promises;
mod report;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use drydock::domain::event::Seen;
use drydock::domain::waiting::Admission;
use drydock::report::{CSV, write};
use drydock::simulator::Ledger;
use drydock::store::{Filter, Open, RecordedEvent, Row, Store, Violations};

use super::fleet::{CAMPAIGN, OTHER};
use super::life::wait_for_the_dead;
use super::voyage::Voyage;
use super::world::Name;

/// How long the world goes on before it is asked what became of everything: longer than any upgrade takes.
const AFTERWARDS: Duration = Duration::from_secs(7 * 24 * 3600);

/// All that there is to compare.
struct Evidence<'a> {
    voyage: &'a Voyage,
    rows: Vec<Row>,
    histories: BTreeMap<i64, Vec<RecordedEvent>>,
    csv: Vec<u8>,
    /// What is held, and which wave is under way.
    admission: Admission,
    /// How many requests the other campaign has sent, by cluster.
    sent_elsewhere: BTreeMap<Name, i64>,
    /// What the audit finds first, if it finds anything.
    violations: Option<Violations>,
    ledger: Ledger,
    /// What stands under each name in the end.
    last: BTreeMap<Name, Option<Seen>>,
    /// Whether the weather was calm and all was sent back, so that nothing has an excuse.
    calm: bool,
}

/// Something that must not be, and to which cluster.
struct Violation {
    name: Option<Name>,
    what: String,
}

/// Checks everything; each violation in words, with the cluster's history and how to see it again.
pub(crate) fn all(voyage: &mut Voyage, calm: bool) -> Vec<String> {
    voyage.now = voyage.now.after(AFTERWARDS);
    let last = voyage.sights();
    wait_for_the_dead(&voyage.path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let Some(evidence) = runtime.block_on(gather(voyage, last, calm)) else {
        return vec![format!("seed {}: nothing was ever loaded\n{}", voyage.scenario.seed, voyage.words(None))];
    };
    let mut violations = promises::check(&evidence);
    violations.extend(history::check(&evidence));
    violations.extend(report::check(&evidence));
    let found = evidence.violations.as_ref().map(|found| format!("the audit finds {found}"));
    violations.extend(found.map(|what| Violation { name: None, what }));
    let words: Vec<String> = violations.iter().map(|violation| evidence.words(violation)).collect();
    let counts: Vec<String> = evidence.rows.iter().map(state_and_code).collect();
    for count in counts {
        *voyage.tally.entry(count).or_default() += 1;
    }
    words
}

fn state_and_code(row: &Row) -> String {
    let code = row.job.error.as_ref().map(|fault| format!(" {}", fault.code)).unwrap_or_default();
    format!("job: {}{code}", row.job.state)
}

async fn gather(voyage: &Voyage, last: BTreeMap<Name, Option<Seen>>, calm: bool) -> Option<Evidence<'_>> {
    let url = format!("sqlite:{}", voyage.path.display());
    let store = Store::open_in_virtual_time(&url, Open::Existing).await.unwrap();
    let campaign = store.campaign(CAMPAIGN).await.unwrap()?;
    let rows = store.page(campaign.id, &Filter::default(), None, 10_000).await.unwrap();
    let mut histories = BTreeMap::<i64, Vec<RecordedEvent>>::new();
    let ids: Vec<i64> = rows.iter().map(|row| row.job.id).collect();
    for entry in store.history(&ids).await.unwrap() {
        histories.entry(entry.job_id).or_default().push(entry);
    }
    let admission = store.admission(campaign.id).await.unwrap();
    let mut csv = Vec::new();
    write(&store, &campaign, CSV, &mut csv).await.unwrap();
    let mut violations = store.verify(&campaign).await.unwrap().err();
    let mut sent_elsewhere = BTreeMap::new();
    if let Some(other) = store.campaign(OTHER).await.unwrap() {
        violations = violations.or(store.verify(&other).await.unwrap().err());
        let rows = store.page(other.id, &Filter::default(), None, 10_000).await.unwrap();
        sent_elsewhere.extend(rows.iter().map(|row| (name_of(row), row.job.request.send)));
    }
    store.close().await;
    let ledger = voyage.world.ledger();
    Some(Evidence { voyage, rows, histories, csv, admission, sent_elsewhere, violations, ledger, last, calm })
}

impl Evidence<'_> {
    fn history(&self, row: &Row) -> &[RecordedEvent] {
        self.histories.get(&row.job.id).map_or(&[], Vec::as_slice)
    }

    fn words(&self, violation: &Violation) -> String {
        let seed = self.voyage.scenario.seed;
        let Some(name) = &violation.name else {
            return format!("seed {seed}: {}\n{}", violation.what, self.voyage.words(None));
        };
        let mut words = format!("seed {seed}, {}/{}: {}\n", name.0, name.1, violation.what);
        for row in self.rows.iter().filter(|row| name_of(row) == *name) {
            let _ = writeln!(words, "  row: {:?}", row.job);
            for entry in self.history(row) {
                let (send, code) = (entry.send.unwrap_or(0), entry.code.as_deref().unwrap_or_default());
                let detail = entry.detail.as_deref().unwrap_or_default();
                let RecordedEvent { seq, at, kind, state, runner, .. } = entry;
                let runner = &runner.id;
                let _ =
                    writeln!(words, "    {seq:>3} {at} {runner:<9} {kind:<12} -> {state:<10} {send} {code} {detail}");
            }
        }
        let account = self.ledger.entries.get(name);
        let _ = writeln!(words, "  ledger: {account:?}\n  in the end: {:?}", self.last.get(name));
        words + &self.voyage.words(Some(name))
    }
}

fn name_of(row: &Row) -> Name {
    (row.job.project_id.clone(), row.job.cluster_name.to_ascii_lowercase())
}
