//! An upgrade from M0 to M10 as one went in August 2026, second by second, told again with names of our own: a new
//! id after two minutes, no connection strings for twenty, the same host again, idle after twenty-five. Right after
//! the request, reads may be stale.

use bytes::Bytes;
use http::{Method, Request, Response};

use super::*;

const OLD: &str = "64a000000000000000000001";
const NEW: &str = "64a000000000000000000002";
const HOST: &str = "mongodb+srv://c0.abc1234.mongodb.net";

/// What a read shows from so many seconds after the request on: id, state, provider, size, and whether there are
/// strings.
const TIMELINE: [(u64, &str, &str, &str, &str, bool); 6] = [
    (0, OLD, "IDLE", "TENANT", "M0", true),
    (4, OLD, "UPDATING", "TENANT", "M0", true),
    (20, OLD, "IDLE", "TENANT", "M0", true), // stale once more
    (40, OLD, "UPDATING", "TENANT", "M0", true),
    (121, NEW, "UPDATING", "AWS", "M10", false),
    (1402, NEW, "UPDATING", "AWS", "M10", true),
];
const IDLE_AFTER: u64 = 1493;

fn cluster(id: &str, state: &str, provider: &str, size: &str, strings: bool) -> String {
    let strings = if strings { format!(r#"{{"standardSrv":"{HOST}"}}"#) } else { "{}".to_owned() };
    let region = format!(
        r#"{{"providerName":"{provider}","regionName":"US_EAST_1","electableSpecs":{{"instanceSize":"{size}"}}}}"#
    );
    format!(
        r#"{{"id":"{id}","name":"c0","stateName":"{state}","paused":false,"connectionStrings":{strings},
            "replicationSpecs":[{{"regionConfigs":[{region}]}}]}}"#
    )
}

/// What a read shows so many seconds after the request.
fn shown(seconds: u64) -> String {
    if seconds >= IDLE_AFTER {
        return cluster(NEW, "IDLE", "AWS", "M10", true);
    }
    let (_, id, state, provider, size, strings) = TIMELINE.into_iter().rfind(|(from, ..)| *from <= seconds).unwrap();
    cluster(id, state, provider, size, strings)
}

#[tokio::test(start_paused = true)]
async fn the_recorded_upgrade_succeeds_when_it_is_over_and_not_before() {
    let mut harbour = Harbour::of("m0-to-dedicated", 1, 1, quick(), |cluster| cluster).await;
    wants_an_m10(&harbour).await;
    let clock = harbour.clock;
    let sent = Arc::new(AtomicU64::new(0));
    let posts = Arc::clone(&sent);
    let transport = Transport::in_process(Arc::new(move |request: Request<Bytes>| {
        let now = clock.now().0.unsigned_abs();
        let before = if *request.method() == Method::POST { posts.swap(now, Ordering::Relaxed) } else { 0 };
        assert_eq!(before, 0, "asked again");
        let body = match posts.load(Ordering::Relaxed) {
            0 => cluster(OLD, "IDLE", "TENANT", "M0", true),
            at if *request.method() == Method::POST => {
                assert_eq!(at, now);
                cluster(OLD, "UPDATING", "TENANT", "M0", true)
            }
            at => shown((now - at) / 1000),
        };
        let body =
            if request.uri().path().ends_with("/clusters") { format!(r#"{{"results":[{body}]}}"#) } else { body };
        async move { Some(Response::new(Bytes::from(body))) }.boxed()
    }));
    let mut engine = harbour.engine();
    engine.client = Client::new(transport, None, clock, Duration::from_secs(30));
    let (_control, listening) = watch::channel(Control::Run);
    assert_eq!(engine.run(listening, Progress::default()).await.unwrap(), Ending::Finished);

    let job = harbour.rows().await.remove(0).job;
    assert_eq!((job.state, job.error), (State::Succeeded, None));
    let (source, target) = (job.source.unwrap(), job.target.unwrap());
    assert_eq!((&*source.id, &*target.id), (OLD, NEW));
    assert_eq!((source.connection_string.as_deref(), target.connection_string.as_deref()), (Some(HOST), Some(HOST)));
    let took = job.finished_at.unwrap().0.unsigned_abs() - sent.load(Ordering::Relaxed);
    assert!((IDLE_AFTER * 1000..IDLE_AFTER * 1000 + 120_000).contains(&took), "noticed after {took} ms");
}

/// The fleet wants an M10 here.
async fn wants_an_m10(harbour: &Harbour) {
    let wanted = Wanted {
        provider: "AWS".into(),
        region: "US_EAST_1".into(),
        instance_size: Some("M10".into()),
        ..Wanted::default()
    };
    let row = NewJob { row: 2, project_id: project(0), cluster_name: "c0".into(), wanted, extra: Vec::new() };
    let now = harbour.clock.now();
    let mut loader = harbour.store.begin_load(&runner("loader"), "q4", "m0-to-dedicated", now).await.unwrap();
    loader.push(&[row]).await.unwrap();
    loader.finish().await.unwrap();
}
