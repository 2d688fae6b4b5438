//! The error documents of Atlas: `ApiError` of the API, and the OAuth shape of the token endpoint.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::atlas::advice::advice;
use crate::atlas::page::page;
use crate::domain::bucket::Bucket;
use crate::domain::code::Fault;
use crate::redaction::Redactor;

/// As much of Atlas's own words as a history keeps, in characters.
const LONGEST_DETAIL: usize = 500;

/// An answer's JSON object, or nothing if the body is anything else.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

/// The code of an error document. A code is one word of a program; anything else is taken for none.
pub(super) fn error_code(document: &Map<String, Value>) -> Option<&str> {
    word(document.get("errorCode")?)
}

/// The code of an error of OAuth 2 (RFC 6749, section 5.2; RFC 6750, section 3.1).
pub(super) fn oauth_code(document: &Map<String, Value>) -> Option<&str> {
    word(document.get("error")?)
}

/// The code of an answer that is an error, if it names one, as it came.
pub(super) fn refusal(status: u16, body: &[u8]) -> Option<String> {
    if status < 400 {
        return None;
    }
    let document = object(body)?;
    error_code(&document).or_else(|| oauth_code(&document)).map(str::to_owned)
}

/// The bucket that a 429 states: the parameters of `RATE_LIMITED_TOKEN_BUCKET` are a path, a wait, the capacity, and
/// how much comes back in how many seconds.
pub(super) fn bucket(status: u16, body: &[u8]) -> Option<Bucket> {
    let document = object(if status == 429 { body } else { return None })?;
    if error_code(&document) != Some("RATE_LIMITED_TOKEN_BUCKET") {
        return None;
    }
    let number = |place: usize| document.get("parameters")?.get(place)?.as_u64().filter(|number| *number > 0);
    Some(Bucket { capacity: number(2)?, refill: number(3)?, per: Duration::from_secs(number(4)?) })
}

fn word(value: &Value) -> Option<&str> {
    let word = value.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    ((1..=100).contains(&word.len()) && word.bytes().all(plain)).then_some(word)
}

/// The fault that an answer describes: its code, Atlas's own words and what to do next. It is for people, and repeats no
/// secret: what is decided is decided by the body itself.
pub(super) fn fault(status: u16, body: &[u8], redactor: &Redactor) -> Fault {
    if let Some(page) = page(status, body, redactor) {
        return page;
    }
    let document = object(body);
    let code = document.as_ref().and_then(|document| error_code(document).or_else(|| oauth_code(document)));
    let said = document.as_ref().map(said).unwrap_or_default();
    let mut detail = if said.is_empty() {
        let document = if document.is_some() { "no explanation" } else { "no error document" };
        format!("Atlas answered {status} with {document}.")
    } else {
        // Before it is cut: half a secret is not known again.
        tidy(&redactor.redact(&said))
    };
    if let Some(next) = advice(status, code.unwrap_or_default()) {
        detail = format!("{detail} {next}");
    }
    Fault::new(code.map_or_else(|| format!("HTTP_{status}"), |code| redactor.redact(code).into_owned()), detail)
}

/// `detail`, else `error_description`, else `reason`; and the fields that a validation complains about.
fn said(document: &Map<String, Value>) -> String {
    let text = |key: &str| document.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut said = text("detail").or(text("error_description")).or(text("reason")).unwrap_or_default().to_owned();
    let fields = document.get("badRequestDetail").and_then(|detail| detail.get("fields")).and_then(Value::as_array);
    for complaint in fields.into_iter().flatten().take(10) {
        let part = |key: &str| complaint.get(key).and_then(Value::as_str).unwrap_or_default();
        said = format!("{said} {}: {}.", part("field"), part("description").trim_end_matches('.'));
    }
    said
}

/// One line, without control characters, cut to what a history keeps.
fn tidy(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_DETAIL + 1).collect();
    let line = line.trim();
    if line.chars().count() <= LONGEST_DETAIL {
        return line.to_owned();
    }
    line.chars().take(LONGEST_DETAIL - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, body: &[u8]) -> Fault {
        super::fault(status, body, &Redactor::default())
    }

    #[test]
    fn a_secret_goes_from_the_words_of_a_fault_in_whatever_form_and_before_they_are_cut() {
        let redactor = Redactor::default();
        redactor.hide("s3cret/of-mine");
        let at_the_cut = format!(r#"{{"errorCode":"X","detail":"{}s3cret/of-mine"}}"#, "a".repeat(490));
        let page = r"<title>s3cret%2Fof-mine</title>";
        let json = r#"{"errorCode":"X","detail":"\u00733cret\/of-mine \"czNjcmV0L29mLW1pbmU=\""}"#;
        for (status, body) in [(400, &*at_the_cut), (404, page), (400, json)] {
            let detail = super::fault(status, body.as_bytes(), &redactor).detail;
            assert!(detail.contains("***") && !detail.contains("s3c") && !detail.contains("czNj"), "{detail}");
        }
    }

    #[test]
    fn a_fault_carries_atlas_s_own_words_in_one_short_line() {
        let body = br#"{"detail":"No cluster named c1\nexists.","error":404,"errorCode":"CLUSTER_NOT_FOUND"}"#;
        assert_eq!(fault(404, body), Fault::new("CLUSTER_NOT_FOUND", "No cluster named c1 exists."));
        let long = format!(r#"{{"detail":"{}","errorCode":"X"}}"#, "é".repeat(9000));
        assert_eq!(fault(400, long.as_bytes()).detail.chars().count(), 500);
    }

    #[test]
    fn a_429_states_its_bucket_and_any_other_answer_none() {
        let body = br#"{"errorCode":"RATE_LIMITED_TOKEN_BUCKET","parameters":["api/x",55,10,120,60]}"#;
        let stated = Bucket { capacity: 10, refill: 120, per: Duration::from_mins(1) };
        assert_eq!(bucket(429, body), Some(stated));
        assert_eq!(bucket(200, body), None);
        for parameters in ["[]", "null", r#"["x",1,0,120,60]"#, r#"["x",1,"10","120","60"]"#] {
            let body = format!(r#"{{"errorCode":"RATE_LIMITED_TOKEN_BUCKET","parameters":{parameters}}}"#);
            assert_eq!(bucket(429, body.as_bytes()), None);
        }
    }

    #[test]
    fn a_fault_names_the_fields_that_a_validation_complains_about() {
        let body = br#"{"detail":"Invalid.","errorCode":"VALIDATION_ERROR",
            "badRequestDetail":{"fields":[{"field":"tags","description":"must not be blank."},7]}}"#;
        assert!(fault(400, body).detail.starts_with("Invalid. tags: must not be blank."));
    }

    #[test]
    fn a_code_that_is_no_word_is_no_code() {
        assert_eq!(fault(400, br#"{"errorCode":"\u001b[2J"}"#).code, "HTTP_400");
        assert_eq!(fault(502, b"<html>").code, "HTTP_502");
        assert_eq!(fault(502, b"<html>").detail, "Atlas answered 502 with no error document.");
        assert_eq!(fault(400, br#"{"errorCode":null,"detail":null,"badRequestDetail":null}"#).code, "HTTP_400");
    }

    #[test]
    fn the_oauth_shape_is_read_too() {
        let body = br#"{"error_description":"Invalid credentials provided.","error":"invalid_client"}"#;
        let fault = fault(401, body);
        assert_eq!(fault.code, "invalid_client");
        assert!(fault.detail.starts_with("Invalid credentials provided. "));
    }
}
