//! What the headers of an answer say beside its body.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::atlas::exchange::Limits;
use crate::clock::Millis;

/// No wait is longer, whatever a header says.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// The rate limits of an answer that came at `now`. Atlas may leave any of the headers out.
pub(super) fn limits(status: u16, headers: &HeaderMap, now: Millis) -> Limits {
    Limits {
        retry_after: retry_after(headers, now),
        remaining: number(headers, "ratelimit-remaining"),
        limit: number(headers, "ratelimit-limit"),
        bucket: None,
        brakes_host: matches!(status, 405 | 503),
    }
}

/// The `Sunset` and `Deprecation` headers in one line.
pub(super) fn retired(headers: &HeaderMap) -> Option<String> {
    let named = |name: &str, label: &str| text(headers, name).map(|value| format!("{label}: {value}"));
    let lines: Vec<String> = [named("sunset", "Sunset"), named("deprecation", "Deprecation")]
        .into_iter()
        .flatten()
        .map(|line| line.chars().take(120).collect())
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// `Retry-After` in either form of RFC 9110, section 10.2.3. A date counts from the answer's own `Date`, if it
/// has one, so that two clocks that differ do no harm.
fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    let seconds = if let Ok(seconds) = value.parse::<u64>() {
        seconds
    } else {
        let until = date(value)?;
        let from = text(headers, DATE.as_str()).and_then(date).unwrap_or(now);
        until.since(from).as_millis().div_ceil(1000).try_into().ok()?
    };
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

fn date(value: &str) -> Option<Millis> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Millis(moment.as_millisecond()))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    text(headers, name)?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let wait = |pairs: &[(&'static str, &'static str)]| limits(429, &headers(pairs), Millis(0)).retry_after;
        assert_eq!(wait(&[("retry-after", "55")]), Some(Duration::from_secs(55)));
        assert_eq!(wait(&[("retry-after", "99999999999")]), Some(Duration::from_hours(24)));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "-5")]), None);
        let dated = [("retry-after", "Mon, 10 Aug 2026 03:03:27 GMT"), ("date", "Mon, 10 Aug 2026 03:03:08 GMT")];
        assert_eq!(wait(&dated), Some(Duration::from_secs(19)));
    }

    #[test]
    fn limits_may_be_missing_and_only_405_and_503_brake_the_host() {
        assert_eq!(limits(200, &HeaderMap::new(), Millis(0)), Limits::default());
        let said = headers(&[("ratelimit-limit", "10000"), ("ratelimit-remaining", "9998")]);
        let limits_of = |status| limits(status, &said, Millis(0));
        assert_eq!((limits_of(200).limit, limits_of(200).remaining), (Some(10_000), Some(9998)));
        assert!(limits_of(405).brakes_host && limits_of(503).brakes_host && !limits_of(500).brakes_host);
    }

    #[test]
    fn a_sunset_is_handed_on_as_a_warning() {
        let said =
            headers(&[("deprecation", "Mon, 5 Aug 2024 00:00:00 GMT"), ("sunset", "Thu, 1 Jul 2027 00:00:00 GMT")]);
        let line = "Sunset: Thu, 1 Jul 2027 00:00:00 GMT; Deprecation: Mon, 5 Aug 2024 00:00:00 GMT";
        assert_eq!(retired(&said).as_deref(), Some(line));
        assert_eq!(retired(&HeaderMap::new()), None);
    }
}
