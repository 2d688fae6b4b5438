//! The house keeps its shape: imports point down, and each tool has one home.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

use std::collections::{BTreeMap, BTreeSet};
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

/// The modules in which files still import each other, and how many such pairs each has at most. Every number here
/// only goes down, and no module is added.
const CIRCLES_LEFT: [(&str, usize); 9] = [
    ("app", 1),
    ("atlas", 3),
    ("cli", 3),
    ("config", 1),
    ("domain", 8),
    ("engine", 7),
    ("pacing", 1),
    ("planning", 2),
    ("redaction", 1),
];

/// The module path of a file: `engine/mod.rs` is `engine`, `engine/holds/tests.rs` is `engine`, `holds`, `tests`.
fn module_path(file: &str) -> Vec<&str> {
    let mut path: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if matches!(path.last(), Some(&("mod" | "lib" | "main"))) {
        path.pop();
    }
    path
}

/// Whether a file is compiled for tests alone, by the names that such files have.
fn is_of_tests(file: &str) -> bool {
    module_path(file).iter().any(|part| *part == "tests" || part.ends_with("_tests") || *part == "testing")
}

/// The paths that a text names, `{}` groups expanded: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = code.as_bytes();
    let (mut found, mut prefixes, mut path, mut at) = (Vec::new(), Vec::<Vec<&str>>::new(), Vec::new(), 0);
    while at < bytes.len() {
        if is_word(bytes[at]) {
            let end = (at..bytes.len()).find(|next| !is_word(bytes[*next])).unwrap_or(bytes.len());
            path.push(&code[at..end]);
            at = end;
            if code[at..].starts_with("::") {
                at += 2;
                if bytes.get(at) == Some(&b'{') {
                    prefixes.push(std::mem::take(&mut path));
                    at += 1;
                }
                continue;
            }
            found.push(prefixes.iter().flatten().copied().chain(path.drain(..)).collect());
            continue;
        }
        path.clear();
        // A brace that opens anything else stands for a group without a prefix, so that each closes its own.
        match bytes[at] {
            b'{' => prefixes.push(Vec::new()),
            b'}' => drop(prefixes.pop()),
            _ => {}
        }
        at += 1;
    }
    found
}

/// The same without the modules in `pub(in crate::a)`, which are no imports.
fn without_visibilities(code: &str) -> String {
    let mut parts = code.split("pub(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + "pub " + part.split_once(')').map_or(part, |(_, rest)| rest))
}

/// The file that a path names from within `own`: the file of the longest part of it that is a module.
fn target<'a>(path: &[&str], own: &[&str], files: &BTreeMap<Vec<&str>, &'a str>) -> Option<&'a str> {
    let mut whole: Vec<&str> = match path {
        ["crate", ..] => Vec::new(),
        ["self" | "super", ..] => own.to_vec(),
        [first, _, ..] if files.contains_key(&[own, &[*first]].concat()) => own.to_vec(),
        _ => return None,
    };
    for part in path {
        match *part {
            "crate" | "self" => {}
            "super" => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    (1..=whole.len()).rev().find_map(|length| files.get(&whole[..length]).copied())
}

/// For each file, the files that it imports from. Tests may import what they like.
fn imports(house: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let house: Vec<_> = house.iter().filter(|(file, _)| !is_of_tests(file)).collect();
    let files: BTreeMap<Vec<&str>, &str> = house.iter().map(|(file, _)| (module_path(file), file.as_str())).collect();
    house
        .iter()
        .map(|(file, code)| {
            let own = module_path(file);
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = without_visibilities(code);
            let used = paths(&code).into_iter().filter_map(|path| target(&path, &own, &files));
            (file.as_str(), used.filter(|used| used != file).collect())
        })
        .collect()
}

#[test]
fn no_two_files_import_each_other() {
    let house = house();
    let imports = imports(&house);
    let mut circles = BTreeMap::<&str, Vec<String>>::new();
    for (file, used) in &imports {
        for other in used.iter().filter(|other| *other > file && imports[*other].contains(file)) {
            circles.entry(module_of(file)).or_default().push(format!("{file} and {other}"));
        }
    }
    let files: usize = imports.values().map(BTreeSet::len).sum();
    let left: usize = circles.values().map(Vec::len).sum();
    println!("{} files, {files} imports between them, {left} pairs that import each other", imports.len());
    for (module, pairs) in &circles {
        println!("{module}: {}", pairs.len());
        let most = CIRCLES_LEFT.iter().find(|(name, _)| name == module).map_or(0, |(_, most)| *most);
        assert!(pairs.len() <= most, "{module} may have {most} pairs of files that import each other: {pairs:#?}");
    }
}

#[test]
fn no_module_without_exceptions_has_a_circle_of_any_length() {
    let house = house();
    let mut left = imports(&house);
    left.retain(|file, _| !CIRCLES_LEFT.iter().any(|(module, _)| *module == module_of(file)));
    // Whoever imports nothing that is left is in no circle.
    while let Some(file) = left.iter().find(|(_, used)| !used.iter().any(|used| left.contains_key(used))) {
        let file = *file.0;
        left.remove(file);
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn paths_are_read_with_their_groups() {
    let code = "use crate::a::{self, b::{C, d}, E};\nfn f() { x::y(self::z::g()) }";
    let read: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    for path in ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::E", "x::y", "self::z::g"] {
        assert!(read.iter().any(|read| read == path), "{path}: {read:?}");
    }
    assert!(!read.iter().any(|read| read == "b::C" || read == "crate::a::x::y"), "{read:?}");
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
