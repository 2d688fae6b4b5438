//! What the headers of an answer say beside its body.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::atlas::exchange::Limits;
use crate::clock::Millis;
use crate::redaction::Redactor;

/// What is said beyond this is no time that anybody can write down. (How long it is waited for is another matter:
/// [`LONGEST_WAIT`](crate::domain::policy::LONGEST_WAIT).)
const LONGEST_SAID: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// No smaller number is an instant, whatever the clock says.
const YEAR_2001: i64 = 1_000_000_000;

/// How far an instant is away at most, in a header that should hold a number of seconds.
const NEAR: Duration = Duration::from_hours(24);

/// The rate limits of an answer that came at `now`. Atlas may leave any of the headers out.
pub(super) fn limits(status: u16, headers: &HeaderMap, now: Millis) -> Limits {
    Limits {
        retry_after: retry_after(headers, now),
        remaining: number(headers, "ratelimit-remaining"),
        limit: number(headers, "ratelimit-limit"),
        bucket: None,
        host_unavailable: matches!(status, 405 | 503),
    }
}

/// The `Sunset` and `Deprecation` headers in one line, for people: no secret is repeated.
pub(super) fn retired(headers: &HeaderMap, redactor: &Redactor) -> Option<String> {
    let named =
        |name: &str, label: &str| text(headers, name).map(|value| format!("{label}: {}", redactor.redact(value)));
    let lines: Vec<String> = [named("sunset", "Sunset"), named("deprecation", "Deprecation")]
        .into_iter()
        .flatten()
        .map(|line| line.chars().take(120).collect())
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// `Retry-After`: seconds, or a date in one of the three forms of RFC 9110, section 5.6.7. A number that would be an
/// instant of about now, in seconds since 1970, is one: nobody asks for fifty years. An instant counts from the answer's
/// own `Date`, if it has one, so that two clocks that differ do no harm.
fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    let now = text(headers, DATE.as_str()).and_then(date).unwrap_or(now);
    let wait = match seconds(value) {
        Some(seconds) => instant(seconds, now).map_or(Duration::from_secs(seconds), |until| until.since(now)),
        None => date(value)?.since(now),
    };
    Some(Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)).min(LONGEST_SAID))
}

/// A number of any length.
fn seconds(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

/// The instant that a number of seconds since 1970 stands for, if that is within a day of `now`.
fn instant(seconds: u64, now: Millis) -> Option<Millis> {
    let at = Millis(i64::try_from(seconds).ok().filter(|seconds| *seconds >= YEAR_2001)?.checked_mul(1000)?);
    (at.since(now).max(now.since(at)) <= NEAR).then_some(at)
}

/// A date of HTTP. What only nearly is one is read too.
fn date(value: &str) -> Option<Millis> {
    if let Ok(date) = httpdate::parse_http_date(value) {
        return Some(Millis(i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?));
    }
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

    fn wait_at(now: i64, pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        limits(429, &headers(pairs), Millis(now)).retry_after
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_in_each_of_three_forms() {
        let wait = |value| wait_at(0, &[("retry-after", value)]);
        assert_eq!(wait("55"), Some(Duration::from_secs(55)));
        assert_eq!(wait("1000000000"), Some(Duration::from_secs(1_000_000_000)), "what it says, whatever is done");
        assert_eq!(wait("99999999999999999999999"), Some(LONGEST_SAID));
        for nothing in ["soon", "-5", "", "1.5"] {
            assert_eq!(wait(nothing), None, "{nothing:?}");
        }
        let forms = ["Mon, 10 Aug 2026 03:03:27 GMT", "Monday, 10-Aug-26 03:03:27 GMT", "Mon Aug 10 03:03:27 2026"];
        for form in forms {
            let dated = [("retry-after", form), ("date", "Mon, 10 Aug 2026 03:03:08 GMT")];
            assert_eq!(wait_at(0, &dated), Some(Duration::from_secs(19)), "{form}");
            assert_eq!(wait_at(1_786_331_000_000, &[("retry-after", form)]), Some(Duration::from_secs(7)), "{form}");
        }
    }

    #[test]
    fn a_number_that_is_an_instant_of_about_now_is_read_as_one() {
        const NOW: i64 = 1_786_331_000_000;
        let wait = |value| wait_at(NOW, &[("retry-after", value)]);
        assert_eq!(wait("1786331060"), Some(Duration::from_mins(1)));
        assert_eq!(wait("1786330990"), Some(Duration::ZERO), "it has passed");
        assert_eq!(wait("3600"), Some(Duration::from_hours(1)));
        assert_eq!(wait("1000000000"), Some(Duration::from_secs(1_000_000_000)), "that is no time of about now");
        // Atlas's own clock counts, if it says what it is.
        let dated = [("retry-after", "1786327460"), ("date", "Mon, 10 Aug 2026 02:03:20 GMT")];
        assert_eq!(wait_at(NOW, &dated), Some(Duration::from_mins(1)));
    }

    #[test]
    fn limits_may_be_missing_and_only_405_and_503_brake_the_host() {
        assert_eq!(limits(200, &HeaderMap::new(), Millis(0)), Limits::default());
        let said = headers(&[("ratelimit-limit", "10000"), ("ratelimit-remaining", "9998")]);
        let limits_of = |status| limits(status, &said, Millis(0));
        assert_eq!((limits_of(200).limit, limits_of(200).remaining), (Some(10_000), Some(9998)));
        assert!(limits_of(405).host_unavailable && limits_of(503).host_unavailable && !limits_of(500).host_unavailable);
    }

    #[test]
    fn a_sunset_is_handed_on_as_a_warning() {
        let said =
            headers(&[("deprecation", "Mon, 5 Aug 2024 00:00:00 GMT"), ("sunset", "Thu, 1 Jul 2027 00:00:00 GMT")]);
        let line = "Sunset: Thu, 1 Jul 2027 00:00:00 GMT; Deprecation: Mon, 5 Aug 2024 00:00:00 GMT";
        let redactor = Redactor::default();
        assert_eq!(retired(&said, &redactor).as_deref(), Some(line));
        assert_eq!(retired(&HeaderMap::new(), &redactor), None);
        redactor.hide("1 Jul 2027 00:00");
        assert!(retired(&said, &redactor).is_some_and(|line| line.starts_with("Sunset: Thu, ***:00 GMT; ")));
    }
}
