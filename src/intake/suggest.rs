//! Suggestions for words that are probably misspelled.

use crate::intake::header_names::normalized;

/// No name is longer, in bytes; comparing two texts takes as long as the product of their lengths.
const LONGEST: usize = 400;

/// The option that is nearest to `word`, if one is near enough.
pub fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = normalized(word);
    // At most a third of the letters may differ, and never all of them.
    let most = (word.chars().count() / 3).max(1);
    options
        .into_iter()
        .filter(|option| word.len() <= LONGEST && option.len() <= LONGEST)
        .map(|option| (strsim::levenshtein(&word, &normalized(option)), option))
        .filter(|(distance, option)| *distance <= most && *distance < option.len().min(word.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, option)| option)
}

/// `; did you mean X?`, or nothing.
pub fn hint<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, options).map_or_else(String::new, |option| format!("; did you mean {option}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_word_is_recognised_and_another_word_is_not() {
        let options = ["region", "provider", "wave"];
        assert_eq!(nearest("regoin", options), Some("region"));
        assert_eq!(nearest("Re-gion", options), Some("region"));
        assert_eq!(nearest("owner", options), None);
        assert_eq!(nearest("", options), None);
    }
}
