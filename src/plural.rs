//! Numbers of things and spans of time in words, for messages and reports.

use std::time::Duration;

/// A number and what it is a number of: `1 row asks`, `2 rows ask`.
pub fn counted(number: impl Into<i128>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The same for a word with a regular plural: `1 row`, `2 rows`.
pub fn count(number: impl Into<i128>, thing: &str) -> String {
    counted(number, thing, &format!("{thing}s"))
}

/// How far it is: `3 of 10 jobs have ended`, `0 of 1 job has ended`.
pub fn ended(number: i64, all: i64) -> String {
    format!("{number} of {} ended", counted(all, "job has", "jobs have"))
}

/// A span of time for people: `4.2 s`, `3 min 05 s`, `2 h 10 min`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_named_in_the_singular() {
        assert_eq!([0, 1, 2].map(|number| count(number, "row")), ["0 rows", "1 row", "2 rows"]);
        assert_eq!([1, 2].map(|number| counted(number, "job waits", "jobs wait")), ["1 job waits", "2 jobs wait"]);
        assert_eq!((ended(0, 1), ended(3, 10)), ("0 of 1 job has ended".into(), "3 of 10 jobs have ended".into()));
    }
}
