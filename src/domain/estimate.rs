//! When a campaign will have ended, by how fast its jobs end.

use std::time::Duration;

/// What is measured over less time is no rate.
const LEAST: Duration = Duration::from_secs(5);
/// Over less time than this, a few jobs are no rate either.
const SETTLED: Duration = Duration::from_mins(1);
/// So many of a hundred jobs are not few.
const ENOUGH: i64 = 10;

/// The time until the `left` jobs have ended, if they go on as the last `ended` ones did within `span`. Nothing while
/// that is too little to say: in the first minute not before a tenth of the jobs has ended.
pub fn time_left(ended: i64, left: i64, span: Duration) -> Option<Duration> {
    let are_few = ended * 100 < (ended + left) * ENOUGH;
    if ended <= 0 || span < LEAST || (are_few && span < SETTLED) {
        return None;
    }
    let seconds = span.as_secs_f64() * left as f64 / ended as f64;
    Some(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}

#[test]
fn in_the_first_minute_a_few_jobs_tell_nothing_of_the_end() {
    let seconds = |ended, left, span| time_left(ended, left, Duration::from_secs(span)).map(|left| left.as_secs());
    assert_eq!(seconds(100, 100, 4), None);
    assert_eq!(seconds(1, 199, 6), None);
    assert_eq!((seconds(19, 181, 59), seconds(19, 181, 60)), (None, Some(571)));
    assert_eq!((seconds(20, 180, 10), seconds(1, 9, 10)), (Some(90), Some(90)));
    assert_eq!((seconds(0, 10, 600), seconds(10, 0, 600)), (None, Some(0)));
    assert_eq!(seconds(1, i64::MAX / 200, 60), Some(1_000_000_000));
}
