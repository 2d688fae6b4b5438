//! Which cell of a row is which column, decided once from the header.

use std::collections::HashMap;

use crate::intake::column::{Column, extra_name, squash, tag_key};
use crate::intake::near;
use crate::intake::plan::Plan;

/// What is wrong with a column, if it can be named.
pub(super) type Problem = (Option<String>, String);

/// The places of the columns.
#[derive(Debug, Default)]
pub(super) struct Layout {
    known: Vec<(Column, usize)>,
    /// Place and key of each `tag:KEY` column.
    pub(super) tags: Vec<(usize, String)>,
    /// Place and name of each column that is carried through.
    pub(super) extras: Vec<(usize, String)>,
    /// What each column is called in messages.
    pub(super) labels: Vec<String>,
    /// Places of columns without a header, in their order.
    pub(super) nameless: Vec<usize>,
    /// Where the last column with a header ends.
    pub(super) named_width: usize,
    /// About how many bytes the names of the columns that are carried through take in each row.
    pub(super) extras_weight: usize,
}

impl Layout {
    /// Where a column is, if the fleet has it.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.known.iter().find(|(known, _)| *known == column).map(|(_, place)| *place)
    }

    /// Reads a header, and says all that is wrong with it.
    pub(super) fn of(headers: &[String], plan: &Plan<'_>) -> Result<Self, Vec<Problem>> {
        let headers: Vec<&str> = headers.iter().map(|header| header.trim()).collect();
        let mut problems = duplicates(&headers);
        let mut layout = Self::default();
        layout.place_mapped(&headers, plan, &mut problems);
        layout.place_named(&headers, plan, &mut problems);
        layout.place_rest(&headers, &mut problems);
        layout.named_width = headers.iter().rposition(|header| !header.is_empty()).map_or(0, |last| last + 1);
        layout.extras_weight = layout.extras.iter().map(|(_, name)| size_of::<(String, String)>() + name.len()).sum();
        if problems.is_empty() { Ok(layout) } else { Err(problems) }
    }

    fn is_taken(&self, place: usize) -> bool {
        self.known.iter().any(|(_, taken)| *taken == place)
    }

    /// The columns whose headers the campaign file names: nothing else can be meant.
    fn place_mapped(&mut self, headers: &[&str], plan: &Plan<'_>, problems: &mut Vec<Problem>) {
        for (ours, theirs) in plan.columns {
            let Some(column) = Column::of_name(ours).filter(|column| plan.reads(*column)) else { continue };
            let exact = headers.iter().position(|header| *header == theirs.trim());
            let found = exact.or_else(|| headers.iter().position(|header| squash(header) == squash(theirs)));
            let what = match found {
                None => {
                    let hint = near::hint(theirs, headers.iter().copied());
                    format!("no column {theirs:?}, which the campaign file names{hint}")
                }
                Some(place) if self.is_taken(place) => {
                    format!("the campaign file names {theirs:?} for two columns")
                }
                Some(place) => {
                    self.known.push((column, place));
                    continue;
                }
            };
            problems.push((Some(ours.clone()), what));
        }
    }

    /// The columns that go by their own names or their aliases.
    fn place_named(&mut self, headers: &[&str], plan: &Plan<'_>, problems: &mut Vec<Problem>) {
        let names: Vec<String> = headers.iter().map(|header| squash(header)).collect();
        for column in Column::ALL {
            if plan.columns.contains_key(column.name()) || !plan.reads(column) {
                continue;
            }
            let exact = squash(column.name());
            let free = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
                (0..names.len()).filter(|place| is(&names[*place]) && !self.is_taken(*place)).collect()
            };
            let (exact, aliases) = (free(&|name| name == exact), free(&|name| column.aliases().contains(&name)));
            match (exact.as_slice(), aliases.as_slice()) {
                ([place, ..], _) | ([], [place]) => self.known.push((column, *place)),
                ([], [first, second, ..]) => {
                    let (first, second) = (headers[*first], headers[*second]);
                    let what = format!("{first:?} and {second:?} both can be {}; name it so", column.name());
                    problems.push((Some(column.name().to_owned()), what));
                }
                ([], []) if plan.needs(column) => {
                    let hint = near::hint(column.name(), headers.iter().copied());
                    let what = format!("no such column, and no default for it{hint} ({})", listed(headers));
                    problems.push((Some(column.name().to_owned()), what));
                }
                ([], []) => {}
            }
        }
    }

    /// What is left: tags, the fleet's own columns, and columns without a header.
    fn place_rest(&mut self, headers: &[&str], problems: &mut Vec<Problem>) {
        let all: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        for (place, header) in headers.iter().enumerate() {
            let known = self.known.iter().find(|(_, taken)| *taken == place);
            let label = match (known, tag_key(header)) {
                (Some((column, _)), _) => column.name().to_owned(),
                (None, Some("")) => {
                    problems.push((Some((*header).to_owned()), "names no tag; write tag:KEY".to_owned()));
                    continue;
                }
                (None, Some(key)) => {
                    self.tags.push((place, key.to_owned()));
                    format!("tag:{key}")
                }
                (None, None) if header.is_empty() => {
                    self.nameless.push(place);
                    letters(place)
                }
                (None, None) => {
                    self.extras.push((place, extra_name(header, &all)));
                    (*header).to_owned()
                }
            };
            self.labels.push(label);
        }
    }
}

/// The headers for a message.
fn listed(headers: &[&str]) -> String {
    const MOST: usize = 40;
    let more = headers.len().saturating_sub(MOST);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", headers[..headers.len().min(MOST)].join(", "))
}

/// Headers that stand twice, once case, spaces, `-` and `_` are disregarded; keys of tags keep theirs.
fn duplicates(headers: &[&str]) -> Vec<Problem> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (place, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
        let name = tag_key(header).map_or_else(|| squash(header), |key| format!("tag:{key}"));
        if let Some(earlier) = first.get(&name) {
            let (one, other) = (letters(*earlier), letters(place));
            let what = format!("columns {one} and {other} have the same header ({})", headers[*earlier]);
            problems.push((Some((*header).to_owned()), what));
        } else {
            first.insert(name, place);
        }
    }
    problems
}

/// `A`, `B`, ... `Z`, `AA`: a column as a spreadsheet names it.
pub(super) fn letters(place: usize) -> String {
    let mut left = place + 1;
    let mut name = Vec::new();
    while left > 0 {
        left -= 1;
        name.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    name.iter().rev().collect()
}
