//! Spans of time as a campaign file writes them: `250ms`, `30s`, `5m`, `12h`.

use std::time::Duration;

/// Longer than any campaign; a bound keeps sums of times far from overflowing.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The span that a text such as `30s` says, or what it must be.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(form(text)),
    };
    if number.is_empty() {
        return Err(form(text));
    }
    // Only a number too great for the type cannot be parsed any more, and that is too long as well.
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).unwrap_or(u64::MAX);
    match Duration::from_millis(millis) {
        span if span.is_zero() => Err(format!("must be longer than nothing ({text})")),
        span if span > LONGEST => Err(format!("must be at most 8784h, a year ({text})")),
        span => Ok(span),
    }
}

fn form(text: &str) -> String {
    let text: String = text.chars().take(40).collect();
    format!("must be a whole number and a unit, as in 250ms, 30s, 5m or 12h ({text})")
}
