//! Each way to sign in, over sockets, and what is said when nobody is let in.

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::secrets::nowhere;
use crate::workdir::{TOKEN, Workdir};

type Environment = [(&'static str, &'static str)];

const ACCOUNT: [(&str, &str); 2] = [
    ("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_5f00000000000000000000aa"),
    ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_9d2bfa6650c84f17"),
];
const API_KEY: [(&str, &str); 2] = [
    ("MONGODB_ATLAS_PUBLIC_API_KEY", "publickey"),
    ("MONGODB_ATLAS_PRIVATE_API_KEY", "b1946ac9-2c4b-4d1a-9f3e-private"),
];

/// A fleet is upgraded, and neither secret, nor what is made of it, is written anywhere.
#[track_caller]
fn upgrades_a_fleet(environment: &Environment) {
    let dir = Workdir::with_fleet(3, 4);
    let atlas = Atlas::serve_as(environment, &dir, &["--shortest", "100ms", "--longest", "300ms"]);
    let run = dir.run_as(environment, &["run", "fast.toml", "-vvv"]).with(0);
    atlas.stop().are_clean(12);
    assert!(run.stdout.contains("12 succeeded"), "{}", run.stdout);
    assert!(run.stderr.contains(" DEBUG "), "the log is not at its loudest: {}", run.stderr);
    nowhere(environment, &dir, &run);
}

#[test]
fn a_fleet_is_upgraded_with_a_bearer_token() {
    upgrades_a_fleet(&TOKEN);
}

#[test]
fn a_fleet_is_upgraded_with_a_service_account() {
    upgrades_a_fleet(&ACCOUNT);
}

#[test]
fn a_fleet_is_upgraded_with_an_api_key() {
    upgrades_a_fleet(&API_KEY);
}

/// Atlas wants `right`, and the run shows `wrong`: it ends early, sends no upgrade, and says why.
#[track_caller]
fn ends_early(right: &Environment, wrong: &Environment) -> String {
    let dir = Workdir::with_fleet(2, 2);
    let atlas = Atlas::serve_as(right, &dir, &[]);
    let run = dir.run_as(wrong, &["run", "fast.toml", "--progress", "none"]);
    assert!(matches!(run.code, Some(2 | 12)), "{}", run.whole());
    let loud = dir.run_as(wrong, &["run", "fast.toml", "-vvv"]);
    assert_eq!(loud.code, run.code, "{}", loud.whole());
    nowhere(wrong, &dir, &run);
    nowhere(wrong, &dir, &loud);
    let books = atlas.stop();
    assert_eq!((books.upgrade_requests, books.effects), (0, 0), "{books:?}");
    scrub(&run.whole(), &dir)
}

#[test]
fn a_wrong_token_ends_the_run_early_and_shows_no_secret() {
    let wrong = [("MONGODB_ATLAS_ACCESS_TOKEN", "tok-of-another-place-77")];
    insta::assert_snapshot!(ends_early(&TOKEN, &wrong));
}

#[test]
fn a_wrong_client_secret_ends_the_run_early_and_shows_no_secret() {
    let wrong = [ACCOUNT[0], ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_not_this_one")];
    insta::assert_snapshot!(ends_early(&ACCOUNT, &wrong));
}

#[test]
fn a_wrong_private_key_ends_the_run_early_and_shows_no_secret() {
    let wrong = [API_KEY[0], ("MONGODB_ATLAS_PRIVATE_API_KEY", "00000000-not-this-one")];
    insta::assert_snapshot!(ends_early(&API_KEY, &wrong));
}
