//! Numbers of things in words, for messages and reports.

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
