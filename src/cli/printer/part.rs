//! The parts of a line that has to fit into a terminal: where it is narrow, those that matter less are left out.

/// What stands between two parts.
const BETWEEN: &str = ", ";

/// How much a part matters, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Weight {
    /// Why nothing moves, or will soon not.
    Trouble,
    /// When it will be over.
    End,
    /// How far it is.
    Count,
    /// How fast it goes.
    Rate,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Part {
    pub(in crate::cli) weight: Weight,
    pub(in crate::cli) text: String,
}

impl Part {
    pub(in crate::cli) fn new(weight: Weight, text: impl Into<String>) -> Self {
        Self { weight, text: text.into() }
    }
}

/// All parts.
pub(in crate::cli) fn in_one_line(parts: &[Part]) -> String {
    join(parts)
}

/// Those parts that have room in so many columns, the heaviest first, in the order in which they are read. Of one that
/// alone is too long the beginning is left.
pub(super) fn fitted(parts: &[Part], columns: usize) -> String {
    let mut by_weight: Vec<&Part> = parts.iter().collect();
    by_weight.sort_by_key(|part| part.weight);
    let mut shown: Vec<&Part> = Vec::new();
    let mut room = columns;
    for part in by_weight {
        let needs = part.text.chars().count() + if shown.is_empty() { 0 } else { BETWEEN.len() };
        if needs <= room {
            room -= needs;
            shown.push(part);
        } else if shown.is_empty() {
            return part.text.chars().take(columns).collect();
        }
    }
    join(parts.iter().filter(|part| shown.iter().any(|shown| std::ptr::eq(*shown, *part))))
}

fn join<'a>(parts: impl IntoIterator<Item = &'a Part>) -> String {
    parts.into_iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(BETWEEN)
}

#[test]
fn what_matters_most_stays_where_a_terminal_is_narrow() {
    let part = |weight, text: &str| Part::new(weight, text);
    let mut parts = vec![
        part(Weight::Count, "134 to begin"),
        part(Weight::Count, "50 upgrading"),
        part(Weight::Rate, "310/min"),
        part(Weight::End, "4 min 10 s left"),
    ];
    assert_eq!(fitted(&parts, 80), "134 to begin, 50 upgrading, 310/min, 4 min 10 s left");
    assert_eq!(fitted(&parts, 80), in_one_line(&parts));
    assert_eq!(fitted(&parts, 50), "134 to begin, 50 upgrading, 4 min 10 s left");
    assert_eq!(fitted(&parts, 32), "134 to begin, 4 min 10 s left");
    assert_eq!(fitted(&parts, 15), "4 min 10 s left");
    parts.insert(0, part(Weight::Trouble, "HELD: the campaign for 5.0 s (PAYMENT)"));
    assert_eq!(fitted(&parts, 30), "HELD: the campaign for 5.0 s (");
    assert_eq!(fitted(&parts, 60), "HELD: the campaign for 5.0 s (PAYMENT), 4 min 10 s left");
    assert_eq!(fitted(&[], 10), "");
}
