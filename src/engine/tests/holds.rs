//! What one answer stops, what goes on, and how it is let go again.

use super::*;
use crate::domain::hold::{Release, Scope};
use crate::simulator::Refusals;

const UNPAID: &str = "NO_PAYMENT_INFORMATION_FOUND";
const LIMIT: &str = "HOURLY_BILLING_LIMIT_EXCEEDED";

fn barred(project: &str, code: &str) -> Refusals {
    let mut refusals = Refusals::default();
    assert!(refusals.set(project, code), "{code}");
    refusals
}

impl Harbour {
    /// What is held, and until when: the scopes that the run ended with, which are those of the table.
    async fn is_held(&mut self) -> Vec<Scope> {
        let Ending::Held(holds) = self.run().await else { panic!("it is not held: {:?}", self.counts().await) };
        assert_eq!(self.store.holds(self.campaign_id).await.unwrap(), holds);
        holds.into_iter().map(|held| held.scope).collect()
    }

    /// What an operator does, in another process.
    async fn release(&self, scopes: &[Scope]) {
        let now = self.clock.now();
        let released = self.store.release(&runner("operator"), self.campaign_id, scopes, Some("paid"), now).await;
        assert_eq!(released.unwrap(), scopes);
    }

    /// Upgrade requests that reached the clusters of a project.
    fn requests_in(&self, project: &str) -> u32 {
        let entries = self.simulator.ledger().entries;
        entries.iter().filter(|((of, _), _)| of == project).map(|(_, account)| account.requests).sum()
    }
}

#[tokio::test(start_paused = true)]
async fn one_project_that_is_not_paid_for_stops_itself_alone() {
    let unpaid = project(7);
    let mut harbour = Harbour::new(20, 10, Settings { refusals: barred(&unpaid, UNPAID), ..quick() }, |one| one).await;
    assert_eq!(harbour.is_held().await, [Scope::Project(unpaid.clone())]);
    let counts = harbour.counts().await;
    assert_eq!(counts.of(State::Succeeded), 190, "{counts:?}");
    assert_eq!(counts.of(State::Ready) + counts.of(State::Pending), 10, "{counts:?}");
    let asked = harbour.requests_in(&unpaid);
    assert!((1..=5).contains(&asked), "only what was on the wire: {asked}");

    // Until somebody says so, the next run leaves it alone, whatever has been set right.
    harbour.simulator.set_refusals(Refusals::default());
    let before = harbour.simulator.ledger().requests;
    assert_eq!(harbour.is_held().await, [Scope::Project(unpaid.clone())]);
    assert_eq!(harbour.simulator.ledger().requests, before);

    harbour.release(&[Scope::Project(unpaid)]).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 200);
    assert!(harbour.rows().await.iter().all(|row| row.job.request.attempts == 1), "a held request is no attempt");
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_gone_costs_one_request_and_names_those_that_are_served() {
    let mut harbour =
        Harbour::new(4, 10, Settings { refusals: barred("*", "VERSION_GONE"), ..quick() }, |one| one).await;
    let Ending::Held(holds) = harbour.run().await else { panic!("it is not held") };
    assert_eq!(holds.len(), 1);
    assert_eq!((&holds[0].scope, holds[0].release), (&Scope::Campaign, Release::Operator));
    insta::assert_snapshot!(holds[0].fault.detail.split_once(" (VERSION_GONE). ").unwrap().1);
    assert_eq!(harbour.simulator.ledger().upgrade_requests, 1);
}

#[tokio::test(start_paused = true)]
async fn the_billing_limit_of_an_organisation_lifts_by_itself_and_stops_no_other() {
    let mut harbour = Harbour::new(12, 5, Settings { organisations: 2, ..quick() }, |one| one).await;
    let held = harbour.simulator.organisation(&project(0));
    let (mut refusals, mut inside) = (Refusals::default(), Vec::new());
    for project in (0..12).map(project) {
        if harbour.simulator.organisation(&project) == held {
            assert!(refusals.set(&project, LIMIT));
            inside.push(project);
        }
    }
    assert!((2..=10).contains(&inside.len()), "{}", inside.len());
    harbour.simulator.set_refusals(refusals);
    let (simulator, clock) = (harbour.simulator.clone(), harbour.clock);
    let hour = START.after(Duration::from_hours(1));
    let in_hour = Arc::new(AtomicU64::new(0));
    let (counted, projects) = (Arc::clone(&in_hour), inside.clone());
    tokio::spawn(async move {
        clock.sleep_until(hour).await;
        let entries = simulator.ledger().entries;
        let asked = entries.iter().filter(|((of, _), _)| projects.contains(of)).map(|(_, one)| u64::from(one.requests));
        counted.store(asked.sum(), Ordering::Relaxed);
        simulator.set_refusals(Refusals::default());
    });
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 60);
    let finished = |project: &String, rows: &[Row]| {
        rows.iter().filter(|row| row.job.project_id == *project).filter_map(|row| row.job.finished_at).max().unwrap()
    };
    let rows = harbour.rows().await;
    for project in (0..12).map(project) {
        let held = inside.contains(&project);
        assert_eq!(finished(&project, &rows) > hour, held, "{project}");
    }
    // The first of each worker, and then probes: after 1, 3, 7, 15, 30, 45 and 60 minutes at most.
    let asked = in_hour.load(Ordering::Relaxed);
    assert!(asked <= 16 + 7, "{asked} requests in the hour");
    assert_eq!(harbour.store.holds(harbour.campaign_id).await.unwrap(), []);
    let last = rows.iter().filter_map(|row| row.job.finished_at).max().unwrap();
    assert!(last < hour.after(Duration::from_mins(25)), "the next probe comes within a quarter of an hour: {last}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_let_in_nowhere_holds_the_campaign_and_asks_no_more() {
    let refusals = barred("*", "IP_ADDRESS_NOT_ON_ACCESS_LIST");
    let mut harbour = Harbour::new(12, 5, Settings { refusals, ..quick() }, |one| one).await;
    assert_eq!(harbour.is_held().await, [Scope::Campaign]);
    assert_eq!(harbour.simulator.ledger().upgrade_requests, 0);
    let asked = harbour.simulator.ledger().requests;
    assert!(asked <= 32, "{asked} requests");
    harbour.simulator.set_refusals(Refusals::default());
    harbour.release(&[Scope::Campaign]).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_without_its_role_in_a_project_leaves_the_other_projects_alone() {
    let refusals = barred(&project(1), "NOT_IN_GROUP");
    let mut harbour = Harbour::new(3, 5, Settings { refusals, ..quick() }, |one| one).await;
    assert_eq!(harbour.is_held().await, [Scope::Project(project(1))]);
    assert_eq!(harbour.counts().await.of(State::Succeeded), 10);
    assert_eq!(harbour.requests_in(&project(1)), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_at_work_goes_on_with_what_is_released_meanwhile() {
    let mut refusals = barred(&project(0), UNPAID);
    assert!(refusals.set(&project(1), "ACCOUNT_SUSPENDED"));
    let hours = Duration::from_hours(2);
    let slow = Settings { durations: Durations::Between(hours, hours), refusals, ..quick() };
    let mut harbour = Harbour::new(3, 5, slow, |one| one).await;
    let (store, id, clock, simulator) =
        (harbour.store.clone(), harbour.campaign_id, harbour.clock, harbour.simulator.clone());
    tokio::spawn(async move {
        clock.sleep_until(START.after(Duration::from_mins(30))).await;
        simulator.set_refusals(barred(&project(1), "ACCOUNT_SUSPENDED"));
        store.release(&runner("operator"), id, &[Scope::Project(project(0))], None, clock.now()).await.unwrap();
    });
    assert_eq!(harbour.is_held().await, [Scope::Project(project(1))]);
    assert_eq!(harbour.counts().await.of(State::Succeeded), 10);
    let rows = harbour.rows().await;
    let sent = rows
        .iter()
        .filter(|row| row.job.project_id == project(0))
        .filter_map(|row| row.job.request.sent_at)
        .max()
        .unwrap();
    assert!(sent < START.after(Duration::from_mins(31)), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_when_its_project_is_closed_to_us_ends_the_run_and_is_followed_by_the_next() {
    let mut harbour = Harbour::new(2, 5, quick(), |one| one).await;
    let (simulator, clock) = (harbour.simulator.clone(), harbour.clock);
    tokio::spawn(async move {
        clock.sleep_until(START.after(Duration::from_secs(20))).await;
        simulator.set_refusals(barred(&project(1), "NOT_IN_GROUP"));
    });
    assert_eq!(harbour.is_held().await, [Scope::Project(project(1))]);
    let counts = harbour.counts().await;
    assert_eq!((counts.of(State::Succeeded), counts.in_flight()), (5, 5), "{counts:?}");
    harbour.simulator.set_refusals(Refusals::default());
    // Following needs nobody's word: nothing is begun.
    let ending = harbour.run().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 10, "{ending:?}");
}

#[tokio::test(start_paused = true)]
async fn an_organisation_that_was_held_by_a_run_that_died_stops_no_other_in_the_next() {
    let mut harbour = Harbour::new(12, 5, Settings { organisations: 2, ..quick() }, |one| one).await;
    let held = harbour.simulator.organisation(&project(0));
    let (inside, outside): (Vec<_>, Vec<_>) =
        (0..12).map(project).partition(|project| harbour.simulator.organisation(project) == held);
    let mut refusals = Refusals::default();
    assert!(inside.iter().all(|project| refusals.set(project, "IP_ADDRESS_NOT_ON_ACCESS_LIST")));
    harbour.simulator.set_refusals(refusals);
    harbour.run_and_die_after(Duration::from_secs(2)).await;
    let table = harbour.store.holds(harbour.campaign_id).await.unwrap();
    assert_eq!(table.iter().map(|held| held.scope.clone()).collect::<Vec<_>>(), [Scope::Organisation(held.clone())]);
    assert_eq!(harbour.is_held().await, [Scope::Organisation(held)]);
    let counts = harbour.counts().await;
    assert_eq!(counts.of(State::Succeeded), i64::try_from(outside.len() * 5).unwrap(), "{counts:?}");
    assert_eq!(inside.iter().map(|project| harbour.requests_in(project)).sum::<u32>(), 0);
}
