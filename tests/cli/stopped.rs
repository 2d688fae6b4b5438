//! SIGSTOP, as ^Z does it: a process that is there and does nothing, for as long as somebody likes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::atlas::Atlas;
use crate::complete::is_complete;
use crate::workdir::{TOKEN, Workdir, project};

const PROJECTS: u32 = 4;

/// Whether no upgrade is under way at the Atlas at `url`.
fn all_have_ended(url: &str) -> bool {
    let clusters = (0..PROJECTS).flat_map(|number| {
        let path = format!("/api/atlas/v2/groups/{}", project(number));
        [get(url, &format!("{path}/clusters")), get(url, &format!("{path}/serverless"))]
    });
    clusters.into_iter().all(|list| list.contains("\"results\"") && !list.contains("\"UPDATING\""))
}

fn get(url: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let (token, accept) = (TOKEN[0].1, "application/vnd.atlas.2023-01-01+json");
    let head = format!("Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\nConnection: close");
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A run is stopped while requests are on the wire, until `long_enough` returns; then it goes on.
fn stop(long_enough: impl FnOnce(&str)) {
    let dir = Workdir::with_fleet(PROJECTS, 4);
    let mut atlas = Atlas::serve(&dir, &["-vv", "--fault", "silent=0.3"]);
    dir.tune("atlas", "request_timeout = \"2s\"");
    let mut run = dir.start(&["run", "fast.toml"]);
    for _ in 0..6 {
        atlas.sees(&mut run, |request| request.is_upgrade() && !request.answered).unwrap();
    }
    run.stop();
    let second = dir.run(&["run", "fast.toml"]).with(2);
    let pid = run.pid();
    let advice = format!(
        "(process {pid}), since [TIME], and is stopped\nhint: continue it with `kill -CONT {pid}`, \
         or end it with `kill -9 {pid}` and run again, which is as safe"
    );
    let said = crate::scrub::scrub(&second.stderr, &dir);
    assert!(said.contains(&advice), "{advice:?} is not in {said}");
    // To look is allowed, and shows what was on the wire.
    let status = dir.status();
    assert_eq!((&status["runner"]["state"], &status["runner"]["pid"]), (&"stopped".into(), &pid.into()), "{status}");
    let told = dir.run(&["status"]).with(0).stdout;
    assert!(told.contains("kill -CONT") && !told.contains("to go on"), "{told}");
    let counts = &status["counts"];
    assert!(counts["submitting"].as_u64().unwrap() + counts["upgrading"].as_u64().unwrap() > 0, "{counts}");
    long_enough(&atlas.url);
    run.signal("CONT");
    run.end().with(0);
    is_complete(&dir, &atlas.stop());
}

#[test]
fn a_run_that_was_stopped_until_every_upgrade_had_ended_goes_on_and_asks_nothing_twice() {
    stop(|url| while !all_have_ended(url) {});
}

#[test]
#[ignore = "takes six minutes: looks are fresh for five, and no request waits for so long"]
fn a_run_that_was_stopped_for_six_minutes_goes_on_and_asks_nothing_twice() {
    // That time passes is what this test is about, so here, and only here, a test sleeps.
    stop(|_| std::thread::sleep(Duration::from_secs(6 * 60)));
}
