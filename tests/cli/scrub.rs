//! Replaces what is different each time, so that the rest can be held by a snapshot.

use crate::workdir::Workdir;

/// Times, spans, digests, the address of the simulation and the directory of the test become words.
pub(crate) fn scrub(text: &str, dir: &Workdir) -> String {
    let text = text.replace(&dir.path().display().to_string(), "[DIR]");
    let mut scrubbed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let (word, found) = known(rest).unwrap_or_else(|| {
            let length = if first.is_ascii_alphanumeric() { word(rest).len() } else { first.len_utf8() };
            (&rest[..length], &rest[..length])
        });
        scrubbed.push_str(found);
        rest = &rest[word.len()..];
    }
    scrubbed
}

/// What the text begins with, if that is different each time, and the word for it.
fn known(text: &str) -> Option<(&str, &'static str)> {
    let whole = word(text);
    if is_time(whole) {
        return Some((whole, "[TIME]"));
    }
    if whole.len() == 64 && whole.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((whole, "[DIGEST]"));
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(port) = text.strip_prefix("127.0.0.1:") {
        return Some((&text[..text.len() - port.len() + digits(port)], "[ADDR]"));
    }
    let seconds = digits(text);
    let after = text[seconds..].strip_prefix('.')?;
    let tenths = digits(after);
    (seconds > 0 && tenths > 0 && after[tenths..].starts_with(" s")).then(|| (&text[..=seconds + tenths + 2], "[SPAN]"))
}

/// The letters, digits and points that belong together.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c))).unwrap_or(text.len());
    &text[..end]
}

/// `2026-11-24T09:30:00.000Z`
fn is_time(word: &str) -> bool {
    let form = "0000-00-00T00:00:00.000Z";
    word.len() == form.len()
        && word.bytes().zip(form.bytes()).all(|(c, form)| if form == b'0' { c.is_ascii_digit() } else { c == form })
}

#[test]
fn what_is_different_each_time_becomes_a_word() {
    let dir = Workdir::new();
    let text = format!(
        "at http://127.0.0.1:4711, {}/a, 2026-11-24T09:30:00.000Z, after 12.5 s: v1.5 sure",
        dir.path().display()
    );
    assert_eq!(scrub(&text, &dir), "at http://[ADDR], [DIR]/a, [TIME], after [SPAN]: v1.5 sure");
}
