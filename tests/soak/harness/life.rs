//! One life of the process that works on the campaign: a runtime of its own, and a store opened anew.
//!
//! Its death is the end of the runtime, whatever was going on in it. The world and the wire outlive it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drydock::atlas::Client;
use drydock::clock::{Clock, Millis};
use drydock::domain::operation::Operation;
use drydock::engine::{Control, Ending, Engine, Progress};
use drydock::store::{LoadError, Open, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::watch;

use super::fleet::{self, CAMPAIGN, runner};
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
    let run = run(&scenario, &world, &path, clock, wall, voyage.lives, listening);
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

/// What `drydock run` does, with a clock of its own.
async fn run(
    scenario: &Scenario,
    world: &Arc<super::world::World>,
    path: &Path,
    clock: Clock,
    wall: Clock,
    life: u64,
    listening: watch::Receiver<Control>,
) -> End {
    let url = format!("sqlite:{}", path.display());
    let work = async {
        let store = Store::open_in_virtual_time(&url, Open::CreateIfMissing).await?;
        let own = store.newest().await?.map_or(wall, |newest| wall.not_before(newest));
        let campaign_id = match fleet::load(&store, scenario, own.now()).await {
            Ok(id) => id,
            Err(LoadError::Store(error)) => return Err(error),
            Err(other) => panic!("seed {}: the same fleet was refused: {other}", scenario.seed),
        };
        let engine = Engine {
            client: Client::new(world.transport(clock), world.credentials(), own, scenario.request_timeout),
            store: store.clone(),
            clock: own,
            campaign_id,
            campaign: CAMPAIGN.into(),
            operation: Operation::of_name(scenario.operation).unwrap(),
            policy: scenario.policy.clone(),
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
