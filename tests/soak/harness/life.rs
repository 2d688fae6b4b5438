//! One life of the process that works on the campaign: a runtime of its own, and a store opened anew.
//!
//! Its death is the end of the runtime, whatever was going on in it. The world and the wire outlive it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drydock::atlas::Client;
use drydock::clock::{Clock, Millis};
use drydock::domain::operation::Operation;
use drydock::domain::policy::Policy;
use drydock::engine::{Control, Ending, Engine, Progress};
use drydock::store::{NewJob, Open, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::watch;

use super::fleet::{self, CAMPAIGN, OTHER, rows, runner};
use super::hands::Hands;
use super::scenario::{START, Scenario};
use super::voyage::Voyage;

/// A life that is longer than this is stuck.
const LONGEST: Duration = Duration::from_secs(40 * 24 * 3600);

/// How a life ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It died in the middle, and is down for this long.
    Died(Duration),
    /// The engine came to an end.
    Ended(Ending),
    /// The store could not go on.
    Broke(StoreError),
    /// It went on for ever.
    Stuck,
}

/// Lives once, from the time of the voyage on.
pub(crate) fn live(voyage: &mut Voyage) -> End {
    wait_for_the_dead(&voyage.path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let clock = voyage.world.clock_at(voyage.now);
        voyage.world.pass(voyage.now);
        voyage.world.begin(clock);
        let end = Box::pin(life(voyage, clock)).await;
        voyage.now = clock.now();
        end
    })
}

/// What a dead process had with SQLite ends on threads of its own, and a write that it had begun may still end then.
/// Whoever can have the file alone knows that they have gone. (The last to go removes the write-ahead log, unless two
/// go at once.)
pub(crate) fn wait_for_the_dead(path: &Path) {
    let log = path.with_extension("db-wal");
    let alone = SqliteConnectOptions::new()
        .filename(path)
        .locking_mode(SqliteLockingMode::Exclusive)
        .busy_timeout(Duration::from_millis(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while log.exists() {
        let gone = runtime.block_on(async {
            let mut connection = alone.connect().await?;
            sqlx::raw_sql("BEGIN EXCLUSIVE; COMMIT").execute(&mut connection).await?;
            connection.close().await
        });
        if gone.is_ok() {
            return;
        }
    }
}

/// Lives once for the other campaign, which works on the rows that have left the fleet, gives up soon, and dies after
/// `span`. What went wrong, if anything did that must not.
pub(crate) fn live_elsewhere(voyage: &mut Voyage, span: Duration) -> Option<String> {
    wait_for_the_dead(&voyage.path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let scenario = Arc::clone(&voyage.scenario);
    voyage.lives += 1;
    let ended = runtime.block_on(async {
        let clock = voyage.world.clock_at(voyage.now);
        voyage.world.pass(voyage.now);
        voyage.world.begin(clock);
        let (_control, listening) = watch::channel(Control::Run);
        let rows = rows(&scenario).into_iter().enumerate().filter(|(place, _)| voyage.away.contains(place));
        let policy = Policy { give_up_after: Duration::from_secs(60), ..scenario.policy.clone() };
        let ship = Ship { campaign: OTHER, rows: rows.map(|(_, row)| row).collect(), policy };
        let run = run(&scenario, ship, &voyage.world, &voyage.path, (clock, clock), voyage.lives, listening);
        let ended = tokio::time::timeout(span, run).await;
        voyage.now = clock.now();
        ended
    });
    *voyage.tally.entry("lives of the other campaign".to_owned()).or_default() += 1;
    match ended {
        Err(_) | Ok(End::Ended(_) | End::Broke(StoreError::DiskFull { .. } | StoreError::Locked { .. })) => None,
        Ok(end) => Some(format!("seed {}: the other campaign ended with {end:?}", scenario.seed)),
    }
}

async fn life(voyage: &mut Voyage, clock: Clock) -> End {
    let error = voyage.wrong_clock();
    let wall = Clock::with_sleep(Millis(voyage.now.0 + error), voyage.world.asleep);
    let (control, listening) = watch::channel(Control::Run);
    let world = Arc::clone(&voyage.world);
    let path = voyage.path.clone();
    let scenario = Arc::clone(&voyage.scenario);
    let mut hands = Hands { scenario: &scenario, world: &world, path: &path, clock, wall, control, lock: None };
    // What happened while nobody was at work.
    if let Some(down) = act_until(voyage, &mut hands, clock.now()).await {
        return End::Died(down);
    }
    voyage.lives += 1;
    let away = &voyage.away;
    let rows = rows(&scenario).into_iter().enumerate().filter(|(place, _)| !away.contains(place));
    let ship = Ship { campaign: CAMPAIGN, rows: rows.map(|(_, row)| row).collect(), policy: scenario.policy.clone() };
    let run = run(&scenario, ship, &world, &path, (clock, wall), voyage.lives, listening);
    let end = {
        tokio::pin!(run);
        tokio::select! {
            biased;
            end = &mut run => end,
            down = act(voyage, &mut hands) => End::Died(down),
            () = tokio::time::sleep(LONGEST) => End::Stuck,
        }
    };
    if let Some(lock) = hands.lock.take() {
        drop(lock);
    }
    end
}

/// Does what is due until the process dies of it.
async fn act(voyage: &mut Voyage, hands: &mut Hands<'_>) -> Duration {
    loop {
        let Some((at, _)) = voyage.timeline.front() else { return std::future::pending().await };
        hands.clock.sleep_until(START.after(*at)).await;
        if let Some(down) = act_until(voyage, hands, hands.clock.now()).await {
            return down;
        }
    }
}

/// Does what is due at `now`. It is done before it is forgotten: it may be cut short itself.
async fn act_until(voyage: &mut Voyage, hands: &mut Hands<'_>, now: Millis) -> Option<Duration> {
    while let Some((_, act)) = voyage.timeline.front().filter(|(at, _)| START.after(*at) <= now) {
        let act = act.clone();
        let down = hands.perform(&act).await;
        voyage.timeline.pop_front();
        voyage.done(&act);
        if down.is_some() {
            return down;
        }
    }
    None
}

/// What a run works on.
struct Ship {
    campaign: &'static str,
    rows: Vec<NewJob>,
    policy: Policy,
}

/// What `drydock run` does, with a clock of its own.
async fn run(
    scenario: &Scenario,
    ship: Ship,
    world: &Arc<super::world::World>,
    path: &Path,
    (clock, wall): (Clock, Clock),
    life: u64,
    listening: watch::Receiver<Control>,
) -> End {
    let url = format!("sqlite:{}", path.display());
    let work = async {
        let store = Store::open_in_virtual_time(&url, Open::CreateIfMissing).await?;
        let own = store.newest().await?.map_or(wall, |newest| wall.not_before(newest));
        // Rows leave a fleet that was loaded whole: before that, nobody else begins with them.
        let rows = match store.campaign(CAMPAIGN).await? {
            Some(_) => ship.rows,
            None if ship.campaign == CAMPAIGN => rows(scenario),
            None => {
                store.close().await;
                return Ok(Ending::Finished);
            }
        };
        let campaign_id = fleet::load(&store, scenario, ship.campaign, rows, own.now()).await?;
        let engine = Engine {
            client: Client::new(world.transport(clock), world.credentials(), own, scenario.request_timeout),
            store: store.clone(),
            clock: own,
            campaign_id,
            campaign: ship.campaign.into(),
            operation: Operation::of_name(scenario.operation).unwrap(),
            policy: ship.policy,
            limits: scenario.limits,
            runner: Arc::new(runner(&format!("life-{life}"))),
            seed: scenario.seed ^ life,
        };
        let ending = engine.run(listening, Progress::default()).await;
        store.close().await;
        ending
    };
    match work.await {
        Ok(ending) => End::Ended(ending),
        Err(error) => End::Broke(error),
    }
}
