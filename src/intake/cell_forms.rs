//! The forms of cells: the value of a text, or in a few words what the text must be.
//!
//! Every function takes the text without the spaces around it.

use crate::intake::suggest;

/// 24 hex digits, in lower case as Atlas has them.
pub(super) fn project_id(text: &str) -> Result<String, String> {
    if text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    // A spreadsheet takes 24 digits with one `e` among them for a number, and rounds it.
    let rounded = text.contains(['E', 'e']) && text.contains(['.', ',', '+']);
    let advice = if rounded { "; a spreadsheet has turned it into a number: format the column as text" } else { "" };
    Err(format!("must be 24 hex digits{advice}"))
}

/// Atlas's form of a cluster's name: `^[a-zA-Z0-9][a-zA-Z0-9-]*$`, at most 64 characters.
pub(super) fn cluster_name(text: &str) -> Result<String, String> {
    let begins = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let goes_on = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if begins && goes_on && text.len() <= 64 {
        return Ok(text.to_owned());
    }
    Err("must be letters, digits and -, begin with a letter or digit, and be at most 64 long".to_owned())
}

/// One of three clouds, in any case; the result is in capitals.
pub(super) fn provider(text: &str) -> Result<String, String> {
    const CLOUDS: [&str; 3] = ["AWS", "AZURE", "GCP"];
    let upper = text.to_ascii_uppercase();
    if CLOUDS.contains(&upper.as_str()) {
        return Ok(upper);
    }
    let hint = match upper.split(' ').next() {
        Some("AMAZON") => "; did you mean AWS?".to_owned(),
        Some("MICROSOFT") => "; did you mean AZURE?".to_owned(),
        Some("GOOGLE") => "; did you mean GCP?".to_owned(),
        _ => suggest::hint(text, CLOUDS),
    };
    Err(format!("must be AWS, AZURE or GCP{hint}"))
}

/// Atlas's spelling of a region; only Atlas knows which there are.
pub(super) fn region(text: &str) -> Result<String, String> {
    let is_region = |text: &str| {
        let bytes = text.as_bytes();
        let ours = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        bytes.iter().all(ours) && bytes.iter().any(u8::is_ascii_uppercase) && bytes.len() <= 64
    };
    if is_region(text) {
        return Ok(text.to_owned());
    }
    let meant = text.to_ascii_uppercase().replace(['-', ' '], "_");
    let hint = if is_region(&meant) { format!("; did you mean {meant}?") } else { String::new() };
    Err(format!("must be capitals, digits and _{hint}"))
}

/// A dedicated size.
pub(super) fn instance_size(text: &str) -> Result<String, String> {
    if is_dedicated(text) {
        return Ok(text.to_owned());
    }
    let meant = text.to_ascii_uppercase();
    let hint = if is_dedicated(&meant) { format!("; did you mean {meant}?") } else { String::new() };
    Err(format!("must be a dedicated size, M10 and up{hint}"))
}

/// `M10` and up, `R40` and up, and either with local storage (`M40_NVME`).
fn is_dedicated(text: &str) -> bool {
    let size = text.strip_suffix("_NVME").unwrap_or(text);
    let at_least = |digits: &str, least: u16| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        plain && digits.len() <= 3 && digits.parse::<u16>().is_ok_and(|number| number >= least)
    };
    size.strip_prefix('M').is_some_and(|digits| at_least(digits, 10))
        || size.strip_prefix('R').is_some_and(|digits| at_least(digits, 40))
}

/// True or false, in the words that spreadsheets use.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("must be true, false, yes, no, 1 or 0".to_owned()),
    }
}

/// A whole number, from 1.
pub(super) fn whole_number(text: &str) -> Result<u32, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(number) if digits && number >= 1 => Ok(number),
        _ => Err("must be a whole number, 1 or more".to_owned()),
    }
}

/// `key=value;key=value`. A value may hold `=`, a key may not.
pub(super) fn tags(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for piece in text.split(';').map(str::trim).filter(|piece| !piece.is_empty()) {
        let (key, value) = piece.split_once('=').ok_or("must be key=value;key=value")?;
        let (key, value) = tag(key.trim(), value.trim())?;
        if tags.iter().any(|(other, _)| *other == key) {
            return Err(format!("gives the tag {key} twice"));
        }
        tags.push((key, value));
    }
    Ok(tags)
}

/// One tag, with the lengths that Atlas allows.
pub(super) fn tag(key: &str, value: &str) -> Result<(String, String), String> {
    let fits = |text: &str| (1..=255).contains(&text.chars().count());
    if !fits(key) {
        return Err("the key of a tag must have 1 to 255 characters".to_owned());
    }
    if !fits(value) {
        return Err(format!("the value of the tag {key} must have 1 to 255 characters"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_dedicated_from_m10_up() {
        for size in ["M10", "M20", "M700", "R40", "M40_NVME"] {
            assert_eq!(instance_size(size), Ok(size.to_owned()));
        }
        for size in ["", "M0", "M2", "M5", "M010", "M1000", "R10", "M", "10", "M10 ", "FLEX", "M1\u{661}0", "M+10"] {
            assert!(instance_size(size).is_err(), "{size}");
        }
        assert!(instance_size("m10").unwrap_err().ends_with("did you mean M10?"));
    }

    #[test]
    fn a_project_id_says_what_a_spreadsheet_has_done_to_it() {
        assert_eq!(project_id("5F1E2D3C4B5A69788796A5B4").unwrap(), "5f1e2d3c4b5a69788796a5b4", "Atlas ignores case");
        assert!(project_id("5.12E+22").unwrap_err().contains("format the column as text"));
        assert_eq!(project_id("5f1e").unwrap_err(), "must be 24 hex digits");
    }

    #[test]
    fn similar_regions_and_clouds_are_suggested() {
        assert!(region("us-east-1").unwrap_err().ends_with("did you mean US_EAST_1?"));
        assert!(region("").is_err() && region("12").is_err() && region("EUROPE_WEST_9").is_ok());
        assert!(provider("Google Cloud").unwrap_err().ends_with("did you mean GCP?"));
        assert!(provider("AWSS").unwrap_err().ends_with("did you mean AWS?"));
        assert_eq!(provider("azure"), Ok("AZURE".to_owned()));
    }

    #[test]
    fn numbers_and_booleans_are_read_strictly() {
        assert_eq!((whole_number("1"), whole_number("007")), (Ok(1), Ok(7)));
        assert!(["0", "-1", "+1", "1.0", "", "4294967296"].iter().all(|text| whole_number(text).is_err()));
        assert_eq!((boolean("YES"), boolean("0")), (Ok(true), Ok(false)));
        assert!(["", "on", "wahr", "2"].iter().all(|text| boolean(text).is_err()));
    }

    #[test]
    fn tags_are_pairs_and_a_value_may_hold_an_equals_sign() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(tags(" a = b=c ;; d=e;"), Ok(vec![pair("a", "b=c"), pair("d", "e")]));
        assert!(["a", "=b", "a=", "a=b;a=c"].iter().all(|text| tags(text).is_err()));
        assert!(tag("k", &"é".repeat(255)).is_ok() && tag("k", &"é".repeat(256)).is_err());
    }
}
