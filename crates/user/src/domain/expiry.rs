//! How long a session lives.

use chrono::{DateTime, TimeDelta, Utc};

/// A session ends this long after its last use.
pub(crate) const IDLE: TimeDelta = TimeDelta::minutes(30);
/// Its end is written anew only when that moves it by this much: one write a minute, not one a request.
const GRAIN: TimeDelta = TimeDelta::minutes(1);

/// The end of a session used at `now`, where it is worth writing; none where `expires_at` is near enough.
pub(crate) fn renewed(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let end = now + IDLE;
    (end.signed_duration_since(expires_at) >= GRAIN).then_some(end)
}

/// Whether the use of a key at `now` is worth writing, by the same grain.
pub(crate) fn is_worth_noting(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|last| now.signed_duration_since(last) >= GRAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_slides_on_by_the_minute() {
        let start = DateTime::UNIX_EPOCH;
        let end = start + IDLE;
        for (seconds, moved) in [(0, false), (59, false), (60, true), (1_799, true)] {
            let now = start + TimeDelta::seconds(seconds);
            assert_eq!(renewed(end, now), moved.then_some(now + IDLE), "{seconds}");
        }
    }
}
