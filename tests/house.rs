//! The house keeps its shape: imports point down, and each tool has one home.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each module with its layer; siblings do not know each other.
const LAYERS: [(&str, u8); 18] = [
    ("clock", 0),
    ("domain", 0),
    ("files", 0),
    ("loopback", 0),
    ("plural", 0),
    ("redaction", 0),
    ("text", 0),
    ("store", 1),
    ("atlas", 1),
    ("pacing", 1),
    ("simulator", 1),
    ("intake", 2),
    ("engine", 2),
    ("planning", 2),
    ("report", 2),
    ("config", 3),
    ("app", 4),
    ("cli", 5),
];

/// Words that only some places may say: outside crates, each behind one door.
const DOORS: [(&str, &[&str]); 5] = [
    ("sqlx", &["store/", "intake/sql"]),
    ("reqwest", &["atlas/transport"]),
    ("clap", &["cli/"]),
    ("axum", &["simulator/"]),
    ("governor", &["pacing/"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every source file: its path below `src`, and its text without comments.
fn house() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            (path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), code)
        })
        .collect()
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

#[test]
fn imports_point_down_and_siblings_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for (file, code) in house() {
        let own = module_of(&file);
        let Some(here) = layer(own) else {
            assert!(["lib", "main"].contains(&own), "{file} stands in no layer");
            continue;
        };
        for rest in code.split("crate::").skip(1) {
            let used = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let Some(there) = layer(used) else { continue };
            let within_the_ground_floor = here == 0 && there == 0;
            if used != own && there >= here && !within_the_ground_floor {
                wrong.push(format!("{file} (layer {here}) uses {used} (layer {there})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_outside_crate_has_one_door() {
    let mut wrong = Vec::new();
    for (file, code) in house() {
        for (word, doors) in DOORS {
            let says = code.contains(&format!("{word}::")) || code.contains(&format!("use {word}"));
            if says && !doors.iter().any(|door| file.starts_with(door)) {
                wrong.push(format!("{file} says {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_room_is_too_large() {
    let large: Vec<String> = house()
        .into_iter()
        .map(|(file, code)| (file, code.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(file, lines)| format!("{file}: {lines} lines"))
        .collect();
    assert!(large.is_empty(), "{large:#?}");
}
