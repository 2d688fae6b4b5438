//! Near misses: which known word an unknown one was probably meant to be.

use crate::intake::column::squash;

/// No name is longer, in bytes; to compare two texts takes as long as the product of their lengths.
const LONGEST: usize = 400;

/// The option that is nearest to `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = squash(word);
    // A third of the letters may differ, and never all of them.
    let most = (word.chars().count() / 3).max(1);
    options
        .into_iter()
        .filter(|option| word.len() <= LONGEST && option.len() <= LONGEST)
        .map(|option| (distance(&word, &squash(option)), option))
        .filter(|(steps, option)| *steps <= most && *steps < option.len().min(word.len()))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, option)| option)
}

/// `; did you mean X?`, or nothing.
pub fn hint<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, options).map_or_else(String::new, |option| format!("; did you mean {option}?"))
}

/// How many letters must be put in, taken out or changed to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut line: Vec<usize> = (0..=b.len()).collect();
    for (row, left) in a.chars().enumerate() {
        let mut diagonal = line[0];
        line[0] = row + 1;
        for (column, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = line[column + 1];
            line[column + 1] = changed.min(diagonal + 1).min(line[column] + 1);
        }
    }
    line[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let options = ["region", "provider", "wave"];
        assert_eq!(nearest("regoin", options), Some("region"));
        assert_eq!(nearest("Re-gion", options), Some("region"));
        assert_eq!(nearest("owner", options), None);
        assert_eq!(nearest("", options), None);
    }
}
