//! Answers without the secrets of this process: what of them is kept, logged or shown, nobody need think of again.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response};

use crate::redaction::{MASK, Redactor};

/// The same answer, with no secret in its headers and its body.
pub(super) fn answer(redactor: &Redactor, mut answer: Response<Bytes>) -> Response<Bytes> {
    for value in answer.headers_mut().values_mut() {
        let text = String::from_utf8_lossy(value.as_bytes());
        if let Cow::Owned(clean) = redactor.redact(&text) {
            let clean = HeaderValue::from_bytes(clean.as_bytes());
            *value = clean.unwrap_or(HeaderValue::from_static(MASK));
        }
    }
    if let Some(clean) = body(redactor, answer.body()) {
        *answer.body_mut() = clean.into();
    }
    answer
}

/// The body without a secret; nothing if there is none in it. Of JSON each text is looked at as it will be read.
fn body(redactor: &Redactor, body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let clean = redactor.redact(&text);
    let is_plain = matches!(clean, Cow::Borrowed(_)) && !body.contains(&b'\\') && !body.contains(&b'%');
    if is_plain {
        return None;
    }
    match serde_json::from_slice(body) {
        Ok(value) => redactor.redact_json(&value).map(|clean| clean.to_string()),
        Err(_) => matches!(clean, Cow::Owned(_)).then(|| clean.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(content: &str, header: &str) -> (String, String) {
        let redactor = Redactor::default();
        redactor.hide("s3cret/of-mine");
        let dirty = Response::builder().header("sunset", header).body(Bytes::from(content.to_owned())).unwrap();
        let clean = answer(&redactor, dirty);
        let header = clean.headers()["sunset"].to_str().unwrap().to_owned();
        (String::from_utf8(clean.body().to_vec()).unwrap(), header)
    }

    #[test]
    fn a_secret_goes_from_headers_pages_and_json_in_whatever_form() {
        assert_eq!(
            clean("<title>s3cret/of-mine</title>", "s3cret%2Fof-mine"),
            ("<title>***</title>".into(), "***".into())
        );
        let json = r#"{"a\u0020b":["\u00733cret\/of-mine",1],"s3cret/of-mine":"czNjcmV0L29mLW1pbmU="}"#;
        assert_eq!(clean(json, "x").0, r#"{"a b":["***",1],"***":"***"}"#);
    }

    #[test]
    fn an_answer_without_secrets_is_unchanged() {
        let json = r#"{ "a\u0020b": 1.0e3, "detail": "100 %" }"#;
        assert_eq!(clean(json, "Thu, 1 Jul 2027"), (json.to_owned(), "Thu, 1 Jul 2027".to_owned()));
    }
}
