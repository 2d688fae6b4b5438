//! The endpoint that gives out tokens has had enough.

use crate::atlas::Atlas;
use crate::luck::front::{Front, Mood};
use crate::scrub::scrub;
use crate::workdir::Workdir;

const ACCOUNT: [(&str, &str); 2] = [
    ("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_5f00000000000000000000aa"),
    ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_9d2bfa6650c84f17"),
];

/// What a run says when it is met with this at the token endpoint, which is well again afterwards.
#[track_caller]
fn waits_for(status: &'static str, body: &'static str) -> String {
    let dir = Workdir::with_fleet(2, 2);
    let atlas = Atlas::serve_as(&ACCOUNT, &dir, &["--shortest", "100ms", "--longest", "300ms"]);
    let front = Front::before(&atlas.url);
    front.becomes(Mood::NoToken { status, body });
    dir.aim(&front.url);
    let words = ["run", "fast.toml", "--progress", "none"];
    let mut run = crate::process::Running::start(&mut dir.command(&ACCOUNT, &words));
    let line = run.logs("cannot sign in yet");
    front.becomes(Mood::Through);
    let ended = run.end().with(0);
    assert!(ended.stdout.contains("4 succeeded"), "{}", ended.stdout);
    atlas.stop().are_clean(4);
    scrub(line.split_once(' ').unwrap().1.trim(), &dir)
}

#[test]
fn a_token_endpoint_that_limits_is_waited_for() {
    let body = r#"{"error":429,"errorCode":"RATE_LIMITED",
        "detail":"Resource /api/oauth/token is limited to 10 requests every 1 minutes."}"#;
    insta::assert_snapshot!(waits_for("429 Too Many Requests\r\nretry-after: 1", body));
}

#[test]
fn a_token_endpoint_that_is_out_of_order_is_waited_for() {
    insta::assert_snapshot!(waits_for("500 Internal Server Error", r#"{"error":"server_error"}"#));
}

#[test]
fn a_token_endpoint_that_says_that_there_are_enough_tokens_is_waited_for() {
    let body = r#"{"error":"access_denied","error_description":"Access Token limit reached."}"#;
    // For a minute, unless it says for how long.
    insta::assert_snapshot!(waits_for("403 Forbidden\r\nretry-after: 1", body));
}
