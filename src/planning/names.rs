//! Names that Atlas cannot tell apart: a host name has only the first 23 characters of a cluster's name.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cluster_name::is_same_name;

/// How many characters of a name count (MongoDB's documentation on cluster names).
const COUNT: usize = 23;

/// For each name that shares its beginning with another one of the project: the first other one.
pub(super) fn collisions<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut by_beginning: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        by_beginning.entry(beginning(name)).or_default().insert(name);
    }
    let mut found = BTreeMap::new();
    for alike in by_beginning.values().filter(|alike| alike.len() > 1) {
        for name in alike {
            // Atlas reads names without regard to case: the same one in other letters is no other.
            if let Some(other) = alike.iter().find(|other| !is_same_name(other, name)) {
                found.insert((*name).to_owned(), (*other).to_owned());
            }
        }
    }
    found
}

fn beginning(name: &str) -> String {
    name.chars().take(COUNT).flat_map(char::to_lowercase).collect()
}

#[test]
fn two_names_collide_by_their_first_23_characters_in_any_case() {
    let (one, two) = ("orders-of-the-northern-a", "Orders-Of-The-Northern-b");
    assert_eq!(
        collisions([one, "orders", two]),
        [(one, two), (two, one)].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    );
    assert_eq!(collisions(["orders-of-the-northern-1"]), BTreeMap::new());
    assert_eq!(collisions(["a", "a", "Orders", "orders"]), BTreeMap::new());
}
