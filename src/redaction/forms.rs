//! The forms in which a secret may come back, and the forms by which an unknown one is told.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use form_urlencoded::byte_serialize;

/// What the secret of a service account begins with.
const ACCOUNT_SECRET: &str = "mdb_sa_sk_";
/// What a JSON web token begins with: `{"` in base64.
const TOKEN: &str = "eyJ";
/// What stands before a password in the query of a URL.
const PARAMETERS: [&str; 6] = ["?password=", "&password=", "?pwd=", "&pwd=", "?passwd=", "&passwd="];
/// What ends a URL in a text, and the value of one of its parameters, beside a space.
const URL_ENDS: &str = "\"'<>";
const VALUE_ENDS: &str = "&\"'<>#";
/// No token is shorter, and no word that begins like one is longer.
const SHORTEST_TOKEN: usize = 30;

/// The secret as it is, percent-encoded, JSON-escaped, and in base64 wherever it begins and whatever stands around it.
pub(super) fn of_secret(secret: &str) -> Vec<String> {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let path = form.replace('+', "%20");
    let mut forms = vec![secret.to_owned()];
    for plain in [secret, &form] {
        forms.extend((0..3).flat_map(|before| in_base64(plain.as_bytes(), before)));
    }
    let json = serde_json::to_string(secret).unwrap_or_default();
    forms.push(json.trim_matches('"').to_owned());
    forms.extend([lower_hex(&form), lower_hex(&path), form, path]);
    as_carried(forms)
}

/// What `Authorization: Basic` sends for a pair, with both halves form-encoded and as they are.
pub(super) fn of_pair(name: &str, secret: &str) -> Vec<String> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pairs = [format!("{}:{}", encoded(name), encoded(secret)), format!("{name}:{secret}")];
    as_carried(pairs.iter().flat_map(|pair| [STANDARD.encode(pair), URL_SAFE_NO_PAD.encode(pair)]).collect())
}

/// These, and what JSON and URLs make of their signs.
fn as_carried(mut forms: Vec<String>) -> Vec<String> {
    let carried = |form: &String| [form.replace('/', "\\/"), byte_serialize(form.as_bytes()).collect::<String>()];
    let more: Vec<String> = forms.iter().flat_map(carried).collect();
    forms.extend(more);
    forms.sort();
    forms.dedup();
    forms
}

/// `bytes` in base64 behind `before` other bytes, without the characters that hold bits of what stands around: where
/// something follows, and at the end.
fn in_base64(bytes: &[u8], before: usize) -> [String; 4] {
    let padded = [&[0; 2][..before], bytes].concat();
    let first = [0, 2, 3][before];
    let last = usize::from(padded.len() % 3 != 0);
    let [plain, safe] = [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(&padded));
    let cut = |text: &str| text.get(first..text.len() - last).unwrap_or_default().to_owned();
    let end = |text: &str| text.get(first..).unwrap_or_default().to_owned();
    [cut(&plain), cut(&safe), end(&plain), end(&STANDARD.encode(&padded))]
}

/// The hex digits of percent-encoding in lower case.
fn lower_hex(text: &str) -> String {
    let mut digits = 0;
    let lowered = text.chars().map(|letter| {
        let lower = digits > 0;
        digits = if letter == '%' { 2 } else { digits - i32::from(lower) };
        if lower { letter.to_ascii_lowercase() } else { letter }
    });
    lowered.collect()
}

/// The text without its percent-encoding; nothing if it has none, or is no text without it.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [first, tail @ ..] = rest {
        let byte = match tail {
            [high, low, ..] if *first == b'%' => hex(&[*high, *low]),
            _ => None,
        };
        decoded.push(byte.map_or(*first, |code| code as u8));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    (decoded.len() < text.len()).then(|| String::from_utf8(decoded).ok()).flatten()
}

/// The text without JSON's escapes; nothing if it has none.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut rest = text;
    let mut units: Vec<u16> = Vec::new();
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        units.extend(before.encode_utf16());
        let escape = &from.as_bytes()[1..];
        rest = match escape {
            [b'u', digits @ ..] if digits.len() >= 4 && hex(&digits[..4]).is_some() => {
                units.extend(hex(&digits[..4]).map(|unit| unit as u16));
                &from[6..]
            }
            [b'/' | b'\\' | b'"', ..] => {
                units.push(u16::from(escape[0]));
                &from[2..]
            }
            _ => {
                units.push(u16::from(b'\\'));
                &from[1..]
            }
        };
    }
    if units.is_empty() && rest.len() == text.len() {
        return None;
    }
    units.extend(rest.encode_utf16());
    Some(String::from_utf16_lossy(&units))
}

fn hex(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The name and the password in a URL.
pub(super) fn user_info(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let rest = &rest[..until(rest, 0, URL_ENDS)];
    let password = password(rest)?;
    Some((&rest[..password.start - 1], &rest[password]))
}

/// Where the password stands in what follows the scheme of a URL. One that should have been encoded and was not may hold
/// any sign.
fn password(rest: &str) -> Option<Range<usize>> {
    let end = rest.rfind('@')?;
    let from = rest[..end].find(':')? + 1;
    Some(from..end)
}

/// The text with what looks like a secret masked; nothing if nothing does.
pub(super) fn masked(text: &str) -> Option<String> {
    let mut clean = String::new();
    let mut done = 0;
    for suspect in suspects(text) {
        if suspect.start >= done {
            clean.push_str(&text[done..suspect.start]);
            clean.push_str(super::MASK);
        }
        done = done.max(suspect.end);
    }
    (done > 0).then(|| clean + &text[done..])
}

/// Where secrets seem to stand, in their order.
fn suspects(text: &str) -> Vec<Range<usize>> {
    let in_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let word = |from: usize, also: Option<u8>| {
        let rest = text.as_bytes()[from..].iter();
        from + rest.take_while(|byte| in_word(**byte) || Some(**byte) == also).count()
    };
    let mut all = each(text, ACCOUNT_SECRET, |at| {
        let from = at + ACCOUNT_SECRET.len();
        let end = word(from, None);
        (Some(from..end), end)
    });
    all.extend(each(text, TOKEN, |from| {
        let end = word(from, Some(b'.'));
        let is_token = end - from >= SHORTEST_TOKEN && text[from..end].split('.').count() >= 3;
        (is_token.then_some(from..end), end)
    }));
    all.extend(each(text, "://", |at| {
        let from = at + "://".len();
        let end = until(text, from, URL_ENDS);
        let password = password(&text[from..end]).map(|part| from + part.start..from + part.end);
        (password, end)
    }));
    for name in PARAMETERS {
        all.extend(each(text, name, |at| {
            let from = at + name.len();
            let end = until(text, from, VALUE_ENDS);
            (Some(from..end), end)
        }));
    }
    all.retain(|suspect| !suspect.is_empty() && &text[suspect.clone()] != super::MASK);
    all.sort_unstable_by_key(|suspect| suspect.start);
    all
}

/// What `look` finds at every place of `head`. It says how far it has looked, and what it has looked at is not looked at
/// again: a long word that is full of heads takes no longer than another one.
fn each(text: &str, head: &str, look: impl Fn(usize) -> (Option<Range<usize>>, usize)) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(head) {
        let (suspect, end) = look(from + at);
        found.extend(suspect);
        from = end.max(from + at + head.len());
    }
    found
}

/// Where the text from `from` on ends: at a space, at one of `ends`, or at its end.
fn until(text: &str, from: usize, ends: &str) -> usize {
    let length = text[from..].find(|letter: char| letter.is_whitespace() || ends.contains(letter));
    length.map_or(text.len(), |length| from + length)
}
