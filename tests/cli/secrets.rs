//! No secret is ever written.

use std::fs;

use crate::echo::{self, Habit};
use crate::process::Ended;
use crate::workdir::{TOKEN, Workdir};

const ACCOUNT: [(&str, &str); 2] = [
    ("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_5f00000000000000000000aa"),
    ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_9d2bfa6650c84f17"),
];
const API_KEY: [(&str, &str); 2] = [
    ("MONGODB_ATLAS_PUBLIC_API_KEY", "abcdwxyz"),
    ("MONGODB_ATLAS_PRIVATE_API_KEY", "b1946ac9-2c4b-4d1a-9f3e-0123456789ab"),
];

/// Panics if a secret of `environment`, or what goes over the wire instead of it, stands in what was said or in any
/// file of the directory: database, log, reports.
#[track_caller]
pub(crate) fn nowhere(environment: &[(&str, &str)], dir: &Workdir, said: &Ended) {
    assert!(dir.has("drydock.db"), "there is nothing to search");
    is_silent(environment, dir, said);
}

/// The same where there may be no database yet.
#[track_caller]
fn is_silent(environment: &[(&str, &str)], dir: &Workdir, said: &Ended) {
    let secret = environment.last().unwrap().1;
    // As it is and in every form, as a service account shows it, and how a token of the simulation begins.
    let mut hidden = echo::forms(secret);
    let values: Vec<&str> = environment.iter().map(|(_, value)| *value).collect();
    hidden.extend(echo::forms(&values.join(":")));
    if environment == ACCOUNT {
        hidden.extend(echo::forms(echo::TOKEN));
    }
    hidden.push("simulated.".to_owned());
    for word in hidden {
        assert!(!said.stdout.contains(&word), "standard output holds {word}: {}", said.stdout);
        assert!(!said.stderr.contains(&word), "standard error holds {word}: {}", said.stderr);
        for path in dir.files() {
            let bytes = fs::read(&path).unwrap();
            let found = stands_in(&bytes, word.as_bytes());
            assert!(!found, "{} holds {word}", path.display());
        }
    }
}

/// Whether `word` stands somewhere in `bytes`.
fn stands_in(bytes: &[u8], word: &[u8]) -> bool {
    let [first, ..] = word else { return true };
    let mut starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.any(|(place, _)| bytes[place..].starts_with(word))
}

/// A run and a plan meet a server of this habit, once at the usual verbosity and once at the loudest.
#[track_caller]
fn repeats_nothing(habit: Habit, commands: &[(&[&str], i32)]) {
    for environment in [&TOKEN[..], &ACCOUNT, &API_KEY] {
        let dir = Workdir::with_fleet(1, 2);
        let secret = environment.last().unwrap().1;
        // A token that was never given out is no secret.
        let has_token = environment == ACCOUNT && !matches!(habit, Habit::RefusesSignIn);
        let secrets: &[&str] = if has_token { &[secret, echo::TOKEN] } else { &[secret] };
        dir.aim(&echo::serve(habit, secrets));
        for &(words, code) in commands {
            for loudness in [&[][..], &["-vvv"], &["-vvv", "--log-format", "json"]] {
                let said = dir.run_as(environment, &[words, loudness].concat()).with(code);
                if words[0] != "report" {
                    assert!([&said.stdout, &said.stderr].iter().any(|said| said.contains("***")), "{}", said.whole());
                }
                is_silent(environment, &dir, &said);
            }
        }
    }
}

const RUN: &[&str] = &["run", "fast.toml", "--progress", "none"];
const PLAN: &[&str] = &["plan", "fast.toml", "--out", "plan.json"];

#[test]
fn a_server_that_refuses_a_sign_in_and_repeats_it_is_not_quoted() {
    repeats_nothing(Habit::RefusesSignIn, &[(RUN, 2), (PLAN, 2)]);
}

#[test]
fn a_web_page_that_repeats_a_secret_is_not_quoted() {
    repeats_nothing(Habit::ShowsPage, &[(RUN, 2)]);
}

#[test]
fn a_refusal_that_repeats_a_secret_is_kept_and_told_without_it() {
    repeats_nothing(Habit::HoldsProject, &[(RUN, 12), (&["status"], 0), (&["report", "--format", "jsonl"], 0)]);
}

#[test]
fn words_that_are_no_answer_are_not_quoted() {
    let dir = Workdir::with_fleet(1, 2);
    dir.aim(&echo::serve(Habit::Babbles, &[TOKEN[0].1]));
    let said = dir.run_as(&TOKEN, &[PLAN, &["-vvv"]].concat()).with(10);
    is_silent(&TOKEN, &dir, &said);
}

#[test]
fn a_secret_in_the_variable_of_another_is_refused_and_not_shown() {
    let dir = Workdir::with_fleet(1, 1);
    let (secret, key) = (ACCOUNT[1].1, API_KEY[1].1);
    let slips: [&[(&str, &str)]; 5] = [
        &[(ACCOUNT[0].0, secret), (ACCOUNT[1].0, ACCOUNT[0].1)],
        &[(API_KEY[0].0, key), (API_KEY[1].0, API_KEY[0].1)],
        &[("MONGODB_ATLAS_ACCESS_TOKEN", secret)],
        &[TOKEN[0], ("MONGODB_ATLAS_BASE_URL", secret)],
        &[TOKEN[0], ("MONGODB_ATLAS_BASE_URL", TOKEN[0].1)],
    ];
    for slip in slips {
        for words in [RUN, PLAN] {
            let said = dir.run_as(slip, &[words, &["-vvv"]].concat()).with(2);
            assert!(said.stderr.contains("MONGODB_ATLAS_"), "{}", said.stderr);
            for hidden in [secret, key, TOKEN[0].1] {
                assert!(!said.stderr.contains(hidden) && !said.stdout.contains(hidden), "{}", said.whole());
            }
        }
    }
    assert!(!dir.has("drydock.db"), "nothing was started");
}

#[test]
fn a_password_in_the_url_of_a_database_is_never_warned_of() {
    let dir = Workdir::with_fleet(1, 1);
    let sql = r#"sql = { url = "env:CMDB_URL", query = "select 1" }"#;
    dir.write("fast.toml", &dir.read("fast.toml").replace("csv = \"fleet.csv\"", sql));
    for url in ["postgres://me@127.0.0.1:1/db?pwd=hush-hush-1", "postgres://me:hush-hush-1@127.0.0.1:1/db"] {
        let said = dir.run_as(&[("CMDB_URL", url)], &["check", "fast.toml", "-vvv"]).with(2);
        assert!(!said.stderr.contains("hush-hush-1"), "{}", said.stderr);
        // The driver's own warning of a parameter that it does not know shows the value.
        let usual = dir.run_as(&[("CMDB_URL", url)], &["check", "fast.toml"]).with(2);
        assert!(!usual.stderr.contains("WARN"), "{}", usual.stderr);
    }
}

#[test]
fn a_secret_among_the_words_of_a_command_line_is_not_repeated() {
    let dir = Workdir::with_fleet(1, 1);
    let (token, account) = (TOKEN[0].1, ACCOUNT[1].1);
    for words in
        [["check", "fast.toml", token], ["check", "fast.toml", account], ["status", "--json", &format!("--{token}")]]
    {
        let said = dir.run(&words).with(2);
        assert!(said.stderr.contains("unexpected argument"), "{}", said.stderr);
        assert!(!said.stderr.contains(token) && !said.stderr.contains(account), "{}", said.stderr);
    }
}
