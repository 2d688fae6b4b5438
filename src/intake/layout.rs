//! Which cell of a row belongs to which column, decided once from the header.

use std::collections::HashMap;

use crate::intake::columns::{COLUMNS, Column};
use crate::intake::header_names::{extra_name, normalized, tag_key};
use crate::intake::read_options::ReadOptions;
use crate::intake::suggest;

/// What is wrong with a column, if it can be named.
pub(super) type ColumnProblem = (Option<String>, String);

/// The places of the columns.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The columns that have a header here, and their places.
    known: Vec<(&'static Column, usize)>,
    /// Where the value of each column that the operation reads comes from, in the order of the documentation.
    pub(super) values: Vec<ValueSource>,
    /// Place and key of each `tag:KEY` column.
    pub(super) tags: Vec<(usize, String)>,
    /// Place and name of each of the fleet's own columns.
    pub(super) extras: Vec<(usize, String)>,
    /// What each column is called in messages.
    pub(super) labels: Vec<String>,
    /// Places of columns without a header, in their order.
    pub(super) nameless: Vec<usize>,
    /// Where the last column with a header ends.
    pub(super) named_width: usize,
    /// About how many bytes the names of the fleet's own columns take in each row.
    pub(super) extras_bytes: usize,
}

/// Where the value of a column comes from.
#[derive(Debug)]
pub(super) struct ValueSource {
    pub(super) column: &'static Column,
    /// The place of its cells, if the fleet has the column.
    pub(super) place: Option<usize>,
    /// The value where the cell is empty.
    pub(super) default: Option<String>,
}

impl ValueSource {
    /// Whether a row without a cell in this column is an error.
    pub(super) fn needs_cell(&self) -> bool {
        self.column.is_required && self.default.is_none()
    }
}

impl Layout {
    /// Where the value of a column comes from, if the operation reads it.
    pub(super) fn value(&self, column: &Column) -> Option<&ValueSource> {
        self.values.iter().find(|value| value.column == column)
    }

    /// Reads a header, and says all that is wrong with it.
    pub(super) fn of(headers: &[String], options: &ReadOptions<'_>) -> Result<Self, Vec<ColumnProblem>> {
        let headers: Vec<&str> = headers.iter().map(|header| header.trim()).collect();
        let mut problems = duplicates(&headers);
        let mut layout = Self::default();
        layout.place_mapped(&headers, options, &mut problems);
        layout.place_named(&headers, options, &mut problems);
        layout.place_rest(&headers, &mut problems);
        layout.values = layout.value_sources(options);
        layout.named_width = headers.iter().rposition(|header| !header.is_empty()).map_or(0, |last| last + 1);
        layout.extras_bytes = layout.extras.iter().map(|(_, name)| size_of::<(String, String)>() + name.len()).sum();
        if problems.is_empty() { Ok(layout) } else { Err(problems) }
    }

    fn value_sources(&self, options: &ReadOptions<'_>) -> Vec<ValueSource> {
        let source = |column: &'static Column| ValueSource {
            column,
            place: self.known.iter().find(|(known, _)| *known == column).map(|(_, place)| *place),
            default: options.defaults.get(column).map(str::to_owned),
        };
        COLUMNS.into_iter().filter(|column| options.reads(column)).map(source).collect()
    }

    fn is_taken(&self, place: usize) -> bool {
        self.known.iter().any(|(_, taken)| *taken == place)
    }

    /// The columns whose headers the campaign file names.
    fn place_mapped(&mut self, headers: &[&str], options: &ReadOptions<'_>, problems: &mut Vec<ColumnProblem>) {
        for (ours, theirs) in options.columns {
            let Some(column) = Column::named(ours).filter(|column| options.reads(column)) else { continue };
            let exact = headers.iter().position(|header| *header == theirs.trim());
            let found = exact.or_else(|| headers.iter().position(|header| normalized(header) == normalized(theirs)));
            let what = match found {
                None => {
                    let hint = suggest::hint(theirs, headers.iter().copied());
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

    /// The columns whose headers are their own names or their aliases.
    fn place_named(&mut self, headers: &[&str], options: &ReadOptions<'_>, problems: &mut Vec<ColumnProblem>) {
        let names: Vec<String> = headers.iter().map(|header| normalized(header)).collect();
        for column in COLUMNS {
            if options.columns.contains_key(column.name) || !options.reads(column) {
                continue;
            }
            let exact = normalized(column.name);
            let free = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
                (0..names.len()).filter(|place| is(&names[*place]) && !self.is_taken(*place)).collect()
            };
            let (exact, aliases) = (free(&|name| name == exact), free(&|name| column.is_alias(name)));
            match (exact.as_slice(), aliases.as_slice()) {
                ([place, ..], _) | ([], [place]) => self.known.push((column, *place)),
                ([], [first, second, ..]) => {
                    let (first, second) = (headers[*first], headers[*second]);
                    let what = format!("{first:?} and {second:?} both can be {}; name it so", column.name);
                    problems.push((Some(column.name.to_owned()), what));
                }
                ([], []) if options.needs_cell(column) => {
                    let hint = suggest::hint(column.name, headers.iter().copied());
                    let what = format!("no such column, and no default for it{hint} ({})", listed(headers));
                    problems.push((Some(column.name.to_owned()), what));
                }
                ([], []) => {}
            }
        }
    }

    /// All others: tags, the fleet's own columns, and columns without a header.
    fn place_rest(&mut self, headers: &[&str], problems: &mut Vec<ColumnProblem>) {
        let all: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        for (place, header) in headers.iter().enumerate() {
            let known = self.known.iter().find(|(_, taken)| *taken == place);
            let label = match (known, tag_key(header)) {
                (Some((column, _)), _) => column.name.to_owned(),
                (None, Some("")) => {
                    problems.push((Some((*header).to_owned()), "has no key; write tag:KEY".to_owned()));
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

/// Headers that occur twice, without regard to case, spaces, `-` and `_`, but for the keys of tags.
fn duplicates(headers: &[&str]) -> Vec<ColumnProblem> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (place, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
        let name = tag_key(header).map_or_else(|| normalized(header), |key| format!("tag:{key}"));
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

/// The name of a column in a spreadsheet: `A`, `B`, ... `Z`, `AA`.
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
