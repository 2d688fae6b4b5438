//! Text from outside cannot command a terminal, and cannot hide.

use crate::atlas::Atlas;
use crate::terminal::Terminal;
use crate::workdir::{TOKEN, Workdir, project};

/// Commands the terminal (C0 and C1), turns the direction, and is not seen.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{7}\u{85}\u{202e}\u{200b}\u{2066}\u{e0041}";

#[track_caller]
fn is_visible(said: &str) {
    let hidden = said.chars().find(|letter| *letter != '\n' && !drydock::text::is_visible(*letter));
    assert_eq!(hidden, None, "{said:?}");
}

#[test]
fn mistakes_in_a_fleet_or_a_campaign_file_are_quoted_as_what_can_be_seen() {
    let fleet = format!("project_id,cluster_name,provider,region,{HOSTILE}x,x\n5f,{HOSTILE},{HOSTILE},US_EAST_1,a,b\n");
    let files = [
        ("fleet.csv", fleet),
        ("fleet.csv", format!("{HOSTILE}project,{HOSTILE}\n1,2\n")),
        (
            "fast.toml",
            format!("operation = \"{HOSTILE}\"\n\"{HOSTILE}\" = 1\n[atlas]\nbase_url = \"{HOSTILE}\"\n")
                .replace('\u{1b}', "\\u001b")
                .replace('\u{7}', "\\u0007"),
        ),
        ("fast.toml", format!("[{HOSTILE}\n")),
    ];
    for (name, text) in files {
        let dir = Workdir::with_fleet(1, 1);
        dir.write(name, &text);
        for more in [&[][..], &["--log-format", "json"]] {
            let said = dir.run(&[&["check", "fast.toml"], more].concat()).with(2);
            is_visible(&said.stderr);
            assert!(said.stderr.contains("202e") || text.starts_with('['), "{}", said.stderr);
        }
    }
}

#[test]
fn names_on_the_command_line_are_quoted_as_what_can_be_seen() {
    let dir = Atlas::upgraded(1, 1);
    let file = format!("{}.toml", HOSTILE.replace('/', ""));
    dir.write(&file, &dir.read("fast.toml"));
    let database = format!("sqlite:{HOSTILE}.db");
    let commands: [&[&str]; 6] = [
        &["check", &file],
        &["run", &file, "--simulate"],
        &["status", HOSTILE],
        &["show", HOSTILE],
        &["list", HOSTILE, "--database-url", &database],
        &["check", "fast.toml", HOSTILE],
    ];
    for words in commands {
        let said = dir.run(words).with(2);
        is_visible(&said.stderr);
        assert!(said.stderr.contains("202e"), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn a_fleet_s_own_columns_are_shown_as_what_can_be_seen_and_kept_as_they_are() {
    let dir = Workdir::with_fleet(1, 1);
    let keys = "campaign_digest,fleet_campaign_digest,send,fleet_send,due_at,history";
    let header = format!("project_id,cluster_name,provider,region,{keys},o{HOSTILE}");
    dir.write("fleet.csv", &format!("{header}\n{},one,AWS,US_EAST_1,1,2,3,4,5,6,v{HOSTILE}\n", project(0)));
    let atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(1);
    let job = format!("{}/one", project(0));
    let commands: [&[&str]; 6] = [
        &["show", &job],
        &["show", &job, "--json"],
        &["list", "--json"],
        &["list"],
        &["status", "--json"],
        &["report", "--format", "jsonl"],
    ];
    for words in commands {
        let said = dir.run(words).with(0);
        is_visible(&said.stdout);
        if words.contains(&"--json") || words.contains(&"jsonl") {
            let object: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
            let plain = serde_json::to_string(&object).unwrap();
            assert_eq!(
                plain.matches(':').count(),
                said.stdout.matches(':').count(),
                "a key comes twice: {}",
                said.stdout
            );
            if words[0] != "status" {
                assert_eq!(object[format!("o{HOSTILE}")], format!("v{HOSTILE}").as_str(), "{plain}");
            }
        }
    }
    let csv = dir.run(&["report", "--format", "csv"]).with(0).stdout;
    assert!(csv.contains(HOSTILE), "what goes into a pipe stays as it is: {csv:?}");
    is_visible(&dir.read("reports/fast/report.jsonl"));
    let (mut terminal, shown) = Terminal::of_width(80, &mut dir.command(&TOKEN, &["report", "--format", "csv"]));
    shown.end().with(0);
    is_visible(&terminal.whole());
}

#[test]
fn names_of_files_are_told_and_kept_as_what_can_be_seen() {
    let dir = Workdir::with_fleet(1, 1);
    let atlas = Atlas::serve(&dir, &[]);
    let campaign = format!("{HOSTILE}.toml");
    dir.write(&campaign, &format!("campaign = \"fast\"\n{}", dir.read("fast.toml")));
    let planned = dir.run(&["plan", &campaign, "--out", "plan.json"]).with(0);
    let ran = dir.run(&["run", "--plan", "plan.json", "--progress", "none"]).with(0);
    let copied = dir.run(&["backup", &format!("{HOSTILE}.db")]).with(0);
    for text in [dir.read("plan.json"), planned.whole(), ran.whole(), copied.whole()] {
        is_visible(&text);
    }
    assert!(copied.stdout.contains("202e"), "{}", copied.stdout);
    atlas.stop().are_clean(1);
}
