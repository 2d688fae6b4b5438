//! Text from outside on its way to a terminal or into JSON. A file name, a header or an answer of Atlas may hold
//! characters that command a terminal, that reverse what stands behind them, or that nobody sees.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a reader sees this character where it stands, and it does nothing else: no control character (C0, C1), no
/// format character (of direction, of width zero, a tag), no separator of lines, nothing private or unassigned.
pub fn is_visible(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_control();
    }
    let hidden = matches!(
        letter.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    !hidden && !is_ignorable(letter)
}

/// Letters and marks by their category, which show nothing all the same (`Default_Ignorable_Code_Point` of Unicode's
/// `DerivedCoreProperties.txt`, as far as no category says so): fillers, joiners, variation selectors.
fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// The text in one line, with everything that is not visible written as in `\n` and `\u{200b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, is_visible)
}

/// The same for a text of several lines: its line feeds stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escape(text, |letter| letter == '\n' || is_visible(letter))
}

/// The same for a line of a log that may be coloured: line feeds and colours (`ESC [ 1 ; 31 m`) stay.
pub fn visible_colored(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, from) = rest.split_at(at);
        safe.push_str(&visible_lines(before));
        let length = color_length(from);
        if let Some(color) = from.get(..length).filter(|color| !color.is_empty()) {
            safe.push_str(color);
        } else {
            safe.push_str("\\u{1b}");
        }
        rest = &from[length.max(1)..];
    }
    safe.push_str(&visible_lines(rest));
    Cow::Owned(safe)
}

/// How many bytes of `text`, which begins with an escape character, are one sequence that sets a colour.
fn color_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    let length = parameters.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    if parameters.as_bytes().get(length) == Some(&b'm') { 2 + length + 1 } else { 0 }
}

/// A JSON text with everything that is not visible written as in `\u200b`: outside of its strings JSON has no such
/// character but the line feed, which stays.
pub fn json(text: &str) -> Cow<'_, str> {
    escape_with(
        text,
        |letter| letter == '\n' || is_visible(letter),
        |letter, safe| {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(safe, "\\u{unit:04x}");
            }
        },
    )
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    escape_with(text, keep, |letter, safe| safe.extend(letter.escape_default()))
}

fn escape_with(text: &str, keep: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    // Most text is plain, and long reports pass here.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || text.chars().all(&keep) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if keep(letter) { safe.push(letter) } else { escape(letter, &mut safe) }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_or_is_not_seen_is_written_out() {
        assert_eq!(visible("a\u{1b}[2Jb\r\n\t"), "a\\u{1b}[2Jb\\r\\n\\t");
        // C1 controls, directions, widths of zero, tags, fillers, selectors, separators, private and unassigned ones.
        for letter in
            "\u{7f}\u{9b}\u{85}\u{202e}\u{2066}\u{200b}\u{200d}\u{2060}\u{ad}\u{feff}\u{e0041}\u{3164}\u{115f}\
                       \u{fe0f}\u{34f}\u{180e}\u{2028}\u{2029}\u{e000}\u{10ffff}\u{61c}"
                .chars()
        {
            let escaped: String = letter.escape_default().collect();
            assert_eq!(visible(&format!("a{letter}b")), format!("a{escaped}b"), "{letter:?}");
        }
    }

    #[test]
    fn what_is_seen_stays_in_any_script() {
        for text in ["owner", "Grüße", "e\u{301}", "日本語　名", "हिन्दी", "עברית", "10\u{a0}h", "🚢", "a\\b\"c'"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn of_a_log_colours_and_line_feeds_stay_and_nothing_else_does() {
        let line = "\u{1b}[2m12:00\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m ok\n";
        assert_eq!(visible_colored(line), line);
        assert_eq!(visible_colored("\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}"), "\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{1b}");
        assert_eq!(visible_colored("\u{1b}é\u{202e}"), "\\u{1b}é\\u{202e}");
    }

    #[test]
    fn json_stays_what_it_is() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}\u{200b}\u{e0041}é\u{7f}\n\u{1b}"});
        let text = json(&value.to_string()).into_owned();
        assert!(text.chars().all(is_visible) && text.contains("é"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(matches!(json("{\"a\": 1}"), Cow::Borrowed(_)));
    }
}
