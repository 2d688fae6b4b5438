//! A web page where Atlas's answer should be: a proxy, or the login page of a network, has answered.

use std::borrow::Cow;

use crate::atlas::codes::WEB_PAGE;
use crate::domain::code::Fault;
use crate::redaction::Redactor;

/// As much of a title as people need to know it again.
const LONGEST_TITLE: usize = 60;

/// What to say about an answer of `status` that is a web page, if it is one: it says that all is well, or that there is
/// nothing of that name, which Atlas says in JSON. The page of a gateway that fails is none; that passes.
pub(super) fn page(status: u16, body: &[u8], redactor: &Redactor) -> Option<Fault> {
    if !is_page(status, body) {
        return None;
    }
    let title = title(&beginning(body), redactor).map(|title| format!(", \"{title}\",")).unwrap_or_default();
    let detail = format!(
        "A web page{title} was answered in Atlas's place: log in to the network or the VPN, and check HTTPS_PROXY, \
         NO_PROXY and base_url."
    );
    Some(Fault::new(WEB_PAGE, detail))
}

/// Whether an answer of `status` is a web page.
pub(super) fn is_page(status: u16, body: &[u8]) -> bool {
    let text = beginning(body);
    matches!(status, 200..300 | 404) && text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

fn beginning(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&body[..body.len().min(4096)])
}

/// What stands between `<title>` and `</title>`, in one short line.
fn title(page: &str, redactor: &Redactor) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title>")? + "<title>".len();
    let length = lower.get(from..)?.find('<')?;
    let words = page.get(from..from + length)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = redactor.redact(&words).chars().filter(|c| !c.is_control()).take(LONGEST_TITLE).collect();
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, body: &[u8]) -> Option<Fault> {
        super::page(status, body, &Redactor::default())
    }

    #[test]
    fn a_page_is_known_by_its_first_character_and_told_by_its_title() {
        let body = "\u{feff}\n<!DOCTYPE html><TITLE>Welcome to\n  Airport WiFi</TITLE>".as_bytes();
        let fault = page(200, body).unwrap();
        assert!(fault.detail.starts_with("A web page, \"Welcome to Airport WiFi\", was answered"), "{}", fault.detail);
        for status in [204, 404] {
            assert!(page(status, b"<html>").unwrap().detail.starts_with("A web page was answered"));
        }
    }

    #[test]
    fn json_an_empty_body_and_the_page_of_a_failing_gateway_are_none() {
        for (status, body) in [(200, "{}"), (200, ""), (404, "{}"), (502, "<html>"), (302, "<html>")] {
            assert_eq!(page(status, body.as_bytes()), None, "{status} {body}");
        }
    }
}
